"""What a learner has done, kept between restarts in workspace/progress.json, which a person can read."""

from datetime import date
from typing import Any

from helpers.connection.sentences import ShownInSentences
from helpers.course_data.kept_json import KeptJson

EXERCISES, QUIZZES = "exercises", "quizzes"


class ProgressError(ShownInSentences, ValueError):
    """workspace/progress.json cannot be read or written. It is left as it is."""


def keep_attempt(id: str, says: str | None) -> None:
    """Count an attempt. `says` is what a right one shows, None for a wrong one. The first day it was right stays."""
    with KEPT.changing() as kept:
        entry = kept.setdefault(EXERCISES, {}).setdefault(id, {"tries": 0})
        if "done" not in entry:
            entry["tries"] += 1
            if says is not None:
                entry["done"] = date.today().isoformat()
        if says is not None:
            entry["says"] = says


def keep_solution_seen(id: str) -> None:
    """That the solution was asked for before the exercise was solved."""
    with KEPT.changing() as kept:
        entry = kept.setdefault(EXERCISES, {}).setdefault(id, {"tries": 0})
        if "done" not in entry:
            entry["solution_seen"] = True


def keep_answer(notebook: str, question: int, right: bool) -> None:
    """The first answer to a question of a quiz, which is the one that counts, and whether it was right at last."""
    with KEPT.changing() as kept:
        entry = kept.setdefault(QUIZZES, {}).setdefault(notebook, {}).setdefault(str(question), {"first": right})
        entry["right"] = right or entry.get("right", False)


def load() -> dict[str, dict[str, Any]]:
    """What is kept: under "exercises" by id, under "quizzes" by notebook and number of the question."""
    kept = KEPT.read()
    return {EXERCISES: kept.get(EXERCISES, {}), QUIZZES: kept.get(QUIZZES, {})}


def forget() -> None:
    """Begin anew."""
    KEPT.forget()


def _is_sound(kept: Any) -> bool:
    if not isinstance(kept, dict):
        return False
    entries = kept.get(EXERCISES, {}), kept.get(QUIZZES, {})
    if not all(isinstance(part, dict) and all(isinstance(entry, dict) for entry in part.values()) for part in entries):
        return False
    exercises, quizzes = entries
    return all(isinstance(entry.get("tries"), int) for entry in exercises.values()) and all(
        isinstance(answer, dict) for entry in quizzes.values() for answer in entry.values()
    )


KEPT = KeptJson(
    "progress",
    ProgressError,
    _is_sound,
    "exercises, each with the number of its tries, and quizzes, each with answers by the number of the question",
)
