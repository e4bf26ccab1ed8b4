"""In which encoding was a text saved that is not UTF-8? Recognised from a sample of its bytes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

# Only encodings that people's programs still write. The order decides between two that fit equally well: short texts in
# Chinese, Korean and Japanese encodings can be read as one another.
COMMON = {
    "gb18030": "GB18030 (GBK, as Chinese Excel saves)",
    "big5": "Big5",
    "cp932": "Shift_JIS",
    "cp949": "EUC-KR (CP949)",
    "euc_jp": "EUC-JP",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
CENTRAL_EUROPEAN = {"Czech", "Slovak", "Polish", "Hungarian", "Romanian", "Croatian", "Slovene"}
SAMPLE = 64_000  # bytes
BLOCK = 1_000_000  # bytes
COMMON_SHARE = 0.8  # of the characters of a Chinese text, in GB2312
CLEARLY_BETTER = 0.05  # of charset-normalizer's measure of chaos


def encoding_label(encoding: str) -> str:
    """How people call an encoding: `cp1252` is Windows-1252."""
    return COMMON.get(encoding, encoding)


def guess_encoding(sample: bytes) -> str | None:
    """The most likely encoding of bytes that are no UTF-8; None if none of the common ones makes sense of them.

    >>> guess_encoding("几点开门".encode("gbk") * 3)
    'gb18030'
    """
    isolated = [name for name in COMMON if not name.startswith("utf")]
    matches = [match for match in from_bytes(sample, cp_isolation=isolated) if _is_likely(str(match), match.encoding)]
    if not matches:
        return None
    clearest = min(match.chaos for match in matches)
    order = list(COMMON)
    fitting = [match for match in matches if match.chaos <= clearest + CLEARLY_BETTER]
    first = min(fitting, key=lambda match: order.index(match.encoding))
    # The Windows code pages read each other's letters without an error; the language decides.
    if first.encoding == "cp1252" or (first.encoding == "cp1250" and first.language not in CENTRAL_EUROPEAN):
        central = [match for match in fitting if match.encoding == "cp1250" and match.language in CENTRAL_EUROPEAN]
        return "cp1250" if central else _western(sample)
    return first.encoding


def _western(sample: bytes) -> str:
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return "cp1250"
    return "cp1252"


def _is_likely(text: str, encoding: str) -> bool:
    """Letters of other alphabets, two side by side, can be read as rare Chinese characters; texts are made of common
    ones, which stand in GB2312."""
    foreign = [sign for sign in text if not sign.isascii()]
    if encoding != "gb18030" or not foreign:
        return True
    common = sum(1 for sign in foreign if sign.encode("gb2312", "ignore"))
    return common >= COMMON_SHARE * len(foreign)


@dataclass
class Survey:
    """What the lines of a file are that are not UTF-8. `encoding` is None if all are UTF-8, or if nobody can tell."""

    encoding: str | None = None
    whole: bool = False  # the whole file is saved in it, not only some of its lines

    def decode(self, line: bytes) -> bytes | None:
        """The line in UTF-8 if it was saved in this encoding; None if it is left as it is."""
        if self.encoding is None or line.isascii() or (is_utf8(line) and not self.whole):
            return None
        if not self.whole and _has_utf8(line):
            return None  # UTF-8 that was damaged
        try:
            return line.decode(self.encoding).encode("utf-8")
        except UnicodeDecodeError:
            return None


def survey(lines: Iterable[bytes]) -> Survey:
    """Look at all lines of a file. The guess is made from those that look like JSON: other bytes may be anything."""
    good, bad, damaged, sample = 0, 0, 0, bytearray()
    for line in lines:
        if line.isascii():
            continue
        if is_utf8(line):
            good += 1
            continue
        bad += 1
        damaged += _has_utf8(line)
        if len(sample) < SAMPLE and line.lstrip()[:1] in (b"{", b"[", b'"', b"}"):
            sample += line[:SAMPLE]
    whole = bad > good
    if not sample or (damaged == bad and not whole):
        return Survey()
    return Survey(guess_encoding(bytes(sample)), whole)


def is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_utf8(line: bytes) -> bool:
    """Whether a line that cannot be decoded has characters of UTF-8 all the same: then only some bytes are damaged."""
    return not line.decode("utf-8", "ignore").isascii()


def utf16_without_mark(start: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` for the first bytes of a text in it. One zero byte alone does not make UTF-16: a text
    begins with several ASCII characters, each with a zero byte beside it."""
    for encoding, zeros in (("utf-16-le", 1), ("utf-16-be", 0)):
        high, low = start[zeros::2], start[1 - zeros :: 2]
        if len(start) > 3 and high[:2] == b"\0\0" and 0 not in low and high.count(0) * 4 >= len(high):
            return encoding
    return None


def utf16_lines(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The lines of a file in UTF-16, in UTF-8 and with their ends. What is no UTF-16 comes as it is: a program that
    appended to the file may have written UTF-8."""
    end = "\n".encode(encoding)
    rest = b""
    while block := file.read(BLOCK):
        start, rest = 0, rest + block
        while (place := _aligned(rest, end, start)) >= 0:
            yield from _utf16_line(rest[start : place + 2], encoding)
            start = place + 2
        rest = rest[start:]
    if rest:
        yield from _utf16_line(rest, encoding)


def _aligned(data: bytes, end: bytes, start: int) -> int:
    """Where the two bytes stand as one character, not as halves of two."""
    place = data.find(end, start)
    while place >= 0 and (place - start) % 2:
        place = data.find(end, place + 1)
    return place


def _utf16_line(line: bytes, encoding: str) -> Iterator[bytes]:
    """A line of JSON ends with an ASCII character. If this one does not, what comes after the last zero byte was
    written by another program, in another encoding."""
    last = line.rfind(b"\0")
    ends = len(line) - (1 if encoding == "utf-16-le" else 2)
    cut = len(line) if last == ends else last + (1 if encoding == "utf-16-le" else 2)
    if last < 0:
        cut = 0
    head, tail = line[:cut], line[cut:]
    if tail and not (is_utf8(tail) and tail.lstrip().startswith(b"{")):
        head, tail = line, b""
    if head:
        try:
            yield head.decode(encoding).encode("utf-8")
        except UnicodeError:  # half a character, or an odd number of bytes
            tail = head + tail
    *whole, last_line = tail.split(b"\n")
    yield from (each + b"\n" for each in whole)
    if last_line:
        yield last_line
