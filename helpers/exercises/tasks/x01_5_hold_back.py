"""01.5: choose the examples to check with, so that no fact is lost and no question is known."""

from typing import Any

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet

QUESTIONS = {
    1: ("warranty", "How long is the warranty?"),
    2: ("delivery", "How long does delivery take?"),
    3: ("firmness", "How firm is the mattress?"),
    4: ("price", "What does the queen size cost?"),
    5: ("warranty", "For how many years am I covered?"),
    6: ("delivery", "When will it arrive?"),
    7: ("firmness", "Is it hard or soft?"),
    8: ("price", "How much is a queen?"),
    9: ("warranty", "How long is the warranty?"),
    10: ("delivery", "How many days until it is here?"),
    11: ("firmness", "Is it too soft for my back?"),
    12: ("price", "What do I pay for 160 by 200?"),
    13: ("smell", "Does a new one smell?"),
}
FACTS = ("warranty", "delivery", "firmness", "price")


def judge(given: Any) -> str:
    held = set()
    for found in read.list_of(given, "the lines to hold back, such as [1, 2]"):
        line = read.whole_number(found, "the number of a line, 1 to 13")
        if line not in QUESTIONS:
            raise NotYet(f"There is no line {line}; they go from 1 to {len(QUESTIONS)}.")
        held.add(line)
    if 13 in held:
        raise NotYet("Line 13 is the only one about the smell. Held back, the model never hears of it.")
    for fact in FACTS:
        lines = [line for line, (about, _) in QUESTIONS.items() if about == fact]
        back = [line for line in lines if line in held]
        if len(back) == len(lines):
            raise NotYet(f"All lines about the {fact} are held back: the model never hears that fact.")
        if len(back) > 1:
            raise NotYet(f"Two lines about the {fact} are held back. One is enough to check; the other should teach.")
    if held & {1, 9}:
        raise NotYet(
            "Lines 1 and 9 are the same question. If one is held back the other is learned from, so the check "
            "only sees "
            "whether that sentence was learned by heart."
        )
    unchecked = [fact for fact in FACTS if not any(QUESTIONS[line][0] == fact for line in held)]
    if unchecked:
        raise NotYet(f"Nothing checks the {' and the '.join(unchecked)}: hold back one line about each fact.")
    return "Each fact is learned from two wordings and checked with a third that the model has not seen."


EXERCISE = Exercise(
    title="Hold some back",
    task="Thirteen examples, by the questions in them. Choose the lines for the validation file: one for each "
    "fact that has "
    "several wordings, so that no fact is lost and no question is known from training.\n\n"
    + "\n".join(f"{line}. {question}" for line, (_, question) in QUESTIONS.items()),
    judge=judge,
    mistakes=[
        Mistake([10, 11, 12, 9], "the same question"),
        Mistake([1, 5, 9], "the model never hears that fact"),
        Mistake([13, 5, 6, 7, 8], "the only one about the smell"),
        Mistake([5, 6, 7], "Nothing checks the price"),
        Mistake([5, 2, 6, 7, 8], "Two lines about the delivery"),
        Mistake([5, 6, 7, 14], "There is no line 14"),
    ],
    hints=(
        "Four facts have three lines each, and one fact has one line only.",
        "Two of the lines are the same question word for word. Neither of them can be held back.",
    ),
    solution="attempt = [5, 6, 7, 8]",
    starter="attempt = [...]",
)
