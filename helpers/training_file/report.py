"""What `check` found in a training file, as a value that shows itself."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from helpers.display.tables import Shown, html_table, paragraph, plural, text_table
from helpers.tokens import TokenCount
from helpers.training_file.problem import Problem
from helpers.training_file.rules import Kind

MOST_KEPT = 10_000  # errors, and as many warnings, held in memory; more are counted, not listed
MOST_SHOWN = 50
MOST_CAUSES = 1_000
# Problems that a program makes in each line of a file: one cause is one problem, which says in how many lines it is.
ONE_CAUSE = {
    "comma_after_line", "developer_role", "dpo_name", "duplicate_key", "extra_key", "json_as_text", "missing_messages",
    "not_an_object", "old_format", "unknown_role",
}  # fmt: skip


@dataclass
class Cause:
    """A problem that stands in several lines: its place in the list of problems, what was found first, the lines."""

    place: int
    found: str
    first: int
    last: int
    lines: int = 1


@dataclass(repr=False)
class Report(Shown):
    """What `check` found. `ok` is True when a job will accept the file; warnings may remain.

    `hints` are sentences about what could be done better; nothing is wrong with the file because of them.
    """

    name: str
    examples: int = 0
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    tokens: TokenCount | None = None
    unit: str = "line"
    hints: list[str] = field(default_factory=list)
    _causes: dict[tuple[str, str, str], Cause] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "warning"]

    @property
    def ok(self) -> bool:
        return not self.counts["error"]

    @property
    def kind(self) -> Kind:
        """The format of most examples: chat, dpo (preferences), completions (old) or unknown."""
        return self.kinds.most_common(1)[0][0] if self.kinds else "unknown"

    @property
    def summary(self) -> str:
        counts = [plural(self.counts[name], name) for name in ("error", "warning") if self.counts[name]]
        found = " and ".join(counts) if counts else "no problems"
        text = f"{self.name}: {found}"
        if self.examples or not any(problem.code == "not_jsonl" for problem in self.problems):
            text += f" in {plural(self.examples, self.unit)}"
        if self.tokens is None:
            return text
        cut = f"; {plural(self.tokens.truncated, 'example')} cut" if self.tokens.truncated else ""
        estimated = " (an estimate)" if self.tokens.estimated else ""
        images = f"; {plural(self.tokens.images, 'image')} not counted" if self.tokens.images else ""
        return f"{text}, {plural(self.tokens.total, 'token')}{estimated}{cut}{images}"

    def add(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            if not self._same_cause(problem):
                self.counts[problem.severity] += 1
                if self.counts[problem.severity] <= MOST_KEPT:
                    self.problems.append(problem)

    def _same_cause(self, problem: Problem) -> bool:
        """Whether this was one problem with another line before: a key that stands in each line is named once."""
        if problem.code not in ONE_CAUSE or problem.line is None:
            return False
        found = "" if problem.code == "not_an_object" else problem.found
        key = (problem.code, problem.where.rpartition(".")[2], found)
        cause = self._causes.get(key)
        if cause is None:
            if len(self._causes) < MOST_CAUSES and self.counts[problem.severity] < MOST_KEPT:
                self._causes[key] = Cause(len(self.problems), problem.found, problem.line, problem.line)
            return False
        if problem.line == cause.first:
            return False  # the same key in two messages of one line has two places
        if problem.line != cause.last:
            cause.last, cause.lines = problem.line, cause.lines + 1
            found = f"{cause.found}, in {plural(cause.lines, self.unit)}: {cause.first} to {cause.last}"
            self.problems[cause.place] = replace(self.problems[cause.place], found=found)
        return True

    def _shown(self) -> list[Problem]:
        """Errors before warnings where not all can be shown; in the order of the file."""
        chosen = [*self.errors, *self.warnings][:MOST_SHOWN]
        return sorted(chosen, key=lambda problem: (problem.line or 0, problem.where))

    def _place(self, problem: Problem) -> str:
        return f"{self.unit} {problem.line}" if problem.line else "file"

    def _more(self) -> str:
        more = self.counts.total() - MOST_SHOWN
        return f"... and {more:,} more, in .errors and .warnings" if more > 0 else ""

    def __str__(self) -> str:
        rows = [
            (self._place(p), p.severity, p.where, f"found {p.found}; expected {p.expected}; {p.fix}")
            for p in self._shown()
        ]
        hints = [f"  hint: {hint}" for hint in self.hints]
        return "\n".join(filter(None, [self.summary, text_table(rows), self._more(), *hints]))

    def _repr_html_(self) -> str:
        hints = "".join(paragraph(f"Hint: {hint}") for hint in self.hints)
        if not self.problems:
            return paragraph(self.summary) + hints
        rows = [(self._place(p), p.severity, p.where, p.found, p.expected, p.fix) for p in self._shown()]
        headers = [self.unit, "severity", "where", "found", "expected", "what to do"]
        table = html_table(headers, rows, caption=self.summary)
        return table + (paragraph(self._more()) if self._more() else "") + hints
