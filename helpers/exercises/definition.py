"""What an exercise is: one object with the task, its check, the typical mistakes, two hints and a solution."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal


class NotYet(Exception):
    """An attempt that is not right yet. Its text says what is wrong in this attempt and what to look at."""


class Untouched(NotYet):
    """Nothing was attempted: the learner's file or text is as the exercise gave it."""


@dataclass(frozen=True)
class Mistake:
    """A typical wrong attempt, and words by which the check names it and no other.

    `attempt` may be a function without arguments that makes the attempt, where it takes a file or a server.
    """

    attempt: Any
    says: str

    def make(self) -> Any:
        return self.attempt() if callable(self.attempt) else self.attempt


@dataclass(frozen=True)
class Exercise:
    """Everything about one exercise, so that the parts cannot drift from each other.

    `judge` gets the attempt as plain data. It returns what a right attempt shows, in a sentence, or raises NotYet; with
    `measures`, that sentence is a measurement and stands on the certificate. `solution` and `starter` are code that
    makes `attempt`; `starter` is what stands in the notebook. `material` makes what the learner works on, where that is
    more than the text of the task.
    """

    title: str
    task: str
    judge: Callable[[Any], str]
    mistakes: Sequence[Mistake]
    hints: tuple[str, str]
    solution: str
    starter: str = "attempt = ..."
    material: Callable[[], Any] | None = None
    measures: bool = False


@dataclass(frozen=True)
class Verdict:
    """What a check found: `right`, `wrong` or `nothing` attempted, and what it says about this attempt."""

    status: Literal["right", "wrong", "nothing"]
    says: str
