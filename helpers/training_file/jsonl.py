"""Reading training files a line at a time, whatever encoding they were saved in, and writing them safely."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tqdm.auto import tqdm

from helpers.display.tables import plural
from helpers.training_file.encodings import Survey, encoding_label, survey, utf16_lines, utf16_without_mark
from helpers.training_file.rules import Problem

BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
PROBE = 64  # bytes at the beginning of a file, from which UTF-16 without a mark is recognised
OPEN_SECONDS = 1.0  # how long a file may be read by another program that is to be replaced or deleted
PART_NAME = re.compile(r"\.[0-9a-f]{16}\.part")  # what written_safely() calls a file that is not complete
YOUNG_SECONDS = 3600  # a file that is not complete may be at work for so long after its last change
LONG_FILE = 20_000_000  # bytes; below it, reading takes a moment and needs no progress bar


@dataclass
class FileForm:
    """How a file is saved: what is unusual about it, gathered while it is read."""

    encoding: str = "utf-8"
    byte_order_mark: bool = False
    crlf: int = 0
    blank: int = 0
    other_encoding: str | None = None  # in which lines are saved that are no UTF-8; as it was recognised
    decoded: int = 0
    first_decoded: int = 0

    def problems(self) -> list[Problem]:
        found = []
        if self.encoding != "utf-8":
            fix = "save it as UTF-8, or let repair() do it"
            found.append(_form("utf16", "error", "UTF-16", "UTF-8", fix))
        elif self.byte_order_mark:
            mark, fix = "a byte order mark at the beginning", "save it as plain UTF-8, or let repair() do it"
            found.append(_form("bom", "warning", mark, "UTF-8 without it", fix))
        if self.decoded:
            saved = f"{encoding_label(self.other_encoding or '')} in {plural(self.decoded, 'line')}, as it seems"
            fix = "save it as UTF-8, or let repair() do it, and compare a line with the original"
            found.append(Problem(self.first_decoded, "the encoding", saved, "UTF-8", fix, "not_utf8"))
        if self.crlf:
            ends = "line ends as on Windows"
            fix = "mostly harmless; repair() changes them"
            found.append(_form("crlf", "warning", ends, "line ends as on Linux and macOS", fix))
        if self.blank:
            found.append(
                _form(
                    "blank", "warning", plural(self.blank, "blank line"), "none", "remove them, or let repair() do it"
                )
            )
        return found


def _form(code: str, severity: str, found: str, expected: str, fix: str) -> Problem:
    return Problem(None, "the file", found, expected, fix, code, severity)


def read_lines(
    path: Path, form: FileForm | None = None, *, progress: bool = False, decode: bool = True
) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank. Only one line is held in memory.

    Args:
        path: The file.
        form: What is unusual about the file is noted here.
        progress: Whether to show a progress bar where the file is long.
        decode: Whether to make UTF-8 of other encodings. Without, all is left as it is, for somebody who wants to
            refuse it. A line that cannot be decoded strictly is left as it is in any case.

    Returns:
        One pair after the other, while the file is read.
    """
    form = form if form is not None else FileForm()
    size = path.stat().st_size
    hidden = not progress or size < LONG_FILE
    with (
        path.open("rb") as file,
        tqdm(total=size, unit="B", unit_scale=True, desc=path.name, disable=hidden) as bar,
    ):
        start = _find_encoding(file, form)
        utf16 = decode and form.encoding != "utf-8"
        other = survey(file) if decode and not utf16 else Survey()
        file.seek(start if utf16 or form.encoding == "utf-8" else 0)
        form.other_encoding = other.encoding
        for number, line in enumerate(utf16_lines(file, form.encoding) if utf16 else file, 1):
            bar.update(len(line) * (2 if utf16 else 1))
            if line.endswith(b"\r\n"):
                form.crlf += 1
            line = line.rstrip(b"\r\n")
            if not line.strip():
                form.blank += 1
                continue
            if (decoded := other.decode(line)) is not None:
                form.first_decoded = form.first_decoded or number
                form.decoded += 1
                line = decoded
            yield number, line


def _find_encoding(file: BinaryIO, form: FileForm) -> int:
    """By the byte order mark; without one, UTF-16 is known by its zero bytes. Returns where the text begins."""
    start = file.read(PROBE)
    file.seek(0)
    for mark, encoding in BOMS.items():
        if start.startswith(mark):
            form.encoding, form.byte_order_mark = encoding, True
            file.seek(len(mark))
            return len(mark)
    form.encoding = utf16_without_mark(start) or "utf-8"
    return 0


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


def write_lines(lines: Iterable[bytes], path: Path, overwrite: bool = False) -> None:
    with written_safely(path, overwrite) as file:
        for line in lines:
            file.write(line + b"\n")


def copy_file(source: Path, target: Path, overwrite: bool = False) -> None:
    """A copy, byte for byte."""
    with source.open("rb") as read, written_safely(target, overwrite) as file:
        shutil.copyfileobj(read, file)


# Possessive, and with an end for a text whose quotation mark is missing: linear in the length of any line.
_STRING_OR_COMMA = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|,(\s*+[}\]])', re.DOTALL)


def without_trailing_commas(line: bytes) -> bytes:
    """The line without commas before a closing bracket; text between quotation marks is left alone."""
    return _STRING_OR_COMMA.sub(lambda match: match[1] if match[1] is not None else match[0], line)
