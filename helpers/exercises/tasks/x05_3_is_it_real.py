"""05.3: whether a difference between two models is real."""

import math
from typing import Any

import pandas as pd

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet

# One letter for each of 24 questions: both right, only the base, only the tuned model, neither.
OUTCOMES = "BTBNTBOBBTNBTBOBBNTBOBBN"
BOTH, BASE, TUNED = "B", "O", "T"
ONLY_BASE, ONLY_TUNED = OUTCOMES.count(BASE), OUTCOMES.count(TUNED)
USUAL_BOUND = 0.05


def chance(few: int, many: int) -> float:
    """How often a fair coin falls at least as unevenly: the exact sign test (McNemar), on both sides.

    >>> round(chance(3, 5), 2)
    0.73
    """
    thrown, least = few + many, min(few, many)
    return min(1.0, 2 * sum(math.comb(thrown, heads) for heads in range(least + 1)) / 2**thrown)


def material() -> pd.DataFrame:
    """Each question, and whether the base and the tuned model answered it right."""
    rows = [(number, kind in (BOTH, BASE), kind in (BOTH, TUNED)) for number, kind in enumerate(OUTCOMES, 1)]
    return pd.DataFrame(rows, columns=["question", "base", "tuned"])


def judge(given: Any) -> str:
    answer = read.filled(given, RIGHT, "only base, only tuned, real")
    base, tuned = (
        read.whole_number(answer[key], f"a number of questions for {key}") for key in ("only base", "only tuned")
    )
    table = material()
    if (base, tuned) == (int(table["base"].sum()), int(table["tuned"].sum())):
        raise NotYet(
            f"{base} and {tuned} are all right answers of each. Questions that both answer right say nothing about the "
            "difference: count those that only one of them has right."
        )
    if (base, tuned) == (ONLY_TUNED, ONLY_BASE):
        raise NotYet("The two are exchanged: the tuned model alone has more.")
    if base != ONLY_BASE:
        raise NotYet(f"only base: found {base}. Count the rows in which base is True and tuned is False.")
    if tuned != ONLY_TUNED:
        raise NotYet(f"only tuned: found {tuned}. Count the rows in which tuned is True and base is False.")
    if not isinstance(answer["real"], bool):
        raise NotYet(f"real: found {read.named(answer['real'])}; expected True or False, without quotation marks.")
    by_chance = chance(base, tuned)
    if answer["real"]:
        raise NotYet(
            f"real: {tuned} to {base} looks better, and a fair coin thrown {base + tuned} times falls at least "
            f"as unevenly in "
            f"{by_chance:.0%} of all cases. That is no evidence. Ask more questions."
        )
    return f"{tuned} to {base}: a coin does that in {by_chance:.0%} of all cases. Nobody can say which is better yet."


RIGHT = {"only base": ONLY_BASE, "only tuned": ONLY_TUNED, "real": False}

EXERCISE = Exercise(
    title="Is this difference real?",
    task=f"""Base and tuned model were asked the same {len(OUTCOMES)} questions; `exercise("05.3").material()`
is a table of what was right. On how many was *only* the base model right, on how many only the tuned one? And
is that a difference that a fair coin would make in fewer than
{USUAL_BOUND:.0%} of all cases (`real`, True or False)?""",
    judge=judge,
    mistakes=[
        Mistake(
            lambda: {**RIGHT, "only base": int(material().base.sum()), "only tuned": int(material().tuned.sum())},
            "all right answers of each",
        ),
        Mistake({**RIGHT, "only base": ONLY_TUNED, "only tuned": ONLY_BASE}, "are exchanged"),
        Mistake({**RIGHT, "real": True}, "That is no evidence"),
        Mistake({**RIGHT, "only base": 7}, "only base: found 7"),
        Mistake({**RIGHT, "real": "no"}, "expected True or False"),
    ],
    hints=(
        "`table[table.base & ~table.tuned]` are the questions that only the base model has right.",
        "Few questions tell them apart. With eight throws of a coin, five to three is quite usual.",
    ),
    solution="""from helpers import exercise

table = exercise("05.3").material()
attempt = {
    "only base": int((table.base & ~table.tuned).sum()),
    "only tuned": int((table.tuned & ~table.base).sum()),
    "real": False,
}""",
    starter='attempt = {"only base": ..., "only tuned": ..., "real": ...}',
    material=material,
)
