"""Reading training files a line at a time, whatever encoding they were saved in, and writing them safely."""

import io
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from tqdm.auto import tqdm

from helpers.course_data.safe_writing import written_safely
from helpers.display.tables import plural
from helpers.own_file.encoding import Encoding, encoding_of_lines, marked_encoding, wide_lines
from helpers.training_file.rules import Problem

UTF_8 = Encoding("utf-8")
HEAD = 65_536  # bytes at the beginning of a file, from which UTF-16 without a mark is recognised
LONG_FILE = 20_000_000  # bytes; below it, reading takes a moment and needs no progress bar


@dataclass
class FileForm:
    """How a file is saved: what is unusual about it, gathered while it is read."""

    encoding: Encoding = UTF_8
    other: Encoding = UTF_8  # in which lines are saved that are no UTF-8; as it was recognised
    decoded: int = 0
    first_decoded: int = 0
    crlf: int = 0
    blank: int = 0

    def problems(self) -> list[Problem]:
        found = []
        if self.encoding.codec != "utf-8":
            fix = "save it as UTF-8, or let repair() do it"
            found.append(_form("utf16", "error", self.encoding.label, "UTF-8", fix))
        elif self.encoding.mark:
            mark, fix = "a byte order mark at the beginning", "save it as plain UTF-8, or let repair() do it"
            found.append(_form("bom", "warning", mark, "UTF-8 without it", fix))
        if self.decoded:
            saved = f"{replace(self.other, mixed=False).label} in {plural(self.decoded, 'line')}, as it seems"
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
        form.encoding = marked_encoding(file.read(HEAD)) or UTF_8
        is_wide = form.encoding.codec != "utf-8"
        file.seek(form.encoding.mark)
        if decode and not is_wide:
            form.other = encoding_of_lines(_lines_of_json(file))
        file.seek(form.encoding.mark if decode or not is_wide else 0)
        for number, line in enumerate(_as_utf8(file, form.encoding.codec) if decode and is_wide else file, 1):
            bar.update(file.tell() - bar.n if is_wide else len(line))
            if line.endswith(b"\r\n"):
                form.crlf += 1
            line = line.rstrip(b"\r\n")
            if not line.strip():
                form.blank += 1
                continue
            if form.other.codec != "utf-8" and not line.isascii():
                line = _decoded(line, number, form)
            yield number, line


def _lines_of_json(file: BinaryIO) -> Iterator[bytes]:
    """Those by which the encoding of a file is recognised: of other bytes in it, nobody knows that they are text."""
    return (line for line in file if not line.isascii() and line.lstrip()[:1] in (b"{", b"[", b'"', b"}"))


def _as_utf8(file: BinaryIO, codec: str) -> Iterator[bytes]:
    """The lines of a file in UTF-16. One that is none, as after half of a character, comes as it is, and as several
    where a byte of it is a line feed to whoever reads it as UTF-8, as they will that read a repaired copy."""
    for line, its_codec in wide_lines(file, codec):
        try:
            yield line.decode(its_codec).encode("utf-8")
        except UnicodeError:
            yield from io.BytesIO(line.removesuffix("\n".encode(its_codec)))


def _decoded(line: bytes, number: int, form: FileForm) -> bytes:
    """A line of another encoding in UTF-8; one that cannot be decoded as it is."""
    try:
        text = form.other.decode(line).encode("utf-8")
    except UnicodeDecodeError:
        return line
    if text != line:
        form.first_decoded = form.first_decoded or number
        form.decoded += 1
    return text


def write_lines(lines: Iterable[bytes], path: Path, overwrite: bool = False) -> None:
    with written_safely(path, overwrite) as file:
        for line in lines:
            file.write(line + b"\n")


def copy_file(source: Path, target: Path, overwrite: bool = False) -> None:
    """A copy, byte for byte."""
    with source.open("rb") as read, written_safely(target, overwrite) as file:
        shutil.copyfileobj(read, file)
