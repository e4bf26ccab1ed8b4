"""Excel files, with openpyxl, a row at a time."""

import zipfile
from collections.abc import Iterator
from typing import Any

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import AmbiguousFile, Findings, UnreadableFile, listed
from helpers.own_file.format_readers.table_text import Row, table
from helpers.own_file.record import Contents
from helpers.own_file.source import Source
from helpers.own_file.text_cleaning import cell_text


def recognises(source: Source) -> str | None:
    if source.given is not None or not source.raw_head().startswith(b"PK\x03\x04"):
        return None
    with source.open() as file:
        try:
            names = zipfile.ZipFile(file).namelist()
        except zipfile.BadZipFile:
            return None
    return "An Excel file." if any(name.startswith("xl/") for name in names) else None


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    """Raises AmbiguousFile where several sheets have rows, and none was named."""
    import openpyxl  # only where there is a sheet to read: it takes a moment to load

    with source.open() as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except KeyError as error:  # a part of the workbook is missing
            raise UnreadableFile(f"{source.name}: found a damaged Excel file; save it anew, as xlsx or CSV") from error
        sheets = {sheet.title: sheet for sheet in book.worksheets if _has_rows(sheet)}
        if not sheets:
            raise UnreadableFile(f"{source.name}: found an Excel file without rows; expected questions and answers")
        if arguments.sheet is not None and arguments.sheet not in sheets:
            raise AmbiguousFile(
                f"sheet: found the sheets {listed(list(sheets))}, none named {arguments.sheet!r}", sheets=list(sheets)
            )
        if arguments.sheet is None and len(sheets) > 1:
            raise AmbiguousFile(
                f"{source.name}: found {len(sheets)} sheets with rows: {listed(list(sheets))}; expected one. "
                f"Say which: sheet={next(iter(sheets))!r}.",
                sheets=list(sheets),
            )
        title = arguments.sheet or next(iter(sheets))
        rows = list(_rows(sheets[title], findings))
    sentence = f'The sheet "{title}" of an Excel file, with {len(rows):,} rows.'
    return table("Excel", sentence, rows, findings, unit="row")


def _has_rows(sheet: Any) -> bool:
    return any(any(value is not None for value in row) for row in sheet.iter_rows(values_only=True, max_row=1000))


def _rows(sheet: Any, findings: Findings) -> Iterator[Row]:
    """The rows from the first on that has as many cells as the table; what stands above is named."""
    rows = [
        (number, [_cell(value) for value in row]) for number, row in enumerate(sheet.iter_rows(values_only=True), 1)
    ]
    rows = [(number, cells) for number, cells in rows if any(cells)]
    filled = [sum(map(bool, cells)) for _, cells in rows]
    usual = sorted(filled)[len(filled) // 2]
    first = next(place for place, count in enumerate(filled) if count >= min(usual, 2))
    for number, cells in rows[:first]:
        findings.skip(f"row {number}", "a line above the table", " ".join(filter(None, cells)))
    used = [
        place
        for place in range(max(len(cells) for _, cells in rows))
        if any(len(c) > place and c[place] for _, c in rows)
    ]
    for number, cells in rows[first:]:
        yield number, [cells[place] if place < len(cells) else "" for place in used]


def _cell(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return (
            value.isoformat(sep=" ").removesuffix(" 00:00:00")
            if hasattr(value, "hour") and hasattr(value, "year")
            else value.isoformat()
        )
    return cell_text(value)
