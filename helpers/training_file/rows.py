"""The rows of a table, from whatever holds one: a DataFrame, a list, a CSV file. A row that would be lost is named."""

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.course_data.given import existing_file, is_columns, is_table, what_it_is
from helpers.training_file.encodings import encoding_label, guess_encoding
from helpers.training_file.jsonl import FileForm, read_lines
from helpers.training_file.not_jsonl import not_jsonl
from helpers.training_file.problem import excerpt
from helpers.training_file.rules import parse_line

MANY_LINES = 5  # in one row of a CSV file; then its cells are looked into for rows that were swallowed
CLOSING_MARK = 'expected a closing " after each opening one: look for the one that is missing'
ENCODING_SAMPLE = 64_000  # bytes

Rows = pd.DataFrame | Iterable[dict[str, Any]] | str | os.PathLike[str]


def rows_of(rows: Rows) -> Iterator[dict[str, Any]]:
    """The rows of a DataFrame, a dict of columns, a list of dicts, a CSV file, or a JSONL file with a row on each line.

    Raises ValueError for what is no table, and for a file that cannot be read as one.
    """
    if is_columns(rows):
        rows = pd.DataFrame(rows)
    if is_table(rows):
        yield from rows.to_dict("records")
    elif isinstance(rows, str | os.PathLike):
        path = existing_file(rows)
        yield from _json_rows(path) if _holds_objects(path) else _csv_rows(path)
    elif isinstance(rows, dict | bytes) or not isinstance(rows, Iterable):
        expected = "a table, or a list of dicts with a question and an answer: [{...}, {...}]"
        raise ValueError(f"rows: found {what_it_is(rows)}; expected {expected}")
    else:
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                expected = "a dict with a question and an answer"
                raise ValueError(f"row {number}: found {excerpt(row)}; expected {expected}")
            yield row


def _holds_objects(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    other = not_jsonl(path, FileForm())
    if other is not None:
        yield from other.examples or []
        return
    for number, line in read_lines(path):
        row, problems = parse_line(line, number)
        if row is None:
            raise ValueError(f"{path.name}: line {number}: found {problems[0].found}; expected {problems[0].expected}")
        yield row


def _csv_rows(path: Path) -> Iterator[dict[str, Any]]:
    """A row at a time; with commas, or with the semicolons or tabs that some spreadsheets write."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            sign = max(",;\t", key=head.count)
            rows, started, lines = csv.DictReader(file, delimiter=sign, restkey=""), 1, 0
            for row in rows:
                lines, started = rows.line_num - started, rows.line_num
                if lines > MANY_LINES and _swallowed(row, sign, head.count(sign)):
                    raise ValueError(_unclosed(path, started - lines + 1, lines))
                yield row
            if _is_unclosed(path, sign):
                raise ValueError(_unclosed(path, started - lines + 1, lines))
    except csv.Error as error:
        raise ValueError(f"{path.name}: {error} after line {started}; {CLOSING_MARK}") from error
    except UnicodeDecodeError as error:
        guess = guess_encoding(path.read_bytes()[:ENCODING_SAMPLE])
        seems = f", {encoding_label(guess)} as it seems" if guess else ""
        raise ValueError(
            f"{path.name}: found text that is not UTF-8 (byte {error.start + 1}){seems}; expected UTF-8: save it from "
            f'the spreadsheet as "CSV UTF-8", or use examples_from("{path.name}"), which reads other encodings'
        ) from error


def _swallowed(row: dict[str, Any], sign: str, signs: int) -> bool:
    """Whether the lines inside a cell are rows themselves, as after a quotation mark that was not closed."""
    lines = [line for cell in row.values() if isinstance(cell, str) for line in cell.splitlines()[1:-1]]
    return sum(1 for line in lines if line.count(sign) == signs) >= 0.8 * max(1, len(lines))


def _is_unclosed(path: Path, sign: str) -> bool:
    """Whether the file ends inside of a cell: Python's reader says so only when it is told to be strict."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            for _ in csv.reader(file, delimiter=sign, strict=True):
                pass
        except csv.Error as error:
            return "unexpected end" in str(error)
    return False


def _unclosed(path: Path, line: int, lines: int) -> str:
    return f"{path.name}: found a row of {lines} lines, from line {line} on; {CLOSING_MARK}"
