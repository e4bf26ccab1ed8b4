"""JSON as people have it: a value on each line or one for the whole file, with the slips of a hand or a script."""

import json
import re
from collections.abc import Iterator
from typing import Any

from helpers.own_file.findings import Findings, beginning
from helpers.own_file.format_readers.python_literal import python_literal
from helpers.own_file.format_readers.strict_json import finite
from helpers.own_file.source import Source

# Possessive, and with an end for a text whose quotation mark is missing: linear in the length of any line.
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|,(\s*+[}\]])', re.DOTALL)
_CURLY = re.compile(r"(?<=[{\[：:,，])(\s*)[“”„]|[“”](?=\s*[：:,，}\]])")
_FULL_WIDTH = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|([：，])', re.DOTALL)
LINES_LOOKED_AT = 30
KEY_TWICE = "stands twice in one object; the last counts"
_COMMENT = re.compile(r"\s*(#|//)")


class NotJson(ValueError):
    """Why a text is no JSON, in words."""


def looks_like_json(lines: list[tuple[int, str]]) -> bool:
    """Whether a text begins like JSON, after blank lines and comments, or holds an object on most of its lines."""
    start = next((line.strip() for _, line in lines if line.strip() and not _COMMENT.match(line)), "")
    if start.startswith("["):
        return not start[1:].strip() or start[1:].strip()[0] in "[{\"']"  # unlike [12.03.24, 07:58] A: and [section]
    if start.startswith("{") or (start.startswith('"{') and start.rstrip(",").endswith('}"')):
        return True
    first = [line.strip() for _, line in lines if line.strip()][:LINES_LOOKED_AT]
    objects = sum(line.startswith("{") and line.rstrip(",").endswith("}") for line in first)
    return objects > 1 and objects * 2 > len(first)


def values(source: Source, findings: Findings) -> Iterator[tuple[str, Any]]:
    """Each value with its place: of JSON Lines one line at a time, else of the whole text."""
    if one_on_each_line(source.head()):
        yield from _values_of_lines(source, findings)
    else:
        yield from values_of_text(source.text(), findings)


def one_on_each_line(head: list[tuple[int, str]]) -> bool:
    lines = [line.strip() for _, line in head if line.strip() and not _COMMENT.match(line)]
    if len(lines) == 1:
        return False  # the whole text is that line; or it is one long line of which the head holds a part
    whole = sum(_is_whole(line) for line in lines[:LINES_LOOKED_AT])
    return whole > 0 and (lines[0] != "[" or lines[-1] != "]") and whole * 2 >= min(len(lines), LINES_LOOKED_AT)


def _is_whole(line: str) -> bool:
    """Whether a line is an object or a list as a whole, or the text of one."""
    line = line.rstrip(",")
    return (len(line) > 4 and (line[:1], line[-1:]) in _PAIRS) or (line[:2] in ('"{', '"[') and line.endswith('"'))


_PAIRS = {("{", "}"), ("[", "]")}


def _values_of_lines(source: Source, findings: Findings) -> Iterator[tuple[str, Any]]:
    for number, line in source.lines():
        place, text = f"line {number}", line.strip(" \t")
        if not text:
            continue
        if _COMMENT.match(text):
            findings.note("a comment was passed over", place)
            continue
        try:
            value = read_value(text, findings, place)
        except NotJson as error:
            if text not in ("[", "]", "],"):
                findings.skip(place, str(error), text)
            continue
        yield place, value


def values_of_text(text: str, findings: Findings) -> Iterator[tuple[str, Any]]:
    """One value, or several one after the other, each over many lines. Raises NotJson."""
    text = "\n".join("" if _COMMENT.match(line) else line for line in text.split("\n"))
    try:
        yield "", read_value(text.strip(), findings, "")
        return
    except NotJson as error:
        why = str(error)  # the error itself would keep the text in memory
    decoder, place, found = json.JSONDecoder(parse_constant=lambda _: None), 0, 0
    while (place := _next_value(text, place)) < len(text):
        line = f"line {text.count(chr(10), 0, place) + 1}"
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = _next_at_margin(text, place)
            part = text[place:end].strip().strip(",")
            try:
                value = read_value(part, findings, line)
            except NotJson as error:
                findings.skip(line, str(error), part)
                place = end
                continue
            place = end
        found += 1
        yield line, value
    if not found:
        raise NotJson(why)


def _next_value(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\n,;":
        place += 1
    return place


def _next_at_margin(text: str, place: int) -> int:
    """Where the next object begins at the left margin."""
    found = re.compile(r"\n[{\[]").search(text, place + 1)
    return found.start() if found else len(text)


def read_value(text: str, findings: Findings, place: str) -> Any:
    """The value of a JSON text; slips that leave no doubt are passed over, and noted. Raises NotJson."""
    for note, attempt in _attempts(text):
        try:
            value = _loads(attempt, findings, place)
        except (ValueError, RecursionError):
            continue
        if note:
            findings.note(note, place)
        return _dumped_twice(value, findings, place)
    literal = python_literal(text)
    if literal is not None:
        findings.note("Python's notation was read as JSON", place)
        return literal
    raise NotJson(_why(text))


def without_trailing_commas(text: str) -> str:
    """The text without commas before a closing bracket; what stands between quotation marks is left alone."""
    return _STRING_OR_COMMA.sub(lambda match: match[1] if match[1] is not None else match[0], text)


def _loads(text: str, findings: Findings, place: str) -> Any:
    """Tabs and line ends inside a text are text. Raises ValueError."""
    return json.loads(
        text,
        strict=False,
        parse_constant=lambda _: None,
        parse_float=finite,
        object_pairs_hook=_pairs(findings, place),
    )


def _attempts(text: str) -> Iterator[tuple[str, str]]:
    yield "", text
    bare = text.rstrip().rstrip(",")
    if bare != text:
        yield "a comma after the value was passed over", bare
    without = without_trailing_commas(bare)
    if without != bare:
        yield "a comma before a closing bracket was passed over", without
    if "“" in text or "”" in text or "：" in text:
        straight = _CURLY.sub(lambda match: (match[1] or "") + '"', bare)
        straight = _FULL_WIDTH.sub(lambda m: {"：": ":", "，": ","}[m[1]] if m[1] else m[0], straight)
        yield "curly quotation marks and full-width punctuation were read as JSON's own", straight


def _pairs(findings: Findings, place: str) -> Any:
    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            for name, value in pairs:
                if value != made[name]:
                    reason = f'the key "{name}" {KEY_TWICE}'
                    findings.skip(place or "the file", reason, value)
        return made

    return collect


def _dumped_twice(value: Any, findings: Findings, place: str) -> Any:
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):  # also a number of thousands of digits
            return value
        findings.note("JSON that was dumped twice was read twice", place)
        return inner
    return value


def _why(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"not JSON ({error.msg} at character {error.pos + 1}, {beginning(text[max(0, error.pos - 10) :], 25)!r})"
    except RecursionError:
        return "not JSON (brackets within brackets without end)"
    except ValueError:
        return "not JSON that can be read (a number of thousands of digits)"
    return "not JSON"
