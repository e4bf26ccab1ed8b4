"""The dialects of training records, in the order in which they are tried."""

from collections.abc import Callable
from dataclasses import dataclass

from helpers.own_file.dialect_instructions import instruction, is_pair
from helpers.own_file.dialect_lists import (
    batch,
    chat,
    chatgpt_export,
    is_anthropic,
    is_batch,
    is_chatgpt_export,
    is_list,
    list_key,
)
from helpers.own_file.dialect_preferences import is_openai_preference, is_preference, openai_preference, preference
from helpers.own_file.marked_text import is_one_text, one_text
from helpers.own_file.record_parts import Example, Values


@dataclass(frozen=True)
class Dialect:
    """`recognises` looks at the keys and kinds of values only; `read` makes the example, or raises NoMessage."""

    name: str
    recognises: Callable[[Values], bool]
    read: Callable[[Values, set[str]], Example]
    question: str
    answer: str


DIALECTS = [
    Dialect("OpenAI preferences (DPO)", is_openai_preference, openai_preference, "input", "preferred_output"),
    Dialect("Preferences (prompt, chosen, rejected)", is_preference, preference, "prompt", "chosen and rejected"),
    Dialect("Requests and answers of the API (Batch)", is_batch, batch, "body.messages", "the assistant's messages"),
    Dialect("Chat with a system message beside it (Anthropic)", is_anthropic, chat, "user", "assistant"),
    Dialect("OpenAI chat", is_list("messages"), chat, "user", "assistant"),
    Dialect("ShareGPT", lambda values: list_key(values) in ("conversations", "conversation"), chat, "human", "gpt"),
    Dialect("Gemini contents", is_list("contents"), chat, "user", "model"),
    Dialect("Export of ChatGPT", is_chatgpt_export, chatgpt_export, "user", "assistant"),
    Dialect("Chat", lambda values: list_key(values) is not None, chat, "user", "assistant"),
    Dialect("Alpaca", is_pair("instruction"), instruction, "instruction and input", "output"),
    Dialect("Prompt and completion", is_pair("prompt"), instruction, "prompt", "completion"),
    Dialect("Query and response", is_pair("query"), instruction, "query", "response"),
    Dialect("Texts with marks for each speaker", is_one_text, one_text, "user", "assistant"),
]


def dialect_of(values: Values) -> Dialect | None:
    return next((dialect for dialect in DIALECTS if dialect.recognises(values)), None)
