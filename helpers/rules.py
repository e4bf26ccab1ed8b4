"""The one rule book of the training formats, read by the learner's check and by the practice server alike.

Pure functions: no file is opened here. A line goes in, the example and every problem in it come out.
The rules are those of OpenAI's guides and of errors seen on its API; where those are silent, the problem is a warning.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

MIN_EXAMPLES = 10
MAX_IMAGES = 10
MAX_FUNCTIONS = 128

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
EXPECTED_ROLES = "system, user, assistant, tool (or the older function)"
CHAT_KEYS = {"messages", "tools", "parallel_tool_calls", "functions"}
MESSAGE_KEYS = {"role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call"}
DPO_KEYS = {"input", "preferred_output", "non_preferred_output"}
DPO_OTHER_NAMES = {"preferred_completion": "preferred_output", "non_preferred_completion": "non_preferred_output"}

Kind = Literal["chat", "dpo", "completions", "unknown"]
Example = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a training file: where it is, what was found and expected, and how to mend it.

    `line` counts from 1; None means the file as a whole. An `error` makes a job fail, a `warning` does not.
    """

    line: int | None
    where: str
    found: str
    expected: str
    fix: str
    code: str
    severity: Literal["error", "warning"] = "error"


class Finding:
    """Collects the problems of one example, so that one never hides another."""

    def __init__(self, line: int | None) -> None:
        self.line = line
        self.problems: list[Problem] = []

    def error(self, code: str, where: str, found: str, expected: str, fix: str) -> None:
        self.problems.append(Problem(self.line, where, found, expected, fix, code))

    def warning(self, code: str, where: str, found: str, expected: str, fix: str) -> None:
        self.problems.append(Problem(self.line, where, found, expected, fix, code, "warning"))


def check_line(raw: bytes, line: int) -> tuple[Example | None, list[Problem]]:
    """One line of a JSONL file: the example (None if it cannot be read) and all its problems."""
    finding = Finding(line)
    example = _parse(raw, finding)
    if example is not None:
        finding.problems += check_example(example, line)
    return example, finding.problems


def check_example(example: Any, line: int | None = None) -> list[Problem]:
    """Every problem in one example, chat or preference (DPO)."""
    finding = Finding(line)
    if not isinstance(example, dict):
        finding.error("not_an_object", "the line", excerpt(example), 'an object: {"messages": [...]}', _ONE_PER_LINE)
        return finding.problems
    match kind_of(example):
        case "chat":
            _check_chat(example, finding)
        case "dpo":
            _check_dpo(example, finding)
        case "completions":
            finding.error(
                "old_format", "the example", "prompt and completion", "messages",
                "write it as a chat; prompt/completion files can no longer be trained on since October 2024",
            )
        case _:
            finding.error(
                "missing_messages", "the example", f"the keys {_names(example)}" if example else "no keys", "messages",
                'put the conversation into a list named "messages"',
            )
    return finding.problems


def kind_of(example: Example) -> Kind:
    """Which training format an example is written in."""
    if "messages" in example:
        return "chat"
    if DPO_KEYS & example.keys() or DPO_OTHER_NAMES.keys() & example.keys():
        return "dpo"
    if {"prompt", "completion"} & example.keys():
        return "completions"
    return "unknown"


def whole_file(count: int, kinds: Iterable[Kind]) -> list[Problem]:
    """The rules about a file as a whole: enough examples, all of one kind."""
    finding = Finding(None)
    if count < MIN_EXAMPLES:
        finding.error(
            "too_few", "the file", f"{count} example{'' if count == 1 else 's'}", f"at least {MIN_EXAMPLES}",
            "add examples; clear improvements begin at 50 to 100",
        )
    kinds = sorted(set(kinds))
    if len(kinds) > 1:
        finding.error("mixed_kinds", "the file", " and ".join(kinds), "one kind of example", "make a file of each kind")
    return finding.problems


