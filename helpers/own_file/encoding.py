"""In which encoding a file was saved: by its mark, else strictly as UTF-8, else the most probable of the old ones.

charset-normalizer says how orderly a text looks in each encoding. For a short text several look alike; then the
characters decide that are common in the languages for which an encoding is used.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from charset_normalizer import from_bytes

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
SAMPLE = 65_536  # bytes that are looked at to tell old encodings apart

_SIGNS = "“”„‚‘’–—…€°£§«»¿¡·\xa0©®×²³½"
_WESTERN = "äöüßéèêëàâáãåçñóòôõøúùûíìîïœæ" + _SIGNS
_CHINESE_SIGNS = "，。？！、：；（）《》「」“”…—　％～"
_SIMPLIFIED = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十"
    "用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从问答题案吗呢吧请谢您店员"
    "客户产品保修类别备注序号茶水钱元买卖开关门几点怎么什么可以是否第次月号单价付款退换货送寄快递电话营业间服务支持期内"
    "等顾名称内容信息帮助使用设置系统文件数据需要哪很多少新老四五六七八九百千万半早晚午周末星期天热冷饭菜酒店房间预订"
)
_TRADITIONAL = (
    "的一是不了人我在有他這為之大來以個中上們到說國和地也子時道出而要於就下得可你年生自會那後能對著事其裡所去行過家十用"
    "發天如然作方成者多日都三小軍二無同麼經法當起與好看學進種將還分此心前面又定見只主沒公從問答題案嗎呢吧請謝您店員客戶"
    "產品保修類別備註序號茶水錢元買賣開關門幾點怎麼什麼可以是否第次月號單價付款退換貨送寄快遞電話營業間服務支持期內顧名稱"
    "現金刷卡早等晚午週星期休四五六七八九百千萬"
)
_JAPANESE = "".join(map(chr, range(0x3041, 0x30FF))) + "、。「」？！日本人時間何質問回答営業電話予約料金円年月"
_KOREAN = (
    "이다는가에을의하고를은지한도로서기사어리자인대시정있그들나일수해라아게전부여요만네보니주습질문답변무까세용장제상"
    "마안내구오원합면스연동경조비성신으것거우미과와러소년월분입예약환불능"
)
_CYRILLIC_VOWELS = set("аеиоуыэюяіїё")
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяієїґё"

# The first of those that fit equally well is taken.
COMMON_CHARACTERS = {
    "gb18030": _SIMPLIFIED + _CHINESE_SIGNS,
    "big5": _TRADITIONAL + _CHINESE_SIGNS,
    "cp932": _JAPANESE,
    "euc_jp": _JAPANESE,
    "cp949": _KOREAN + "，。？！",
    "cp1252": _WESTERN,
    "cp1250": "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșţäöüß" + _SIGNS,
    "cp1255": "אבגדהוזחטיכךלמםנןסעפףצץקרשת" + _SIGNS,
    "cp1251": _CYRILLIC + _SIGNS + "№",
    "koi8_r": _CYRILLIC,
    "cp1253": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋ" + _SIGNS,
    "cp1254": "çğışöüâîû" + _SIGNS,
    "cp1256": "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئىة؟،؛پچژگ" + _SIGNS,
    "cp874": "".join(map(chr, range(0x0E01, 0x0E5C))) + _SIGNS,
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
    "cp437": _WESTERN,
}
_NAMES = {
    "utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GBK / GB18030 (Chinese)",
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
    mark: int = 0  # bytes of the byte order mark
    sure: bool = True
    mixed: bool = False

    @property
    def label(self) -> str:
        return _NAMES.get(self.codec, self.codec) + (" and UTF-8" if self.mixed else "")

    def decode(self, line: bytes) -> str:
        """One line. Raises UnicodeDecodeError."""
        if self.mixed and _decodes(line, "utf-8"):
            return line.decode("utf-8")
        return line.decode(self.codec)


def encoding_of(chunks: Iterable[bytes], wanted: str | None = None) -> Encoding:
    """The encoding of a file that is given in chunks.

    Raises LookupError if `wanted` is no encoding that Python knows.
    """
    iterator = iter(chunks)
    start = next(iterator, b"")
    mark = next((mark for mark in MARKS if start.startswith(mark)), b"")
    if wanted is not None:
        codec = codecs.lookup(wanted).name
        codec = {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(codec, codec)
        return Encoding(MARKS.get(mark, codec) if codec.startswith("utf-16") else codec, len(mark))
    if mark:
        return Encoding(MARKS[mark], len(mark))
    if utf16 := _utf16_without_mark(start):
        return Encoding(utf16)
    sample, others = _lines_that_are_not_utf8(start, iterator)
    if not sample:
        return Encoding("utf-8")
    if others > sample.count(b"\n"):  # a few bytes of another encoding make no other file
        return Encoding(most_probable(sample), sure=False, mixed=True)
    if (found := _DECLARED.search(start[:2000])) and _decodes(sample, codec := found[1].decode("ascii")):
        return Encoding(codecs.lookup(codec).name)
    return Encoding(most_probable(sample), sure=False)


def _utf16_without_mark(start: bytes) -> str | None:
    """Without a mark, every other byte of a text in Latin letters is zero; of other scripts, that of each line end.

    One zero byte in a text of another encoding is a slip, and makes it no UTF-16.
    """
    start = start[: len(start) // 2 * 2]
    zeros = {"utf-16-be": start[::2].count(0), "utf-16-le": start[1::2].count(0)}
    codec, most = max(zeros.items(), key=lambda pair: pair[1])
    if not most or most < 3 * min(zeros.values()) or (most < len(start) * 0.2 and _decodes(start, "utf-8")):
        return None
    text = start.decode(codec, "replace")
    return codec if text and sum(map(_written, text)) > len(text) * 0.9 else None


def _written(sign: str) -> bool:
    return sign.isprintable() or sign in "\r\n\t"


def _lines_that_are_not_utf8(start: bytes, more: Iterable[bytes]) -> tuple[bytes, int]:
    """Up to the length of a sample, and the number of lines that are UTF-8 and not only ASCII.

    The second is not zero where two people wrote into one file. A text of another encoding is seldom UTF-8 by chance.
    """
    sample, utf8_lines = bytearray(), 0
    for line in _lines(start, more):
        if line.isascii():
            continue
        if _decodes(line, "utf-8"):
            utf8_lines += 1
        elif len(sample) < SAMPLE:
            sample += line[:SAMPLE] + b"\n"
    return bytes(sample), utf8_lines


def _lines(start: bytes, more: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chain([start], more):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        yield from lines
    yield rest


def _decodes(content: bytes, codec: str) -> bool:
    try:
        content.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def most_probable(sample: bytes) -> str:
    """The encoding in which this looks most like a text that somebody wrote."""
    untidy = {}
    for match in from_bytes(sample, cp_isolation=list(COMMON_CHARACTERS)):
        untidy.update(dict.fromkeys([match.encoding, *match.could_be_from_charset], match.chaos))
    places = {codec: place for place, codec in enumerate(COMMON_CHARACTERS)}
    scores = {}
    for codec, common in COMMON_CHARACTERS.items():
        if _decodes(sample, codec):
            text = sample.decode(codec)
            scores[codec] = _share_of_common(text, set(common)) * _weight(codec, text) - 2 * untidy.get(codec, 0.1)
    return max(scores, key=lambda codec: (round(scores[codec], 2), -places[codec]), default="latin-1")


def _weight(codec: str, text: str) -> float:
    """That bytes give the few hundred common ones of ten thousand characters is no accident; that they give letters of
    an alphabet may be one."""
    if codec in ("gb18030", "big5", "cp932", "euc_jp", "cp949"):
        return 1.3
    if COMMON_CHARACTERS[codec].startswith(_CYRILLIC):
        letters = [sign for sign in text.lower() if sign in _CYRILLIC]
        return 1.0 if sum(sign in _CYRILLIC_VOWELS for sign in letters) > len(letters) * 0.3 else 0.5
    return 1.0


def _share_of_common(text: str, common: set[str]) -> float:
    """Of the characters that are not ASCII. A sign in the middle of a word is a letter that was read wrongly."""
    others = [(place, sign) for place, sign in enumerate(text) if sign > "\x7f"]
    good = 0
    for place, sign in others:
        within = text[place - 1 : place].isalpha() and text[place + 1 : place + 2].isalpha()
        capital = sign != sign.lower() and text[place - 1 : place].islower()
        good += sign.lower() in common and not capital and (sign.isalpha() or not within or sign in "’–—…“”，。？！、")
    return good / len(others) if others else 1.0
