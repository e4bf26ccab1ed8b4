"""Records that hold a list of messages: OpenAI, ShareGPT, Anthropic, Gemini, Batch, exports of ChatGPT."""

from collections.abc import Callable
from typing import Any

from helpers.own_file.dialect_readers.messages import NoMessage, are_messages, messages_of, tools_of
from helpers.own_file.dialect_readers.record_parts import LISTS, SYSTEM_KEYS, Example, Values, decoded, with_system

OF_A_CHAT = {"tools", "functions", "parallel_tool_calls"}


def list_key(values: Values) -> str | None:
    return next((key for key in LISTS if key in values and are_messages(decoded(values[key]))), None)


def is_list(*keys: str) -> Callable[[Values], bool]:
    return lambda values: list_key(values) in keys


def chat(values: Values, left_out: set[str]) -> Example:
    key = list_key(values)
    if key is None:
        raise NoMessage("no messages in it")
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
    request, answer = _request(values), _body(values.get("response"))
    messages = list(request.get("messages") or request.get("input") or [])
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(first, dict) and isinstance(first.get("message"), dict):
        messages.append(first["message"])
    inner = {"messages": messages, **{key: request[key] for key in ("tools", "functions") if key in request}}
    return chat(inner, left_out)


def is_batch(values: Values) -> bool:
    request = _request(values)
    return are_messages(request.get("messages") or request.get("input"))


def _request(values: Values) -> Values:
    return _body(values.get("body") or values.get("request"))


def _body(value: Any) -> Values:
    """A request or an answer, with or without the envelope of HTTP."""
    body = value.get("body", value) if isinstance(value, dict) else None
    return body if isinstance(body, dict) else {}


def chatgpt_export(values: Values, left_out: set[str]) -> Example:
    """The conversation that was on the screen last: from the newest message back through its parents."""
    nodes = {name: node for name, node in values["mapping"].items() if isinstance(node, dict)}
    parents = [node.get("parent") for node in nodes.values()]
    place = values.get("current_node") or next((name for name in reversed(nodes) if name not in parents), None)
    messages: list[Values] = []
    while isinstance(place, str) and place in nodes:
        node = nodes.pop(place)  # no node is its own parent's parent, whatever a damaged file says
        messages[:0] = _said_in(node.get("message"))
        place = node.get("parent")
    return chat({"messages": messages}, left_out)


def _said_in(message: Any) -> list[Values]:
    """The text of a message of a person or of the model; no pictures, searches and the like."""
    author, content = (message.get(key) if isinstance(message, dict) else None for key in ("author", "content"))
    role = author.get("role") if isinstance(author, dict) else None
    parts = content.get("parts") if isinstance(content, dict) else None
    texts = [part for part in (parts if isinstance(parts, list) else []) if isinstance(part, str)]
    if role not in ("user", "assistant", "system") or not any(map(str.strip, texts)):
        return []
    return [{"role": role, "content": texts}]


def is_chatgpt_export(values: Values) -> bool:
    nodes = values.get("mapping")
    return isinstance(nodes, dict) and any(isinstance(node, dict) and "message" in node for node in nodes.values())
