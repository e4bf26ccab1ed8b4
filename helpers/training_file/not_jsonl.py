"""Is a file JSONL at all? A table, a JSON array, a PDF: each is one problem, not one for every line."""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.display.tables import plural
from helpers.training_file.encodings import encoding_label, guess_encoding, is_utf8
from helpers.training_file.json_line import Reading
from helpers.training_file.jsonl import FileForm, read_lines, without_trailing_commas
from helpers.training_file.other_formats import USE_EXAMPLES_FROM, other_format
from helpers.training_file.problem import Example, Problem

HEAD = 64_000  # bytes that are looked at first
LARGEST_JSON = 256_000_000  # bytes of a file that is read as one piece of JSON
LINES_LOOKED_AT = 50
JSONL = "JSONL: one JSON object on each line"

BINARY = {
    b"%PDF": ("a PDF", "copy its text into a spreadsheet with a column for questions and one for answers"),
    b"\xd0\xcf\x11\xe0": ("an old Word or Excel file", 'save it as "CSV UTF-8"'),
    b"\x1f\x8b": ("a compressed file (gzip)", "unpack it first"),
    b"PAR1": ("a Parquet file", "read it with pandas.read_parquet, and give the table to from_rows"),
    b"SQLite format 3": ("an SQLite database", "read it with pandas.read_sql, and give the table to from_rows"),
    b"\x89PNG": ("an image (PNG)", "choose the file with the text"),
    b"\xff\xd8\xff": ("an image (JPEG)", "choose the file with the text"),
    b"{\\rtf": ("a word processor's file (RTF)", "save it as plain text"),
}
TEXTS = (
    (re.compile(r"<\?xml\b", re.I), "XML"),
    (re.compile(r"<(!doctype html|html|head|body|div|p|h\d)\b", re.I), "HTML"),
    (re.compile(r"From \S+"), "an export of e-mails (mbox)"),
    (re.compile(r"(--|/\*|CREATE |INSERT |DROP |SET )[\s\S]*\bINSERT INTO\b", re.I), "an SQL dump"),
    (re.compile(r"#{1,6} \S"), "Markdown"),
    (re.compile(r"(---\s*\n|- \w+: |\w+:\s*\n\s*- )"), "YAML"),
)
SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass
class NotJsonl:
    """What a file is in place of JSONL. `examples` are those that can be read from it all the same, else None."""

    name: str
    problem: Problem
    examples: list[Any] | None = None


