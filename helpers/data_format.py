"""Step 1: read, check, split, repair, draw and write training examples."""

import json
import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from helpers.course_data.given import examples_given, existing_file, is_columns, what_it_is
from helpers.display.tables import Shown, paragraph, plural, short_path
from helpers.examples_from import examples_from
from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import AmbiguousFile, Findings
from helpers.own_file.format_readers.table_text import NEVER_CLOSED
from helpers.own_file.format_readers.table_text import read as read_table
from helpers.own_file.source import source_of
from helpers.own_file.to_examples.column_mapping import column_named
from helpers.training_file.hints import Hints
from helpers.training_file.host_rules import check_for_host, rules_of
from helpers.training_file.jsonl import FileForm, copy_file, read_lines, write_lines
from helpers.training_file.not_jsonl import not_jsonl
from helpers.training_file.problem import Example, Finding, Problem, excerpt
from helpers.training_file.quality import Advice, question_of
from helpers.training_file.repair import Repair, repaired_lines
from helpers.training_file.report import Report
from helpers.training_file.rules import check_given, check_line, kind_of, parse_line, whole_file

__all__ = ["Repair", "Report", "check", "from_rows", "read", "repair", "sample", "split", "write"]

MOST_NAMED = 50  # of the rows that cannot be read
Rows = pd.DataFrame | Iterable[dict[str, Any]] | str | os.PathLike[str]

PathLike = str | os.PathLike[str]


def read(path: PathLike) -> list[Example]:
    """All examples of a JSONL file. Raises ValueError that names every line that cannot be read."""
    report, examples = Report(short_path(path)), []
    file = existing_file(path)
    other = not_jsonl(file, FileForm())
    if other is not None:
        report.add([other.problem])
        raise ValueError(str(report))
    for number, line in read_lines(file):
        example, problems = parse_line(line, number)
        report.examples += 1
        if example is None:
            report.add(problems)
        else:
            examples.append(example)
    if report.errors:
        raise ValueError(str(report))
    return examples


def check(
    source: PathLike | Iterable[Example],
    *,
    model: str | None = None,
    validation: PathLike | Iterable[Example] | None = None,
    host: str | None = None,
    use: Literal["training", "validation"] = "training",
    progress: bool = True,
) -> Report:
    """Find every problem in a training file, or in a list of examples.

    A file is read as a stream, and what was seen is kept on disk: memory does not grow with it.

    Args:
        source: a JSONL file, or the examples themselves.
        model: the base model; its tokens are counted, and examples too long for it are named.
        validation: the examples to check with; questions that stand in both are named.
        host: a host with rules of its own: "dashscope", "siliconflow" or "azure".
        use: what the file is for; one to check with ("validation") may be short.
        progress: show a bar while a file over 20 MB is read.

    Returns:
        Everything that was found. What cannot be read is among it.

    Raises:
        OSError: the file cannot be opened.
        ValueError: there are no examples in what was given, or nothing is known of the host.
    """
    if use not in ("training", "validation"):
        raise ValueError(f'use: found {excerpt(use)}; expected "training" or "validation"')
    rules = rules_of(host) if host is not None else None
    form = FileForm()
    report, numbered = _opened(source, form, progress)
    advice, hints = Advice(model, report.unit), Hints(model)
    if validation is not None:
        for number, example, _ in _opened(validation, FileForm(), False)[1]:
            if example is not None:
                advice.remember_validation(example, number)
    for number, example, problems in numbered:
        report.examples += 1
        report.add(problems)
        if example is None:
            continue
        report.kinds[kind_of(example)] += 1
        sound = all(problem.severity == "warning" for problem in problems)
        report.add(advice.look_at(number, example, sound))
        if sound:
            hints.look_at(example)
        if rules is not None:
            finding = Finding(number)
            check_for_host(example, rules, finding)
            report.add(finding.problems)
    report.add(form.problems())
    if report.examples or "not_jsonl" not in {problem.code for problem in report.problems}:
        whole = whole_file(report.examples, report.kinds)
        may_be_short = use == "validation" and report.examples > 0
        report.add(problem for problem in whole if not (may_be_short and problem.code == "too_few"))
    report.add(advice.finish())
    report.tokens = advice.tokens()
    report.hints = hints.sentences(report.examples)
    return report


Numbered = Iterator[tuple[int, Example | None, list[Problem]]]


