"""Counting tokens the way the bill counts them, without a network.

GPT models are counted with their own encoding, a model on this computer with its own tokenizer once it lies there; what
its chat template adds, such as a system message where an example has none, is not counted. For other models the count
is an estimate made with o200k_base, and the result says so. Images are not counted: how many tokens one costs depends
on its size. The result says how many there are.
"""

import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import tiktoken

from helpers.connection.catalogue import (
    LOCAL_DEFAULT,
    UnknownModelError,
    base_model,
    base_name,
    configured_models,
    unpacked_folder,
)
from helpers.course_data.given import Given, examples_for_counting
from helpers.course_data.paths import DATA
from helpers.course_data.practice_home import practice_home
from helpers.display.tables import Shown, html_table, plural, text_table

RANKS = DATA / "tiktoken"
ESTIMATE_WITH = "o200k_base"
CL100K_FAMILIES = ("gpt-3.5", "gpt-4-", "babbage-002", "davinci-002")
O200K_FAMILIES = ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "o1", "o3", "o4")

# OpenAI's counting rule, in its cookbook "How to count tokens": what a message and a reply add to their text.
PER_MESSAGE, PER_NAME, PER_REPLY = 3, 1, 3

# tiktoken 0.14.0 panics on a run of about a million blanks: longer runs than this are counted in parts.
LONGEST_RUN = 100_000
REMEMBERED = 16  # texts whose count is remembered: roles and the system message stand in every example
_LONG_RUN = re.compile(rf"(\s{{{LONGEST_RUN}}})")

_loading = threading.Lock()


@dataclass(frozen=True, repr=False)
class TokenCount(Shown):
    """Tokens of a set of examples. `billable` leaves out what is cut off beyond `limit` in each example.

    `images` is how many images there are, whose tokens are not among those counted; `left_out` how many examples could
    not be counted, because they are none.
    """

    model: str
    per_example: list[int] = field(default_factory=list)
    limit: int | None = None
    estimated: bool = False
    images: int = 0
    left_out: int = 0

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
            *not_counted(self.images, self.left_out),
        ]

    def __str__(self) -> str:
        return f"Tokens for {self.model}\n{text_table(self._rows())}"

    def _repr_html_(self) -> str:
        return html_table(["what", "how many"], self._rows(), caption=f"Tokens for {self.model}")


def not_counted(images: int, left_out: int) -> list[tuple[str, str]]:
    """Rows of a table, for what a count leaves out."""
    rows = []
    if images:
        rows.append(("not counted", f"{plural(images, 'image')}: what one costs depends on its size and on the model"))
    if left_out:
        rows.append(("left out", f"{plural(left_out, 'example')} that cannot be read; check() says why"))
    return rows


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


def is_estimate(model: str) -> bool:
    """Whether the tokens of this model are counted with another one's encoding."""
    return encoding_name(model) is None and own_tokenizer(model) is None


def own_tokenizer(model: str) -> Any:
    """The tokenizer of a model on this computer, from its folder; None if it is not there yet, or cannot be read."""
    name = base_name(model)
    try:
        if base_model(name).engine != "local":
            return None
    except UnknownModelError:
        return None
    folder = unpacked_folder(practice_home()) if name == LOCAL_DEFAULT else Path(configured_models()[name])
    file = folder / "tokenizer.json"
    return _load_tokenizer(file, file.stat().st_mtime_ns) if file.is_file() else None


@cache
def _load_tokenizer(file: Path, changed: int) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:  # it comes with requirements-local.txt
        return None
    return Tokenizer.from_str(file.read_text(encoding="utf-8"))


def _counter(model: str) -> Callable[[str], int]:
    """What counts the tokens of a text for this model."""
    tokenizer = own_tokenizer(model) if encoding_name(model) is None else None
    if tokenizer is None:
        encoding = encoding_for(model)
        return lambda text: len(encode(text, encoding))
    # Half of an emoji cannot be passed on; it costs what the sign for "no character" costs.
    return lambda text: len(
        tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8"), add_special_tokens=False).ids
    )


