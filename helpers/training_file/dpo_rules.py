"""The rules of preference examples (DPO): a question, a better answer and a worse one."""

from typing import Any

from helpers.training_file.chat_rules import check_message
from helpers.training_file.content_rules import check_special_token
from helpers.training_file.problem import Example, Finding, excerpt, extra_keys
from helpers.training_file.tool_rules import check_tools

DPO_KEYS = {"input", "preferred_output", "non_preferred_output"}
DPO_INPUT_KEYS = {"messages", "tools", "parallel_tool_calls"}
DPO_OTHER_NAMES = {
    "preferred_completion": "preferred_output",
    "non_preferred_completion": "non_preferred_output",
}


def check_dpo(example: Example, finding: Finding) -> None:
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
        check_message(message, where, names, finding)
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
