"""05.2: write the accepted wordings of a grader, and see whom it wrongs."""

from typing import Any

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet
from helpers.graders import contains

RIGHT = (
    "The warranty is a full 10-year warranty.",
    "It is covered for 10 years.",
    "You get ten years on it.",
    "The warranty lasts a decade.",
)
WRONG = (
    "Delivery takes 10 days.",
    "The warranty is two years; firmness is 6 of 10.",
    "The warranty is a full 5-year warranty.",
    "Ten weeks of sleeping on it on trial, then many years of use.",
)


def judge(given: Any) -> str:
    wordings = [
        read.text(word, "texts in the list").strip().lower()
        for word in read.list_of(given, 'the accepted wordings, such as ["one", "another"]')
    ]
    if not wordings:
        raise NotYet("The list is empty, so no answer counts as right.")
    if "" in wordings:
        raise NotYet("One of your wordings is empty, and every answer contains that.")
    if any(answer.lower().rstrip(".") in word for word in wordings for answer in RIGHT):
        raise NotYet(
            "A whole answer stands in your list. Tomorrow's answer will be worded in another way: name what counts."
        )
    for word in wordings:
        for answer in WRONG:
            if contains(answer, {"expected": [word]}):
                raise NotYet(f'Too wide: "{word[:60]}" also counts this as right: "{answer}"')
    for answer in RIGHT:
        if not contains(answer, {"expected": wordings}):
            part = next((word[:60] for word in wordings if word in answer.lower()), None)
            why = f'"{part}" is only a part of a longer word' if part else "none of your wordings is"
            raise NotYet(f'Too narrow: {why} in this right answer: "{answer}"')
    return f"All {len(RIGHT)} right answers count and none of the {len(WRONG)} wrong ones."


EXERCISE = Exercise(
    title="What counts as right?",
    task="""The grader `contains` counts an answer as right if one of the accepted wordings is in it, as whole
words (capital letters do not matter; `ten` is not in `often`). Write the list for "How long is the warranty?".
These answers must count:

"""
    + "\n".join(f"- {answer}" for answer in RIGHT)
    + "\n\nAnd these must not:\n\n"
    + "\n".join(f"- {answer}" for answer in WRONG),
    judge=judge,
    mistakes=[
        Mistake(["10-year"], 'Too narrow: none of your wordings is in this right answer: "It is covered'),
        Mistake(["10"], '"10" also counts this as right: "Delivery'),
        Mistake(["ten"], '"ten" also counts this as right: "Ten weeks'),
        Mistake(["year", "decade"], '"year" also counts'),
        Mistake(["10 year", "10-year", "ten years", "decade"], "a part of a longer word"),
        Mistake(["10-year", "10 years", "ten years"], "lasts a decade."),
        Mistake(list(RIGHT), "A whole answer stands in your list"),
        Mistake([""], "every answer contains that"),
    ],
    hints=(
        "A number alone is too wide, a whole sentence too narrow. Take the number with its unit.",
        'Four wordings, one from each right answer; the first is "10-year".',
    ),
    solution='attempt = ["10-year", "10 years", "ten years", "decade"]',
    starter="attempt = [...]",
)