def _opened(source: PathLike | Iterable[Example], form: FileForm, progress: bool) -> tuple[Report, Numbered]:
    """The report on a file or on a list of examples, and the examples with their numbers, as they are read."""
    if not isinstance(source, str | os.PathLike):
        return Report("the examples", unit="example"), _checked(examples_given(source))
    path = existing_file(source)
    other = not_jsonl(path, form)
    if other is None:
        lines = read_lines(path, form, progress=progress)
        return Report(short_path(source)), ((number, *check_line(line, number)) for number, line in lines)
    report = Report(short_path(source), unit="example")
    report.add([other.problem])
    return report, _checked(other.examples or [])


def _checked(examples: Iterable[Any]) -> Numbered:
    for number, example in enumerate(examples, 1):
        yield number, example if isinstance(example, dict) else None, check_given(example, number)


def from_rows(
    rows: Rows, *, system: str | None = None, question: str = "question", answer: str = "answer"
) -> list[Example]:
    """Chat examples from a table whose columns are known. (For any other file: `examples_from`.)

    Args:
        rows: a pandas DataFrame, a list of dicts, a dict of columns, a CSV file, or a JSONL file of rows.
        system: a system message for every example.
        question: the name of the column with the questions.
        answer: the name of the column with the answers.

    Returns:
        An example for each row, in the same order.

    Raises:
        OSError: the path leads to no file.
        ValueError: names the columns that are missing, or every row without a question or an answer.
    """
    if is_columns(rows):
        rows = pd.DataFrame(rows)
    if isinstance(rows, str | os.PathLike):
        rows = existing_file(rows)
    elif isinstance(rows, dict | bytes) or not isinstance(rows, Iterable):
        expected = "a table, or a list of dicts with a question and an answer: [{...}, {...}]"
        raise ValueError(f"rows: found {what_it_is(rows)}; expected {expected}")
    try:
        found = examples_from(rows, question=question, answer=answer, system=system)
    except AmbiguousFile as error:
        missing = [name for name in (question, answer) if column_named(name, error.columns) is None]
        if not missing:
            raise
        there = f"the columns {', '.join(error.columns)}" if error.columns else "no columns"
        expected = f"expected also {', '.join(missing)}. {_instead(error.columns)}"
        raise ValueError(f"rows: found {there}; {expected}") from error
    empty = [each.place.split()[-1] for each in found.skipped if each.reason.startswith("no ")]
    if empty:
        raise ValueError(f"rows without a question or an answer: {', '.join(empty)}; fill them in or remove them")
    if found.skipped:
        told = "; ".join(map(str, found.skipped[:MOST_NAMED]))
        unclosed = any(each.reason == NEVER_CLOSED for each in found.skipped)
        closing = '; expected a closing " after each opening one' if unclosed else ""
        raise ValueError(f"{found.source}: rows that cannot be read: {told}{closing}")
    return found


def _instead(columns: list[str]) -> str:
    """What to do with a table whose columns have other names."""
    if "messages" in columns:
        return "These are examples already: check() and write() take them as they are"
    return 'Name the two with question="..." and answer="...", or let examples_from("file") propose them'


def _rows_of(rows: Rows) -> Iterator[dict[str, Any]]:
    if isinstance(rows, pd.DataFrame):
        yield from rows.to_dict("records")
    else:
        source = source_of(rows)
        yield from (record.values for record in read_table(source, Findings(), Arguments()).records)


def split(
    examples: Iterable[Example], *, validation: float = 0.2, seed: int = 0
) -> tuple[list[Example], list[Example]]:
    """Examples to learn from and examples to check with. The same question never stands on both sides.

    `validation` is the share to hold back, between 0 and 1; the same seed gives the same split. Raises ValueError if
    the share is none, or if not one example can be held back.
    """
    if not 0 < validation < 1:
        raise ValueError(f"validation: found {validation}; expected a share between 0 and 1, such as 0.2")
    examples = list(examples)
    groups: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        groups.setdefault(question_of(example) or f"example {index}", []).append(index)
    shuffled = list(groups.values())
    random.Random(seed).shuffle(shuffled)
    wanted = min(round(len(examples) * validation), len(examples) - 1)
    held_back: set[int] = set()
    for group in shuffled:
        if len(held_back) + len(group) <= wanted:
            held_back.update(group)
    if not held_back:
        raise ValueError(_why_none_is_held_back(len(examples), groups, validation, wanted))
    return (
        [example for index, example in enumerate(examples) if index not in held_back],
        [example for index, example in enumerate(examples) if index in held_back],
    )


