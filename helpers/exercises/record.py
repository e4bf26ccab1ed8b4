"""What a learner has done, kept between restarts in workspace/progress.json, which a person can read."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import filelock
from filelock import FileLock

from helpers.course_data.paths import workspace
from helpers.training_file.jsonl import written_safely

LOCK_SECONDS = 10
NAME = "workspace/progress.json"
EXERCISES, QUIZZES = "exercises", "quizzes"


class ProgressError(ValueError):
    """workspace/progress.json cannot be read or written. It is left as it is."""


def keep_attempt(id: str, says: str | None) -> None:
    """Count an attempt. `says` is what a right one shows, None for a wrong one. The first day it was right stays."""
    with _changing() as kept:
        entry = kept[EXERCISES].setdefault(id, {"tries": 0})
        if "done" not in entry:
            entry["tries"] += 1
            if says is not None:
                entry["done"] = date.today().isoformat()
        if says is not None:
            entry["says"] = says


def keep_solution_seen(id: str) -> None:
    """That the solution was asked for before the exercise was solved."""
    with _changing() as kept:
        entry = kept[EXERCISES].setdefault(id, {"tries": 0})
        if "done" not in entry:
            entry["solution_seen"] = True


def keep_answer(notebook: str, question: int, right: bool) -> None:
    """The first answer to a question of a quiz, which is the one that counts, and whether it was right at last."""
    with _changing() as kept:
        entry = kept[QUIZZES].setdefault(notebook, {}).setdefault(str(question), {"first": right})
        entry["right"] = right or entry.get("right", False)


def load() -> dict[str, dict[str, Any]]:
    """What is kept: under "exercises" by id, under "quizzes" by notebook and number of the question."""
    try:
        kept = json.loads(_path().read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        kept = {}
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _unreadable(str(error)) from error
    if not _is_sound(kept):
        raise _unreadable("it is not as the course writes it")
    return {EXERCISES: kept.get(EXERCISES, {}), QUIZZES: kept.get(QUIZZES, {})}


def forget() -> None:
    """Begin anew."""
    with _locked():
        _path().unlink(missing_ok=True)


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


def _unreadable(why: str) -> ProgressError:
    return ProgressError(
        f"{NAME} cannot be read: {why}. Repair it with an editor, or rename it; the course then starts a new one"
    )


def _path() -> Path:
    return workspace() / "progress.json"


@contextmanager
def _locked() -> Iterator[None]:
    try:
        with FileLock(workspace() / ".progress.lock", timeout=LOCK_SECONDS):
            yield
    except filelock.Timeout as error:
        raise ProgressError(
            f"{NAME} is held by another program for more than {LOCK_SECONDS} seconds; close the other notebooks"
        ) from error


@contextmanager
def _changing() -> Iterator[dict[str, dict[str, Any]]]:
    """Read, change, write back whole; one process at a time."""
    with _locked():
        kept = load()
        yield kept
        with written_safely(_path(), overwrite=True) as file:
            file.write(json.dumps(kept, indent=1, ensure_ascii=False).encode("utf-8"))