def counter_of(model: str) -> Callable[[str], int]:
    """What counts the tokens of many texts for this model, and remembers the last few of them."""
    return lru_cache(REMEMBERED)(_counter(model))


def count_text(text: str, model: str) -> int:
    """Tokens in a piece of text, markers such as <|endoftext|> counted as ordinary text."""
    return _counter(model)(text)


def encode(text: str, encoding: tiktoken.Encoding) -> list[int]:
    """The tokens of a text of any kind, markers such as <|endoftext|> taken as ordinary text."""
    if len(text) <= LONGEST_RUN:
        return encoding.encode_ordinary(text)
    return [token for part in _LONG_RUN.split(text) for token in encoding.encode_ordinary(part)]


def count_messages(messages: Iterable[dict[str, Any]], model: str) -> int:
    """Tokens of a prompt as the API counts them: each message, its text, and the start of the reply."""
    return _tokens_of(messages, _counter(model))


def _tokens_of(messages: Iterable[dict[str, Any]], count: Callable[[str], int]) -> int:
    return PER_REPLY + sum(_message_tokens(message, count) for message in messages if isinstance(message, dict))


def count_characters(messages: Iterable[dict[str, Any]]) -> int:
    """Characters of what count_messages() reads: known at once, where a tokenizer takes its time."""
    return sum(len(text) for message in messages for _, text in _texts_of(message))


def count_example(example: dict[str, Any], model: str, count: Callable[[str], int] | None = None) -> int:
    """Tokens of one training example: its messages, and its tools where there are any. What is no message costs
    nothing. For many examples, `count` is what `counter_of` has made for the model."""
    count = count or _counter(model)
    listed = [example[key] for key in ("tools", "functions") if isinstance(example.get(key), list) and example[key]]
    return _tokens_of(messages_in(example), count) + sum(count(_as_text(tools)) for tools in listed)


def count_tokens(examples: Given, model: str) -> TokenCount:
    """Tokens of many examples, or of those in a JSONL file; read one at a time, so a large file fits.

    Raises ValueError for what holds no examples. An example that cannot be counted is left out, and the result says so.
    """
    counts, images, left_out, count = [], 0, 0, counter_of(model)
    for example in examples_for_counting(examples):
        if isinstance(example, dict) and messages_in(example):
            counts.append(count_example(example, model, count))
            images += count_images(example)
        else:
            left_out += 1
    return TokenCount(model, counts, training_limit(model), is_estimate(model), images, left_out)


def training_limit(model: str) -> int | None:
    """Where a longer example is cut; None if nobody has confirmed a limit."""
    try:
        return base_model(model).training_tokens_per_example
    except UnknownModelError:
        return None


def messages_in(example: dict[str, Any]) -> list[dict[str, Any]]:
    """Every message of an example, chat or preference (both answers are read); none if it is neither."""
    if "messages" in example:
        lists = [example["messages"]]
    else:
        given = example.get("input")
        prompt = given.get("messages") if isinstance(given, dict) else None
        lists = [prompt, example.get("preferred_output"), example.get("non_preferred_output")]
    return [message for each in lists if isinstance(each, list) for message in each if isinstance(message, dict)]


def count_images(example: dict[str, Any]) -> int:
    """How many images stand in the messages of an example."""
    contents = [message.get("content") for message in messages_in(example)]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return sum(1 for part in parts if isinstance(part, dict) and part.get("type") == "image_url")


def _message_tokens(message: dict[str, Any], count: Callable[[str], int]) -> int:
    total = PER_MESSAGE
    for key, text in _texts_of(message):
        total += count(text)
        if key == "name":
            total += PER_NAME
    return total


def _texts_of(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is counted of a message: each key, and its text."""
    for key, value in message.items():
        if key != "weight" and value is not None:
            yield key, _text_of_parts(value) if key == "content" and isinstance(value, list) else _as_text(value)


def _text_of_parts(parts: list[Any]) -> str:
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):  # keys that JSON cannot have, or a list that contains itself
        return str(value)
