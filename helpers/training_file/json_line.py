"""One line of JSONL: the object on it, or in words why there is none."""

import json
import re
from typing import Any

from helpers.own_file.format_readers.strict_json import Reading, json_inside
from helpers.training_file.problem import Example, Finding, excerpt

AN_OBJECT = 'an object: {"messages": [...]}'
ONE_PER_LINE = "write one complete example on each line, between { and }"
FULL_WIDTH_COMMA, FULL_WIDTH_COLON = "\uff0c", "\uff1a"

_TRAILING_COMMA = re.compile(r",\s*[}\]]")
_HALF_CHARACTER = re.compile(rb"\\u[dD][89abcdefABCDEF]")
_ROW_OF_A_TABLE = re.compile(r'"[^"]*"\s*[,;\t]')


def object_on(raw: bytes, finding: Finding) -> Example | None:
    """The object on a line; None if there is none, and the reason is a problem in `finding`."""
    try:
        text = raw.decode("utf-8").strip(" \t\r\n")
    except UnicodeDecodeError as error:
        finding.error(
            "not_utf8", f"byte {error.start + 1}", f"the byte 0x{raw[error.start]:02x}", "UTF-8 text",
            "open the file in the program that made it, and save it as UTF-8",
        )  # fmt: skip
        return None
    reading = Reading()
    try:
        example = reading.loads(text)
    except json.JSONDecodeError as error:
        code, expected, fix = _why_not_json(text, error)
        found, where = excerpt(text[max(0, error.pos - 15) :]), f"character {error.pos + 1}"
        if code == "comma_after_line":
            found, where = "a comma", "the end of the line"
        finding.error(code, where, found, expected, fix)
        return None
    except RecursionError:
        found = "brackets within brackets without end"
        finding.error("not_json", "the line", found, "valid JSON", ONE_PER_LINE)
        return None
    except ValueError:
        found = "NaN, Infinity, or a number of thousands of digits"
        finding.error("not_json", "the line", found, "JSON, which has no such thing", "write another value")
        return None
    if not isinstance(example, dict):
        not_an_object(example, finding)
        return None
    for key in reading.twice:
        finding.warning(
            "duplicate_key", "the line", f"the key {excerpt(key)} more than once in one object",
            "each key once in an object", "only the last one is read; put both into one, or remove one of them",
        )  # fmt: skip
    if b"\\u" in raw and _HALF_CHARACTER.search(raw):
        check_characters(example, finding)
    return example


def not_an_object(value: Any, finding: Finding) -> None:
    """Report what stands in place of an example."""
    if isinstance(value, str) and json_inside(value) is not None:
        finding.error(
            "json_as_text", "the line", "JSON between quotation marks: it was written as JSON twice", AN_OBJECT,
            "call json.dumps once for each example, or let repair() do it",
        )  # fmt: skip
    else:
        finding.error("not_an_object", "the line", excerpt(value), AN_OBJECT, ONE_PER_LINE)


def check_characters(example: Example, finding: Finding) -> None:
    """Half of an emoji, left when a text was cut, is legal in JSON and cannot be stored or sent as UTF-8."""
    try:
        text = json.dumps(example, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):  # no line of a file, and nothing that JSON can hold
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        finding.error(
            "half_character", "the example", excerpt(text[max(0, error.start - 15) :]), "whole characters",
            "an emoji was cut in two; remove what is left of it, or let repair() do it",
        )  # fmt: skip


def _why_not_json(text: str, error: json.JSONDecodeError) -> tuple[str, str, str]:
    """The code of the problem, what was expected, and what to do: the likely cause, not where the parser stumbled."""
    pos = error.pos
    if "\0" in text:
        return "not_json", "text without zero bytes", "a program has damaged the line; write it anew"
    if text.startswith("\ufeff"):
        return "not_json", "no byte order mark", "two files were joined here; let repair() remove the mark"
    if text.startswith("{'"):
        return "not_json", 'double quotation marks: "', "write it with json.dumps(example), or let repair() do it"
    if text.endswith(",") and _is_json(text[:-1]):
        fix = "a line of JSONL ends with }; remove the comma, or let repair() do it"
        return "comma_after_line", "no comma after an example", fix
    full_width = (FULL_WIDTH_COMMA, FULL_WIDTH_COLON)
    if text[pos : pos + 1] in full_width or any(f"”{sign}" in text for sign in full_width):
        fix = "an input method for Chinese has written full-width signs; write those of JSON with a plain keyboard"
        return "not_json", 'half-width signs: " : ,', fix
    if any(f"{quote}{sign}" in text for quote in "“”„" for sign in (":", " :", ",")):
        return (
            "not_json", 'straight quotation marks: "',
            "a word processor has bent the quotation marks; replace them",
        )  # fmt: skip
    if error.msg.startswith("Invalid control character"):
        found = "tab" if text[pos] == "\t" else f"control character U+{ord(text[pos]):04X}"
        fix = f"a {found} stands inside a text: write it as \\t or \\u00..., or let repair() do it"
        return "not_json", "no tab or other control character inside a text", fix
    if _TRAILING_COMMA.search(text):
        return "not_json", "no comma before a closing bracket", "remove the comma, or let repair() do it"
    if _ROW_OF_A_TABLE.match(text):
        fix = 'this is a row of a table: make examples of the file with examples_from("file") or from_rows("file")'
        return "not_json", AN_OBJECT, fix
    if text in "[]{}" or text.endswith(("{", "[", ",")) or text.startswith(("}", "]", '"')):
        return "not_json", "a whole example on one line", "it is spread over several lines; write it with json.dumps"
    if text.startswith("{") and error.msg.startswith("Unterminated string"):
        fix = "the line breaks off in the middle: the file was cut, or a text has a line end in it; write it anew"
        return "not_json", "valid JSON to the end of the line", fix
    if _is_bare_quote(text, error):
        fix = 'a quotation mark inside a text is written \\"; write the line with json.dumps(example)'
        return "not_json", 'no bare " inside a text', fix
    if text.startswith(("#", "//")):
        return "not_json", AN_OBJECT, "JSONL has no comments; remove the line"
    return "not_json", "valid JSON", ONE_PER_LINE


def _is_bare_quote(text: str, error: json.JSONDecodeError) -> bool:
    """Whether a text ended where a word goes on: {"content": "Say "lamp" to it"}."""
    before, after = text[: error.pos].rstrip(), text[error.pos :].lstrip()
    ended_a_text = error.msg.startswith(("Expecting ',' delimiter", "Expecting ':' delimiter")) and before.endswith('"')
    return ended_a_text and after[:1].isalnum()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
