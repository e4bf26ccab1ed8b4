"""Records that hold a list of messages: OpenAI, ShareGPT, Anthropic, Gemini, Batch, exports of ChatGPT."""

from collections.abc import Callable

from helpers.own_file.messages import are_messages, messages_of, tools_of
from helpers.own_file.record_parts import LISTS, SYSTEM_KEYS, Example, Values, decoded, with_system

OF_A_CHAT = {"tools", "functions", "parallel_tool_calls"}


def list_key(values: Values) -> str | None:
    return next((key for key in LISTS if key in values and are_messages(decoded(values[key]))), None)


def is_list(*keys: str) -> Callable[[Values], bool]:
    return lambda values: list_key(values) in keys


def chat(values: Values, left_out: set[str]) -> Example:
    key = list_key(values)
    assert key is not None
    example: Example = {"messages": with_system(messages_of(decoded(values[key]), left_out), values)}
    if tools := tools_of(values.get("tools")):
        example["tools"] = tools
    example |= {name: values[name] for name in ("functions", "parallel_tool_calls") if values.get(name) is not None}
    left_out |= {
        str(name) for name in values if name not in {key, *OF_A_CHAT, *SYSTEM_KEYS} and values[name] not in (None, "")
    }
    return example


def is_anthropic(values: Values) -> bool:
    return list_key(values) == "messages" and any(key in values for key in SYSTEM_KEYS)


def batch(values: Values, left_out: set[str]) -> Example:
    request, response = values.get("body") or values.get("request") or {}, values.get("response") or {}
    request = request.get("body", request)
    messages = list(request.get("messages") or request.get("input") or [])
    answer = response.get("body", response) if isinstance(response, dict) else {}
    for choice in (answer.get("choices") or [])[:1]:
        messages.append(choice["message"])
    inner = {"messages": messages, **{key: request[key] for key in ("tools", "functions") if key in request}}
    return chat(inner, left_out)


def is_batch(values: Values) -> bool:
    request = values.get("body") or values.get("request")
    request = request.get("body", request) if isinstance(request, dict) else {}
    return isinstance(request, dict) and are_messages(request.get("messages") or request.get("input"))


def chatgpt_export(values: Values, left_out: set[str]) -> Example:
    """The conversation that was on the screen last: from the newest message back through its parents."""
    nodes = values["mapping"]
    children = {node.get("parent") for node in nodes.values()}
    place = values.get("current_node") or [name for name in nodes if name not in children][-1]
    messages: list[dict] = []
    while place in nodes:
        message = nodes[place].get("message")
        parts = (message or {}).get("content", {}).get("parts")
        if parts and any(isinstance(part, str) and part.strip() for part in parts):
            messages.insert(0, {"role": message["author"]["role"], "content": [p for p in parts if isinstance(p, str)]})
        place = nodes[place].get("parent")
    return chat({"messages": [each for each in messages if each["role"] in ("user", "assistant", "system")]}, left_out)


def is_chatgpt_export(values: Values) -> bool:
    nodes = values.get("mapping")
    return isinstance(nodes, dict) and any(isinstance(node, dict) and "message" in node for node in nodes.values())
