"""Rows of the examples form that were not saved yet, kept beside the training file so that no restart loses them."""

import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kept:
    """What was kept. `on` is the hash of the training file as the form had saved or opened it; None if it had not."""

    system: str
    rows: list[tuple[str, str]]
    on: str | None


class UnsavedRows:
    """The draft beside a training file. It is written at every change, so it must cost little.

    Two notebooks can have the form of the same training file: a draft that this form did not write or read is another
    one's. It stays, and this form takes a second name.
    """

    def __init__(self, training_file: Path) -> None:
        self.training_file = training_file
        self.path = training_file.with_suffix(".draft.json")
        self._own: str | None = None  # the hash of the draft as this form has written or read it last

    def all_drafts(self) -> list[Path]:
        """The drafts of all forms of this training file, the first one first."""
        named = re.compile(rf"{re.escape(self.training_file.stem)}\.draft(\d*)\.json")
        folder = self.training_file.parent
        found = [path for path in folder.iterdir() if named.fullmatch(path.name)] if folder.is_dir() else []
        return sorted((path for path in found if path.is_file()), key=lambda path: (len(path.name), path.name))

    def of_others(self) -> list[Path]:
        return [path for path in self.all_drafts() if path != self.path or not self._is_own()]

    def _is_own(self) -> bool:
        return self.path.is_file() and hash_of(self.path.read_bytes()) == self._own

    def keep(self, system: str, rows: list[tuple[str, str]], on: bytes | None) -> None:
        """Write it whole or not at all. There is no fsync: it costs milliseconds at each keystroke, and a kernel that
        dies loses nothing of what the operating system has been given. Only a power cut may."""
        kept = json.dumps({"system": system, "rows": rows, "on": hash_of(on)}).encode("ascii")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and not self._is_own():
            numbered = (self.training_file.with_suffix(f".draft{number}.json") for number in count(2))
            self.path = next(path for path in numbered if not path.exists())
        part = self.path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            part.write_bytes(kept)
            os.replace(part, self.path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        self._own = hash_of(kept)

    def load(self) -> Kept | None:
        """What was kept, if anything was. A draft that cannot be read is moved out of the way; raises ValueError."""
        drafts = self.all_drafts()
        if not drafts:
            return None
        self.path = drafts[0]
        content = self.path.read_bytes()
        try:
            kept = _checked(json.loads(content))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            aside = self.path.with_name(f"{self.path.stem}.{os.urandom(3).hex()}.unreadable.json")
            os.replace(self.path, aside)
            raise ValueError(
                f"The rows that were not saved cannot be read: {self.path.name} is damaged ({type(error).__name__}). "
                f"It is kept as {aside.name}; the rows that you saved are not touched."
            ) from error
        self._own = hash_of(content)
        return kept

    def drop(self) -> None:
        """Delete the draft of this form, and of no other."""
        if self._is_own():
            self.path.unlink(missing_ok=True)


def _checked(kept: Any) -> Kept:
    """Raises ValueError, TypeError or KeyError for what no form has written."""
    system, rows = kept["system"], [(question, answer) for question, answer in kept["rows"]]
    if not all(isinstance(each, str) for each in (system, *(text for pair in rows for text in pair))):
        raise ValueError("a value that is no text")
    return Kept(system, rows, kept["on"])


def hash_of(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()
