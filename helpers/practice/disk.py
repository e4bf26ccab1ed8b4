"""A full disk: how it is recognized, and what is said of it."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LITTLE_SPACE = 20_000_000  # bytes; with less, an error while writing is taken for a full disk
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def no_space(then: str) -> str:
    return f"There was no space left on the disk of the practice home. Free some space, and {then}."


def is_full(folder: Path, error: BaseException | None = None) -> bool:
    """Whether an error came from a full disk; without one, whether the disk is full now."""
    said = f"{error}".lower()
    if getattr(error, "errno", None) in FULL or "no space left" in said:
        return True
    if isinstance(error, sqlite3.OperationalError) and "full" in said:
        return True
    return folder.exists() and shutil.disk_usage(folder).free < LITTLE_SPACE


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder and below it; 0 if it is not there. What is deleted meanwhile does not count."""
    total, waiting = 0, [str(folder)]
    while waiting:
        with suppress(FileNotFoundError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    total += _size_of_file(entry)
    return total


def _size_of_file(entry: os.DirEntry) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0


@contextmanager
def forgiven_if_full(folder: Path) -> Iterator[None]:
    """Around what may be left undone on a full disk, as it is tried again later."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        if not is_full(folder, error):
            raise
