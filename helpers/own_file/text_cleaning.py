"""What other programs did to a text, undone: HTML tags and entities, UTF-8 that was read as something else."""

import html
import json
import re
from collections.abc import Iterable
from typing import Any

import lxml.etree
import lxml.html

ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]{1,30});")
TAG = re.compile(
    r"</?(?:p|br|b|i|u|em|strong|ul|ol|li|div|span|a|h[1-6]|table|tr|td|th|tbody|blockquote|pre|code|img|sup|sub|hr|font)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCKS = set(
    "p div li ul ol tr table h1 h2 h3 h4 h5 h6 blockquote pre section article dt dd dl details summary hr address "
    "figure figcaption".split()
)
_NOT_SHOWN = {"script", "style", "noscript", "template", "head"}
_PLACEHOLDER = re.compile(r"(?:todo|tbd|fixme|xxx+|\?{2,}|\.{3,}|…|-{1,3}|–|—)[.:!]?", re.IGNORECASE)
# What Windows-1252 shows for the bytes 0x80 to 0x9f.
_CP1252 = {bytes([byte]).decode("cp1252", "ignore"): byte for byte in range(0x80, 0xA0)}
_CP1252.pop("", None)


def is_html(cells: Iterable[str]) -> bool:
    """Whether a column holds HTML: a good part of its cells have tags, so that it is not a text about HTML."""
    filled = [cell for cell in cells if cell.strip()]
    tagged = sum(bool(TAG.search(cell)) for cell in filled)
    return (
        tagged > 0
        and tagged * 5 >= len(filled)
        and any(cell.strip().startswith("<") or "<br" in cell for cell in filled)
    )


def text_of_html(fragment: str) -> str:
    """The text of a piece of HTML, with a line for each block."""
    if "<" not in fragment and "&" not in fragment:
        return fragment.strip()
    try:
        element = lxml.html.fragment_fromstring(fragment, create_parent="div")
    except (lxml.etree.ParserError, ValueError):
        return html.unescape(fragment).strip()
    return text_of(element)


def text_of(element: Any) -> str:
    """The text of an element as a browser shows it: a line for each block, a blank line before a paragraph."""
    parts: list[str] = []
    _collect(element, parts)
    text = re.sub(r"[ \t\r\f\v]+", " ", "".join(parts).replace("\xa0", " "))
    text = re.sub(r" *\n *", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _collect(element: Any, parts: list[str]) -> None:
    if not isinstance(element.tag, str) or element.tag in _NOT_SHOWN:
        return
    block = element.tag in _BLOCKS
    if block or element.tag == "br":
        _end_line(parts, always=element.tag == "br")
    if element.tag == "p" and parts:
        parts.append("\n")
    if element.tag == "li":
        parts.append("- ")
    _add(element.text, parts, as_it_is=element.tag == "pre")
    for child in element:
        _collect(child, parts)
        _add(child.tail, parts)
    if element.tag in ("td", "th"):
        parts.append(" ")
    if block:
        _end_line(parts)


def _end_line(parts: list[str], always: bool = False) -> None:
    if always or (parts and not parts[-1].endswith("\n")):
        parts.append("\n")


def _add(text: str | None, parts: list[str], as_it_is: bool = False) -> None:
    """Blanks between two blocks are no text."""
    if text and (text.strip() or not (not parts or parts[-1].endswith("\n"))):
        parts.append(text if as_it_is else re.sub(r"\s+", " ", text))


def without_entities(text: str) -> str:
    """`&quot;` -> `"`. A text that has none of them is left alone."""
    return html.unescape(text) if ENTITY.search(text) else text


def without_mojibake(text: str) -> str:
    """UTF-8 that was read as Latin-1 or Windows-1252, read right: "FÃ¶hn" -> "Föhn". Any other text as it is.

    A text that becomes valid UTF-8 in this way was hardly written by a person.
    """
    if text.isascii():
        return text
    try:
        content = bytes(_CP1252.get(sign, ord(sign)) for sign in text)
        return content.decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return text


def is_placeholder(text: str) -> bool:
    """Something that stands where a text was to be written: TODO, ???"""
    return bool(_PLACEHOLDER.fullmatch(text.strip()))


def cell_text(value: Any) -> str:
    """A cell as a person would type it. Nothing for an empty one; several values of one cell a line each."""
    if value is None or value != value or str(value) in ("NaT", "<NA>"):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dict):
        return cell_text(value["text"]) if "text" in value else json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, map(cell_text, value)))
    return str(value).strip()
