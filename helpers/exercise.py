"""Exercises: a task, a check that says what is wrong in your attempt, two hints, a solution."""

from dataclasses import dataclass
from typing import Any

from helpers.display.markdown import ShownAsMarkdown, lines_as_html
from helpers.display.tables import Shown
from helpers.exercises import record
from helpers.exercises.attempt import is_blank, plain
from helpers.exercises.catalogue import load_exercise
from helpers.exercises.definition import Exercise, NotYet, Untouched, Verdict

NOTHING = "Replace `...` with your attempt and run the cell again."
_hints_given: dict[str, int] = {}


@dataclass(frozen=True, repr=False)
class Said(ShownAsMarkdown):
    """A hint or a solution."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Checked(Shown):
    """What a check says of an attempt. `right` is True when the exercise is solved."""

    verdict: Verdict
    not_kept: str = ""

    @property
    def right(self) -> bool:
        return self.verdict.status == "right"

    @property
    def _word(self) -> str:
        return {"right": "Right.", "wrong": "Not yet.", "nothing": "Nothing was attempted yet."}[self.verdict.status]

    @property
    def says(self) -> str:
        """What is right or wrong in the attempt, without the verdict in front of it."""
        return "\n".join(filter(None, [self.verdict.says, self.not_kept]))

    def __str__(self) -> str:
        return f"{self._word} {self.says}"

    def _repr_html_(self) -> str:
        return f'<div role="status"><strong>{self._word}</strong> {lines_as_html(self.says)}</div>'


@dataclass(frozen=True, repr=False)
class Task(ShownAsMarkdown):
    """An exercise as a learner has it. Shown, it is the task."""

    id: str
    exercise: Exercise

    def __str__(self) -> str:
        call = f'exercise("{self.id}")'
        return (
            f"**Exercise {self.id}: {self.exercise.title}**\n\n{self.exercise.task}\n\n"
            f"Stuck? `{call}.hint()`, twice if you like, and `{call}.solution()`."
        )

    def material(self) -> Any:
        """What the exercise gives you to work on: a table, a file, a client, a function; None if the task is all."""
        return self.exercise.material() if self.exercise.material else None

    def check(self, attempt: Any = ...) -> Checked:
        """Say whether the attempt is right, and if not, what is wrong in it. It never raises, whatever it is given."""
        verdict = judged(self.exercise, attempt)
        if verdict.status == "nothing":
            return Checked(verdict)
        try:
            record.keep_attempt(self.id, verdict.says if verdict.status == "right" else None)
        except (OSError, record.ProgressError) as error:
            return Checked(verdict, f"(Your progress could not be noted: {str(error).rstrip('.')}.)")
        return Checked(verdict)

    def hint(self) -> Said:
        """A nudge; asked again, a stronger one."""
        level = min(_hints_given.get(self.id, 0) + 1, len(self.exercise.hints))
        _hints_given[self.id] = level
        return Said(f"Hint {level} of {len(self.exercise.hints)}: {self.exercise.hints[level - 1]}")

    def solution(self) -> Said:
        """One way to do it. That it was asked for is noted; the exercise can be solved all the same."""
        said = f"One way to do it:\n\n```python\n{self.exercise.solution}\n```"
        try:
            record.keep_solution_seen(self.id)
        except (OSError, record.ProgressError) as error:
            said += f"\n\n(Your progress could not be noted: {str(error).rstrip('.')}.)"
        return Said(said)


def judged(exercise: Exercise, attempt: Any) -> Verdict:
    """What the check of an exercise says of an attempt; nothing is noted."""
    try:
        given = plain(attempt)
        if is_blank(given):
            return Verdict("nothing", NOTHING)
        return Verdict("right", exercise.judge(given))
    except Untouched as untouched:
        return Verdict("nothing", str(untouched))
    except NotYet as reason:
        return Verdict("wrong", str(reason))


def exercise(id: str) -> Task:
    """The exercise with this id, such as "03.2": 03 is its notebook.

    Raises LookupError, with all ids, if there is none.
    """
    return Task(id, load_exercise(id))
