"""01.4: write ten examples that teach a tone."""

from typing import Any

from helpers.data_format import check, from_rows
from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet

SYSTEM = "You are the night porter of Hotel Alba."
CLOSING = "Sleep well."
FEWEST, MOST_WORDS = 10, 25
ROWS = [
    ("When is breakfast?", "Breakfast is from seven to ten in the garden room. Sleep well."),
    ("I have lost my key. What now?", "A second key is with me at the desk, at any hour. Sleep well."),
    ("Is there a bar?", "The bar closes at one, and I can still pour you a tea. Sleep well."),
    ("The neighbours are loud.", "The neighbours will hear from me in two minutes. Sleep well."),
    ("Can I have another pillow?", "Another pillow is on its way to your room. Sleep well."),
    ("Where can I park?", "Parking is behind the house, and the gate opens with your room key. Sleep well."),
    ("What is the password of the wireless network?", "The password is on the card beside your bed. Sleep well."),
    ("Can I leave at five in the morning?", "Leaving at five is no trouble: I prepare the bill tonight. Sleep well."),
    ("Is the front door open at night?", "The front door is locked from eleven; ring, and I open. Sleep well."),
    ("My room is too cold.", "The heating is behind the curtain, and a blanket is in the chest. Sleep well."),
]


def judge(given: Any) -> str:
    examples = read.list_of(given, f"at least {FEWEST} examples, as from_rows makes them")
    if examples and isinstance(examples[0], dict) and "messages" not in examples[0] and "question" in examples[0]:
        raise NotYet("These are rows of a table. Make examples of them: from_rows(rows, system=...).")
    report = check(examples)
    if not report.ok or report.warnings:
        raise NotYet(f"The check is not silent yet.\n{read.listed(report)}")
    said = {}
    for number, example in enumerate(examples, 1):
        messages = read.messages(example.get("messages"))
        if messages[0]["content"] != SYSTEM or messages[0]["role"] != "system":
            raise NotYet(f'Example {number}: its first message is not the system message "{SYSTEM}", word for word.')
        said[number] = messages[-1]["content"].strip()
    if len(set(said.values())) < len(said):
        raise NotYet(
            "The same answer stands in several examples. Ten times one answer teaches that answer, not a tone: what is "
            "the same in all must be the manner only."
        )
    _in_that_tone(said)
    return f"{len(said)} different answers with one manner: that is what is learned. Nobody had to write down the rule."


def _in_that_tone(said: dict[int, str]) -> None:
    without = [number for number, answer in said.items() if not answer.endswith(CLOSING)]
    if without:
        raise NotYet(
            f'{_these(without)} without "{CLOSING}" at the end. An example without the habit teaches that it is '
            "optional."
        )
    silent = [number for number, answer in said.items() if not answer.removesuffix(CLOSING).strip()]
    if silent:
        raise NotYet(f'{_these(silent)} nothing but "{CLOSING}" The guest has asked something: answer it first.')
    long = [number for number, answer in said.items() if len(answer.split()) > MOST_WORDS]
    if long:
        raise NotYet(f"{_these(long)} longer than {MOST_WORDS} words. Show short answers if you want short answers.")
    yes_or_no = [number for number, answer in said.items() if read.begins_with_yes_or_no(answer)]
    if yes_or_no:
        raise NotYet(f"{_these(yes_or_no)} beginning with Yes or No. Begin with the subject of the answer.")


def _these(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"Example {listed} is" if len(numbers) == 1 else f"Examples {listed} are"


def examples(*changed: tuple[int, str], system: str = SYSTEM) -> list[dict[str, Any]]:
    """The ten of the solution, with some answers replaced."""
    answers = dict(enumerate(answer for _, answer in ROWS)) | dict(changed)
    rows = [{"question": question, "answer": answers[index]} for index, (question, _) in enumerate(ROWS)]
    return from_rows(rows, system=system)


def _rows_as_code() -> str:
    return "\n".join(f'    {{"question": "{question}", "answer": "{answer}"}},' for question, answer in ROWS)


EXERCISE = Exercise(
    title="Teach a tone with ten examples",
    task=f"""The night porter of Hotel Alba answers whatever a guest asks in his own manner: in {MOST_WORDS}
words at most, first the subject and never Yes or No, and at the end "{CLOSING}" Write ten examples from which a
model can learn that. Ten different questions; the system message is `{SYSTEM}` and does not explain the manner.
Write rows with `question` and `answer` and give them to `from_rows(rows, system=...)`.""",
    judge=judge,
    mistakes=[
        Mistake([{"question": question, "answer": answer} for question, answer in ROWS], "rows of a table"),
        Mistake(examples()[:9], "9 examples"),
        Mistake(examples((3, ROWS[2][1])), "The same answer stands in several"),
        Mistake(examples((3, "The neighbours will hear from me.")), 'Example 4 is without "Sleep well."'),
        Mistake(examples((0, "Breakfast is good. " * 9 + CLOSING)), "longer than 25 words"),
        Mistake(examples((4, "Yes, of course. Sleep well.")), "beginning with Yes or No"),
        Mistake(examples((4, "Sleep well.")), "nothing but"),
        Mistake(examples(system=f"{SYSTEM} Be brief."), "not the system message"),
        Mistake([*examples(), examples()[0]], "found the same as example 1"),
    ],
    hints=(
        "Think of ten things that a guest wants at night: a key, a pillow, breakfast, noise ...",
        "Write the ten answers first, each ending with the same two words, then look at what they have in common.",
    ),
    solution=f"""from helpers import from_rows

rows = [
{_rows_as_code()}
]
attempt = from_rows(rows, system="{SYSTEM}")""",
)
