"""Records with an instruction and its answer: Alpaca, prompt and completion, query and response, with their history."""

from collections.abc import Callable
from typing import Any

from helpers.own_file.dialect_readers.messages import NoMessage, are_messages, messages_of, tools_of
from helpers.own_file.dialect_readers.record_parts import (
    SYSTEM_KEYS,
    Example,
    Values,
    decoded,
    text_of_parts,
    with_system,
)

ASKED = ("instruction", "prompt", "query")
SAID = ("output", "completion", "response", "answer")
MORE = ("input", "context")


def _pair_keys(values: Values) -> tuple[str, str] | None:
    asked = next((key for key in ASKED if isinstance(values.get(key), str | list)), None)
    said = next((key for key in SAID if isinstance(values.get(key), str | list)), None)
    return (asked, said) if asked and said else None


def is_pair(asked: str, *said: str) -> Callable[[Values], bool]:
    return lambda values: (
        (keys := _pair_keys(values)) is not None and keys[0] == asked and (not said or keys[1] in said)
    )


def instruction(values: Values, left_out: set[str]) -> Example:
    keys = _pair_keys(values)
    assert keys is not None
    prompt, answer = decoded(values[keys[0]]), decoded(values[keys[1]])
    more = next((values[key] for key in MORE if isinstance(values.get(key), str) and values[key].strip()), "")
    prompt, answer = (value if are_messages(value) else _text(value) for value in (prompt, answer))
    if are_messages(prompt):
        messages = messages_of(prompt, left_out)
    else:
        asked = f"{prompt}\n\n{more}" if more and prompt.strip() else prompt if prompt.strip() else more
        messages = [*_history(values.get("history")), {"role": "user", "content": asked}]
    messages += messages_of(answer, left_out) if are_messages(answer) else [{"role": "assistant", "content": answer}]
    if not all(isinstance(each.get("content", ""), str) and (each.get("content", "x")).strip() for each in messages):
        raise NoMessage("no question" if not messages[-2]["content"].strip() else "no answer")
    example: Example = {"messages": with_system(messages, values)}
    if tools := tools_of(values.get("tools")):
        example["tools"] = tools
    known = {*keys, *MORE, *SYSTEM_KEYS, "history", "tools"}
    left_out |= {str(name) for name in values if name not in known and values[name] not in (None, "", [])}
    return example


def _text(value: Any) -> str:
    if isinstance(value, list) and len(value) > 1 and any(isinstance(each, str) for each in value):
        raise NoMessage("several texts where one is expected")
    return value if isinstance(value, str) else text_of_parts(value)


def _history(history: Any) -> list[Values]:
    messages: list[Values] = []
    history = decoded(history) or []
    if not isinstance(history, list):
        raise NoMessage("history is no list of questions with their answers")
    for pair in history:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise NoMessage("history is no list of questions with their answers")
        messages += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    return messages
