"""Reading training files a line at a time, whatever encoding they were saved in, and writing them safely."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tqdm.auto import tqdm

from helpers.rules import Problem

BOMS = {b"\xef\xbb\xbf": "UTF-8 with a byte order mark", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
LONG_FILE = 20_000_000  # bytes; below it, reading takes a moment and needs no progress bar


@dataclass
class FileForm:
    """How a file is saved: what is unusual about it, gathered while it is read."""

    encoding: str = "UTF-8"
    crlf: int = 0
    blank: int = 0

    def problems(self) -> list[Problem]:
        found = []
        if self.encoding == "UTF-16":
            found.append(_form("utf16", "error", self.encoding, "UTF-8", "save it as UTF-8, or let repair() do it"))
        elif self.encoding != "UTF-8":
            found.append(_form("bom", "warning", self.encoding, "UTF-8 without it", "save it as plain UTF-8; see repair()"))
        if self.crlf:
            found.append(_form("crlf", "warning", f"{self.crlf:,} lines that end as on Windows", "line ends as on Unix",
                               "harmless; repair() changes them"))
        if self.blank:
            found.append(_form("blank", "warning", f"{self.blank:,} blank lines", "an example on each line",
                               "remove them, or let repair() do it"))
        return found


def _form(code: str, severity: str, found: str, expected: str, fix: str) -> Problem:
    return Problem(None, "the file", found, expected, fix, code, severity)


def read_lines(path: Path, form: FileForm | None = None, progress: bool = False) -> Iterator[tuple[int, bytes]]:
    """Line number and line (UTF-8 bytes, without its end) of each line that is not blank.

    Only one line is held in memory. What is unusual about the file is noted in `form`.
    """
    form = form if form is not None else FileForm()
    with path.open("rb") as file:
        form.encoding = _encoding(file)
        lines = _utf16_lines(path) if form.encoding == "UTF-16" else file
        bar = tqdm(total=path.stat().st_size, unit="B", unit_scale=True, desc=path.name,
                   disable=not progress or path.stat().st_size < LONG_FILE)
        with bar:
            for number, line in enumerate(lines, 1):
                bar.update(len(line))
                if line.endswith(b"\r\n"):
                    form.crlf += 1
                line = line.rstrip(b"\r\n")
                if line.strip():
                    yield number, line
                else:
                    form.blank += 1


def _encoding(file: BinaryIO) -> str:
    start = file.read(3)
    for mark, name in BOMS.items():
        if start.startswith(mark):
            file.seek(len(mark))
            return name
    file.seek(0)
    return "UTF-8"


def _utf16_lines(path: Path) -> Iterator[bytes]:
    with path.open(encoding="utf-16", newline="", errors="replace") as file:
        for line in file:
            yield line.encode("utf-8")


@contextmanager
def written_safely(path: Path, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Write a file so that it is either there whole or not at all, and never over another one unasked."""
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path.name} is there already and was left as it is. Choose another name, or pass overwrite=True to replace it."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_lines(lines: Iterable[bytes], path: Path, overwrite: bool = False) -> None:
    with written_safely(path, overwrite) as file:
        for line in lines:
            file.write(line + b"\n")


_STRING_OR_COMMA = re.compile(rb'"(?:[^"\\]|\\.)*"|,(\s*[}\]])')


def without_trailing_commas(line: bytes) -> bytes:
    """The line without commas before a closing bracket; text between quotation marks is left alone."""
    return _STRING_OR_COMMA.sub(lambda match: match[1] if match[1] is not None else match[0], line)
