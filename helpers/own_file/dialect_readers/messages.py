"""One message of a conversation, in whatever words a program writes it, as a message of OpenAI's format."""

import json
from typing import Any

ROLES = {
    **dict.fromkeys(
        "assistant gpt bot ai model chatgpt chatbot answer assistant_message bing claude output response".split(),
        "assistant",
    ),
    **dict.fromkeys("user human customer question prompter client usr input user_message instruction".split(), "user"),
    **dict.fromkeys("system system_message context system_prompt".split(), "system"),
    "developer": "developer",
    **dict.fromkeys("tool observation function_response tool_response ipython".split(), "tool"),
    "function": "function",
    **dict.fromkeys("function_call tool_call".split(), "call"),
}
ROLE_KEYS = ("role", "from", "speaker", "author", "sender")
TEXT_KEYS = ("content", "value", "text", "message", "parts")
KEPT = ("name", "weight", "tool_calls", "tool_call_id", "function_call")
FORMAT_OF_PARTS = ("text", "image_url")


class NoMessage(ValueError):
    """Why something is no message, in words."""


def role_of(message: Any) -> str | None:
    """The role that a message names, in OpenAI's words; None if it names none that is known."""
    if not isinstance(message, dict):
        return None
    for key in ROLE_KEYS:
        role = message.get(key)
        if isinstance(role, dict):
            role = role.get("role")
        if isinstance(role, str):
            return ROLES.get(role.strip().lower().strip("<>|"))
    return None


def are_messages(value: Any) -> bool:
    """Whether this is a conversation: a list of messages most of which say by their role who speaks."""
    if not isinstance(value, list) or not value:
        return False
    if len(value) == 1 and isinstance(value[0], list):
        return are_messages(value[0])
    said = [each for each in value if isinstance(each, dict) and any(key in each for key in (*TEXT_KEYS, "tool_calls"))]
    return bool(said) and sum(role_of(each) is not None for each in said) * 2 >= len(value)


def messages_of(value: list[Any], left_out: set[str]) -> list[dict[str, Any]]:
    """The messages of a conversation. Raises NoMessage. `left_out` gets the names of keys that have no place in one."""
    if len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    made: list[dict[str, Any]] = []
    for number, each in enumerate(value):
        for message in _message(each, f"messages[{number}]", left_out):
            if message["role"] == "call":
                _add_call(made, message["content"])
            elif message["role"] == "tool" and "tool_call_id" not in message:
                made.append(_answer_of_tool(made, message))
            else:
                made.append(message)
    return made


def _message(each: Any, where: str, left_out: set[str]) -> list[dict[str, Any]]:
    if not isinstance(each, dict):
        raise NoMessage(f"{where} is no message")
    role = role_of(each)
    if role is None:
        found = next((each[key] for key in ROLE_KEYS if key in each), None)
        raise NoMessage(f"{where} has {'the role ' + repr(found) if found else 'no role'}")
    key = next((key for key in TEXT_KEYS if key in each), None)
    message: dict[str, Any] = {"role": role}
    for name in KEPT:
        if each.get(name) is not None:
            message[name] = each[name]
    if "loss_weight" in each and each["loss_weight"] in (0, 1) and role == "assistant":
        message["weight"] = int(each["loss_weight"])
    known = {*ROLE_KEYS, *KEPT, "loss_weight", key}
    left_out |= {str(name) for name in each if name not in known and each[name] not in (None, "", [], False)}
    content = each.get(key) if key else None
    if isinstance(content, dict) and "parts" in content:
        content = content["parts"]
    for calls in ("tool_calls", "function_call"):
        if calls in message:
            message[calls] = _arguments_as_text(message[calls])
    if isinstance(content, list):
        return _of_parts(content, message)
    if content is None and "tool_calls" not in message and "function_call" not in message:
        raise NoMessage(f"{where} has no text")
    if content is not None:
        message["content"] = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return [message]


def _arguments_as_text(call: Any) -> Any:
    if isinstance(call, list):
        return [_arguments_as_text(each) for each in call]
    if not isinstance(call, dict):
        return call
    if isinstance(call.get("function"), dict):
        return {**call, "function": _arguments_as_text(call["function"])}
    if "arguments" in call and not isinstance(call["arguments"], str):
        return {**call, "arguments": json.dumps(call["arguments"], ensure_ascii=False)}
    return call


