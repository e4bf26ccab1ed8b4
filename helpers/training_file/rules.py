"""The one rule book of the training formats, read by the learner's check and by the practice server alike.

Pure functions: no file is opened here. A line goes in, the example and every problem in it come out.
The rules are those of OpenAI's guides and of errors seen on its API. Where those are silent, and something
can be learned from the example all the same, the problem is a warning. Rules for functions are in tool_rules.py, for
what a message says in content_rules.py; what is no JSON is explained in json_line.py, another program's format in
other_format.py.
"""

from collections.abc import Iterable
from typing import Any, Literal

from helpers.display.tables import plural
from helpers.own_file.format_readers.strict_json import json_inside
from helpers.training_file.content_rules import check_content, check_special_token
from helpers.training_file.json_line import not_an_object, object_on
from helpers.training_file.other_format import other_format
from helpers.training_file.problem import Example, Finding, Problem, excerpt, extra_keys
from helpers.training_file.tool_rules import check_answers, check_calls, check_tools

MIN_EXAMPLES = 10

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
EXPECTED_ROLES = "system, user, assistant, tool (or the older function)"
CHAT_KEYS = {"messages", "tools", "parallel_tool_calls", "functions"}
MESSAGE_KEYS = {"role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call"}
DPO_KEYS = {"input", "preferred_output", "non_preferred_output"}
DPO_INPUT_KEYS = {"messages", "tools", "parallel_tool_calls"}
DPO_OTHER_NAMES = {
    "preferred_completion": "preferred_output",
    "non_preferred_completion": "non_preferred_output",
}

Kind = Literal["chat", "dpo", "completions", "unknown"]

__all__ = [
    "Example", "Finding", "Kind", "Problem",
    "check_example", "check_line", "kind_of", "parse_line", "whole_file",
]  # fmt: skip


def check_line(raw: bytes, line: int) -> tuple[Example | None, list[Problem]]:
    """One line of a JSONL file: the example (None if it cannot be read) and all its problems."""
    example, problems = parse_line(raw, line)
    if example is not None:
        problems += check_example(example, line)
    return example, problems


def parse_line(raw: bytes, line: int) -> tuple[Example | None, list[Problem]]:
    """The object on a line of JSONL, or why there is none. This much is checked at upload, and no more."""
    finding = Finding(line)
    return object_on(raw, finding), finding.problems


def check_example(example: Any, line: int | None = None) -> list[Problem]:
    """Every problem in one example, chat or preference (DPO)."""
    finding = Finding(line)
    if not isinstance(example, dict):
        not_an_object(example, finding)
        return finding.problems
    match kind_of(example):
        case "chat":
            _check_chat(example, finding)
        case "dpo":
            _check_dpo(example, finding)
        case kind:
            _check_other(example, kind, finding)
    return finding.problems


def _check_other(example: Example, kind: Kind, finding: Finding) -> None:
    """The example is in another program's format, or in none."""
    found = other_format(example)
    if kind == "completions":
        fix = "write it as a chat; prompt/completion files can no longer be trained on since October 2024"
        what = found.found if found else "prompt and completion"
        finding.error("old_format", "the example", what, "messages", f"{fix}; {found.fix}" if found else fix)
    elif found:
        finding.error("missing_messages", "the example", found.found, found.expected, found.fix)
    else:
        keys = ", ".join(excerpt(str(key)) for key in sorted(example, key=str)[:5])
        finding.error(
            "missing_messages", "the example", f"only {keys}" if keys else "nothing in it", '"messages"',
            'put the conversation into a list named "messages"; examples_from("file") makes examples of many formats',
        )  # fmt: skip


def kind_of(example: Example) -> Kind:
    """Which training format an example is written in."""
    if "messages" in example:
        return "chat"
    if any(key in example for key in ("preferred_output", "non_preferred_output", *DPO_OTHER_NAMES)):
        return "dpo"
    if "chosen" in example or "rejected" in example:
        return "unknown"  # preferences as TRL writes them
    if "prompt" in example or "completion" in example:
        return "completions"
    given = example.get("input")
    return "dpo" if isinstance(given, dict) and "messages" in given else "unknown"


def whole_file(count: int, kinds: Iterable[Kind]) -> list[Problem]:
    """The rules about a file as a whole: enough examples, all of one kind. `count` is that of its lines."""
    finding = Finding(None)
    if count < MIN_EXAMPLES:
        finding.error(
            "too_few", "the file", plural(count, "example"), f"at least {MIN_EXAMPLES}",
            "add examples; clear improvements begin at 50 to 100",
        )  # fmt: skip
    known = sorted(set(kinds) - {"unknown"})  # one that is no example at all has been named on its own line
    if len(known) > 1:
        found = " and ".join(known)
        finding.error("mixed_kinds", "the file", found, "one kind of example", "make a file of each kind")
    return finding.problems


# --- chat examples ------------------------------------------------------------------------------------------


def _check_chat(example: Example, finding: Finding) -> None:
    extra_keys(example, CHAT_KEYS, "", finding)
    names = check_tools(example, finding)
    messages = example["messages"]
    if not isinstance(messages, list) or not messages:
        as_text = isinstance(json_inside(messages), list)
        finding.error(
            "empty_messages", "messages", "a list written as text" if as_text else excerpt(messages),
            "a list with at least one message",
            "take away the quotation marks around the list, or let repair() do it" if as_text else
            "write the conversation as a list of messages",
        )  # fmt: skip
        return
    for i, message in enumerate(messages):
        _check_message(message, f"messages[{i}]", names, finding)
    codes = {problem.code for problem in finding.problems}
    # With a message that nobody can place, what follows from the whole conversation would be a guess.
    if not codes & {"not_a_message", "missing_role", "unknown_role"}:
        _check_conversation(messages, finding)
        if not codes & {"bad_call", "no_call_id"}:
            check_answers(messages, finding)


