"""Step 1: read, check, split, draw and write training examples. (Repairing a file is in mending.py.)"""

import hashlib
import json
import random
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.catalogue import UnknownModelError, base_model
from helpers.lines import FileForm, read_lines, write_lines
from helpers.mending import Repair, repair
from helpers.render import Shown, html_table, paragraph, plural, short_path, text_table
from helpers.rules import Example, Finding, Kind, Problem, check_example, check_line, excerpt, kind_of, whole_file
from helpers.tokens import TokenCount, count_example, encoding_name

__all__ = ["Repair", "Report", "check", "from_rows", "read", "repair", "sample", "split", "write"]

MOST_KEPT = 10_000  # problems held in memory; more are counted, not listed
MOST_SHOWN = 50


@dataclass(repr=False)
class Report(Shown):
    """What `check` found. `ok` is True when a job will accept the file; warnings may remain."""

    name: str
    examples: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    not_listed: Counter[str] = field(default_factory=Counter)
    tokens: TokenCount | None = None

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "warning"]

    @property
    def ok(self) -> bool:
        return not self.errors and not self.not_listed["error"]

    @property
    def kind(self) -> Kind:
        """The format of most examples: chat, dpo (preferences), completions (old) or unknown."""
        return self.kinds.most_common(1)[0][0] if self.kinds else "unknown"

    def add(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            if len(self.problems) < MOST_KEPT:
                self.problems.append(problem)
            else:
                self.not_listed[problem.severity] += 1

    @property
    def summary(self) -> str:
        errors = len(self.errors) + self.not_listed["error"]
        warnings = len(self.warnings) + self.not_listed["warning"]
        counts = [plural(count, noun) for count, noun in ((errors, "error"), (warnings, "warning")) if count]
        found = " and ".join(counts) if counts else "no problems"
        size = f" {self.tokens.total:,} tokens, {plural(self.tokens.truncated, 'example')} cut." if self.tokens else ""
        return f"{self.name}: {found} in {plural(self.examples, 'example')}.{size}"

    def _sorted(self) -> list[Problem]:
        return sorted(self.problems, key=lambda problem: (problem.line or 0, problem.where))

    def _more(self) -> str:
        more = len(self.problems) - MOST_SHOWN + sum(self.not_listed.values())
        return f"... and {more:,} more." if more > 0 else ""

    def __str__(self) -> str:
        rows = [
            (_place(p), p.severity, p.where, f"found {p.found}; expected {p.expected}; {p.fix}")
            for p in self._sorted()[:MOST_SHOWN]
        ]
        return "\n".join(filter(None, [self.summary, text_table(rows), self._more()]))

    def _repr_html_(self) -> str:
        if not self.problems:
            return paragraph(self.summary)
        rows = [(_place(p), p.severity, p.where, p.found, p.expected, p.fix) for p in self._sorted()[:MOST_SHOWN]]
        headers = ["line", "kind", "where", "found", "expected", "what to do"]
        return html_table(headers, rows, caption=self.summary) + (paragraph(self._more()) if self._more() else "")


def _place(problem: Problem) -> str:
    return f"line {problem.line}" if problem.line else "file"


def read(path: str | Path) -> list[Example]:
    """All examples of a JSONL file. Raises ValueError with every problem if a line cannot be read."""
    examples, problems = [], []
    for number, line in read_lines(Path(path)):
        example, found = check_line(line, number)
        if example is None:
            problems += found
        else:
            examples.append(example)
    if problems:
        raise ValueError(str(Report(short_path(path), len(examples) + len(problems), problems=problems)))
    return examples


def check(
    source: str | Path | Iterable[Example],
    *,
    model: str | None = None,
    validation: str | Path | Iterable[Example] | None = None,
    progress: bool = True,
) -> Report:
    """Find every problem in a training file, or in a list of examples.

    With `model`, tokens are counted and examples too long for it are named. With `validation`, questions that stand in
    both files are named. A file is read as a stream, and what was seen is kept on disk: memory does not grow with it.
    """
    form = FileForm()
    report = Report(short_path(source) if isinstance(source, str | Path) else "examples")
    advice = Advice(report, model)
    advice.remember_validation(validation)
    for number, example, problems in _numbered(source, form, progress):
        report.examples += 1
        report.add(problems)
        if example is not None:
            report.kinds[kind_of(example)] += 1
            advice.look_at(number, example, sound=not any(p.severity == "error" for p in problems))
    report.add(form.problems())
    report.add(whole_file(report.examples, report.kinds))
    advice.finish()
    return report


def _numbered(
    source: str | Path | Iterable[Example], form: FileForm, progress: bool
) -> Iterator[tuple[int, Example | None, list[Problem]]]:
    if isinstance(source, str | Path):
        for number, line in read_lines(Path(source), form, progress):
            yield number, *check_line(line, number)
    else:
        for number, example in enumerate(source, 1):
            yield number, example if isinstance(example, dict) else None, check_example(example, number)


class Advice:
    """What no host refuses and a teacher would mention: doubles, contradictions, overlap, length, system messages."""

    def __init__(self, report: Report, model: str | None) -> None:
        self.report, self.model = report, model
        self.counts = array("I")
        self.limit = _limit(model)
        self.systems: Counter[int] = Counter()
        self.system_line: dict[int, int] = {}
        self.seen = sqlite3.connect("")  # a temporary database on disk
        self.seen.execute("CREATE TABLE example (hash INTEGER PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self.seen.execute("CREATE TABLE question (hash INTEGER PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self.seen.execute("CREATE TABLE validation (hash INTEGER PRIMARY KEY, line INTEGER) WITHOUT ROWID")

    def remember_validation(self, validation: str | Path | Iterable[Example] | None) -> None:
        if validation is None:
            return
        for number, example, _ in _numbered(validation, FileForm(), progress=False):
            if example is not None and (question := question_of(example)):
                self._first("validation", question, number)

    def look_at(self, line: int, example: Example, sound: bool) -> None:
        finding = Finding(line)
        self._doubles(line, example, finding)
        self._system(line, example)
        if self.model and sound:
            self._length(example, finding)
        self.report.add(finding.problems)

    def _doubles(self, line: int, example: Example, finding: Finding) -> None:
        first = self._first("example", json.dumps(example, sort_keys=True), line)
        question = question_of(example)
        if first is not None:
            finding.warning("duplicate", "the example", f"the same as line {first}", "each example once",
                            "remove one of them, or let repair() do it")
        elif question and (asked := self._first("question", question, line)) is not None:
            finding.warning("contradiction", "the answer", f"another answer to the question of line {asked}",
                            "one answer to one question", "keep the better one, or make the questions differ")
        if question and self._known("validation", question) is not None:
            finding.warning("overlap", "the question", "it stands in the validation file as well",
                            "questions the model has not seen", "remove it from one of the two files")

    def _system(self, line: int, example: Example) -> None:
        messages = example.get("messages")
        texts = [m.get("content") for m in messages or [] if isinstance(m, dict) and m.get("role") == "system"]
        key = _hash(json.dumps(texts))
        if key in self.systems or len(self.systems) < MOST_KEPT:
            self.systems[key] += 1
            self.system_line.setdefault(key, line)

    def _length(self, example: Example, finding: Finding) -> None:
        count = count_example(example, self.model)
        self.counts.append(count)
        if self.limit and count > self.limit:
            finding.warning("too_long", "the example", f"{count:,} tokens", f"at most {self.limit:,} for {self.model}",
                            "it will be cut at the end; shorten it")

    def finish(self) -> None:
        finding = Finding(None)
        usual, others = self.systems.most_common(1), len(self.systems) - 1
        # Many different system messages are a design; a few odd ones among many are usually a slip.
        if usual and 0 < others and usual[0][1] > sum(self.systems.values()) / 2:
            odd = min(line for key, line in self.system_line.items() if key != usual[0][0])
            finding.warning("systems_differ", "the system messages", f"{others + 1} different ones; line {odd} is the first "
                            "that differs", "the same in every example", "use one text, if the task is the same")
        self.report.add(finding.problems)
        if self.model:
            estimated = encoding_name(self.model) is None
            self.report.tokens = TokenCount(self.model, self.counts, self.limit, estimated)
        self.seen.close()

    def _first(self, table: str, text: str, line: int) -> int | None:
        """Remember where a text stands; return the line where it stood before, if it did."""
        known = self._known(table, text)
        if known is None:
            self.seen.execute(f"INSERT INTO {table} VALUES (?, ?)", (_hash(text), line))
        return known

    def _known(self, table: str, text: str) -> int | None:
        row = self.seen.execute(f"SELECT line FROM {table} WHERE hash = ?", (_hash(text),)).fetchone()
        return row[0] if row else None


def _limit(model: str | None) -> int | None:
    try:
        return base_model(model).training_tokens_per_example if model else None
    except UnknownModelError:
        return None


def _hash(text: str) -> int:
    """64 bits of a strong hash: two different texts of a million share one with a chance below 1 in 10 million."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big", signed=True)


def question_of(example: Example) -> str:
    """What is asked before the last answer, without the system message, in a form that ignores case and spaces."""
    messages = example.get("messages") or (example.get("input") or {}).get("messages") or []
    turns = [m for m in messages if isinstance(m, dict) and m.get("role") not in ("system", "developer")]
    if "messages" in example and turns and turns[-1].get("role") == "assistant":
        turns = turns[:-1]
    if not any(message.get("role") == "user" for message in turns):
        return ""
    spoken = [(m.get("role"), m.get("content"), m.get("tool_calls")) for m in turns]
    return " ".join(json.dumps(spoken, ensure_ascii=False, default=str).casefold().split())


def from_rows(
    rows: pd.DataFrame | Iterable[dict[str, Any]] | str | Path,
    *,
    system: str | None = None,
    question: str = "question",
    answer: str = "answer",
) -> list[Example]:
    """Chat examples from a table: a pandas DataFrame, a list of dicts, or a CSV file.

    `question` and `answer` name its columns. Raises ValueError that names every row without one of them.
    """
    if isinstance(rows, str | Path):
        rows = pd.read_csv(rows, encoding="utf-8-sig")
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    missing = [name for name in (question, answer) if name not in table.columns]
    if missing:
        raise ValueError(f"columns: found {', '.join(map(str, table.columns))}; expected also {', '.join(missing)}")
    pairs = [
        ("" if pd.isna(q) else str(q).strip(), "" if pd.isna(a) else str(a).strip())
        for q, a in zip(table[question], table[answer], strict=True)
    ]
    empty = [str(number) for number, pair in enumerate(pairs, 1) if not all(pair)]
    if empty:
        raise ValueError(f"rows without a question or an answer: {', '.join(empty)}; fill them in or remove them")
    start = [{"role": "system", "content": system}] if system else []
    return [
        {"messages": [*start, {"role": "user", "content": q}, {"role": "assistant", "content": a}]} for q, a in pairs
    ]


def split(examples: list[Example], *, validation: float = 0.2, seed: int = 0) -> tuple[list[Example], list[Example]]:
    """Examples to learn from and examples to check with. The same question never stands on both sides.

    `validation` is the share to hold back, between 0 and 1; the same seed gives the same split.
    """
    if not 0 < validation < 1:
        raise ValueError(f"validation: found {validation}; expected a share between 0 and 1, such as 0.2")
    groups: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        groups.setdefault(question_of(example) or f"example {index}", []).append(index)
    shuffled = list(groups.values())
    random.Random(seed).shuffle(shuffled)
    held_back: set[int] = set()
    for group in shuffled:
        if len(held_back) + len(group) <= round(len(examples) * validation):
            held_back.update(group)
    return (
        [example for index, example in enumerate(examples) if index not in held_back],
        [example for index, example in enumerate(examples) if index in held_back],
    )


def sample(source: str | Path | Iterable[Any], n: int, *, seed: int = 0) -> list[Any]:
    """`n` items drawn at random, each with the same chance, in the order in which they stand.

    The source may be a JSONL file of any size, or anything that can be gone through once.
    """
    items = (json.loads(line) for _, line in read_lines(Path(source))) if isinstance(source, str | Path) else source
    chance = random.Random(seed)
    drawn: list[tuple[int, Any]] = []
    for index, item in enumerate(items):
        if len(drawn) < n:
            drawn.append((index, item))
        elif (place := chance.randint(0, index)) < n:
            drawn[place] = (index, item)
    return [item for _, item in sorted(drawn, key=lambda pair: pair[0])]


def write(examples: Iterable[Example], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write examples as JSONL in UTF-8, whole or not at all. An existing file is replaced only with `overwrite`."""
    path = Path(path)
    write_lines((json.dumps(example, ensure_ascii=False).encode("utf-8") for example in examples), path, overwrite)
    return path
