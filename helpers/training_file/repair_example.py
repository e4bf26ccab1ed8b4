"""One example repaired: other formats and names, keys that do not belong there, weights, arguments, tools."""

import json
from typing import Any

from helpers.own_file.dialect_readers.messages import ROLE_KEYS, TEXT_KEYS, NoMessage, role_of, tools_of
from helpers.own_file.dialect_readers.prompt_separators import Separators
from helpers.own_file.dialect_readers.record_parts import SYSTEM_KEYS, text_of_parts, with_system
from helpers.own_file.format_readers.strict_json import json_inside
from helpers.training_file.chat_rules import CHAT_KEYS, MESSAGE_KEYS, ROLES
from helpers.training_file.dpo_rules import DPO_KEYS, DPO_OTHER_NAMES
from helpers.training_file.other_format import converted
from helpers.training_file.problem import LONGEST_SHOWN, Example, carries_text, excerpt

# Other programs' names for the same thing: {"from": "human", "value": "..."}
MESSAGE_NAMES = {"role": ROLE_KEYS[1:], "content": TEXT_KEYS[1:]}


def repair_example(example: Example, marks: Separators, what: list[str]) -> Example:
    """The example, which was changed in place, or another one if it was in another program's format."""
    for wrong, right in DPO_OTHER_NAMES.items():
        _rename(example, wrong, right, "", what)
    if not example.keys() & {"messages", *DPO_KEYS - {"input"}} and (found := converted(example, marks)) is not None:
        format_, example = found
        what.append(f"{format_} -> OpenAI's format")
    if "messages" not in example:
        return example
    _repair_conversation(example, what)
    for key in sorted(example.keys() - CHAT_KEYS):
        if not carries_text(key, example[key]):
            what.append(f'removed the key "{key}" ({excerpt(example.pop(key), LONGEST_SHOWN)})')
    messages = example["messages"]
    for i, message in enumerate(messages if isinstance(messages, list) else []):
        if isinstance(message, dict):
            _repair_message(message, f"messages[{i}].", what)
    return example


def _repair_conversation(example: Example, what: list[str]) -> None:
    """The list of messages itself, and what other programs write beside it."""
    inside = json_inside(example["messages"])
    if isinstance(inside, list):
        example["messages"] = inside
        what.append("messages: a list written as text -> the list itself")
    messages = example["messages"]
    beside = [key for key in SYSTEM_KEYS if key in example and text_of_parts(example[key]).strip()]
    if beside and isinstance(messages, list) and all(isinstance(each, dict) for each in messages):
        example["messages"] = with_system(messages, example)
        for key in beside:
            del example[key]
            what.append(f'the key "{key}": its text is the system message now')
    if isinstance(example.get("tools"), str):
        _repair_tools(example, what)


def _repair_tools(example: Example, what: list[str]) -> None:
    try:
        tools = tools_of(example["tools"])
    except NoMessage:
        return
    example["tools"] = tools
    if tools is None:
        del example["tools"]
    what.append("tools: a list written as text -> the list itself")


def _rename(holder: Example, wrong: str, right: str, where: str, what: list[str]) -> None:
    if wrong in holder and right not in holder:
        holder[right] = holder.pop(wrong)
        what.append(f'{where}{wrong}: renamed to "{right}"')


def _repair_message(message: Example, where: str, what: list[str]) -> None:
    for right, names in MESSAGE_NAMES.items():
        for wrong in names:
            if isinstance(message.get(wrong), str):
                _rename(message, wrong, right, where, what)
    _repair_role(message, where, what)
    if message.get("loss_weight") in (0, 1) and "weight" not in message:
        _rename(message, "loss_weight", "weight", where, what)
        message["weight"] = int(message["weight"])
    if "content" in message or "tool_calls" in message or "function_call" in message:
        for key in sorted(message.keys() - MESSAGE_KEYS):  # else what is said may stand under that key
            if not carries_text(key, message[key]):
                what.append(
                    f"{where}{key}: removed ({excerpt(message.pop(key), LONGEST_SHOWN)}), no such key belongs there"
                )
    _repair_weight(message, where, what)
    calls = message.get("tool_calls")
    for i, call in enumerate(calls if isinstance(calls, list) else []):
        _repair_arguments(
            call.get("function") if isinstance(call, dict) else None, f"{where}tool_calls[{i}].function", what
        )
    _repair_arguments(message.get("function_call"), f"{where}function_call", what)


def _repair_arguments(function: Any, where: str, what: list[str]) -> None:
    if isinstance(function, dict) and isinstance(function.get("arguments"), dict | list):
        function["arguments"] = json.dumps(function["arguments"], ensure_ascii=False)
        what.append(f"{where}.arguments: an object -> JSON written as text")


def _repair_role(message: Example, where: str, what: list[str]) -> None:
    role = message.get("role")
    if not isinstance(role, str) or role in ROLES:
        return
    right = role_of(message)
    if right in ROLES:
        message["role"] = right
        what.append(f'{where}role: "{role}" -> "{right}"')


def _repair_weight(message: Example, where: str, what: list[str]) -> None:
    if "weight" not in message:
        return
    weight = message["weight"]
    if message.get("role") != "assistant":
        del message["weight"]
        what.append(f"{where}weight: removed, it belongs on assistant messages only")
    elif isinstance(weight, bool) or weight in ("0", "1"):
        message["weight"] = int(weight)
        what.append(f"{where}weight: {json.dumps(weight)} -> {int(weight)}")
