"""Where examples come from: a file, bytes or a text, as lines of text. What is read is never changed."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from helpers.display.tables import short_path
from helpers.own_file.encoding import CHUNK, Encoding, encoding_of, wide_lines

HEAD = 65_536  # bytes by which a file is recognised


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
    _head: list[tuple[int, str]] | None = None

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
        """The first lines, two at least, with their numbers: enough to recognise a format by."""
        if self._head is None:
            self._head = list(self._beginning().lines())
        return self._head

    def _beginning(self) -> "Source":
        """As much of the file as its format is recognised by, so that the rest of a long one need not be read."""
        if self.given is not None:
            return self if len(self.given) <= HEAD else replace(self, given=self.given[: self._end_of_head()])
        with self.open() as file:
            start = file.read(HEAD)
            more = file.readline() + file.readline()
        return replace(self, path=None, content=start + more, undecodable={}, _encoding=None)

    def _end_of_head(self) -> int:
        assert self.given is not None
        end = self.given.find("\n", HEAD)
        end = self.given.find("\n", end + 1) if end >= 0 else end
        return end if end >= 0 else len(self.given)

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
        for raw, encoding in self._raw_lines(self.encoding):
            try:
                text = encoding.decode(raw)
            except UnicodeDecodeError as error:
                number += 1
                found = f"the byte 0x{raw[error.start]:02x} at place {error.start + 1} is not {encoding.label}"
                self.undecodable[number] = found
                if keep_numbers:
                    yield number, ""
                continue
            for line in text.removeprefix("\ufeff").rstrip("\r\n").split("\r"):
                number += 1
                yield number, line

    def _raw_lines(self, encoding: Encoding) -> Iterator[tuple[bytes, Encoding]]:
        with self.open() as file:
            file.seek(encoding.mark)
            if encoding.codec.startswith(("utf-16", "utf-32")):
                yield from ((line, Encoding(codec)) for line, codec in wide_lines(file, encoding.codec))
            else:
                yield from ((line, encoding) for line in file)


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
