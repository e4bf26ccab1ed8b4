"""Records of preferences: a question with a better and a worse answer, as text or as messages."""

from typing import Any

from helpers.own_file.dialect_readers.marked_text import marked_messages
from helpers.own_file.dialect_readers.messages import NoMessage, are_messages, messages_of
from helpers.own_file.dialect_readers.record_parts import LISTS, Example, Values, decoded, with_system

BETTER, WORSE = (
    ("chosen", "preferred", "preferred_completion"),
    ("rejected", "dispreferred", "non_preferred_completion"),
)


def is_openai_preference(values: Values) -> bool:
    return "preferred_output" in values and "non_preferred_output" in values


def openai_preference(values: Values, left_out: set[str]) -> Example:
    return {key: values[key] for key in ("input", "preferred_output", "non_preferred_output") if key in values}


def is_preference(values: Values) -> bool:
    return any(key in values for key in BETTER) and any(key in values for key in WORSE)


def preference(values: Values, left_out: set[str]) -> Example:
    better, worse = (next(decoded(values[key]) for key in keys if key in values) for keys in (BETTER, WORSE))
    key = next((key for key in ("prompt", "question", "instruction", "input", *LISTS) if values.get(key)), None)
    prompt = decoded(values[key]) if key else None
    if isinstance(prompt, dict) and "messages" in prompt:
        prompt = prompt["messages"]
    if isinstance(prompt, str) and key == "instruction" and values.get("input"):
        prompt = f"{prompt}\n\n{values['input']}"
    better_list, worse_list = _as_list(better, left_out), _as_list(worse, left_out)
    asked = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else []
    asked = asked or (messages_of(prompt, left_out) if are_messages(prompt) else [])
    if len(better_list) > 1:  # the whole conversation stands in both, with another end
        asked = asked or better_list[:-1]
        if better_list[:-1] != worse_list[:-1]:
            raise NoMessage("the two conversations differ before their last answer")
    if not asked or not better_list or not worse_list:
        raise NoMessage("a preference needs a question, a better and a worse answer")
    return {
        "input": {"messages": with_system(asked, values)},
        "preferred_output": better_list[-1:],
        "non_preferred_output": worse_list[-1:],
    }


def _as_list(answer: Any, left_out: set[str]) -> list[Values]:
    if isinstance(answer, str) and "\n\nHuman:" in answer and "\n\nAssistant:" in answer:
        return marked_messages(answer)
    if isinstance(answer, str):
        return [{"role": "assistant", "content": answer}]
    return messages_of(answer if isinstance(answer, list) else [answer], left_out)
