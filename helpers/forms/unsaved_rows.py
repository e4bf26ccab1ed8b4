"""Rows of the examples form that were not saved yet, kept beside the training file so that no restart loses them."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kept:
    """What was kept. `on` is the hash of the training file as the form had saved or opened it; None if it had not."""

    system: str
    rows: list[tuple[str, str]]
    on: str | None


class UnsavedRows:
    """The file beside a training file. It is written at every change, so it must cost little."""

    def __init__(self, training_file: Path) -> None:
        self.path = training_file.with_suffix(".draft.json")

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def keep(self, system: str, rows: list[tuple[str, str]], on: bytes | None) -> None:
        """Write it whole or not at all. There is no fsync: it costs milliseconds at each keystroke, and a kernel that
        dies loses nothing of what the operating system has been given. Only a power cut may."""
        kept = json.dumps({"system": system, "rows": rows, "on": hash_of(on)})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        part.write_text(kept, encoding="ascii")
        os.replace(part, self.path)

    def load(self) -> Kept | None:
        """What was kept, if anything was. A file that cannot be read is moved out of the way; raises ValueError."""
        if not self.exists:
            return None
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            return Kept(kept["system"], [(question, answer) for question, answer in kept["rows"]], kept["on"])
        except (ValueError, TypeError, KeyError) as error:
            aside = self.path.with_name(f"{self.path.stem}.{os.urandom(3).hex()}.unreadable.json")
            os.replace(self.path, aside)
            raise ValueError(
                f"The rows that were not saved cannot be read: {self.path.name} is damaged ({type(error).__name__}). "
                f"It is kept as {aside.name}; the rows that you saved are not touched."
            ) from error

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)


def hash_of(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()
