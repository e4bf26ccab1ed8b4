"""Writing a file so that nobody ever sees half of it, and nothing is lost."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

OPEN_SECONDS = 1.0  # how long a file may be read by another program that is to be replaced or deleted
PART_NAME = re.compile(r"\.[0-9a-f]{16}\.part")  # what written_safely() calls a file that is not complete
YOUNG_SECONDS = 3600  # a file that is not complete may be at work for so long after its last change


@contextmanager
def written_safely(path: Path, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Write a file so that it is either there whole or not at all, and never over another one unasked.

    A class can share a folder: a new file gets the permissions that the umask leaves, and one that is replaced keeps
    its own.
    """
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path.name} is there already and was left as it is. "
            "Choose another name, or pass overwrite=True to replace it."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    part = path.with_name(f".{secrets.token_hex(8)}.part")  # not from tempfile, which lets only the owner read
    try:
        with part.open("xb") as file:
            if os.name == "posix":
                with suppress(FileNotFoundError):
                    shutil.copymode(path, part)
            yield file
            file.flush()
            os.fsync(file.fileno())
        retry_while_open(os.replace, part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sweep(folder: Path) -> None:
    """Remove the unfinished files of programs that were killed while they wrote here. A young one may be at work."""
    for part in folder.glob(".*.part"):
        with suppress(OSError):  # another program has swept it, or has it open
            if PART_NAME.fullmatch(part.name) and time.time() - part.stat().st_mtime > YOUNG_SECONDS:
                part.unlink()


def retry_while_open(change: Callable[..., object], *args: object) -> None:
    """Replace or delete a file, with another try for a second: on Windows that fails while somebody reads it."""
    end = time.monotonic() + OPEN_SECONDS
    while True:
        try:
            change(*args)
            return
        except PermissionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
