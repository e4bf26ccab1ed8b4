"""Tables as text: CSV with commas, semicolons, tabs or bars, with or without names in the first row."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source
from helpers.own_file.to_examples.column_names import is_answer_name, is_name_of_a_column, is_question_name

DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".psv")
NO_TABLES = (".md", ".markdown", ".html", ".htm", ".xml", ".yaml", ".yml")
# Below the names in a table of Markdown. Possessive: linear in the length of any line.
RULE = re.compile(r"^\s*+(?:\|\s*+)?+:?-{2,}+:?\s*+(?:\|\s*+:?-{2,}+:?\s*+)++\|?\s*$")
ROWS_LOOKED_AT = 60
NEVER_CLOSED = "a quotation mark opens a cell here and is never closed"
LONGEST_WORD = 131_072  # characters without a blank: no person wrote them. The limit is that of Python's csv
LINES_OF_A_CELL = 2_000  # more, and its quotation mark was never closed
ROWS_IN_A_CELL = 3  # lines of a cell that look like rows of the table
ROW_IN_A_CELL = "a cell has several lines, and one of them looks like a row; is a quotation mark missing or too many?"

# csv refuses a cell of more than 128 KB. A long answer is no error.
csv.field_size_limit(2**31 - 1)

Row = tuple[int, list[str]]  # the number of its first line, and its cells


@dataclass(frozen=True)
class Shape:
    """How a table is written. `first` is the number of its first line."""

    delimiter: str
    width: int
    first: int


def recognises(source: Source) -> str | None:
    if source.suffix in NO_TABLES or any(RULE.match(line) for _, line in source.head()[:100]):
        return None  # a page, with tables of its own kind in it
    shape = shape_of(source)
    return f"A table with {DELIMITERS[shape.delimiter]}." if shape else None


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    shape = shape_of(source)
    assert shape is not None
    rows = _rows(source, shape, findings)
    return table("Table (CSV)" if shape.delimiter != "\t" else "Table (TSV)", recognises(source) or "", rows, findings)


def table(format_: str, sentence: str, rows: Iterable[Row], findings: Findings, unit: str = "line") -> Contents:
    """The records of a table whose first row may hold the names of its columns."""
    iterator = iter(rows)
    looked_at = [row for _, row in zip(range(ROWS_LOOKED_AT), iterator, strict=False)]
    names = _names(looked_at)
    width = max((len(cells) for _, cells in looked_at), default=0)
    if names is None:
        columns = [f"column {number}" for number in range(1, width + 1)]
        if looked_at:
            findings.note("the first row was taken for data, not for the names of columns")
    else:
        columns = _unlike(names)
        looked_at = looked_at[1:]
    return Contents(format_, sentence, _records(columns, looked_at, iterator, findings, unit), columns=columns)


def _records(
    columns: list[str], looked_at: list[Row], more: Iterable[Row], findings: Findings, unit: str
) -> Iterator[Record]:
    for rows in (looked_at, more):
        for number, cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) < len(columns):
                findings.note("a row has fewer cells than there are columns", f"{unit} {number}")
            if any(cell.strip() for cell in cells[len(columns) :]):
                text = " | ".join(cells)
                findings.skip(
                    f"{unit} {number}", "more cells than there are columns; put its texts in quotation marks", text
                )
                continue
            if any(len(cell) > LONGEST_WORD and _has_endless_word(cell) for cell in cells):
                reason = f"field larger than field limit ({LONGEST_WORD:,} characters without a blank)"
                findings.skip(f"{unit} {number}", reason, " | ".join(cells))
                continue
            values = dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))
            yield Record(f"{unit} {number}", values)


def _has_endless_word(cell: str) -> bool:
    """Whether a cell holds data, such as a picture in base64. Chinese and Japanese are written without blanks."""
    return any(len(word) > LONGEST_WORD and word.isascii() for word in cell.split())


def _unlike(names: list[str]) -> list[str]:
    """A name for each column, and no name twice."""
    given: list[str] = []
    for place, name in enumerate(names, 1):
        name = name.strip().strip("\ufeff") or f"column {place}"
        given.append(name if name not in given else f"{name} ({place})")
    return given


def _names(rows: list[Row]) -> list[str] | None:
    """The first row, if it holds names of columns."""
    if len(rows) < 2:
        first = rows[0][1] if rows else []
        return first if any(map(is_question_name, first)) and any(map(is_answer_name, first)) else None
    first, others = rows[0][1], [cells for _, cells in rows[1:]]
    filled = [cell.strip() for cell in first if cell.strip()]
    if any(is_name_of_a_column(cell) for cell in filled):
        return first
    if not filled or len(set(filled)) < len(filled):
        return None
    # A name is short and no sentence. In a table of words alone nothing tells names from data.
    ends = (".", "?", "!", "。", "？", "！", ":", "…", ",")
    if any(cell.endswith(ends[:6]) or len(cell) > 40 or cell.replace(".", "").isdigit() for cell in filled):
        return None
    lengths = [_mean_length(cells[place] for cells in others if place < len(cells)) for place in range(len(first))]
    longer = sum(length > 2 * len(cell) for length, cell in zip(lengths, first, strict=True) if cell.strip())
    return first if longer else None


def _mean_length(cells: Iterable[str]) -> float:
    lengths = [len(cell.strip()) for cell in cells if cell.strip()]
    return sum(lengths) / len(lengths) if lengths else 0


def shape_of(source: Source) -> Shape | None:
    """The separator with which most rows have the same number of cells; None for a text that is no table."""
    lines = source.head()
    said = next((line for _, line in lines if line.strip()), "")
    if said.lower().startswith("sep=") and len(said.strip()) == 5:  # a line that Excel writes and understands
        lines = lines[1:]
    best: tuple[float, Shape] | None = None
    for delimiter in DELIMITERS:
        rows = [(number, cells) for number, cells in cells_of(iter(lines), delimiter, Findings()) if any(cells)]
        rows = [(number, cells) for number, cells in rows if not cells[0].startswith("#")][:ROWS_LOOKED_AT]
        widths = Counter(len(cells) for _, cells in rows if len(cells) > 1)
        if not widths:
            continue
        width = max(widths, key=lambda each: (widths[each], each))
        alike = sum(count for each, count in widths.items() if abs(each - width) <= (width > 2))
        first = next(number for number, cells in rows if len(cells) == width)
        below = [row for row in rows if row[0] >= first]
        share = alike / len(below)
        score = share + alike / len(rows) + 0.02 * (delimiter == "\t") + 0.001 * width
        named = any(map(is_question_name, below[0][1])) and any(map(is_answer_name, below[0][1]))
        if (
            share >= (0.5 if named else 0.7)
            and _is_a_table(source, delimiter, below, share)
            and (best is None or score > best[0])
        ):
            best = score, Shape(delimiter, width, first)
    return best[1] if best else None


def _is_a_table(source: Source, delimiter: str, rows: list[Row], share: float) -> bool:
    """Sentences have commas too: a text is a table if its name says so, or its first row, or all its rows are alike."""
    if source.suffix in TABLE_SUFFIXES or delimiter == "\t":
        return True
    first = rows[0][1]
    if any(map(is_question_name, first)) and any(map(is_answer_name, first)):
        return True
    if delimiter == "," and any(cell.startswith(" ") for _, cells in rows for cell in cells[1:]):
        return False  # a blank after a comma is a sentence
    return share == 1 and len(rows) > 1


def _rows(source: Source, shape: Shape, findings: Findings) -> Iterator[Row]:
    in_table = False
    for number, cells in cells_of(source.lines(), shape.delimiter, findings):
        if not in_table and number < shape.first:
            text = shape.delimiter.join(cells)
            if text.strip() and not text.lower().startswith("sep="):
                findings.skip(f"line {number}", "a line above the table", text)
            continue
        in_table = True
        if cells and cells[0].startswith("#") and len(cells) == 1:
            findings.skip(f"line {number}", "a comment", cells[0])
            continue
        yield number, cells


def cells_of(lines: Iterator[tuple[int, str]], delimiter: str, findings: Findings) -> Iterator[Row]:
    """The rows; a cell may take several lines. A quotation mark that is never closed costs its own row only."""
    waiting: list[tuple[int, str]] = []
    while True:
        number, line = waiting.pop(0) if waiting else next(lines, (0, ""))
        if not number:
            return
        if '"' not in line:
            yield number, line.split(delimiter)
            continue
        block = [line]
        row = _parsed(block, delimiter)
        while row is None and len(block) < LINES_OF_A_CELL:
            place = len(block) - 1
            if place >= len(waiting):
                more = next(lines, None)
                if more is None:
                    break
                waiting.append(more)
            block.append(waiting[place][1])
            row = _parsed(block, delimiter)
        inside = _rows_inside(row or [], delimiter)
        if row and inside < ROWS_IN_A_CELL:
            if inside:
                findings.note(ROW_IN_A_CELL, f"line {number}")
            del waiting[: len(block) - 1]
            yield number, row
        elif (alone := _unquoted(line, delimiter)) is not None:
            yield number, alone
        else:
            findings.skip(f"line {number}", NEVER_CLOSED, line)


def _parsed(block: list[str], delimiter: str) -> list[str] | None:
    """The cells, [] where a quotation mark is out of place, or None where a cell goes on in the next line."""
    try:
        [cells] = csv.reader(["\n".join(block)], delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    except csv.Error as error:
        return None if "unexpected end of data" in str(error) else []
    except ValueError:
        return []
    return cells


def _rows_inside(row: list[str], delimiter: str) -> int:
    """How many lines of a cell look like rows of the same table, as where a quotation mark was closed by another's."""
    return max(
        (
            sum(line.count(delimiter) >= max(1, len(row) - 1) for line in cell.split("\n")[1:])
            for cell in row
            if "\n" in cell
        ),
        default=0,
    )


def _unquoted(line: str, delimiter: str) -> list[str] | None:
    """A row whose quotation marks are no more than signs in its text; None where one opens a cell and is not closed."""
    cells = line.split(delimiter)
    opened = any(cell.lstrip().startswith('"') and cell.count('"') % 2 for cell in cells)
    return None if opened else cells
