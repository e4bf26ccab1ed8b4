"""The rules of chat examples, and of each message in them."""

from typing import Any

from helpers.own_file.format_readers.strict_json import json_inside
from helpers.training_file.content_rules import check_content
from helpers.training_file.problem import Example, Finding, excerpt, extra_keys
from helpers.training_file.tool_rules import check_answers, check_calls, check_tools

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
EXPECTED_ROLES = "system, user, assistant, tool (or the older function)"
CHAT_KEYS = {"messages", "tools", "parallel_tool_calls", "functions"}
MESSAGE_KEYS = {"role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call"}


def check_chat(example: Example, finding: Finding) -> None:
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
        check_message(message, f"messages[{i}]", names, finding)
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


def check_message(message: Any, where: str, tool_names: set[str], finding: Finding) -> None:
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
