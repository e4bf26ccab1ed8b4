"""The rules for functions in a training example: the list of tools, the calls, and their answers."""

import json
from typing import Any

from helpers.training_file.content_rules import check_special_token
from helpers.training_file.problem import Example, Finding, excerpt

MAX_FUNCTIONS = 128
TOOL_FORM = 'tools: {"type": "function", "function": {"name": ..., "parameters": ...}}'


def check_tools(example: Example, finding: Finding, where: str = "") -> set[str]:
    """Check `tools` and the older `functions`; return the names that calls may use."""
    names: set[str] = set()
    for key, inner in (("tools", "function"), ("functions", None)):
        if key in example:
            names |= _names_in(example[key], f"{where}{key}", inner, finding)
    if not isinstance(example.get("parallel_tool_calls", False), bool):
        finding.error(
            "bad_tools", f"{where}parallel_tool_calls", excerpt(example["parallel_tool_calls"]),
            "true or false", "write true or false, without quotation marks",
        )  # fmt: skip
    return names


def _names_in(listed: Any, where: str, inner: str | None, finding: Finding) -> set[str]:
    if not isinstance(listed, list) or (inner is None and not 1 <= len(listed) <= MAX_FUNCTIONS):
        finding.error(
            "bad_tools", where, excerpt(listed), f"a list of 1 to {MAX_FUNCTIONS} functions",
            "write the functions as a list, or leave the key out",
        )  # fmt: skip
        return set()
    names = set()
    for i, tool in enumerate(listed):
        function = tool.get(inner) if inner and isinstance(tool, dict) else tool
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            names.add(function["name"])
        else:
            finding.error("bad_tools", f"{where}[{i}]", excerpt(tool), "a function with a name", TOOL_FORM)
    return names


def check_calls(message: Example, where: str, names: set[str], finding: Finding) -> None:
    """The calls in one message, or what it says it answers."""
    role = message.get("role")
    for key in ("tool_calls", "function_call"):
        if key in message and role != "assistant":
            finding.error(
                "call_not_allowed", f"{where}.{key}", f"{key} on a message with role {excerpt(role)}",
                "calls on assistant messages only", "remove it",
            )  # fmt: skip
    if "function_call" in message:
        _check_function(message["function_call"], f"{where}.function_call", names, finding)
    if "tool_calls" in message:
        _check_tool_calls(message["tool_calls"], f"{where}.tool_calls", names, finding)
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        found = excerpt(message["tool_call_id"]) if "tool_call_id" in message else "nothing"
        finding.error(
            "no_call_id", f"{where}.tool_call_id", found, "the id of a call",
            "repeat the id of the call that this message answers",
        )  # fmt: skip
    if role == "function" and not message.get("name"):
        expected = "the function's name"
        finding.error("no_name", f"{where}.name", "nothing", expected, "say which function answers")


def _check_tool_calls(calls: Any, where: str, names: set[str], finding: Finding) -> None:
    if not isinstance(calls, list) or not calls:
        finding.error(
            "bad_call", where, excerpt(calls), "a list with at least one call",
            "leave tool_calls out where nothing is called",
        )  # fmt: skip
        return
    for i, call in enumerate(calls):
        if isinstance(call, dict) and isinstance(call.get("id"), str) and call.get("type") == "function":
            _check_function(call.get("function"), f"{where}[{i}].function", names, finding)
        else:
            finding.error(
                "bad_call", f"{where}[{i}]", excerpt(call), 'an object with "id" and "type": "function"',
                "give the call an id, which its answer repeats",
            )  # fmt: skip


def _check_function(function: Any, where: str, names: set[str], finding: Finding) -> None:
    if not (isinstance(function, dict) and isinstance(function.get("name"), str)):
        expected = "an object with name and arguments"
        finding.error("bad_call", where, excerpt(function), expected, "name the function")
        return
    if names and function["name"] not in names:
        finding.warning(
            "unknown_function", f"{where}.name", excerpt(function["name"]),
            f"one of {', '.join(sorted(names))}", "add it to the tools of this example",
        )  # fmt: skip
    check_special_token(function.get("arguments"), f"{where}.arguments", finding)
    if not _is_json_text(function.get("arguments")):
        found = excerpt(function["arguments"]) if "arguments" in function else "nothing"
        finding.error(
            "bad_arguments", f"{where}.arguments", found, "JSON written as text",
            "write json.dumps(arguments): text, not an object; repair() does it",
        )  # fmt: skip


def _is_json_text(arguments: Any) -> bool:
    if not isinstance(arguments, str):
        return False
    try:
        json.loads(arguments)
    except (ValueError, RecursionError):
        return False
    return True


def check_answers(messages: list[Example], finding: Finding) -> None:
    """Every call is answered before the conversation goes on; a call at the very end needs no answer."""
    open_calls: dict[str, str] = {}
    for i, message in enumerate(messages):
        if message.get("role") == "tool":
            answered = message.get("tool_call_id")
            if isinstance(answered, str) and open_calls.pop(answered, None) is None:
                finding.error(
                    "answer_without_call", f"messages[{i}].tool_call_id", excerpt(answered),
                    "the id of a call just before", "check the id, or remove the message",
                )  # fmt: skip
            continue
        for call_id, where in open_calls.items():
            finding.error(
                "call_without_answer", where, f"no answer to {excerpt(call_id)}", "a tool message after it",
                "add a message with role tool and this tool_call_id",
            )  # fmt: skip
        open_calls = _calls_of(message, f"messages[{i}].tool_calls")


def _calls_of(message: Example, where: str) -> dict[str, str]:
    calls = message.get("tool_calls")
    return {
        call["id"]: where
        for call in (calls if isinstance(calls, list) else [])
        if isinstance(call, dict) and isinstance(call.get("id"), str)
    }
