"""Which parts of a record are the question, the answer and the system message, and the examples that they make."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from helpers.own_file.clean import cell_text, is_html, is_placeholder, text_of_html, without_entities, without_mojibake
from helpers.own_file.column_names import (
    CONVERSATION,
    STATUS,
    SYSTEM,
    TIME,
    answer_rank,
    is_one_of,
    plain,
    question_rank,
)
from helpers.own_file.findings import AmbiguousFile, Findings, UnreadableFile, beginning, listed
from helpers.own_file.pair import chat_example
from helpers.own_file.record import Contents, Record
from helpers.own_file.wishes import Part, Wishes

Values = dict[str, Any]
_NAMED = re.compile(r"\{([^{}\n]+)\}")
_DATE = re.compile(r"\s*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T].*)?")


@dataclass(frozen=True)
class Mapping:
    """Names of parts, or templates of them."""

    question: Part
    answer: Part
    system: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"question": self.question, "answer": self.answer, "system": self.system}


def mapping_of(contents: Contents, sample: list[Record], wishes: Wishes, findings: Findings) -> Mapping:
    """What the learner said, else what the names of the columns say. Raises AmbiguousFile where that is not clear."""
    columns = columns_of(contents, sample)
    for part in (wishes.question, wishes.answer):
        _check_part(part, columns)
    question, answer = wishes.question, wishes.answer
    if question is None:
        question = contents.question or _by_name(columns, sample, "question", answer, contents.format, findings)
    if answer is None:
        answer = contents.answer or _by_name(columns, sample, "answer", question, contents.format, findings)
    headless = len(columns) == 2 and columns == ["column 1", "column 2"]
    if headless and question is None and answer is None:
        question, answer = "column 1", "column 2"
    elif wishes.question is not None or wishes.answer is not None or question is None or answer is None:
        question = question if question is not None else _only_text(columns, sample, answer)
        answer = answer if answer is not None else _only_text(columns, sample, question)
    if question is None or answer is None or question == answer:
        raise _unclear(contents.format, columns, sample, question, answer)
    system = wishes.system
    if system is None:
        system = next((name for name in columns if is_one_of(name, SYSTEM)), None)
    return Mapping(question, answer, system)


def columns_of(contents: Contents, sample: list[Record]) -> list[str]:
    found = dict.fromkeys(str(name) for record in sample for name in record.values)
    return contents.columns or list(found)


def _by_name(
    columns: list[str],
    sample: list[Record],
    what: str,
    other: Part,
    format_: str,
    findings: Findings,
) -> str | None:
    rank = question_rank if what == "question" else answer_rank
    others = [other] if isinstance(other, str | int) else list(other or [])
    ranked = [(rank(name), name) for name in columns if name not in others]
    ranked = [(value, name) for value, name in ranked if value and any(_texts(sample, name))]
    best = max((value for value, _ in ranked), default=0)
    names = [name for value, name in ranked if value == best]
    if len(names) > 1:
        longer = [name for name in names if _is_prose(sample, name)]
        if len(longer) == 1:
            findings.note(f"{listed([n for n in names if n != longer[0]])} may be part of the {what} too. "
                          f"To join them: {what}={names!r}")  # fmt: skip
            names = longer
    if len(names) > 1:
        several = f" or {what}={names!r}" if what == "question" else ""
        raise AmbiguousFile(
            f"{format_}: found {len(names)} columns that may be the {what}: {listed(names)}; expected one. "
            f"Say which: {what}={names[-1]!r}{several}.",
            columns=columns,
        )
    return names[0] if names and best >= 2 else None


def _only_text(columns: list[str], sample: list[Record], other: Part) -> str | None:
    """The only column of sentences beside those that are known, if there is only one."""
    if other is None:
        return None
    used = _NAMED.findall(other) if isinstance(other, str) and other not in columns else []
    used += [other] if isinstance(other, str | int) else list(other)
    used = [name if isinstance(name, str) else columns[name - 1] for name in used]
    texts = [name for name in columns if name not in used and _is_prose(sample, name)]
    return texts[0] if len(texts) == 1 else None


def _texts(sample: list[Record], name: str) -> list[str]:
    return [text for record in sample if (text := cell_text(record.values.get(name)))]


def _is_prose(sample: list[Record], name: str) -> bool:
    """Sentences: mostly different, of some length, and no dates, numbers or names of things."""
    if any(is_one_of(name, names) for names in (TIME, CONVERSATION, STATUS)):
        return False
    texts = [text for text in _texts(sample, name) if not _DATE.fullmatch(text)]
    if len(texts) * 2 < len(sample) or len(set(texts)) < len(texts) * 0.7:
        return False
    width = sum(2.5 if sign > "\u2e80" else 1 for text in texts for sign in text) / max(1, len(texts))
    return width >= 14


def _unclear(format_: str, columns: list[str], sample: list[Record], question: Part, answer: Part) -> AmbiguousFile:
    asked = [name for name in columns if _is_prose(sample, name)]
    words = [name for name in columns if any(sign.isalpha() for text in _texts(sample, name) for sign in text)]
    if len(words) < 2:
        found = f"one column of text, {listed(words)}" if words else "no column with text"
        raise UnreadableFile(
            f"{format_}: found {found}; expected questions and their answers. Training needs both: "
            'write for each text what was asked, in a column of its own, such as "question".'
        )
    guess = [name for name in (asked if len(asked) > 1 else words) if name not in (question, answer)]
    first = question if question is not None else guess.pop(0) if guess else "..."
    second = answer if answer is not None and answer != question else guess.pop(0) if guess else "..."
    missing = " and ".join(
        f"which is the {what}" for what, part in (("question", question), ("answer", answer)) if part is None
    )
    return AmbiguousFile(
        f"{format_}: found the columns {listed(columns)}; expected to know {missing or 'two different columns'}. "
        f"Say it with their names, such as question={first!r}, answer={second!r}."
        + (" A column's number works as well." if columns[:1] == ["column 1"] else ""),
        columns=columns,
    )


def _check_part(part: Part, columns: list[str]) -> None:
    names = [] if part is None else [part] if isinstance(part, str | int) else list(part)
    for name in names:
        if isinstance(name, int):
            if not 1 <= name <= len(columns):
                raise AmbiguousFile(
                    f"found {len(columns)} columns, no column {name}: {listed(columns)}", columns=columns
                )
        elif _column(name, columns) is None:
            parts = _NAMED.findall(name)
            wrong = [each for each in parts if _column(each, columns) is None]
            if wrong or not parts:
                raise AmbiguousFile(
                    f"found the columns {listed(columns)}; expected one named {listed(wrong or [name])}",
                    columns=columns,
                )


def _column(name: str, columns: Sequence[str]) -> str | None:
    if name in columns:
        return name
    return next((column for column in columns if plain(column) == plain(name) and plain(name)), None)


class Reader:
    """The text of a part of a record: of a column, of several with a line each, or of a template with columns."""

    def __init__(self, columns: list[str], sample: list[Record], html: bool, findings: Findings) -> None:
        self.columns, self.findings = columns, findings
        self.html = {name for name in columns if html or is_html(_texts(sample, name))}

    def text(self, part: Part, record: Record) -> str:
        if part is None:
            return ""
        if isinstance(part, int):
            return self._cell(self.columns[part - 1], record)
        if not isinstance(part, str):
            return "\n".join(filter(None, (self.text(each, record) for each in part)))
        if (column := _column(part, self.columns)) is not None:
            return self._cell(column, record)
        return _NAMED.sub(lambda match: self._in_template(match, record), part).strip()

    def _in_template(self, match: re.Match[str], record: Record) -> str:
        column = _column(match[1], self.columns)
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
    wrong = [
        name for name in _NAMED.findall(system or "") if re.fullmatch(r"[\w -]+", name) and not _column(name, columns)
    ]
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
            names = [columns[each - 1]] if isinstance(each, int) else [each, *_NAMED.findall(each)]
            used |= {_column(name, columns) for name in names}
    others = [name for name in columns if name not in used and any(_texts(sample, name))]
    if others:
        findings.note(f"not used: {listed(others)}")
    for name in others:
        values = list(dict.fromkeys(beginning(cell_text(record.values.get(name)), 20) for record in sample))
        if is_one_of(name, STATUS) and 1 < len(values) < 6:
            chosen = f"only={{{name!r}: {values[0]!r}}}"
            findings.note(f'"{name}" has the values {listed(values)}; all rows were taken. To take some: {chosen}')
