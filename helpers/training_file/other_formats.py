"""Other programs' formats of one example: recognised by `other_format`, turned into OpenAI's by `converted`.

Nothing that is said is ever dropped: what a conversion does not know stays where it is, and an example that cannot be
turned whole is left as it was.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helpers.training_file.json_line import json_inside
from helpers.training_file.problem import Example

USE_EXAMPLES_FROM = 'examples_from("file") makes examples of it'
LET_REPAIR = f"let repair() convert it, or {USE_EXAMPLES_FROM}"
CONVERSATIONS = ("conversations", "conversation")
QUESTIONS = ("question", "query", "input", "user", "q", "问题", "问")
ANSWERS = ("answer", "response", "output", "assistant", "a", "回答", "答案", "答")
FUNCTION_CALL_ROLES = ("function_call", "tool_call")
OBSERVATION_ROLES = ("observation", "tool_response", "function_response")


@dataclass(frozen=True)
class OtherFormat:
    """A format that is not OpenAI's. `convert` changes the example in place; False if it cannot be done whole."""

    name: str
    what: str
    fits: Callable[[Example], bool]
    convert: Callable[[Example], bool] | None
    expected: str = '"messages"'

    @property
    def fix(self) -> str:
        return LET_REPAIR if self.convert else USE_EXAMPLES_FROM


def other_format(example: Example) -> OtherFormat | None:
    """Which other program's format an example is written in; None if it is in none that is known here."""
    return next((known for known in FORMATS if known.fits(example)), None)


def converted(example: Example) -> str | None:
    """Turn an example into OpenAI's format, in place. Returns the name of the format it was in, None if it was left."""
    known = other_format(example)
    if known is None or known.convert is None:
        return None
    before = json.dumps(example)
    if known.convert(example):
        return known.name
    example.clear()
    example.update(json.loads(before))
    return None


# --- parts of a conversation ---


def text_of(value: Any) -> str | None:
    """Text, or the text of a list of parts; None for anything else, an image for instance."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return None
    texts = [part.get("text") if isinstance(part, dict) else part for part in value]
    plain = all(isinstance(text, str) for text in texts) and all(
        not isinstance(part, dict) or part.keys() <= {"type", "text"} for part in value
    )
    return "\n".join(texts) if plain else None


def with_system(example: Example, key: str = "system") -> bool:
    """Make the system text beside the messages the first of the messages. An empty one says nothing."""
    messages, text = example["messages"], text_of(example.get(key))
    if text is None or not isinstance(messages, list):
        return False
    message = {"role": "system", "content": text}
    if text.strip() and message not in messages:
        messages.insert(0, message)
    del example[key]
    return True


def _said(role: str, content: str) -> Example:
    return {"role": role, "content": content}


def _is_conversation(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(turn, dict) and "role" in turn for turn in value)


def _turns(value: Any, role: str) -> list[Example] | None:
    """A text said by this role, or messages as they are."""
    if isinstance(value, str):
        return [_said(role, value.strip())] if value.strip() else None
    return list(value) if _is_conversation(value) else None


# --- one function for each format ---


def _sharegpt(example: Example) -> bool:
    key = next(name for name in CONVERSATIONS if isinstance(example.get(name), list))
    turns = example.pop(key)
    if any(isinstance(turn, dict) and _speaker(turn) in FUNCTION_CALL_ROLES + OBSERVATION_ROLES for turn in turns):
        turns = _with_calls(turns)
    if turns is None or not with_tools(example):
        return False
    example["messages"] = turns
    return "system" not in example or with_system(example)


def _speaker(turn: Example) -> Any:
    role = turn.get("from", turn.get("role"))
    return role.lower() if isinstance(role, str) else role


def _with_calls(turns: list[Any]) -> list[Any] | None:
    """Function calls and their results, as LLaMA-Factory writes them. None if one of them cannot be read."""
    made: list[Any] = []
    open_calls: list[str] = []
    count = 0
    for turn in turns:
        said = turn.get("value", turn.get("content")) if isinstance(turn, dict) else None
        speaker = _speaker(turn) if isinstance(turn, dict) else None
        if speaker in FUNCTION_CALL_ROLES:
            found = json_inside(said)
            calls = found if isinstance(found, list) else [found]
            if not all(isinstance(call, dict) and isinstance(call.get("name"), str) for call in calls):
                return None
            if any(call.keys() - {"name", "arguments"} for call in calls):
                return None
            open_calls = [f"call_{count + i + 1}" for i in range(len(calls))]
            count += len(calls)
            listed = [
                {"id": name, "type": "function", "function": {"name": call["name"], "arguments": _as_json(call)}}
                for name, call in zip(open_calls, calls, strict=True)
            ]
            made.append({"role": "assistant", "tool_calls": listed})
        elif speaker in OBSERVATION_ROLES:
            if not open_calls or not isinstance(said, str):
                return None
            made.append({"role": "tool", "tool_call_id": open_calls.pop(0), "content": said})
        else:
            made.append(turn)
    return made


def _as_json(call: Example) -> str:
    arguments = call.get("arguments", {})
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def with_tools(example: Example) -> bool:
    """`tools` written as text becomes the list, each function in OpenAI's frame. An empty one says nothing."""
    tools = example.get("tools")
    if isinstance(tools, str):
        if not tools.strip():
            del example["tools"]
            return True
        tools = json_inside(tools)
    if "tools" not in example:
        return True
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        return False
    example["tools"] = [tool if "function" in tool else {"type": "function", "function": tool} for tool in tools]
    if not tools:
        del example["tools"]
    return True


