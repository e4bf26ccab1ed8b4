"""What was really measured with the small model and comes with the course (data/measured.json), and measuring it again.

The file has a date, a machine and a command. While it says that nothing was measured, there are no numbers in it and
none are shown.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from helpers.connection.catalogue import local_models_are_off
from helpers.course_data.paths import DATA, ROOT, workspace
from helpers.display.tables import Shown, html_table, paragraph, plural, text_table
from helpers.evaluation.evaluation import Answers, Reply, expect_known
from helpers.evaluation.quality import MeasuredQuality
from helpers.evaluation.scores import Plot, Score, scores_html, scores_table
from helpers.evaluation.statistics import Difference, difference
from helpers.practice.engine_registry import local_training_is_installed
from helpers.usage import Answer

FILE = DATA / "measured.json"
QUALITY_FILE = DATA / "local_quality.json"
NOT_YET = "NOT MEASURED YET"
MARKS = {"1": True, "0": False, "-": None}  # by question


@dataclass(frozen=True, repr=False)
class NotMeasured(Shown):
    """Stands where a measurement will stand, and cannot be mistaken for one."""

    title: str
    command: str

    def __str__(self) -> str:
        return (
            f"{NOT_YET}: {self.title}. This copy of the course holds no numbers for it. To measure it "
            f"yourself, with real training installed: {self.command}"
        )

    def _repr_html_(self) -> str:
        return paragraph(str(self))

    @property
    def scores(self) -> list[Score]:
        return []

    @property
    def plot(self) -> "NotMeasured":
        return self

    @property
    def answers(self) -> "NotMeasured":
        return self

    def compare(self, first: str, second: str) -> "NotMeasured":
        return self


@dataclass(frozen=True, repr=False)
class Recorded(Shown):
    """One recorded measurement: a score for each way, and some of the answers as the model gave them."""

    title: str
    source: str
    scores: list[Score]
    answers: Answers
    with_answers: bool = False  # whether they are shown below the table

    @property
    def plot(self) -> Plot:
        return Plot(self.scores)

    def compare(self, first: str, second: str) -> Difference:
        """Is the difference between two ways real? Of the first training, where there were several."""
        marks = {score.way: score.marks for score in self.scores}
        expect_known((first, second), list(marks))
        return difference(first, marks[first], second, marks[second])

    def __str__(self) -> str:
        answers = [str(self.answers)] if self.with_answers else []
        return "\n".join([self.title, scores_table(self.scores), self.source, *answers])

    def _repr_html_(self) -> str:
        answers = self.answers._repr_html_() if self.with_answers else ""
        return scores_html(self.scores, self.title) + paragraph(self.source) + self.plot._repr_html_() + answers


@dataclass(frozen=True, repr=False)
class RecordedCounts(Shown):
    """A recorded measurement that is a count for each outcome, such as the choices of a judge."""

    title: str
    source: str
    counts: dict[str, int]

    def __str__(self) -> str:
        return "\n".join([self.title, text_table(list(self.counts.items())), self.source])

    def _repr_html_(self) -> str:
        return html_table(["outcome", "times"], list(self.counts.items()), caption=self.title) + paragraph(self.source)


def measured(name: str, file: Path = FILE, *, answers: bool = False) -> Recorded | RecordedCounts | NotMeasured:
    """A measurement that comes with the course, by its name. With `answers`, some of them are shown below the table.

    Raises KeyError for one that does not exist.
    """
    whole = json.loads(file.read_text(encoding="utf-8"))
    experiments = whole["experiments"]
    if name not in experiments:
        raise KeyError(f"measured: found {name!r}; expected one of {', '.join(experiments)}")
    found = experiments[name]
    if not whole["measured"]:
        return NotMeasured(found["title"], f"{whole['command']} --experiments {name}")
    if "counts" in found:
        return RecordedCounts(found["title"], _source(whole), found["counts"])
    scores = [_score(way) for way in found["ways"]]
    return Recorded(found["title"], _source(whole, scores), scores, _answers(found), answers)


def measured_quality(file: Path = QUALITY_FILE) -> MeasuredQuality | NotMeasured:
    """What training on this computer is worth: a bakery's file, written naturally, and the course's own."""
    whole = json.loads(file.read_text(encoding="utf-8"))
    if not whole["measured"]:
        return NotMeasured(
            "right answers before and after training on a bakery's file and on the course's", whole["command"]
        )
    source = (
        f"Recorded, from real trainings of {whole['model']}: {whole['date']}, {whole['machine']}. "
        f"To measure again: {whole['command']}"
    )
    return MeasuredQuality(whole["rows"], source)


def measure_again(name: str | None = None) -> Recorded | RecordedCounts | NotMeasured | None:
    """Measure it on this computer, with the training that is installed here, into workspace/measured.json.

    Without a name, or where real training is not installed, nothing is measured and a sentence says what to do.
    """
    names = list(json.loads(FILE.read_text(encoding="utf-8"))["experiments"])
    if name is None:
        print(f"Nothing was measured. Write one of these between the brackets, in quotation marks: {', '.join(names)}.")
        return None
    if name not in names:
        raise KeyError(f"measure_again: found {name!r}; expected one of {', '.join(names)}")
    if not local_training_is_installed() or local_models_are_off():
        print("This needs real training, which is not installed here: python course.py --local")
        return None
    output = workspace() / "measured.json"
    command = [sys.executable, "-m", "tests.benchmarks.evaluation", "--experiments", name, "--seeds", "1"]
    with subprocess.Popen(
        [*command, "--results", str(workspace() / "measured.jsonl"), "--output", str(output)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
    ) as process:  # fmt: skip
        for line in process.stdout:
            print(line, end="")
    if process.returncode != 0:
        raise RuntimeError(f"The measurement ended with code {process.returncode}; the reason stands above.")
    now = measured(name, output)
    for sentence in agreement(measured(name), now):
        print(sentence)
    return now


def agreement(recorded: Any, now: Any) -> list[str]:
    """Whether a measurement agrees with the recorded one: a sentence for each way that both have."""
    new = {score.way: score for score in getattr(now, "scores", [])}
    said = []
    for score in getattr(recorded, "scores", []):
        if score.way in new:
            low, high = score.interval
            agrees = "agrees" if low <= new[score.way].share <= high else "does NOT agree"
            said.append(
                f"{score.way}: {new[score.way].share:.0%} now; it {agrees} with the recorded {score.share:.0%} "
                f"(between {low:.0%} and {high:.0%})."
            )
    return said


def _source(whole: Mapping[str, Any], scores: list[Score] = ()) -> str:
    trainings = max((len(score.shares) for score in scores), default=1)
    means = f" Means of {plural(trainings, 'training')}." if trainings > 1 else ""
    return (
        f"Recorded, from real runs of {whole['model']}: {whole['date']}, {whole['machine']}, "
        f"{whole['versions']}.{means} To measure again: {whole['command']}"
    )


def _score(way: Mapping[str, Any]) -> Score:
    runs = way["runs"]
    first = runs[0]
    marks = [tuple(MARKS[mark] for mark in run["marks"]) for run in runs]
    shares = tuple(each.count(True) / max(1, len(each) - each.count(None)) for each in marks)
    return Score(
        way["way"],
        way["model"],
        marks[0],
        first["tokens_in"],
        first["tokens_out"],
        Decimal(0),
        first["seconds"],
        shares if len(runs) > 1 else (),
    )


def _answers(found: Mapping[str, Any]) -> Answers:
    ways = [way["way"] for way in found["ways"]]
    by_question: dict[str, list[Reply]] = {}
    for way in found["ways"]:
        for question, text, right in way["answers"]:
            answer = Answer(text, way["model"], 0, 0, 0.0, "stop", Decimal(0), None, simulated=False)
            by_question.setdefault(question, []).append(Reply(answer, right))
    return Answers(
        ways, [(question, replies) for question, replies in by_question.items() if len(replies) == len(ways)]
    )
