"""Where examples come from: a file, bytes or a text, as lines of text. What is read is never changed."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from helpers.display.tables import short_path
from helpers.own_file.encoding import Encoding, encoding_of

HEAD = 65_536  # bytes by which a file is recognised
CHUNK = 1_048_576


@dataclass
class Source:
    """A file or a text. `encoding` is None where the text was given as text.

    Lines end at a line feed, a carriage return or both. U+2028 and the like may stand within a text, and end none.
    """

    name: str
    suffix: str = ""
    path: Path | None = None
    content: bytes | None = None
    given: str | None = None
    wanted: str | None = None
    undecodable: dict[int, str] = field(default_factory=dict)  # number of a line -> what was found in it
    _encoding: Encoding | None = None

    @property
    def encoding(self) -> Encoding | None:
        if self.given is None and self._encoding is None:
            with self.open() as file:
                self._encoding = encoding_of(_chunks(file), self.wanted)
        return self._encoding

    def open(self) -> BinaryIO:
        if self.path is not None:
            return self.path.open("rb")
        return io.BytesIO(self.content if self.content is not None else (self.given or "").encode("utf-8", "replace"))

    @property
    def length(self) -> int:
        """In bytes, or characters of a text."""
        if self.path is not None:
            return self.path.stat().st_size
        return len(self.content if self.content is not None else self.given or "")

    def raw_head(self) -> bytes:
        if self.given is not None:
            return self.given[:HEAD].encode("utf-8", "replace")
        with self.open() as file:
            return file.read(HEAD)

    def head(self) -> list[tuple[int, str]]:
        """The first lines, with their numbers: enough to recognise a format by."""
        lines, size = [], 0
        for number, line in self.lines():
            lines.append((number, line))
            size += len(line)
            if size > HEAD:
                break
        return lines

    def text(self) -> str:
        return "\n".join(line for _, line in self.lines(keep_numbers=True))

    def lines(self, keep_numbers: bool = False) -> Iterator[tuple[int, str]]:
        """Each line with its number, from 1. One that cannot be decoded is noted in `undecodable` and left out; with
        `keep_numbers` it comes as an empty line."""
        if self.given is not None:
            text = self.given.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
            yield from enumerate(text.split("\n"), 1)
            return
        assert self.encoding is not None
        number = 0
        for raw in self._raw_lines(self.encoding):
            try:
                text = self.encoding.decode(raw)
            except UnicodeDecodeError as error:
                number += 1
                found = f"the byte 0x{raw[error.start]:02x} at place {error.start + 1} is not {self.encoding.label}"
                self.undecodable[number] = found
                if keep_numbers:
                    yield number, ""
                continue
            for line in text.removeprefix("\ufeff").rstrip("\r\n").split("\r"):
                number += 1
                yield number, line

    def _raw_lines(self, encoding: Encoding) -> Iterator[bytes]:
        width = 4 if encoding.codec.startswith("utf-32") else 2 if encoding.codec.startswith("utf-16") else 1
        with self.open() as file:
            file.seek(encoding.mark)
            yield from file if width == 1 else _wide_lines(file, encoding.codec, width)


def _wide_lines(file: BinaryIO, codec: str, width: int) -> Iterator[bytes]:
    """Lines of a text in which a line feed has two or four bytes. A tail that another program appended in UTF-8 is
    handed out in the encoding of the file."""
    end, rest = "\n".encode(codec), b""
    for chunk in _chunks(file):
        rest += chunk
        start = place = 0
        while (place := rest.find(end, place)) >= 0:
            if place % width == 0:
                yield rest[start : place + width]
                start = place = place + width
            else:
                place += 1
        rest = rest[start:]
    if len(rest) > width and b"\0" not in rest and rest.lstrip()[:1] in (b"{", b"["):
        for line in rest.decode("utf-8", "replace").split("\n"):
            yield (line + "\n").encode(codec)
    elif rest:
        yield rest


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def source_of(given: str | bytes | os.PathLike[str], encoding: str | None = None, name: str | None = None) -> Source:
    """A path, the bytes of a file, or a text. A short text that ends like a file's name is taken for a path.

    Raises:
        FileNotFoundError: a path that leads nowhere.
        LookupError: an encoding that Python does not know.
    """
    if isinstance(given, bytes | bytearray | memoryview):
        return Source(name or "the file", Path(name or "").suffix.lower(), content=bytes(given), wanted=encoding)
    if isinstance(given, str) and not _is_path(given):
        return Source(name or "the text", given=given)
    path = Path(given)
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file"
        raise FileNotFoundError(f"{short_path(path)}: found {what}; expected a file, or the text itself")
    return Source(short_path(path), path.suffix.lower(), path=path, wanted=encoding)


def _is_path(text: str) -> bool:
    if "\n" in text or "\r" in text or not text.strip() or len(text) > 1000:
        return False
    suffix = Path(text).suffix
    names_a_file = 2 <= len(suffix) <= 6 and suffix[1:].isalnum() and not suffix[1:].isdigit()
    try:
        return names_a_file or Path(text).exists()
    except (OSError, ValueError):  # too long for a name, or with a zero byte in it
        return False