def _check_conversation(messages: list[Example], finding: Finding) -> None:
    spoken = [message for message in messages if message["role"] == "assistant"]
    last = messages[-1]["role"]
    if not spoken:
        finding.error(
            "no_assistant", "messages", "no assistant message", "at least one",
            "add the answer that the model should learn",
        )  # fmt: skip
    elif all(message.get("weight") == 0 for message in spoken):
        finding.error(
            "nothing_to_learn", "messages", "weight 0 on every assistant message", "one with weight 1",
            "leave out the weight of the answer that the model should learn",
        )  # fmt: skip
    elif last != "assistant":
        finding.warning(
            "last_not_assistant", f"messages[{len(messages) - 1}].role", excerpt(last), "assistant",
            "end with the answer: nothing is learned from what comes after it",
        )  # fmt: skip


def _check_message(message: Any, where: str, tool_names: set[str], finding: Finding) -> None:
    if not isinstance(message, dict):
        finding.error(
            "not_a_message", where, excerpt(message), 'an object: {"role": ..., "content": ...}',
            "write each message as an object",
        )  # fmt: skip
        return
    extra_keys(message, MESSAGE_KEYS, where + ".", finding)
    _check_role(message, where, finding)
    _check_weight(message, where, finding)
    if "name" in message and not (isinstance(message["name"], str) and message["name"]):
        found = excerpt(message["name"])
        finding.error("bad_name", f"{where}.name", found, "text", "write a name, or leave it out")
    check_content(message, where, finding)
    check_calls(message, where, tool_names, finding)


def _check_role(message: Example, where: str, finding: Finding) -> None:
    role = message.get("role")
    if role is None:
        expected = f"one of {EXPECTED_ROLES}"
        finding.error("missing_role", f"{where}.role", "nothing", expected, "say who is speaking")
    elif role not in ROLES:
        finding.error(
            "unknown_role", f"{where}.role", excerpt(role), f"one of {EXPECTED_ROLES}",
            "use the role that fits; repair() knows the common mix-ups",
        )  # fmt: skip
    elif role == "developer":
        finding.warning(
            "developer_role", f"{where}.role", '"developer"', "system",
            "the chat API knows this role, for training files nobody has confirmed it; system is safe",
        )  # fmt: skip


def _check_weight(message: Example, where: str, finding: Finding) -> None:
    if "weight" not in message:
        return
    weight = message["weight"]
    if message.get("role") != "assistant":
        finding.error(
            "extra_key", f"{where}.weight", f"weight on a message with role {excerpt(message.get('role'))}",
            "weight on assistant messages only", "remove it",
        )  # fmt: skip
    elif isinstance(weight, bool) or weight not in (0, 1):
        fix = "1 to learn from this message, 0 not to"
        finding.error("bad_weight", f"{where}.weight", excerpt(weight), "0 or 1", fix)


# --- preference examples (DPO) ------------------------------------------------------------------------------


def _check_dpo(example: Example, finding: Finding) -> None:
    for wrong, right in DPO_OTHER_NAMES.items():
        if wrong in example:
            finding.error("dpo_name", wrong, excerpt(wrong), excerpt(right), f"rename it to {right}")
    extra_keys(example, DPO_KEYS | DPO_OTHER_NAMES.keys(), "", finding)
    _check_dpo_input(example.get("input"), finding)
    answers = [_check_answer(example, key, finding) for key in ("preferred_output", "non_preferred_output")]
    if answers[0] is not None and answers[0] == answers[1]:
        finding.warning(
            "same_answers", "non_preferred_output", "the same text as in preferred_output", "a worse answer",
            "nothing can be learned from two equal answers",
        )  # fmt: skip


def _check_dpo_input(given: Any, finding: Finding) -> None:
    messages = given.get("messages") if isinstance(given, dict) else None
    if not isinstance(messages, list) or not messages:
        finding.error(
            "empty_messages", "input.messages", excerpt(messages) if messages is not None else "nothing",
            "a list with at least one message", 'write the question as {"messages": [...]}',
        )  # fmt: skip
        return
    extra_keys(given, DPO_INPUT_KEYS, "input.", finding)
    names = check_tools(given, finding, "input.")
    for i, message in enumerate(messages):
        where = f"input.messages[{i}]"
        _check_message(message, where, names, finding)
        if not isinstance(message, dict):
            continue
        if message.get("role") == "assistant":
            finding.error(
                "not_one_turn", f"{where}.role", '"assistant"', "one question, no answer yet",
                "preference examples have one turn; both answers stand beside the input",
            )  # fmt: skip
        parts = message["content"] if isinstance(message.get("content"), list) else []
        if any(isinstance(part, dict) and part.get("type") == "image_url" for part in parts):
            finding.error("image_not_allowed", f"{where}.content", "an image", "only text", "remove it")


def _check_answer(example: Example, key: str, finding: Finding) -> str | None:
    other = key.replace("output", "completion")
    answer = example.get(key, example.get(other))
    message = answer[0] if isinstance(answer, list) and len(answer) == 1 else None
    spoken = isinstance(message, dict) and message.get("role") == "assistant"
    text = message.get("content") if spoken else None
    if not isinstance(text, str) or not text.strip():
        found = "nothing" if answer is None else excerpt(answer)
        expected = "a list with exactly one assistant message, with text"
        finding.error("bad_answer", key, found, expected, '[{"role": "assistant", "content": "..."}]')
        return None
    extra_keys(message, {"role", "content"}, f"{key}[0].", finding)
    check_special_token(text, f"{key}[0].content", finding)
    return text
