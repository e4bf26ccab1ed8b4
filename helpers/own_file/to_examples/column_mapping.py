"""Which parts of a record are the question, the answer and the system message."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.own_file.arguments import Arguments, Part
from helpers.own_file.findings import AmbiguousFile, Findings, UnreadableFile, listed
from helpers.own_file.record import Contents, Record
from helpers.own_file.text_cleaning import cell_text
from helpers.own_file.to_examples.column_names import (
    CONVERSATION,
    STATUS,
    SYSTEM,
    TIME,
    answer_rank,
    is_one_of,
    plain,
    question_rank,
)

Values = dict[str, Any]
IN_BRACES = re.compile(r"\{([^{}\n]+)\}")
_DATE = re.compile(r"\s*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T].*)?")


@dataclass(frozen=True)
class Mapping:
    """Names of parts, or templates of them."""

    question: Part
    answer: Part
    system: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"question": self.question, "answer": self.answer, "system": self.system}


def mapping_of(contents: Contents, sample: list[Record], arguments: Arguments, findings: Findings) -> Mapping:
    """What the learner said, else what the names of the columns say. Raises AmbiguousFile where that is not clear."""
    columns = columns_of(contents, sample)
    for part in (arguments.question, arguments.answer):
        _check_part(part, columns)
    question, answer = arguments.question, arguments.answer
    if question is None:
        question = contents.question or _by_name(columns, sample, "question", answer, contents.format, findings)
    if answer is None:
        answer = contents.answer or _by_name(columns, sample, "answer", question, contents.format, findings)
    headless = len(columns) == 2 and columns == ["column 1", "column 2"]
    if headless and question is None and answer is None:
        question, answer = "column 1", "column 2"
    elif arguments.question is not None or arguments.answer is not None or question is None or answer is None:
        question = question if question is not None else _only_text(columns, sample, answer)
        answer = answer if answer is not None else _only_text(columns, sample, question)
    if question is None or answer is None or question == answer:
        raise _unclear(contents.format, columns, sample, question, answer)
    system = arguments.system
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
    ranked = [(value, name) for value, name in ranked if value and any(texts_of(sample, name))]
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
    used = IN_BRACES.findall(other) if isinstance(other, str) and other not in columns else []
    used += [other] if isinstance(other, str | int) else list(other)
    used = [name if isinstance(name, str) else columns[name - 1] for name in used]
    texts = [name for name in columns if name not in used and _is_prose(sample, name)]
    return texts[0] if len(texts) == 1 else None


def texts_of(sample: list[Record], name: str) -> list[str]:
    return [text for record in sample if (text := cell_text(record.values.get(name)))]


def _is_prose(sample: list[Record], name: str) -> bool:
    """Sentences: mostly different, of some length, and no dates, numbers or names of things."""
    if any(is_one_of(name, names) for names in (TIME, CONVERSATION, STATUS)):
        return False
    texts = [text for text in texts_of(sample, name) if not _DATE.fullmatch(text)]
    if len(texts) * 2 < len(sample) or len(set(texts)) < len(texts) * 0.7:
        return False
    width = sum(2.5 if sign > "\u2e80" else 1 for text in texts for sign in text) / max(1, len(texts))
    return width >= 14


def _unclear(format_: str, columns: list[str], sample: list[Record], question: Part, answer: Part) -> AmbiguousFile:
    asked = [name for name in columns if _is_prose(sample, name)]
    words = [name for name in columns if any(sign.isalpha() for text in texts_of(sample, name) for sign in text)]
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
        elif column_named(name, columns) is None:
            parts = IN_BRACES.findall(name)
            wrong = [each for each in parts if column_named(each, columns) is None]
            if wrong or not parts:
                raise AmbiguousFile(
                    f"found the columns {listed(columns)}; expected one named {listed(wrong or [name])}",
                    columns=columns,
                )


def column_named(name: str, columns: Sequence[str]) -> str | None:
    if name in columns:
        return name
    return next((column for column in columns if plain(column) == plain(name) and plain(name)), None)
