"""Step 1: examples from any file that people have: a table, a chat export, a page, mails, another program's format."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

from helpers.display.tables import html_table, paragraph, plural, text_table
from helpers.own_file.arguments import Arguments, Part
from helpers.own_file.encoding import Encoding
from helpers.own_file.findings import AmbiguousFile, Findings, OwnFileError, Skipped, UnreadableFile, beginning
from helpers.own_file.format_readers.json_file import flat
from helpers.own_file.formats import Format, recognise
from helpers.own_file.reading import Reading, read_contents, read_source
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import source_of
from helpers.own_file.text_cleaning import cell_text
from helpers.training_file.rules import Example, check_given

__all__ = [
    "AmbiguousFile",
    "Examples",
    "Format",
    "OwnFileError",
    "Skipped",
    "UnreadableFile",
    "examples_from",
    "recognise",
]

FIRST = 5  # examples that are shown
MOST_LISTED = 10

Table = Iterable[Any]
Given = str | bytes | PathLike[str] | Table


class Examples(list[Example]):
    """Examples that were found in a file. A list, which `check`, `split` and `write` take as any other.

    Attributes:
        format: what the file is.
        encoding: the name of its encoding for Python; None where a text or a table was given.
        mapping: which part became the question, the answer and the system message.
        skipped: what became no example: its place, the reason, and how it begins.
        notes: what was changed or taken for granted.
        columns: the parts that each record of the file has.
        speakers: the people of a chat.
        first_rows: the first records.
    """

    def __init__(self, examples: Iterable[Example], reading: Reading, source: str, encoding: Encoding | None) -> None:
        super().__init__(examples)
        self.source, self.format, self.mapping = source, reading.format, reading.mapping
        self.encoding = encoding.codec if encoding else None
        self._encoding_name = encoding.label if encoding else ""
        self.skipped, self.notes = reading.findings.skipped, reading.findings.notes
        self.columns, self.speakers, self.first_rows = reading.columns, reading.speakers, reading.first_rows

    @property
    def summary(self) -> str:
        encoding = f", {self._encoding_name}" if self._encoding_name else ""
        left = f"; {len(self.skipped):,} skipped" if self.skipped else ""
        return f"{self.source}: {plural(len(self), 'example')} from {self.format}{encoding}{left}"

    def _mapped(self) -> str:
        parts = [f"{part}: {_named(value)}" for part, value in self.mapping.items() if value is not None]
        return "; ".join(parts)

    def _rows(self) -> list[tuple[str, str, str]]:
        return [_shown(example) for example in self[:FIRST]]

    def _told(self) -> list[str]:
        more = len(self.skipped) - MOST_LISTED
        return [
            *self.notes, *(f"skipped: {each}" for each in self.skipped[:MOST_LISTED]),
            *([f"... and {more:,} more, in .skipped"] if more > 0 else []),
        ]  # fmt: skip

    def __repr__(self) -> str:
        table = text_table([("system", "question", "answer"), *self._rows()]) if self else ""
        told = "\n".join(f"  {line}" for line in self._told())
        return "\n".join(filter(None, [self.summary, self._mapped(), table, told]))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        table = html_table(["system", "question", "answer"], self._rows(), caption=self.summary)
        return paragraph(self._mapped()) + table + "".join(map(paragraph, self._told()))


def _named(part: Any) -> str:
    return ", ".join(map(str, part)) if isinstance(part, list | tuple) else str(part)


def _shown(example: Example) -> tuple[str, str, str]:
    if "messages" not in example:
        messages = example["input"]["messages"]
        better, worse = (example[key][0]["content"] for key in ("preferred_output", "non_preferred_output"))
        answer = f"better: {beginning(better, 60)} / worse: {beginning(worse, 60)}"
    else:
        messages = example["messages"]
        answer = _last(messages, "assistant")
    return _last(messages, "system"), _last(messages, "user"), answer


def _last(messages: list[Example], role: str) -> str:
    found = [each for each in messages if each.get("role") == role]
    if not found:
        return ""
    content = found[-1].get("content")
    if content is None:
        return beginning(found[-1].get("tool_calls", ""), 100)
    text = content if isinstance(content, str) else " ".join(str(part.get("text", "(image)")) for part in content)
    more = f" (the last of {len(found)})" if len(found) > 1 else ""
    return beginning(text, 100) + more


def examples_from(
    source: Given,
    *,
    question: Part = None,
    answer: Part = None,
    system: str | None = None,
    assistant: str | Sequence[str] | None = None,
    only: Mapping[str, Any] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Examples:
    """Training examples from a file, a text or a table. The file is never changed.

    What it is, is recognised and said. What is not clear is asked: the error names what was found, and the argument to
    give.

    Args:
        source: a path, the text itself, the bytes of a file, a pandas DataFrame, or a list of dicts.
        question: the column with the questions; several, to be joined; or a template such as "{Subject}: {Text}".
        answer: the same for the answers.
        system: a system message for every example; a column; or a template such as "You are {name}, the {job}."
        assistant: in a chat, who gives the answers that the model shall learn.
        only: take only rows with these values: {"status": "closed"}, {"lang": ["en", "de"]}.
        sheet: the sheet of an Excel file, or the table of an SQL dump.
        encoding: the encoding of the file, where it was not recognised.

    Returns:
        The examples, with `.format`, `.encoding`, `.mapping`, `.skipped` and `.notes`.

    Raises:
        AmbiguousFile: there is more than one way to read it.
        UnreadableFile: there is none; the message says what to do instead.
        FileNotFoundError: a path leads nowhere.
    """
    arguments = Arguments(question, answer, system, assistant, only or {}, sheet)
    if isinstance(source, str | bytes | bytearray | memoryview | PathLike):
        try:
            opened = source_of(source, encoding)
            found = opened.encoding
        except LookupError as error:
            raise ValueError(
                f'encoding: found {encoding!r}; expected a name such as "utf-8", "gb18030" or "cp1252"'
            ) from error
        reading = read_source(opened, arguments)
        return _examples(reading, opened.name, found)
    reading = read_contents(_table(source), Findings(), arguments)
    if not reading.examples:
        raise UnreadableFile(
            "the table: found no example in it; expected rows with a question and an answer. "
            + "; ".join(map(str, reading.findings.skipped[:3]))
        )
    return _examples(reading, "the table", None)


def _examples(reading: Reading, name: str, encoding: Encoding | None) -> Examples:
    """Those that a job would accept; the others are named, in the words of `check`."""
    kept: list[Example] = []
    findings = reading.findings
    for number, (place, example) in enumerate(reading.examples, 1):
        errors = [problem for problem in check_given(example) if problem.severity == "error"]
        for problem in errors[:1]:
            findings.skip(
                place or f"example {number}",
                f"{problem.where}: found {problem.found}; expected {problem.expected}",
                problem.fix,
            )
        if not errors:
            kept.append(example)
    if not kept:
        raise UnreadableFile(f"{name}: recognised as {reading.format}; {'; '.join(map(str, findings.skipped[:3]))}")
    return Examples(kept, reading, name, encoding)


def _table(given: Any) -> Contents:
    """A DataFrame, a list of dicts, a list of pairs, or an object as of a JSON file."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.DataFrame):
        rows: Iterable[Any] = given.to_dict("records")
        return Contents(
            "table (pandas)", "A table of pandas.", _records(rows), columns=[str(name) for name in given.columns]
        )
    if isinstance(given, Mapping):
        given = [given]
    if not isinstance(given, Iterable):
        what = "a path, the text itself, a pandas DataFrame, or a list of rows"
        raise UnreadableFile(f"source: found {given!r}; expected {what}")
    return Contents("list of rows", "A list of rows.", _records(given))


def _records(rows: Iterable[Any]) -> Iterable[Record]:
    for number, row in enumerate(rows, 1):
        if isinstance(row, Mapping):
            yield Record(f"row {number}", flat({str(name): value for name, value in row.items()}))
        elif isinstance(row, Sequence) and not isinstance(row, str | bytes):
            yield Record(f"row {number}", {f"column {place}": cell for place, cell in enumerate(row, 1)})
        else:
            raise UnreadableFile(
                f"row {number}: found {cell_text(row)!r}; expected a dict, or a question and its answer"
            )
