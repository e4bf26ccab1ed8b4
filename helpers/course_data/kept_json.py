"""A file of JSON in the workspace, in which the course keeps something: read, changed and written whole.

A person can read it, and edit it. What somebody has broken is never overwritten.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
from filelock import FileLock

from helpers.course_data.paths import workspace
from helpers.course_data.safe_writing import written_safely

LOCK_SECONDS = 10


@dataclass(frozen=True)
class KeptJson:
    """`name` is that of the file, and `error` is raised where it cannot be read or written.

    `is_sound` says whether what was read has the types with which the course writes it, and `expected` says which these
    are.
    """

    name: str
    error: type[ValueError]
    is_sound: Callable[[Any], bool]
    expected: str

    @property
    def path(self) -> Path:
        return workspace() / f"{self.name}.json"

    def read(self) -> dict[str, Any]:
        """What is kept; empty if nothing is. Raises `error`."""
        try:
            # Notepad and others begin a file with a byte order mark; json refuses it, and "utf-8-sig" takes it off.
            kept = json.loads(self.path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return {}
        except UnicodeDecodeError as error:
            raise self._unreadable("it is not saved as UTF-8") from error
        except json.JSONDecodeError as error:
            raise self._unreadable(f"line {error.lineno}, {error.msg}") from error
        except (ValueError, RecursionError) as error:
            raise self._unreadable(
                "a number of thousands of digits, or brackets within brackets without end"
            ) from error
        if not self.is_sound(kept):
            raise self._unreadable(f"it is JSON, but not as the course writes it; expected {self.expected}")
        return kept

    @contextmanager
    def changing(self) -> Iterator[dict[str, Any]]:
        """Read, change, write back whole; nothing is written where the change fails. Raises `error`."""
        with self._locked():
            kept = self.read()
            yield kept
            with written_safely(self.path, overwrite=True) as file:
                text = json.dumps(kept, indent=1, ensure_ascii=False)
                # Half of an emoji, or a byte of a file name that is no UTF-8, is written as JSON writes it: \udc81.
                file.write(text.encode("utf-8", "backslashreplace"))

    def forget(self) -> None:
        """Remove the file. Raises `error`."""
        with self._locked():
            self.path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(workspace() / f".{self.name}.lock", timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise self.error(
                f"workspace/{self.name}.json is held by another program for more than {LOCK_SECONDS} seconds. "
                "Close the other notebooks, or wait until they are done."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _unreadable(self, why: str) -> ValueError:
        return self.error(
            f"workspace/{self.name}.json cannot be read: {why}. Repair it with an editor, or rename it; the course "
            "then starts a new one."
        )
