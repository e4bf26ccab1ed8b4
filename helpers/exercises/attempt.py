"""Reading what a learner wrote, whatever it is.

An attempt may be any object, and its own methods may raise anything. So a check never calls them: it first copies the
attempt into plain data (texts, numbers, lists, dicts) with the methods of Python's own types, and looks at the copy.
"""

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from helpers.data_format import Report, Written
from helpers.exercises.definition import NotYet
from helpers.exercises.tiny_model import Trained
from helpers.training_file.problem import excerpt
from helpers.training_file.repair import Repair
from helpers.training_file.rules import check_example

DEEPEST = 12
MOST_PARTS = 20_000
LONGEST_TEXT = 1_000_000  # characters
LARGEST_NUMBER = 10**15
MOST_LINES = 7  # of a report of the check


def plain(value: Any) -> Any:
    """A copy of the attempt in plain data.

    A path becomes its text, a tuple, a set or a range a list, a Decimal a float.

    What a helper returned stands for what it made: a file that was written for its path, a training of the tiny model
    for its settings.

    Raises NotYet for everything else, with what it is, and for what is too large or contains itself.
    """
    return _Copy().of(value, 0)


class _Copy:
    def __init__(self) -> None:
        self.parts = 0

    def of(self, value: Any, depth: int) -> Any:
        self.parts += 1
        if depth > DEEPEST or self.parts > MOST_PARTS:
            raise NotYet(
                "Your attempt contains itself, or more than this exercise can need. Write the values themselves."
            )
        kind = type(value)
        if value is None or value is Ellipsis or kind is bool:
            return value
        if issubclass(kind, str):
            return _text(str.__str__(value))
        if issubclass(kind, int):
            return _size(int.__pos__(value))
        if issubclass(kind, float):
            return _size(float.__pos__(value))
        if issubclass(kind, dict):
            return {self.key(key): self.of(part, depth + 1) for key, part in dict.items(value)}
        if issubclass(kind, list):
            return [self.of(part, depth + 1) for part in list.__iter__(value)]
        if issubclass(kind, tuple):
            return [self.of(part, depth + 1) for part in tuple.__iter__(value)]
        if kind is range:
            return [self.of(part, depth + 1) for part in value]
        if kind in (set, frozenset):
            return sorted((self.of(part, depth + 1) for part in value), key=repr)
        return self.of_a_library(value, kind, depth)

    def of_a_library(self, value: Any, kind: type, depth: int) -> Any:
        if kind is Decimal:
            return _size(float(value) if value.is_finite() else math.nan)
        if kind.__module__ == "numpy" and issubclass(kind, np.integer | np.floating | np.bool_):
            return self.of(value.item(), depth)
        if kind in (type(Path()), type(PurePath())):
            return _text(str(value))
        if kind is Written:
            return self.of(value.path, depth)
        if kind is Repair:
            raise NotYet("Found what repair() reports; expected the path of the file that it wrote.")
        if kind is Trained:
            return self.of(value.settings, depth)
        module = kind.__module__ if type(kind.__module__) is str else ""
        if module.startswith("openai."):
            raise NotYet(
                f"Found {named(value)}, a whole reply of the host. Take the part that is asked for: its `.id`."
            )
        if module == "_io":
            raise NotYet("Found an open file; expected its path, as a text.")
        raise NotYet(f"The attempt has {named(value)} where a text, a number, a list or a dict is expected.")

    def key(self, key: Any) -> str | int | float | bool | None:
        made = self.of(key, DEEPEST)
        if isinstance(made, list | dict):
            raise NotYet("A key of your dict is a tuple or a set; expected a text or a number.")
        return made


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise NotYet(f"The attempt has a text of {len(text):,} characters, far more than this exercise can need.")
    return text


def _size(number: float) -> float:
    if not -LARGEST_NUMBER < number < LARGEST_NUMBER:  # also what is not a number
        raise NotYet("The attempt has a number that is far too large, or not a number (nan, inf).")
    return number


def is_blank(value: Any) -> bool:
    """Whether nothing was filled in: `...`, or a list or dict with nothing else in it."""
    if isinstance(value, dict):
        return bool(value) and all(map(is_blank, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(is_blank, value))
    return value is Ellipsis


def named(value: Any) -> str:
    """What a value is, in words: `the text "abc"`, `the number 3`, `a list`, `a DataFrame`."""
    kind = type(value)
    if value is None:
        return "None"
    if value is Ellipsis:
        return "`...`, which is still to be replaced,"
    if kind is bool:
        return str(value)
    if kind is str:
        return f"the text {excerpt(value)}"
    if kind in (int, float):
        return f"the number {value:,}"
    name = kind.__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


# --- what a check expects -----------------------------------------------------------------------------------------


def number(value: Any, what: str) -> float:
    """A number, or NotYet with what was found. `what` continues "expected"."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotYet(f"Found {named(value)}; expected {what}.{_as_a_number(value)}")
    return value


def _as_a_number(value: Any) -> str:
    """What to do with a number that was not written as one."""
    if isinstance(value, str):
        return " Write the number alone, without quotation marks."
    if isinstance(value, list) and len(value) > 1 and all(isinstance(part, int) for part in value):
        return " A comma makes two numbers of one: write 1000, not 1,000."
    return ""


def whole_number(value: Any, what: str) -> int:
    found = number(value, what)
    if found != int(found):
        raise NotYet(f"Found {named(found)}; expected {what}, a whole number.")
    return int(found)


def text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise NotYet(f"Found {named(value)}; expected {what}.")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise NotYet(f"Found {named(value)}; expected a list: {what}.")
    return value


def filled(value: Any, keys: Iterable[str], what: str) -> dict[str, Any]:
    """A dict with exactly these keys, each with a value in place of `...`."""
    keys = list(keys)
    if not isinstance(value, dict):
        raise NotYet(f"Found {named(value)}; expected a dict: {what}.")
    extra = [excerpt(str(key)) for key in value if key not in keys]
    if extra:
        wanted = ", ".join(f'"{key}"' for key in keys)
        raise NotYet(
            f"Your dict has a key that the exercise does not know: {', '.join(extra[:5])}. The keys are {wanted}."
        )
    missing = [key for key in keys if value.get(key, ...) is Ellipsis]
    if missing:
        raise NotYet(f"Not filled in yet: {', '.join(missing)}.")
    return value


def begins_with_yes_or_no(answer: str) -> bool:
    """Whether its first word is Yes or No; Yesterday, Normally or Nobody is neither."""
    return re.match(r"\s*(yes|no)\b", answer, re.IGNORECASE) is not None


def sound(example: dict[str, Any]) -> None:
    """Raises NotYet with the first problem of a training example, in the words of the course's check."""
    for problem in check_example(example)[:1]:
        raise NotYet(f"{problem.where}: found {problem.found}; expected {problem.expected}. To do: {problem.fix}.")


def listed(report: Report) -> str:
    """What the course's check found, the first few problems only: the rest is seen when these are mended."""
    lines = str(report).splitlines()
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"... and {more} more"] if more > 0 else [])])


def messages(value: Any) -> list[dict[str, Any]]:
    """A list of messages, each a dict with a role and a content as text."""
    for index, message in enumerate(list_of(value, 'the messages, each {"role": ..., "content": ...}')):
        if not isinstance(message, dict) or not all(isinstance(message.get(key), str) for key in ("role", "content")):
            raise NotYet(
                f'messages[{index}]: found {named(message)}; expected {{"role": "...", "content": "..."}}, both texts.'
            )
    if not value:
        raise NotYet("The list of messages is empty.")
    return value
