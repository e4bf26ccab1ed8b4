"""Cards that Anki has exported as text. Its first lines, which begin with #, say how it is written."""

from collections.abc import Iterator

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings
from helpers.own_file.format_readers.table_text import Row, cells_of
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source

SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "colon": ":", "space": " "}
KNOWN = (
    "separator",
    "html",
    "tags column",
    "columns",
    "notetype column",
    "deck column",
    "guid column",
    "notetype",
    "deck",
    "tags",
)


def recognises(source: Source) -> str | None:
    said = _header(source)
    return "Cards exported from Anki." if "separator" in said or ("html" in said and len(said) > 1) else None


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    said = _header(source)
    separator = said.get("separator", "tab")
    rows = list(_rows(source, SEPARATORS.get(separator.lower(), separator), findings))
    width = max((len(cells) for _, cells in rows), default=0)
    names = _names(said, width)
    records = [
        Record(f"line {number}", dict(zip(names, cells + [""] * (width - len(cells)), strict=True)))
        for number, cells in rows
    ]
    html = said.get("html") == "true"
    meta = {int(value) - 1 for name, value in said.items() if name.endswith(" column") and value.isdigit()}
    front, back = [*(name for place, name in enumerate(names) if place not in meta), None, None][:2]
    return Contents("Anki", "Cards exported from Anki.", records, question=front, answer=back, html=html, columns=names)


META = ("tags", "notetype", "deck", "guid")


def _header(source: Source) -> dict[str, str]:
    said: dict[str, str] = {}
    for _, line in source.head():
        name, colon, value = line[1:].partition(":")
        if not (line.startswith("#") and colon and name.strip().lower() in KNOWN):
            break
        said[name.strip().lower()] = value
    return said


def _rows(source: Source, separator: str, findings: Findings) -> Iterator[Row]:
    header = len(_header(source))
    lines = ((number, line) for number, line in source.lines() if number > header)
    return (row for row in cells_of(lines, separator, findings) if any(cell.strip() for cell in row[1]))


def _names(said: dict[str, str], width: int) -> list[str]:
    if "columns" in said:
        given = said["columns"].split(SEPARATORS.get(said.get("separator", "tab").lower(), "\t"))
        given = [name.strip() or f"column {place}" for place, name in enumerate(given, 1)]
        return (given + [f"column {place}" for place in range(len(given) + 1, width + 1)])[:width]
    places = {int(said[f"{name} column"]) - 1: name for name in META if said.get(f"{name} column", "").isdigit()}
    fields = iter(["front", "back", *(f"field {number}" for number in range(3, width + 3))])
    return [places[place] if place in places else next(fields) for place in range(width)]
