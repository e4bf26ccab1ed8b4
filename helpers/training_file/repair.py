"""Step 1: repair in a training file what a program can repair safely, into a new file, and say what changed."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from helpers.display.tables import Shown, html_table, paragraph, plural, text_table
from helpers.own_file.dialect_readers.prompt_separators import Separators, separators_of
from helpers.own_file.format_readers.json_text import without_trailing_commas
from helpers.own_file.format_readers.python_literal import python_literal
from helpers.own_file.format_readers.strict_json import Reading, json_inside
from helpers.training_file.jsonl import FileForm, read_lines
from helpers.training_file.not_jsonl import NotJsonl
from helpers.training_file.quality import Seen, same_example
from helpers.training_file.repair_example import repair_example
from helpers.training_file.rules import Example

MOST_LISTED = 10_000  # changes held in memory; more are counted, not listed
MOST_SHOWN = 50
BYTE_ORDER_MARK = "\ufeff"

SAMPLE = 300  # lines by which marks after prompts and completions are recognised


@dataclass(repr=False)
class Repair(Shown):
    """What `repair` changed, line by line. What is left for a human is in `left`, the new file's Report."""

    source: str
    target: str
    changes: list[tuple[int | None, str]] = field(default_factory=list)
    not_listed: int = 0
    left: Any = None

    def note(self, line: int | None, what: str) -> None:
        if len(self.changes) < MOST_LISTED or line is None:
            self.changes.append((line, what))
        else:
            self.not_listed += 1

    @property
    def summary(self) -> str:
        count = plural(len(self.changes) + self.not_listed, "change")
        return f"{self.source} -> {self.target}: {count}. The original is as it was."

    def _rows(self) -> list[tuple[str, str]]:
        shown = sorted(self.changes, key=lambda change: change[0] or 0)[:MOST_SHOWN]
        rows = [(f"line {line}" if line else "file", what) for line, what in shown]
        more = len(self.changes) + self.not_listed - len(rows)
        return [*rows, ("...", f"and {more:,} more")] if more else rows

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.summary, text_table(self._rows()), f"What is left: {self.left}"]))

    def _repr_html_(self) -> str:
        table = html_table(["line", "changed"], self._rows(), caption=self.summary)
        return table + paragraph("What is left:") + self.left._repr_html_()


def repaired_lines(source: Path, other: NotJsonl | None, form: FileForm, done: Repair) -> Iterator[bytes]:
    """The lines of the repaired copy.

    Args:
        source: The file.
        other: What it is, if it is no JSONL, with the examples that were read from it.
        form: How the file is saved is noted here, or was when those were read.
        done: What is changed is noted here.
    """
    seen = Seen("example")
    if other is None:
        lines = read_lines(source, form, progress=True)
        first = list(islice(lines, SAMPLE))
        marks = separators_of([each for _, line in first if (each := _read_somehow(line, [])) is not None])
        repaired = ((number, *repair_line(line, marks)) for number, line in chain(first, lines))
    else:
        done.note(None, f"{other.problem.found} -> one example on each line")
        for note in other.notes:
            done.note(None, note)
        marks = separators_of((other.examples or [])[:SAMPLE])
        repaired = ((number, *_repair_read(each, marks)) for number, each in enumerate(other.examples or [], 1))
    if marks.note:
        done.note(None, marks.note)
    for number, line, example, what in repaired:
        for change in what:
            done.note(number, change)
        if not line.strip():
            continue  # of which only byte order marks were left
        if example is not None:
            first = seen.before("example", same_example(example), number)
            if first is not None:
                done.note(number, f"removed: the same example as line {first}")
                continue
        yield line
    seen.close()
    for problem in form.problems():
        done.note(None, f"{problem.found} -> {problem.expected}")


def repair_line(line: bytes, marks: Separators) -> tuple[bytes, Example | None, list[str]]:
    """The repaired line, its example, and what was changed. An unreadable line comes back as it was, but for byte order
    marks before it, which would be that of the file if the line were to become its first."""
    what: list[str] = []
    example = _read_somehow(line, what)
    if example is None:
        bare = line
        while bare.startswith(BOM_UTF8):
            bare = bare.removeprefix(BOM_UTF8)
        return bare, None, ["removed a byte order mark"] if bare != line else []
    whole, repaired, what = _repair_read(example, marks, what)
    return (whole, repaired, what) if what and repaired is not None else (line, repaired, [])


def _repair_read(
    example: Example, marks: Separators, what: list[str] | None = None
) -> tuple[bytes, Example | None, list[str]]:
    """The line of an example that was read. The example is None if a part of it would be lost on the way."""
    what = what if what is not None else []
    whole = _without_half_characters(example)
    if whole is None:
        return json.dumps(example).encode(), None, []
    if whole is not example:
        what.append("removed half of a character")
    whole = repair_example(whole, marks, what)
    return json.dumps(whole, ensure_ascii=False).encode("utf-8"), whole, what


def _without_half_characters(example: Example) -> Example | None:
    """The example itself if it has none; None if two of its keys would be the same without them."""
    text = json.dumps(example, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        reading = Reading()
        whole = reading.loads(text.encode("utf-8", "ignore"))
        return None if reading.twice else whole
    return example


def _read_somehow(line: bytes, what: list[str]) -> Example | None:
    """The object on a line, read with more and more patience; each try is made only if the one before it failed."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    tries = (
        (None, lambda text: text),
        ("removed a byte order mark", lambda text: text.lstrip(BYTE_ORDER_MARK)),
        ("removed a comma after the example", _without_last_comma),
        ("removed a comma before a closing bracket", without_trailing_commas),
    )
    for change, mended in tries:
        before, text = text, mended(text)
        if change is not None and text == before:
            continue
        what += [change] if change else []
        found = _loaded(text, what)
        if found is not None:
            return found if isinstance(found, dict) else None
    what.clear()
    example = python_literal(line.decode("utf-8").lstrip(BYTE_ORDER_MARK))
    if not isinstance(example, dict):
        return None
    what.append("Python's notation -> JSON")
    return example


def _without_last_comma(text: str) -> str:
    bare = text.rstrip()
    return bare[:-1] if bare.endswith("},") else text


def _loaded(text: str, what: list[str]) -> Any:
    """What the line holds, without anything lost on the way; else None. JSON that was written as text is opened."""
    reading = Reading()
    try:
        found = reading.loads(text)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Invalid control character"):
            return None
        try:
            found = reading.loads(text, strict=False)
        except (ValueError, RecursionError):
            return None
        what.append("a tab or another control character inside a text: written as JSON writes it")
    except (ValueError, RecursionError):  # also numbers that JSON cannot write again
        return None
    if reading.twice:
        return []  # a key stands twice: one of the two would be lost
    inside = json_inside(found)
    if isinstance(inside, dict):
        what.append("JSON written as text -> the object itself")
        return inside
    return found
