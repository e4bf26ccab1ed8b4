"""Examples from records whose parts are known: the text of each cell, cleaned, and what was left out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from helpers.own_file.arguments import Part
from helpers.own_file.findings import AmbiguousFile, Findings, beginning, listed
from helpers.own_file.record import Contents, Record
from helpers.own_file.text_cleaning import (
    cell_text,
    is_html,
    is_placeholder,
    text_of_html,
    without_entities,
    without_mojibake,
)
from helpers.own_file.to_examples.column_mapping import IN_BRACES, Mapping, column_named, columns_of, texts_of
from helpers.own_file.to_examples.column_names import STATUS, is_one_of
from helpers.own_file.to_examples.simple_example import chat_example


class Reader:
    """The text of a part of a record: of a column, of several with a line each, or of a template with columns."""

    def __init__(self, columns: list[str], sample: list[Record], html: bool, findings: Findings) -> None:
        self.columns, self.findings = columns, findings
        self.html = {name for name in columns if html or is_html(texts_of(sample, name))}

    def text(self, part: Part, record: Record) -> str:
        if part is None:
            return ""
        if isinstance(part, int):
            return self._cell(self.columns[part - 1], record)
        if not isinstance(part, str):
            return "\n".join(filter(None, (self.text(each, record) for each in part)))
        if (column := column_named(part, self.columns)) is not None:
            return self._cell(column, record)
        return IN_BRACES.sub(lambda match: self._in_template(match, record), part).strip()

    def _in_template(self, match: re.Match[str], record: Record) -> str:
        column = column_named(match[1], self.columns)
        return match[0] if column is None else self._cell(column, record)

    def _cell(self, name: str, record: Record) -> str:
        found = cell_text(record.values.get(name))
        text = without_mojibake(found)
        if text != found:
            self.findings.note("letters that a program had saved twice in UTF-8 were put right", record.place)
        if name in self.html:
            stripped = text_of_html(text)
            if stripped != text:
                self.findings.note(f'HTML in "{name}" was turned into text', record.place)
            return stripped
        plain_text = without_entities(text)
        if plain_text != text:
            self.findings.note(f'HTML entities such as &amp; in "{name}" were decoded', record.place)
        return plain_text.strip()


def examples(
    contents: Contents, records: Iterable[Record], sample: list[Record], mapping: Mapping, findings: Findings
) -> Iterator[dict[str, Any]]:
    """An example for each record that has a question and an answer; the others are named."""
    columns = columns_of(contents, sample)
    reader = Reader(columns, sample, contents.html, findings)
    _check_system(mapping.system, columns)
    _note_not_used(mapping, columns, sample, findings)
    for record in _one_question_each(records, mapping, findings):
        question, answer = reader.text(mapping.question, record), reader.text(mapping.answer, record)
        if not question or not answer:
            missing = "question or answer" if not question and not answer else "question" if not question else "answer"
            findings.skip(record.place, f"no {missing}", question or answer)
        elif is_placeholder(answer):
            findings.skip(record.place, f'the answer is still to be written ("{answer}")', question)
        else:
            yield chat_example(question, answer, reader.text(mapping.system, record) or None)


def _one_question_each(records: Iterable[Record], mapping: Mapping, findings: Findings) -> Iterator[Record]:
    """A list of ways to ask the same makes a record for each; of several answers to it, each is given in turn."""
    for record in records:
        asked = record.values.get(mapping.question) if isinstance(mapping.question, str) else None
        said = record.values.get(mapping.answer) if isinstance(mapping.answer, str) else None
        several = isinstance(said, list) and len(said) > 1
        if several and isinstance(said, list) and all(isinstance(each, dict) for each in said):
            findings.note("of several answers the first was taken", record.place)
            record = replace(record, values={**record.values, mapping.answer: said[0]})
        if not isinstance(asked, list) or len(asked) < 2:
            yield record
            continue
        findings.note("a list of questions became an example for each", record.place)
        for number, each in enumerate(asked):
            answer = said[number % len(said)] if several and isinstance(said, list) else said
            yield replace(record, values={**record.values, mapping.question: each, mapping.answer: answer})


def _check_system(system: str | None, columns: list[str]) -> None:
    """A name in braces that is no column would be learned as it stands."""
    named = [name for name in IN_BRACES.findall(system or "") if re.fullmatch(r"[\w -]+", name)]
    wrong = [name for name in named if not column_named(name, columns)]
    if wrong:
        raise AmbiguousFile(
            f"system: found {listed(wrong)} in braces; expected a name of the columns {listed(columns)}",
            columns=columns,
        )


def _note_not_used(mapping: Mapping, columns: list[str], sample: list[Record], findings: Findings) -> None:
    """Name the columns that nothing is made of, and those that may say which rows are no longer true."""
    used: set[str | None] = set()
    for part in (mapping.question, mapping.answer, mapping.system):
        for each in [part] if isinstance(part, str | int) else part or []:
            names = [columns[each - 1]] if isinstance(each, int) else [each, *IN_BRACES.findall(each)]
            used |= {column_named(name, columns) for name in names}
    others = [name for name in columns if name not in used and any(texts_of(sample, name))]
    if others:
        findings.note(f"not used: {listed(others)}")
    for name in others:
        values = list(dict.fromkeys(beginning(cell_text(record.values.get(name)), 20) for record in sample))
        if is_one_of(name, STATUS) and 1 < len(values) < 6:
            chosen = f"only={{{name!r}: {values[0]!r}}}"
            findings.note(f'"{name}" has the values {listed(values)}; all rows were taken. To take some: {chosen}')
