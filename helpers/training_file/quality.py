"""What no host refuses and a teacher would mention: duplicates, contradictions, overlap, length, systems."""

import hashlib
import json
import sqlite3
from array import array
from collections import Counter
from typing import Any

from helpers.tokens import TokenCount, count_example, count_images, counter_of, is_estimate, training_limit
from helpers.training_file.rules import Example, Finding, Problem

SYSTEM_ROLES = ("system", "developer")
LONG_QUESTION = 100_000  # characters
BLANKS = {place: " " for place in range(0x3001) if chr(place).isspace()}
MOST_SYSTEMS = 10_000  # different system messages that are remembered


class Seen:
    """Remembers where each text stood first, as 64-bit hashes in a temporary file: memory does not grow.

    Two different texts among a million share a hash with a chance below one in ten million.
    """

    def __init__(self, *tables: str) -> None:
        self.database = sqlite3.connect("")  # an unnamed database: on disk, gone when it is closed
        self.filled: set[str] = set()
        for table in tables:
            columns = "(hash INTEGER PRIMARY KEY, line INTEGER)"
            self.database.execute(f"CREATE TABLE {table} {columns} WITHOUT ROWID")

    def before(self, table: str, text: str, line: int) -> int | None:
        """Where the text stood before, if it did; if not, it is remembered with this line."""
        self.filled.add(table)
        added = self.database.execute(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", (_hash(text), line))
        return None if added.rowcount else self.find(table, text)

    def find(self, table: str, text: str) -> int | None:
        if table not in self.filled:
            return None
        row = self.database.execute(f"SELECT line FROM {table} WHERE hash = ?", (_hash(text),)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        self.database.close()


class Advice:
    """Goes through the examples of a file one by one; `look_at` and `finish` return what there is to say."""

    def __init__(self, model: str | None, unit: str = "line") -> None:
        self.model, self.unit = model, unit
        self.limit = training_limit(model) if model else None
        self.count = counter_of(model) if model else None
        self.counts = array("I")
        self.images = 0
        self.systems: Counter[int] = Counter()
        self.system_line: dict[int, int] = {}
        self.last_systems: tuple[list[Any], int] = ([], 0)
        self.seen = Seen("example", "question", "validation")

    def remember_validation(self, example: Example, line: int) -> None:
        if question := question_of(example):
            self.seen.before("validation", question, line)

    def look_at(self, line: int, example: Example, sound: bool) -> list[Problem]:
        """`sound` examples, which have no error, are counted as well."""
        finding = Finding(line)
        systems = _systems(example)
        self._duplicates(line, example, systems, finding)
        self._system(line, example, systems)
        if self.model and sound:
            self._length(example, finding)
        return finding.problems

    def finish(self) -> list[Problem]:
        """What is to be said about the file as a whole."""
        finding = Finding(None)
        if len(self.systems) > 1:
            usual = self.systems.most_common(1)[0][0]
            odd = min(line for key, line in self.system_line.items() if key != usual)
            finding.warning(
                "systems_differ", "the system messages",
                f"{len(self.systems)} different ones ({self.unit} {odd} is the first unusual one)",
                "the same in every example", "use one text, if the task is the same",
            )  # fmt: skip
        self.seen.close()
        return finding.problems

    def tokens(self) -> TokenCount | None:
        if self.model is None:
            return None
        return TokenCount(self.model, self.counts, self.limit, is_estimate(self.model), self.images)

    def _duplicates(self, line: int, example: Example, systems: list[Any], finding: Finding) -> None:
        question = question_of(example)
        first = self.seen.before("example", same_example(example), line)
        if first is not None:
            finding.warning(
                "duplicate", "the example", f"the same as {self.unit} {first}", "each example once",
                "remove one of them, or let repair() do it",
            )  # fmt: skip
        elif question and "messages" in example:  # preferences may well name two bad answers to one question
            asked = self.seen.before("question", f"{systems} {question}", line)
            if asked is not None:
                finding.warning(
                    "contradiction", "the answer", f"another answer to the question of {self.unit} {asked}",
                    "one answer to one question", "keep the better one, or make the questions differ",
                )  # fmt: skip
        if question and self.seen.find("validation", question) is not None:
            finding.warning(
                "overlap", "the question", "in the validation file as well",
                "questions that the model has not seen", "remove it from one of the two files",
            )  # fmt: skip

    def _system(self, line: int, example: Example, systems: list[Any]) -> None:
        if not messages_of(example):
            return
        if not self.last_systems[1] or self.last_systems[0] != systems:
            self.last_systems = systems, _hash(json.dumps(systems, default=str))
        key = self.last_systems[1]
        if key in self.systems or len(self.systems) < MOST_SYSTEMS:
            self.systems[key] += 1
            self.system_line.setdefault(key, line)

    def _length(self, example: Example, finding: Finding) -> None:
        count = count_example(example, self.model, self.count)
        self.counts.append(count)
        self.images += count_images(example)
        if self.limit and count > self.limit:
            finding.warning(
                "too_long", "the example", f"{count:,} tokens", f"at most {self.limit:,} for {self.model}",
                "it will be cut at the end; shorten it, or make two of it",
            )  # fmt: skip


def messages_of(example: Example) -> list[Example]:
    """The messages that come before the answer is judged: those of a chat, or the input of a preference."""
    given = example.get("input")
    messages = example.get("messages", given.get("messages") if isinstance(given, dict) else None)
    messages = messages if isinstance(messages, list) else []
    return [message for message in messages if isinstance(message, dict)]


def question_of(example: Example) -> str:
    """What is asked before the last answer, without the system message; case and spaces do not count."""
    turns = [turn for turn in messages_of(example) if turn.get("role") not in SYSTEM_ROLES]
    if "messages" in example and turns and turns[-1].get("role") == "assistant":
        turns = turns[:-1]
    if not any(message.get("role") == "user" for message in turns):
        return ""
    spoken = [turn.get(part) for turn in turns for part in ("role", "content", "tool_calls")]
    return _in_one_line("\0".join(part if isinstance(part, str) else repr(part) for part in spoken).casefold())


def _in_one_line(text: str) -> str:
    """The text with one blank in place of each run of them."""
    if len(text) < LONG_QUESTION:
        return " ".join(text.split())
    text = text.translate(BLANKS)  # a list of all its words would take ten times its memory
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip(" ")


def same_example(example: Example) -> str:
    """Equal for two examples that say the same, however they are written."""
    try:
        return _encoder.encode(example)
    except TypeError:  # keys that are not all text; possible only in a list made in Python
        return repr(example)


# json.dumps() would make an encoder for each example, which takes as long as the encoding.
_encoder = json.JSONEncoder(sort_keys=True, default=str)


def _systems(example: Example) -> list[Any]:
    return [turn.get("content") for turn in messages_of(example) if turn.get("role") in SYSTEM_ROLES]


def _hash(text: str) -> int:
    # "surrogatepass": half an emoji is reported by the rules, and must not stop the check here.
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