def _why_none_is_held_back(count: int, groups: dict[str, list[int]], share: float, wanted: int) -> str:
    if wanted < 1:
        return (
            f"examples: found {count}, too few to hold back a share of {share}; expected enough for at least one to "
            "check with; add examples, or take a larger share"
        )
    return (
        f"examples: found {plural(len(groups), 'question')} in {count} examples, each in more of them than the "
        f"{wanted} to be held back; expected a question that fits; add other questions, or take a larger share than "
        f"{share}"
    )


def sample(source: pd.DataFrame | Iterable[Any] | PathLike, n: int, *, seed: int = 0) -> list[Any]:
    """`n` items drawn at random, each with the same chance, in the order in which they stand.

    The source may be a JSONL or CSV file of any size, a DataFrame (its rows come as dicts), or anything that
    can be gone through once. With fewer than `n` items, all are drawn.
    """
    if n < 1:
        raise ValueError(f"n: found {n}; expected 1 or more")
    chance = random.Random(seed)
    drawn: list[tuple[int, Any]] = []
    for index, item in enumerate(_items_of(source)):
        if index < n:
            drawn.append((index, item))
        elif (place := chance.randint(0, index)) < n:
            drawn[place] = (index, item)
    return [item for _, item in sorted(drawn, key=lambda pair: pair[0])]


def _items_of(source: pd.DataFrame | Iterable[Any] | PathLike) -> Iterator[Any]:
    is_file = isinstance(source, str | os.PathLike)
    if isinstance(source, pd.DataFrame) or (is_file and Path(source).suffix.lower() == ".csv"):
        yield from _rows_of(source)
    elif is_file:
        for number, line in read_lines(Path(source)):
            example, problems = parse_line(line, number)
            if example is None:
                report = Report(short_path(source), number)
                report.add(problems)
                raise ValueError(str(report))
            yield example
    else:
        yield from source


def repair(source: PathLike, target: PathLike, *, overwrite: bool = False) -> Repair:
    """Write a repaired copy of a training file.

    Repaired are: encoding, line ends, blank lines, a JSON array in place of lines, commas after an example or before a
    closing bracket, Python's quotation marks, JSON written as text, other programs' formats (ShareGPT, Alpaca, prompt
    and completion, Gemini, TRL's preferences, a system text beside the messages), roles and keys with a common other
    name, keys that do not belong there, weights, arguments of a call that are not text, half characters, exact
    duplicates. Nothing that may be said is removed: a key that holds text is left for you. A line that cannot be read
    is copied as it is, and so is a file that is no JSON. The original is never written to, and an existing target only
    with `overwrite`.
    """
    source, target = existing_file(source), Path(target)
    if target.exists() and target.samefile(source):
        raise ValueError(f"target: found {target.name}, the file itself; expected another name")
    done = Repair(short_path(source), short_path(target))
    form = FileForm()
    other = not_jsonl(source, form)
    if other is not None and other.examples is None:
        copy_file(source, target, overwrite)
    else:
        write_lines(repaired_lines(source, other, form, done), target, overwrite)
        # An example over several lines may show only without the duplicates that stood around it.
        if (other := not_jsonl(target, FileForm())) is not None and other.examples:
            write_lines(repaired_lines(target, other, FileForm(), done), target, overwrite=True)
    done.left = check(target)
    return done


@dataclass(frozen=True, repr=False)
class Written(Shown):
    """A file that was written. Wherever a path is expected, it can stand for its path."""

    path: Path
    examples: int

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return f"{short_path(self.path)}: {plural(self.examples, 'example')}"

    def _repr_html_(self) -> str:
        return paragraph(str(self))


def write(examples: Iterable[Example], path: PathLike, *, overwrite: bool = False) -> Written:
    """Write examples as JSONL in UTF-8, whole or not at all. An existing file is kept unless `overwrite`."""
    path, examples = Path(path), list(examples)
    write_lines(_json_lines(examples), path, overwrite)
    return Written(path, len(examples))


def _json_lines(examples: Iterable[Example]) -> Iterator[bytes]:
    for number, example in enumerate(examples, 1):
        try:
            yield json.dumps(example, ensure_ascii=False, allow_nan=False).encode("utf-8")
        except (TypeError, ValueError) as error:  # also UnicodeEncodeError
            raise ValueError(f"example {number} cannot be written as JSON: {error}") from error
