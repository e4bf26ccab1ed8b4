"""In which encoding a file was saved: by its mark, else strictly as UTF-8, else the most probable of the old ones."""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from helpers.own_file.old_encodings import decodes, most_probable

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
SAMPLE = 65_536  # bytes that are looked at to tell old encodings apart
CHUNK = 1_048_576

_NAMES = {
    "utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-le": "UTF-32", "utf-32-be": "UTF-32",
    "gb18030": "GB18030 (GBK, Chinese)",
    "big5": "Big5 (Chinese)", "cp932": "Shift_JIS (Japanese)", "euc_jp": "EUC-JP (Japanese)",
    "cp949": "EUC-KR (Korean)", "cp1252": "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)", "cp1251": "Windows-1251 (Cyrillic)", "koi8_r": "KOI8-R (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)", "cp1254": "Windows-1254 (Turkish)", "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)", "cp874": "Windows-874 (Thai)",
}  # fmt: skip
_DECLARED = re.compile(rb"""(?:<\?xml[^>]*encoding=|<meta[^>]*charset=)\s*["']?([A-Za-z0-9_:.-]+)""", re.IGNORECASE)


@dataclass(frozen=True)
class Encoding:
    """A codec of Python. `sure` is False where it was guessed from the characters; `mixed` is True where some lines are
    UTF-8 and others are not."""

    codec: str
    mark: int = 0  # bytes of the byte order mark, or of several
    sure: bool = True
    mixed: bool = False

    @property
    def label(self) -> str:
        return _NAMES.get(self.codec, self.codec) + (" and UTF-8" if self.mixed else "")

    def decode(self, line: bytes) -> str:
        """One line. Raises UnicodeDecodeError."""
        if self.mixed and (decodes(line, "utf-8") or _is_damaged_utf8(line)):
            return line.decode("utf-8")
        return line.decode(self.codec)


def encoding_of(chunks: Iterable[bytes], wanted: str | None = None) -> Encoding:
    """The encoding of a file that is given in chunks.

    Raises LookupError if `wanted` is no encoding that Python knows.
    """
    iterator = iter(chunks)
    start = next(iterator, b"")
    marked = marked_encoding(start)
    if wanted is not None:
        mark = marked.mark if marked else 0
        codec = codecs.lookup(wanted).name
        codec = {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(codec, codec)
        return Encoding(marked.codec if marked and mark and codec.startswith("utf-16") else codec, mark)
    if marked:
        return marked
    found = encoding_of_lines(_lines(start, iterator))
    if found.codec != "utf-8" and not found.mixed and (declared := _DECLARED.search(start[:2000])):
        codec = declared[1].decode("ascii")
        if decodes(start[: start.rfind(b"\n") + 1] or start, codec):
            return Encoding(codecs.lookup(codec).name)
    return found


def marked_encoding(start: bytes) -> Encoding | None:
    """What the first bytes of a file say by themselves: by a byte order mark, or by the zero bytes of UTF-16."""
    mark = next((mark for mark in MARKS if start.startswith(mark)), b"")
    if mark:
        marks = 1  # more than one, where files with marks were joined
        while start.startswith(mark, marks * len(mark)):
            marks += 1
        return Encoding(MARKS[mark], marks * len(mark))
    utf16 = _utf16_without_mark(start)
    return Encoding(utf16) if utf16 else None


def _utf16_without_mark(start: bytes) -> str | None:
    """Without a mark, every other byte of a text in Latin letters is zero; of other scripts, that of each line end.

    One zero byte in a text of another encoding is a slip, and makes it no UTF-16.
    """
    first = start.partition(b"\n")[0]
    if first and b"\0" not in first and decodes(first, "utf-8"):
        return None  # UTF-8 to which lines of UTF-16 were appended
    start = start[: len(start) // 2 * 2]
    zeros = {"utf-16-be": start[::2].count(0), "utf-16-le": start[1::2].count(0)}
    codec, most = max(zeros.items(), key=lambda pair: pair[1])
    if not most or most < 3 * min(zeros.values()) or (most < len(start) * 0.2 and decodes(start, "utf-8")):
        return None
    if start.count("\n".encode(codec)) * 2 < start.count(b"\n"):
        return None
    text = start.decode(codec, "replace")
    return codec if text and sum(map(_written, text)) > len(text) * 0.9 else None


def _written(sign: str) -> bool:
    return sign.isprintable() or sign in "\r\n\t"


def encoding_of_lines(lines: Iterable[bytes]) -> Encoding:
    """UTF-8, or the old encoding in which those lines were saved that are no UTF-8.

    Two people may have written into one file. A text of another encoding is seldom UTF-8 by chance, and one of UTF-8 in
    which a few bytes are damaged is of no other encoding.
    """
    good = bad = damaged = 0
    sample = bytearray()
    for line in lines:
        if line.isascii() or b"\0" in line:  # a zero byte is in no text of these encodings
            continue
        if decodes(line, "utf-8"):
            good += 1
            continue
        bad += 1
        damaged += _is_damaged_utf8(line)
        if len(sample) < SAMPLE:
            sample += line[:SAMPLE].rstrip(b"\n") + b"\n"
    mixed = good >= bad
    if not sample or (mixed and damaged == bad):
        return Encoding("utf-8")
    return Encoding(most_probable(bytes(sample)), sure=False, mixed=mixed)


def _is_damaged_utf8(line: bytes) -> bool:
    """Whether most characters of a line that cannot be decoded are UTF-8 all the same."""
    whole = sum(not sign.isascii() for sign in line.decode("utf-8", "ignore"))
    return whole > 0 and whole >= line.decode("utf-8", "replace").count("\ufffd")


def _lines(start: bytes, more: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chain([start], more):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        yield from lines
    yield rest


# --- lines of a text in which a line feed has two or four bytes ---


def wide_lines(file: BinaryIO, codec: str) -> Iterator[tuple[bytes, str]]:
    """The lines of a file in UTF-16 or UTF-32 with their ends, each with its encoding: a program that appended to the
    file may have written UTF-8."""
    width = 4 if codec.startswith("utf-32") else 2
    end, rest = "\n".encode(codec), b""
    while chunk := file.read(CHUNK):
        start, rest = 0, rest + chunk
        while (place := _aligned(rest, end, start, width)) >= 0:
            yield from _with_tail(rest[start : place + width], codec)
            start = place + width
        rest = rest[start:]
    if rest:
        yield from _with_tail(rest, codec)


def _aligned(data: bytes, end: bytes, start: int, width: int) -> int:
    """Where the bytes of a line feed stand as one character, not as parts of two."""
    place = data.find(end, start)
    while place >= 0 and (place - start) % width:
        place = data.find(end, place + 1)
    return place


def _with_tail(line: bytes, codec: str) -> Iterator[tuple[bytes, str]]:
    """What comes after the last zero byte of a line may have been written by another program, as JSON in UTF-8."""
    after = 1 if codec.endswith("le") else 2  # bytes from the zero byte of an ASCII character to its end
    cut = line.rfind(b"\0") + after if b"\0" in line else 0
    tail = line[cut:]
    if not tail or not tail.lstrip().startswith((b"{", b"[")) or not decodes(tail, "utf-8"):
        yield line, codec
        return
    if cut:
        yield line[:cut], codec
    yield from ((each, "utf-8") for each in io.BytesIO(tail))
