"""The practice home belongs to one person: what it holds is not for others who use the same computer.

On Windows, a folder of the user is private already, and its permissions are not those of POSIX.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path


def private_file(path: str | Path) -> None:
    """Make a file that only its owner can read, or close one that was made before to others.

    A file that is there is never opened: on POSIX, to close it again would take from this process all locks that it
    holds on it. Of a database that SQLite has open here, another process would then delete the write-ahead log.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        close_to_others(path)


def private_folder(path: Path) -> None:
    """Make a folder that only its owner can enter, or close one that was made before to others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    close_to_others(path)


def close_to_others(path: str | Path) -> None:
    """Take away what others may do. A group that may write was let in on purpose, and is left as it is."""
    if os.name != "posix":
        return
    mode = stat.S_IMODE(os.stat(path).st_mode)
    closed = mode & ~0o007 if mode & stat.S_IWGRP else mode & ~0o077
    if closed != mode:
        with suppress(PermissionError):  # of another user, who lets this one write
            os.chmod(path, closed)
