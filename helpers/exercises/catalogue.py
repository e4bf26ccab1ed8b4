"""Finding the exercises and quizzes: the file x03_2_when_to_stop.py holds exercise 03.2, q03.py the quiz of 03."""

import importlib
import pkgutil
import re

from helpers.exercises import quizzes, tasks
from helpers.exercises.definition import Exercise
from helpers.exercises.question import Question

NOTEBOOKS = {
    "00": "Start here",
    "01": "Data format",
    "02": "Upload",
    "03": "Job",
    "04": "Usage and cost",
    "05": "Did it help?",
}


def exercise_ids() -> list[str]:
    """All ids, such as "03.2", in order."""
    return sorted(_modules())


def load_exercise(id: str) -> Exercise:
    """Raises LookupError, with all ids, for one that there is not."""
    modules = _modules()
    if not isinstance(id, str) or id not in modules:
        raise LookupError(
            f"There is no exercise {id!r}; expected one of these, in quotation marks: {', '.join(sorted(modules))}"
        )
    return importlib.import_module(f"{tasks.__name__}.{modules[id]}").EXERCISE


def quiz_numbers() -> list[str]:
    return sorted(module.name[1:] for module in pkgutil.iter_modules(quizzes.__path__))


def load_quiz(notebook: str) -> list[Question]:
    """Raises LookupError, with all numbers, for a notebook that has no quiz."""
    if not isinstance(notebook, str) or notebook not in quiz_numbers():
        raise LookupError(
            f"There is no quiz {notebook!r}; expected one of these, in quotation marks: {', '.join(quiz_numbers())}"
        )
    return importlib.import_module(f"{quizzes.__name__}.q{notebook}").QUESTIONS


def _modules() -> dict[str, str]:
    names = (module.name for module in pkgutil.iter_modules(tasks.__path__))
    found = (re.fullmatch(r"x(\d\d)_(\d)_\w+", name) for name in names)
    return {f"{match[1]}.{match[2]}": match[0] for match in found if match}
