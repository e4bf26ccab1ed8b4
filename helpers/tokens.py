"""Counting tokens the way the bill counts them, without a network.

GPT models are counted with their own encoding. For other models the count is an estimate made with
o200k_base, and the result says so. Images are not counted: how many tokens one costs depends on its size.
"""

import json
import os
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import tiktoken

from helpers.connection.catalogue import UnknownModelError, base_model, base_name
from helpers.course_data.paths import DATA
from helpers.display.tables import Shown, html_table, plural, text_table

RANKS = DATA / "tiktoken"
ESTIMATE_WITH = "o200k_base"
CL100K_FAMILIES = ("gpt-3.5", "gpt-4-", "babbage-002", "davinci-002")
O200K_FAMILIES = ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "o1", "o3", "o4")

# OpenAI's counting rule, in its cookbook "How to count tokens": what a message and a reply add to their text.
PER_MESSAGE, PER_NAME, PER_REPLY = 3, 1, 3

# tiktoken 0.14.0 panics on a run of about a million blanks: longer runs than this are counted in parts.
LONGEST_RUN = 100_000
_LONG_RUN = re.compile(rf"(\s{{{LONGEST_RUN}}})")

_loading = threading.Lock()


@dataclass(frozen=True, repr=False)
class TokenCount(Shown):
    """Tokens of a set of examples. `billable` leaves out what is cut off beyond `limit` in each example."""

    model: str
    per_example: list[int] = field(default_factory=list)
    limit: int | None = None
    estimated: bool = False

    @property
    def total(self) -> int:
        return sum(self.per_example)

    @property
    def longest(self) -> int:
        return max(self.per_example, default=0)

    @property
    def billable(self) -> int:
        return sum(min(count, self.limit) if self.limit else count for count in self.per_example)

    @property
    def truncated(self) -> int:
        """How many examples are longer than the limit and will be cut."""
        return sum(1 for count in self.per_example if self.limit and count > self.limit)

    def _rows(self) -> list[tuple[str, str]]:
        count = len(self.per_example)
        average = self.total / count if count else 0
        cut = plural(self.truncated, "example")
        estimated = " (an estimate: the model's own encoding is not known here)" if self.estimated else ""
        return [
            ("examples", f"{count:,}"),
            ("tokens in all", f"{self.total:,}{estimated}"),
            ("per example", f"{average:,.0f} on average, {self.longest:,} at most"),
            ("limit per example", f"{self.limit:,} tokens; {cut} cut" if self.limit else "none known"),
        ]

    def __str__(self) -> str:
        return f"Tokens for {self.model}\n{text_table(self._rows())}"

    def _repr_html_(self) -> str:
        return html_table(["what", "how many"], self._rows(), caption=f"Tokens for {self.model}")


def encoding_name(model: str) -> str | None:
    """`o200k_base` or `cl100k_base`; None for a model that is not OpenAI's. `ft:` names count as their base.

    tiktoken's own look-up is not used: for some `ft:` names it gives the wrong encoding.
    """
    name = base_name(model)
    if name.startswith(O200K_FAMILIES):
        return "o200k_base"
    if name.startswith(CL100K_FAMILIES) or name == "gpt-4":
        return "cl100k_base"
    try:
        return base_model(name).encoding
    except UnknownModelError:
        return None


@cache
def load_encoding(name: str) -> tiktoken.Encoding:
    """The encoding from the rank files in data/tiktoken, whose check sums tiktoken verifies."""
    with _loading:
        before = os.environ.get("TIKTOKEN_CACHE_DIR")
        os.environ["TIKTOKEN_CACHE_DIR"] = str(RANKS)
        try:
            return tiktoken.get_encoding(name)
        finally:
            if before is None:
                del os.environ["TIKTOKEN_CACHE_DIR"]
            else:
                os.environ["TIKTOKEN_CACHE_DIR"] = before


def encoding_for(model: str) -> tiktoken.Encoding:
    return load_encoding(encoding_name(model) or ESTIMATE_WITH)


def count_text(text: str, model: str) -> int:
    """Tokens in a piece of text, markers such as <|endoftext|> counted as ordinary text."""
    return _count(text, encoding_for(model))


def _count(text: str, encoding: tiktoken.Encoding) -> int:
    if len(text) <= LONGEST_RUN:
        return len(encoding.encode_ordinary(text))
    return sum(len(encoding.encode_ordinary(part)) for part in _LONG_RUN.split(text))


def count_messages(messages: Iterable[dict[str, Any]], model: str) -> int:
    """Tokens of a prompt as the API counts them: each message, its text, and the start of the reply."""
    encoding = encoding_for(model)
    return PER_REPLY + sum(_message_tokens(message, encoding) for message in messages)


def count_example(example: dict[str, Any], model: str) -> int:
    """Tokens of one training example: its messages, and its tools where there are any."""
    tools = [example[key] for key in ("tools", "functions") if example.get(key)]
    extra = sum(count_text(json.dumps(tool, ensure_ascii=False), model) for tool in tools)
    return count_messages(_all_messages(example), model) + extra


def count_tokens(examples: Iterable[dict[str, Any]], model: str) -> TokenCount:
    """Tokens of many examples; read one at a time, so a large file fits."""
    try:
        limit = base_model(model).training_tokens_per_example
    except UnknownModelError:
        limit = None
    counts = [count_example(example, model) for example in examples]
    return TokenCount(model=model, per_example=counts, limit=limit, estimated=encoding_name(model) is None)


def _all_messages(example: dict[str, Any]) -> list[dict[str, Any]]:
    if "messages" in example:
        return example["messages"]
    prompt = example.get("input", {}).get("messages", [])  # preference data (DPO): both answers are read
    return [*prompt, *example.get("preferred_output", []), *example.get("non_preferred_output", [])]


def _message_tokens(message: dict[str, Any], encoding: tiktoken.Encoding) -> int:
    total = PER_MESSAGE
    for key, value in message.items():
        if key == "weight" or value is None:
            continue
        text = _text_of_parts(value) if key == "content" and isinstance(value, list) else _as_text(value)
        total += _count(text, encoding)
        if key == "name":
            total += PER_NAME
    return total


def _text_of_parts(parts: list[Any]) -> str:
    return "".join(part.get("text") or "" for part in parts if isinstance(part, dict))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
