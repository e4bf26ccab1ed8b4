"""The three usual kinds of exercise: choose for each case, pick some of many, work out a number.

Each wrong choice has its own words, and they are the typical mistakes of the exercise: one source for both.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.display.tables import plural
from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet


@dataclass(frozen=True)
class Case:
    """A case to decide: the right option, and what to say to each of the others."""

    text: str
    right: str
    wrong: Mapping[str, str]


def choose(
    *, title: str, task: str, cases: Mapping[str, Case], after: str, hints: tuple[str, str], material: Any = None
) -> Exercise:
    """An exercise in which one option is chosen for each case.

    Args:
        title: What is done, in a few words.
        task: What stands above the cases.
        cases: By a letter each. The options are all that are right or wrong somewhere.
        after: What a right attempt shows.
        hints: A nudge and a stronger one.
        material: A function that makes what the learner works on, if there is something.
    """
    options = sorted({option for case in cases.values() for option in (case.right, *case.wrong)})
    known = {_bare(option): option for option in options}
    right = {key: case.right for key, case in cases.items()}

    def judge(given: Any) -> str:
        chosen = read.filled(given, cases, f'your choice for each letter, such as {{"a": "{options[0]}", ...}}')
        said = []
        for key, case in cases.items():
            option = known.get(_bare(chosen[key])) if isinstance(chosen[key], str) else None
            if option is None:
                raise NotYet(f"{key}: found {read.named(chosen[key])}; expected one of: {_quoted(options)}.")
            if option != case.right:
                said.append(f"{key}: {case.wrong[option]}")
        if said:
            raise NotYet("\n".join([f"{len(cases) - len(said)} of {len(cases)} are right.", *said]))
        return after

    return Exercise(
        title=title,
        task="\n".join(
            [
                task,
                "",
                *(f"- **{key}**: {case.text}" for key, case in cases.items()),
                "",
                f"Choose from: {_quoted(options)}.",
            ]
        ),
        judge=judge,
        mistakes=[
            Mistake({**right, key: option}, words)
            for key, case in cases.items()
            for option, words in case.wrong.items()
        ],
        hints=hints,
        solution=as_code(right),
        starter=as_code(dict.fromkeys(cases, ...)),
        material=material,
    )


def _bare(option: str) -> str:
    """An option without what people write in different ways: "Fine tuning" is "fine-tuning"."""
    return re.sub(r"[\s_-]", "", option).lower()


def _quoted(options: list[str]) -> str:
    """As they are to be written: without quotation marks Python takes them for names, and stops before the check."""
    return ", ".join(f'`"{option}"`' for option in options)


@dataclass(frozen=True)
class Item:
    """Something that is to be picked or to be left: `words` are for somebody who does the other."""

    text: str
    belongs: bool
    words: str


def pick(
    *, title: str, task: str, items: Mapping[Any, Item], after: str, hints: tuple[str, str], material: Any = None
) -> Exercise:
    """An exercise in which some of many are picked. Args as in `choose`; `items` are by what the learner writes."""
    right = [key for key, item in items.items() if item.belongs]
    example = json.dumps(list(items)[:2])

    def judge(given: Any) -> str:
        picked = [_picked(found, items) for found in read.list_of(given, f"what you pick, such as {example}")]
        if not picked:
            raise NotYet("Your list is empty. Pick those that you are sure of: the check goes on from there.")
        said = [f"{key}: {item.words}" for key, item in items.items() if item.belongs != (key in picked)]
        if said:
            raise NotYet("\n".join([f"{plural(len(said), 'thing')} to look at again.", *said]))
        return after

    return Exercise(
        title=title,
        task="\n".join(
            [
                f"{task} Your attempt is a list, such as `{example}`.",
                "",
                *(f"- **{key}**: {item.text}" for key, item in items.items()),
            ]
        ),
        judge=judge,
        mistakes=[
            Mistake([other for other in items if (other in right) != (other == key)], item.words)
            for key, item in items.items()
        ],
        hints=hints,
        solution=as_code(right),
        starter="attempt = [...]",
        material=material,
    )


def _picked(found: Any, items: Mapping[Any, Item]) -> Any:
    """The item that is meant: "D" is "d", and "2" or 2.0 is 2."""
    written = {str(key): key for key in items}
    if isinstance(found, float) and found == int(found):
        found = int(found)
    if isinstance(found, str | int) and str(found).strip().lower() in written:
        return written[str(found).strip().lower()]
    raise NotYet(f"Found {read.named(found)} in your list; expected of: {json.dumps(list(items))[1:-1]}.")


def work_out(
    *,
    title: str,
    task: str,
    right: float,
    wrong: Mapping[float, str],
    what: str,
    after: str | Callable[[float], str],
    hints: tuple[str, str],
    solution: str,
    tolerance: float = 0.0,
    measures: bool = False,
) -> Exercise:
    """An exercise whose attempt is one number.

    Args:
        title: What is done, in a few words.
        task: What is to be worked out.
        right: The number.
        wrong: Numbers that typical mistakes lead to, and what to say to each. A whole one also stands for what becomes
            it when it is rounded up or down.
        what: What was expected, for an attempt that is no number at all.
        after: What a right attempt shows, or a function that says it of the number.
        hints: A nudge and a stronger one.
        solution: Code that makes `attempt`.
        tolerance: How far off an attempt may be, as a share of the right number.
        measures: Whether what a right attempt shows is a measurement.
    """

    def judge(given: Any) -> str:
        found = read.number(given, what)
        if math.isclose(found, right, rel_tol=max(tolerance, 1e-9)):
            return after(found) if callable(after) else after
        for typical, words in wrong.items():
            near = math.isclose(
                found, typical, rel_tol=max(tolerance / 4, 1e-3 if isinstance(typical, float) else 1e-9)
            )
            if near or typical in (math.floor(found), math.ceil(found)):
                raise NotYet(words)
        raise NotYet(f"{found:,} is too {'large' if found > right else 'small'}.")

    mistakes = [Mistake(number, words) for number, words in wrong.items()]
    return Exercise(title, task, judge, mistakes, hints, solution, measures=measures)


def as_code(value: Any) -> str:
    """`attempt = ...` with a value, a line for each part of a dict."""
    if not isinstance(value, dict):
        return f"attempt = {json.dumps(value)}"
    lines = [f"    {json.dumps(key)}: {'...' if part is ... else json.dumps(part)}," for key, part in value.items()]
    return "\n".join(["attempt = {", *lines, "}"])
