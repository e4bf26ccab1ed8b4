"""What every reader makes of a file: records with named parts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from helpers.own_file.arguments import Arguments


@dataclass(frozen=True)
class Record:
    """A row of a table, an object, an entry of a page, or one message of a chat. Records of the same group are of the
    same conversation or list."""

    place: str
    values: dict[str, Any]
    group: str = ""


@dataclass
class Contents:
    """What a reader found. `records` may be a stream.

    Attributes:
        format: the name of the format, such as "CSV".
        sentence: what was recognised, in one sentence.
        records: the records, in the order of the file.
        question: the part that is the question, where the format itself says so.
        answer: the part that is the answer, where the format itself says so.
        turns: each record is one message of a chat, with the parts sender, text and time.
        html: the parts are HTML.
        arguments: what is left of the arguments, where the reader has used some.
    """

    format: str
    sentence: str
    records: Iterable[Record]
    question: str | None = None
    answer: str | None = None
    turns: bool = False
    html: bool = False
    arguments: Arguments | None = None
    columns: list[str] = field(default_factory=list)