def not_jsonl(path: Path, form: FileForm) -> NotJsonl | None:
    """What the file is, if it is no JSONL as a whole; None for JSONL, however many of its lines are broken.

    Args:
        path: The file.
        form: How the file is saved is noted here, if its text is read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        if b"\n" not in head.strip() and len(head) == HEAD:  # one long line; up to the end of the next one
            head += file.readline(LARGEST_JSON) + file.readline(HEAD)
    if found := _binary(path, head):
        return found
    lines = [line for line in _text_of_head(head).split("\n") if line.strip()]
    if not lines:
        return None
    first = lines[0].strip()
    if first.startswith(("{", "[", "]", "}")):
        return _json(path, first, len(lines), form)
    if any(line.lstrip().startswith(("{", '"{', "[")) for line in lines[:LINES_LOOKED_AT]):
        return None  # a comment, or another line that is broken, above the examples
    return _table_or_text(lines, head)


def _problem(found: str, fix: str) -> Problem:
    return Problem(None, "the file", found, JSONL, fix, "not_jsonl")


def _binary(path: Path, head: bytes) -> NotJsonl | None:
    for start, (name, fix) in BINARY.items():
        if head.startswith(start):
            return NotJsonl(name, _problem(name, fix))
    if not head.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.namelist()
    except zipfile.BadZipFile:
        inside = []
    for folder, name, fix in (
        ("xl/", "an Excel file", f'{USE_EXAMPLES_FROM}; or save it as "CSV UTF-8" and use from_rows("file")'),
        ("word/", "a Word file", "copy its text into a spreadsheet with a column for questions and one for answers"),
    ):
        if any(member.startswith(folder) for member in inside):
            return NotJsonl(name, _problem(name, fix))
    return NotJsonl("a ZIP archive", _problem("a ZIP archive", "unpack it first"))


def _text_of_head(head: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return head.decode(encoding, "ignore")
    return head.replace(b"\0", b"").decode("utf-8", "ignore")  # zero bytes: UTF-16 without a mark


# --- JSON that is not on one line each ---


def _json(path: Path, first: str, lines: int, form: FileForm) -> NotJsonl | None:
    if path.stat().st_size > LARGEST_JSON or (
        lines > 1 and not first.startswith("[") and _is_object(first.rstrip(", "))
    ):
        return None
    read = FileForm()
    text = b"\n".join(line for _, line in read_lines(path, read))
    values = _values(text) or _values(without_trailing_commas(text))
    if not values or (lines == 1 and _is_example(values)):
        return None
    found, examples = _examples_in(values)
    if examples is None:
        return None
    read.crlf = read.blank = 0  # line ends between the parts of one piece of JSON mean nothing
    vars(form).update(vars(read))
    fix = f"write one example on each line with json.dumps, or let repair() do it, or {USE_EXAMPLES_FROM}"
    return NotJsonl(found, _problem(found, fix), examples)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_example(values: list[Any]) -> bool:
    """One object on one line: JSONL, unless all it does is to hold a list of examples."""
    return len(values) == 1 and isinstance(values[0], dict) and _held(values[0]) is None


def _values(text: bytes) -> list[Any] | None:
    """The values of a text that is JSON from its first to its last character, one after the other; else None."""
    reading = Reading()
    try:
        return [reading.loads(text)]
    except RecursionError:
        return None
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            return None
    except ValueError:  # NaN, or a line in an encoding that nobody recognised
        return None
    decoder, values, place, whole = json.JSONDecoder(), [], 0, text.decode("utf-8").strip()
    while place < len(whole):
        try:
            value, place = decoder.raw_decode(whole, place)
        except (ValueError, RecursionError):
            return None
        values.append(value)
        place += len(whole[place : place + 1000]) - len(whole[place : place + 1000].lstrip(" \t\r\n,"))
    return values


def _examples_in(values: list[Any]) -> tuple[str, list[Any] | None]:
    """What these values are together, and the examples among them; None if they are no examples."""
    if len(values) > 1:
        spread = all(isinstance(value, dict) for value in values)
        return f"{plural(len(values), 'JSON object')}, each over several lines", values if spread else None
    [value] = values
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        if other_format(value[0]) and other_format(value[0]).name == "one message":
            return "a JSON array with the messages of one conversation", [{"messages": value}]
        return f"a JSON array of {plural(len(value), 'object')}", value
    if isinstance(value, dict):
        key = _held(value)
        if key is not None:
            return f'a JSON object with {plural(len(value[key]), "object")} in "{key}"', value[key]
        return "one JSON object over several lines", [value]
    return "", None


def _held(value: Example) -> str | None:
    """The key under which an object holds a list of examples, if it is no example itself."""
    if "messages" in value or "input" in value or other_format(value):
        return None
    lists = [
        key
        for key, items in value.items()
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items)
    ]
    return lists[0] if len(lists) == 1 else None


# --- text that is no JSON ---


def _table_or_text(lines: list[str], head: bytes) -> NotJsonl:
    start = "\n".join(lines[:LINES_LOOKED_AT])
    saved = ""
    if not is_utf8(head[:-4]) and 0 not in head:
        encoding = guess_encoding(head)
        saved = f" in {encoding_label(encoding)}, as it seems" if encoding else ""
    for pattern, name in TEXTS:
        if pattern.match(start.lstrip()):
            return NotJsonl(name, _problem(f"{name}{saved}", USE_EXAMPLES_FROM))
    sign = max(SIGNS, key=lines[0].count)
    rows = [line.count(sign) for line in lines[:LINES_LOOKED_AT]]
    if rows[0] and len(rows) > 1 and sum(1 for count in rows if count) >= 0.8 * len(rows):
        name = f"a table with {SIGNS[sign]}"
        fix = f'{USE_EXAMPLES_FROM}; with the columns question and answer, from_rows("file") does too'
        return NotJsonl(name, _problem(f"{name}{saved}", fix))
    return NotJsonl("plain text", _problem(f"plain text{saved}", USE_EXAMPLES_FROM))