def _of_parts(parts: list[Any], message: dict[str, Any]) -> list[dict[str, Any]]:
    """Anthropic's blocks, Gemini's and Bedrock's parts, OpenAI's own."""
    texts: list[str] = []
    images: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif not isinstance(part, dict):
            raise NoMessage(f"a part of a message is {part!r}")
        elif part.get("type") == "image_url" or "image_url" in part:
            images.append(part)
        elif part.get("type") == "tool_use" or "functionCall" in part or "function_call" in part:
            calls.append(_call_of_part(part))
        elif part.get("type") == "tool_result" or "functionResponse" in part or "function_response" in part:
            answers.append(_answer_of_part(part))
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif part.get("type") != "thinking":
            raise NoMessage(f"a part of a message is of the kind {part.get('type') or ', '.join(map(str, part))!r}")
    if images:
        shown = [part for part in parts if isinstance(part, dict) and ("image_url" in part or "text" in part)]
        return [{**message, "content": [{"type": "text", **part} if "text" in part else part for part in shown]}]
    made: list[dict[str, Any]] = [*answers]
    if texts or calls or not answers:
        said = {**message, "content": "\n".join(texts)} if texts or not calls else dict(message)
        if calls:
            said["tool_calls"] = calls
        made.append(said)
    return made


def _call_of_part(part: dict[str, Any]) -> dict[str, Any]:
    call = _inner(part, "functionCall", "function_call")
    arguments = call.get("args", call.get("input", {}))
    return _call(str(call.get("id") or "call_" + str(call.get("name"))), call.get("name"), arguments)


def _answer_of_part(part: dict[str, Any]) -> dict[str, Any]:
    answer = _inner(part, "functionResponse", "function_response")
    content = answer.get("response", answer.get("content", ""))
    if isinstance(content, list):
        content = "\n".join(str(each.get("text", each)) if isinstance(each, dict) else str(each) for each in content)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    of = answer.get("tool_use_id") or answer.get("id") or "call_" + str(answer.get("name"))
    return {"role": "tool", "tool_call_id": str(of), "content": text}


def _inner(part: dict[str, Any], *keys: str) -> dict[str, Any]:
    found = next((part[key] for key in keys if part.get(key)), part)
    if not isinstance(found, dict):
        raise NoMessage(f"the call of a function is {found!r}")
    return found


def _call(id_: str, name: Any, arguments: Any) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": text}}


def _add_call(made: list[dict[str, Any]], text: str) -> None:
    """ShareGPT's `function_call`: {"name": ..., "arguments": {...}} as text, one or several."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # also a number of thousands of digits
        raise NoMessage("the call of a function is no JSON") from None
    calls = found if isinstance(found, list) else [found]
    if not all(isinstance(each, dict) and "name" in each for each in calls):
        raise NoMessage("the call of a function has no name")
    number = sum(len(message.get("tool_calls", [])) for message in made)
    made.append({"role": "assistant", "tool_calls": [
        _call(f"call_{number + place}", each["name"], each.get("arguments", each.get("parameters", {})))
        for place, each in enumerate(calls, 1)
    ]})  # fmt: skip


def _answer_of_tool(made: list[dict[str, Any]], message: dict[str, Any]) -> dict[str, Any]:
    """An `observation` answers the first call that has no answer yet."""
    answered = {each.get("tool_call_id") for each in made}
    open_ = [call["id"] for each in made for call in each.get("tool_calls", []) if call.get("id") not in answered]
    if not open_:
        raise NoMessage("the answer of a function stands before its call")
    return {"role": "tool", "tool_call_id": open_[0], "content": message.get("content", "")}


def tools_of(value: Any) -> list[dict[str, Any]] | None:
    """The functions of an example, given as a list or as its JSON text, with or without their outer object."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):  # also a number of thousands of digits
            raise NoMessage("tools is no JSON") from None
    if not value:
        return None
    tools = []
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict):
            raise NoMessage("tools holds something that is no function")
        for inner in each.get("functionDeclarations") or each.get("function_declarations") or [each]:
            tools.append(inner if "function" in inner else {"type": "function", "function": _function(inner)})
    return tools


def _function(given: dict[str, Any]) -> dict[str, Any]:
    made = {key: given[key] for key in ("name", "description", "parameters", "strict") if key in given}
    if "input_schema" in given:
        made["parameters"] = given["input_schema"]
    return made