def _pair(example: Example, question: str, answer: str, more: str | None = None) -> bool:
    """A question and an answer under these keys, with an addition to the question, a history and a system text."""
    asked, said = _turns(example.get(question), "user"), _turns(example.get(answer), "assistant")
    history = example.get("history", [])
    if asked is None or said is None or not _is_history(history):
        return False
    if more is not None and more in example:
        addition = example[more]
        if not isinstance(addition, str) or "content" not in asked[-1]:
            return False
        if addition.strip():
            asked[-1]["content"] = f"{asked[-1]['content']}\n\n{addition.strip()}"
        del example[more]
    for key in (question, answer, "history"):
        example.pop(key, None)
    past = [_said(role, text) for pair in history for role, text in zip(("user", "assistant"), pair, strict=True)]
    example["messages"] = [*past, *asked, *said]
    return "system" not in example or with_system(example)


def _is_history(history: Any) -> bool:
    return isinstance(history, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in history
    )


def _alpaca(example: Example) -> bool:
    answer = next(name for name in ("output", "response") if name in example)
    return _pair(example, "instruction", answer, "input")


def _question_and_answer(example: Example) -> bool:
    return _pair(example, *_names(example))


def _names(example: Example) -> tuple[str, str]:
    """The keys of the question and of the answer, if they are clear."""
    asked = [name for name in QUESTIONS if isinstance(example.get(name), str)]
    said = [name for name in ANSWERS if isinstance(example.get(name), str)]
    return (asked[0], said[0]) if len(asked) == len(said) == 1 else ("", "")


def _preference(example: Example) -> bool:
    better, worse = (_turns(example.get(name), "assistant") for name in ("chosen", "rejected"))
    asked = _turns(example["prompt"], "user") if "prompt" in example else []
    if better is None or worse is None or asked is None:
        return False
    while "prompt" not in example and better and worse and better[0] == worse[0]:  # TRL's form without a prompt
        asked.append(better.pop(0))
        worse.pop(0)
    if not asked or len(better) != 1 or len(worse) != 1:
        return False
    if isinstance(example.get("system"), str):
        asked.insert(0, _said("system", example.pop("system")))
    for key in ("prompt", "chosen", "rejected"):
        example.pop(key, None)
    example.update(input={"messages": asked}, preferred_output=better, non_preferred_output=worse)
    return True


def _gemini(example: Example) -> bool:
    turns = []
    for turn in example["contents"]:
        text = text_of(turn.get("parts")) if isinstance(turn, dict) else None
        if text is None or turn.keys() - {"role", "parts"}:
            return False
        turns.append(_said({"model": "assistant"}.get(turn.get("role"), turn.get("role", "user")), text))
    del example["contents"]
    example["messages"] = turns
    for key in ("systemInstruction", "system_instruction"):
        if key in example:
            given = example[key]
            example[key] = given.get("parts") if isinstance(given, dict) else given
            if not with_system(example, key):
                return False
    return True


FORMATS = (
    OtherFormat(
        "ShareGPT",
        'the conversation in "conversations" (ShareGPT)',
        lambda example: any(isinstance(example.get(name), list) for name in CONVERSATIONS),
        _sharegpt,
    ),
    OtherFormat(
        "TRL preferences",
        "prompt, chosen and rejected (preferences as TRL writes them)",
        lambda example: "chosen" in example and "rejected" in example,
        _preference,
        '"input", "preferred_output" and "non_preferred_output"',
    ),
    OtherFormat(
        "Alpaca",
        "instruction and output (Alpaca)",
        lambda example: "instruction" in example and bool({"output", "response"} & example.keys()),
        _alpaca,
    ),
    OtherFormat(
        "prompt and completion",
        "prompt and completion",
        lambda example: "prompt" in example and "completion" in example,
        lambda example: _pair(example, "prompt", "completion"),
    ),
    OtherFormat(
        "Gemini", "contents with parts (Gemini)", lambda example: isinstance(example.get("contents"), list), _gemini
    ),
    OtherFormat(
        "a question and an answer",
        "a question and an answer as two keys",
        lambda example: bool(_names(example)[0]),
        _question_and_answer,
    ),
    OtherFormat(
        "Batch",
        "requests to the Batch API, which hold no answers",
        lambda example: isinstance(example.get("body"), dict) and "custom_id" in example,
        None,
    ),
    OtherFormat("one text", "one text (plain text for pre-training)", lambda example: example.keys() == {"text"}, None),
    OtherFormat(
        "one message",
        "one message of a conversation",
        lambda example: {"role", "content"} <= example.keys(),
        None,
        'all messages of a conversation in one example: {"messages": [...]}',
    ),
)
