"""The dialects of training records, in the order in which they are tried."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helpers.own_file.dialect_readers.conversations import (
    batch,
    chat,
    chatgpt_export,
    is_anthropic,
    is_batch,
    is_chatgpt_export,
    is_list,
)
from helpers.own_file.dialect_readers.instructions import instruction, is_pair
from helpers.own_file.dialect_readers.marked_text import is_one_text, one_text
from helpers.own_file.dialect_readers.preferences import (
    BETTER,
    is_openai_preference,
    is_preference,
    openai_preference,
    preference,
)
from helpers.own_file.dialect_readers.record_parts import LISTS, SYSTEM_KEYS, Example, Values


@dataclass(frozen=True)
class Dialect:
    """A way to write a training example.

    Attributes:
        name: how it is called.
        keys: a record of it has at least one of these.
        recognises: looks at the keys of a record, and at the kinds of its values.
        read: makes the example, or raises NoMessage.
        question: the part that is the question.
        answer: the part that is the answer.
    """

    name: str
    keys: frozenset[str]
    recognises: Callable[[Values], bool]
    read: Callable[[Values, set[str]], Example]
    question: str
    answer: str


def _dialect(name: str, keys: str, *more: Any) -> Dialect:
    return Dialect(name, frozenset(keys.split()), *more)


DIALECTS = [
    _dialect(
        "OpenAI preferences (DPO)",
        "preferred_output",
        is_openai_preference,
        openai_preference,
        "input",
        "preferred_output",
    ),
    _dialect(
        "Preferences as TRL writes them (prompt, chosen and rejected)",
        " ".join(BETTER),
        is_preference,
        preference,
        "prompt",
        "chosen and rejected",
    ),
    _dialect(
        "Requests and answers of the API (Batch)",
        "body request",
        is_batch,
        batch,
        "messages of the request",
        "assistant",
    ),
    _dialect(
        "Chat with a system message beside it (Anthropic)",
        " ".join(SYSTEM_KEYS),
        is_anthropic,
        chat,
        "user",
        "assistant",
    ),
    _dialect("OpenAI chat", "messages", is_list("messages"), chat, "user", "assistant"),
    _dialect("ShareGPT", "conversations conversation", is_list("conversations", "conversation"), chat, "human", "gpt"),
    _dialect("Gemini contents", "contents", is_list("contents"), chat, "user", "model"),
    _dialect("Export of ChatGPT", "mapping", is_chatgpt_export, chatgpt_export, "user", "assistant"),
    _dialect("Chat", " ".join(LISTS), is_list(*LISTS), chat, "user", "assistant"),
    _dialect("Alpaca", "instruction", is_pair("instruction"), instruction, "instruction and input", "output"),
    _dialect("Prompt and completion", "prompt", is_pair("prompt"), instruction, "prompt", "completion"),
    _dialect("Query and response", "query", is_pair("query"), instruction, "query", "response"),
    _dialect("Texts with marks for each speaker", "text", is_one_text, one_text, "user", "assistant"),
]


def dialect_of(values: Values) -> Dialect | None:
    """The first dialect of which this is a record."""
    return next((each for each in DIALECTS if not each.keys.isdisjoint(values) and each.recognises(values)), None)


def dialect_by_its_keys(values: Values) -> Dialect | None:
    """The dialect that a record was meant to be of, by its keys alone: {"conversations": []}."""
    keys = values.keys() - {"text", *SYSTEM_KEYS}
    return next((each for each in DIALECTS if not each.keys.isdisjoint(keys)), None)
