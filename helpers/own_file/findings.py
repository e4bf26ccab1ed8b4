"""What is told about a file beside its examples: what was left out and where, what was changed, what is not clear."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_KEPT = 10_000  # entries held in memory; more are counted


class OwnFileError(ValueError):
    """A file from which no examples can be made as it was given. The message says what to do."""


class AmbiguousFile(OwnFileError):
    """The file can be read in more than one way.

    Attributes:
        columns: the columns that the learner can choose from.
        speakers: the people of a chat, if it is to be said which is the assistant.
        sheets: the sheets of an Excel file or the tables of a dump, if it is to be said which to take.
        first_rows: the first rows of the file.
    """

    def __init__(
        self, message: str, *, columns: Sequence[str] = (), speakers: Sequence[str] = (), sheets: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.columns, self.speakers, self.sheets = list(columns), list(speakers), list(sheets)
        self.first_rows: list[dict[str, Any]] = []


class UnreadableFile(OwnFileError):
    """No file of examples: a PDF, a picture, texts without questions. The message says what to do instead."""


@dataclass(frozen=True)
class Skipped:
    """A part of the file that became no example: its place, why, and how it begins."""

    place: str
    reason: str
    text: str = ""

    def __str__(self) -> str:
        begins = f': "{self.text}"' if self.text else ""
        return f"{self.place}: {self.reason}{begins}"


@dataclass
class Findings:
    """Gathered while a file is read."""

    skipped: list[Skipped] = field(default_factory=list)
    not_listed: int = 0
    _notes: dict[str, tuple[int, str]] = field(default_factory=dict)

    def skip(self, place: str, reason: str, text: object = "") -> None:
        if len(self.skipped) < MOST_KEPT:
            self.skipped.append(Skipped(place, reason, beginning(text)))
        else:
            self.not_listed += 1

    def note(self, what: str, place: str = "") -> None:
        """Something that was changed or taken for granted. The same thing is listed once, with its number."""
        count, first = self._notes.get(what, (0, place))
        self._notes[what] = (count + 1, first)

    @property
    def notes(self) -> list[str]:
        return [
            what + (f" ({count:,} times, first in {first})" if count > 1 and first else f" ({first})" if first else "")
            for what, (count, first) in self._notes.items()
        ]


def beginning(text: object, length: int = 60) -> str:
    """The first characters of a text, on one line."""
    shown = " ".join(str(text)[: 20 * length].split())
    return shown if len(shown) <= length else shown[: length - 3] + "..."


def listed(names: Sequence[object], most: int = 20) -> str:
    """Names between quotation marks, with commas."""
    shown = ", ".join(f'"{name}"' for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