def excerpt(value: Any, length: int = 40) -> str:
    """The beginning of a value, as JSON, for a message to a person."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    shown = text if len(text) <= length else text[: length - 3] + "..."
    return f'"{shown}"' if isinstance(value, str) else shown


# --- reading a line ------------------------------------------------------------------------------------------

_ONE_PER_LINE = "write one complete example on each line, between { and }"
_TRAILING_COMMA = re.compile(r",\s*[}\]]")


def _parse(raw: bytes, finding: Finding) -> Example | None:
    try:
        text = raw.decode("utf-8").strip("\ufeff \t\r\n")
    except UnicodeDecodeError as error:
        finding.error("not_utf8", f"byte {error.start + 1}", f"the byte 0x{raw[error.start]:02x}", "UTF-8 text",
                      "save the file as UTF-8, or let repair() do it")
        return None
    try:
        example = json.loads(text)
    except json.JSONDecodeError as error:
        expected, fix = _why_not_json(text)
        finding.error("not_json", f"character {error.pos + 1}", excerpt(text[max(0, error.pos - 15) :]), expected, fix)
        return None
    if not isinstance(example, dict):
        finding.error("not_an_object", "the line", excerpt(example), 'an object: {"messages": [...]}', _ONE_PER_LINE)
        return None
    return example


def _why_not_json(text: str) -> tuple[str, str]:
    if _TRAILING_COMMA.search(text):
        return "no comma before a closing bracket", "remove the comma, or let repair() do it"
    if any(quote in text for quote in "“”„"):
        return 'straight quotation marks: "', "a word processor has bent the quotation marks; replace them"
    if text.startswith("{'"):
        return 'double quotation marks: "', "write the line with json.dumps(example)"
    if text in "[]{}" or text.endswith(("{", "[", ",")):
        return "a whole example on one line", "the example is spread over several lines; write each with json.dumps"
    return "valid JSON", _ONE_PER_LINE


# --- chat examples -------------------------------------------------------------------------------------------


def _check_chat(example: Example, finding: Finding) -> None:
    _extra_keys(example, CHAT_KEYS, "", finding)
    names = _check_tools(example, finding)
    messages = example["messages"]
    if not isinstance(messages, list) or not messages:
        finding.error("empty_messages", "messages", excerpt(messages), "a list with at least one message",
                      "write the conversation as a list of messages")
        return
    readable = [
        message for i, message in enumerate(messages) if _check_message(message, f"messages[{i}]", names, finding)
    ]
    if len(readable) == len(messages):
        _check_conversation(messages, finding)
        _check_tool_answers(messages, finding)


def _check_conversation(messages: list[Example], finding: Finding) -> None:
    assistant = [message for message in messages if message.get("role") == "assistant"]
    if not assistant:
        finding.error("no_assistant", "messages", "no assistant message", "at least one",
                      "add the answer that the model should learn")
    elif all(message.get("weight") == 0 for message in assistant):
        finding.error("nothing_to_learn", "messages", "weight 0 on every assistant message", "one with weight 1",
                      "leave out the weight of the answer that the model should learn")
    elif messages[-1].get("role") != "assistant":
        finding.error("last_not_assistant", f"messages[{len(messages) - 1}].role", excerpt(messages[-1].get("role")),
                      "assistant in the last message", "end the conversation with the answer")


def _check_message(message: Any, where: str, tool_names: set[str], finding: Finding) -> bool:
    """Check one message; False if it is not a message at all."""
    if not isinstance(message, dict):
        finding.error("not_a_message", where, excerpt(message), 'an object: {"role": ..., "content": ...}',
                      "write each message as an object")
        return False
    _extra_keys(message, MESSAGE_KEYS, where + ".", finding)
    role = message.get("role")
    if role is None:
        finding.error("missing_role", f"{where}.role", "nothing", f"one of {EXPECTED_ROLES}", "say who is speaking")
    elif role not in ROLES:
        finding.error("unknown_role", f"{where}.role", excerpt(role), f"one of {EXPECTED_ROLES}",
                      "use the role that fits; repair() knows the common mix-ups")
    elif role == "developer":
        finding.warning("developer_role", f"{where}.role", '"developer"', "system",
                        "whether training files may use it is not confirmed; system is safe")
    _check_weight(message, where, finding)
    if "name" in message and not (isinstance(message["name"], str) and message["name"]):
        finding.error("bad_name", f"{where}.name", excerpt(message["name"]), "text", "leave the name out, or write one")
    _check_content(message, where, finding)
    _check_calls(message, where, tool_names, finding)
    return True


def _check_weight(message: Example, where: str, finding: Finding) -> None:
    if "weight" not in message:
        return
    weight = message["weight"]
    if message.get("role") != "assistant":
        finding.error("extra_key", f"{where}.weight", f"weight on a {message.get('role')} message",
                      "weight on assistant messages only", "remove it")
    elif isinstance(weight, bool) or weight not in (0, 1):
        finding.error("bad_weight", f"{where}.weight", excerpt(weight), "0 or 1",
                      "1 to learn from this message, 0 not to")


def _check_content(message: Example, where: str, finding: Finding) -> None:
    content, role = message.get("content"), message.get("role")
    calls = "tool_calls" in message or "function_call" in message
    if isinstance(content, list):
        _check_parts(content, role, f"{where}.content", finding)
    elif content is None:
        if not (role == "assistant" and calls):
            finding.error("no_content", f"{where}.content", "nothing", "text", "write what is said")
    elif not isinstance(content, str):
        finding.error("bad_content", f"{where}.content", excerpt(content), "text, or a list of parts",
                      "put the text between quotation marks")
    elif not content.strip() and not (role == "assistant" and calls):
        report = finding.error if role == "assistant" else finding.warning
        report("empty_content", f"{where}.content", "empty text", "text", "write what is said, or remove the example")


def _check_parts(parts: list[Any], role: Any, where: str, finding: Finding) -> None:
    if not parts:
        finding.error("empty_content", where, "an empty list", "at least one part", "write what is said")
    images = 0
    for i, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            continue
        if kind == "image_url" and isinstance(part.get("image_url"), dict) and part["image_url"].get("url"):
            images += 1
            if role != "user":
                finding.error("image_not_allowed", f"{where}[{i}]", f"an image on a {role} message",
                              "images on user messages only", "remove the image")
            continue
        finding.error("bad_part", f"{where}[{i}]", excerpt(part),
                      '{"type": "text", "text": ...} or {"type": "image_url", "image_url": {"url": ...}}',
                      "write the part in one of these forms")
    if images > MAX_IMAGES:
        finding.error("too_many_images", where, f"{images} images", f"at most {MAX_IMAGES}", "remove some")


# --- tools ---------------------------------------------------------------------------------------------------


def _check_tools(example: Example, finding: Finding) -> set[str]:
    """Check `tools` and the older `functions`; return the names that calls may use."""
    names: set[str] = set()
    for key, inner in (("tools", "function"), ("functions", None)):
        if key not in example:
            continue
        listed = example[key]
        if not isinstance(listed, list) or (key == "functions" and not 1 <= len(listed) <= MAX_FUNCTIONS):
            finding.error("bad_tools", key, excerpt(listed), f"a list of 1 to {MAX_FUNCTIONS} functions",
                          "write the functions as a list, or leave the key out")
            continue
        for i, tool in enumerate(listed):
            function = tool.get(inner) if inner and isinstance(tool, dict) else tool
            if isinstance(function, dict) and isinstance(function.get("name"), str):
                names.add(function["name"])
            else:
                finding.error("bad_tools", f"{key}[{i}]", excerpt(tool), "a function with a name",
                              'tools: {"type": "function", "function": {"name": ..., "parameters": ...}}')
    if not isinstance(example.get("parallel_tool_calls", False), bool):
        finding.error("bad_tools", "parallel_tool_calls", excerpt(example["parallel_tool_calls"]), "true or false",
                      "write true or false, without quotation marks")
    return names


def _check_calls(message: Example, where: str, names: set[str], finding: Finding) -> None:
    role = message.get("role")
    for key in ("tool_calls", "function_call"):
        if key in message and role != "assistant":
            finding.error("call_not_allowed", f"{where}.{key}", f"{key} on a {role} message",
                          "calls on assistant messages only", "remove it")
    if "function_call" in message:
        _check_function(message["function_call"], f"{where}.function_call", names, finding)
    if "tool_calls" in message:
        calls = message["tool_calls"]
        if not isinstance(calls, list) or not calls:
            finding.error("bad_call", f"{where}.tool_calls", excerpt(calls), "a list with at least one call",
                          "leave tool_calls out where nothing is called")
            return
        for i, call in enumerate(calls):
            place = f"{where}.tool_calls[{i}]"
            if not (isinstance(call, dict) and isinstance(call.get("id"), str) and call.get("type") == "function"):
                finding.error("bad_call", place, excerpt(call), 'an object with "id" and "type": "function"',
                              "give the call an id, which its answer repeats")
            else:
                _check_function(call.get("function"), f"{place}.function", names, finding)
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        finding.error("no_call_id", f"{where}.tool_call_id", excerpt(message.get("tool_call_id")), "the id of a call",
                      "repeat the id of the call that this message answers")
    if role == "function" and not message.get("name"):
        finding.error("no_name", f"{where}.name", "nothing", "the function's name", "say which function answers")


def _check_function(function: Any, where: str, names: set[str], finding: Finding) -> None:
    if not (isinstance(function, dict) and isinstance(function.get("name"), str)):
        finding.error("bad_call", where, excerpt(function), "an object with name and arguments", "name the function")
        return
    if names and function["name"] not in names:
        finding.warning("unknown_function", f"{where}.name", excerpt(function["name"]),
                        f"one of {', '.join(sorted(names))}", "add it to the tools of this example")
    arguments = function.get("arguments")
    try:
        if not isinstance(arguments, str):
            raise ValueError
        json.loads(arguments)
    except ValueError:
        finding.error("bad_arguments", f"{where}.arguments", excerpt(arguments), "JSON written as text",
                      "write json.dumps(arguments): text, not an object")


def _check_tool_answers(messages: list[Example], finding: Finding) -> None:
    """Every call is answered before the conversation goes on; a call at the very end needs no answer."""
    open_calls: dict[str, str] = {}
    for i, message in enumerate(messages):
        if message.get("role") == "tool":
            if open_calls.pop(str(message.get("tool_call_id")), None) is None and message.get("tool_call_id"):
                finding.error("answer_without_call", f"messages[{i}].tool_call_id", excerpt(message["tool_call_id"]),
                              "the id of a call just before", "check the id, or remove the message")
            continue
        for call_id, where in open_calls.items():
            finding.error("call_without_answer", where, f"no answer to {excerpt(call_id)}", "a tool message after it",
                          "add a message with role tool and this tool_call_id")
        open_calls = {}
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, dict) and isinstance(call.get("id"), str):
                open_calls[call["id"]] = f"messages[{i}].tool_calls"


# --- preference examples (DPO) -------------------------------------------------------------------------------


def _check_dpo(example: Example, finding: Finding) -> None:
    for wrong, right in DPO_OTHER_NAMES.items():
        if wrong in example:
            finding.error("dpo_name", wrong, excerpt(wrong), right, f"rename it to {right}")
    _extra_keys(example, DPO_KEYS | DPO_OTHER_NAMES.keys(), "", finding)
    given = example.get("input")
    messages = given.get("messages") if isinstance(given, dict) else None
    if not isinstance(messages, list) or not messages:
        finding.error("empty_messages", "input.messages", excerpt(messages), "a list with at least one message",
                      "put the question there")
    else:
        for i, message in enumerate(messages):
            _check_message(message, f"input.messages[{i}]", set(), finding)
    answers = [_check_answer(example, key, finding) for key in ("preferred_output", "non_preferred_output")]
    if answers[0] is not None and answers[0] == answers[1]:
        finding.warning("same_answers", "non_preferred_output", "the same text as preferred_output", "a worse answer",
                        "nothing can be learned from two equal answers")


def _check_answer(example: Example, key: str, finding: Finding) -> str | None:
    answer = example.get(key, example.get(key.replace("output", "completion")))
    message = answer[0] if isinstance(answer, list) and len(answer) == 1 else None
    text = message.get("content") if isinstance(message, dict) and message.get("role") == "assistant" else None
    if not isinstance(text, str) or not text.strip():
        finding.error("bad_answer", key, excerpt(answer), "a list with exactly one assistant message, with text",
                      '[{"role": "assistant", "content": "..."}]')
        return None
    return text


# --- shared --------------------------------------------------------------------------------------------------


def _extra_keys(value: Example, allowed: set[str], where: str, finding: Finding) -> None:
    for key in sorted(value.keys() - allowed):
        finding.error("extra_key", f"{where}{key}", f'the key "{key}"', f"only {', '.join(sorted(allowed))}", "remove it")


def _names(value: Example) -> str:
    return ", ".join(f'"{key}"' for key in sorted(value)[:5])
