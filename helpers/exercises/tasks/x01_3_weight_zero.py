"""01.3: learn from one answer of a conversation and not from another."""

from copy import deepcopy
from typing import Any

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet
from helpers.exercises.shop import system_message

WRONG, RIGHT = 2, 4  # the messages of the assistant
SAID = (
    ("system", system_message()),
    ("user", "How long is the warranty?"),
    ("assistant", "The warranty is five years."),
    ("user", "Your page says ten."),
    ("assistant", "The warranty is a full 10-year warranty. My first answer was wrong, I am sorry."),
)


def material() -> dict[str, Any]:
    """The conversation as it was."""
    return {"messages": [{"role": role, "content": content} for role, content in SAID]}


def judge(given: Any) -> str:
    if not isinstance(given, dict) or "messages" not in given:
        raise NotYet(f"Found {read.named(given)}; expected the whole example, a dict with its messages.")
    read.sound(given)
    messages = read.messages(given["messages"])
    if len(messages) != len(SAID):
        raise NotYet(
            f"There are {len(messages)} messages, and there were {len(SAID)}. Without the wrong answer, nobody can see "
            "what the customer objects to. It stays, and is not learned."
        )
    if [message["content"] for message in messages] != [content for _, content in SAID]:
        raise NotYet("A text was changed. The conversation stays as it was; only say from which answer to learn.")
    wrong, right = (messages[index].get("weight", 1) for index in (WRONG, RIGHT))
    if wrong == 1 and right == 1:
        raise NotYet("Both answers count, so the model learns that the warranty is five years as well.")
    if wrong == 1:
        raise NotYet("The right answer has weight 0 and the wrong one is learned. It must be the other way round.")
    return "The wrong answer is read, as what came before, and the model learns only from the one after it."


def weighted(**weights: Any) -> dict[str, Any]:
    example = deepcopy(material())
    for name, weight in weights.items():
        example["messages"][int(name.removeprefix("at"))]["weight"] = weight
    return example


EXERCISE = Exercise(
    title="Do not learn from this answer",
    task="""A conversation, as `exercise("01.3").material()` gives it. The first answer of the assistant is
wrong; the customer objects; the second is right. Make an example of it from which the model learns the second
answer only.

"""
    + "\n".join(f"- {role}: {content}" for role, content in SAID[1:]),
    judge=judge,
    mistakes=[
        Mistake(material, "Both answers count"),
        Mistake(weighted(at2=0, at4=0), "weight 0 on every assistant message"),
        Mistake(weighted(at4=0), "must be the other way round"),
        Mistake({"messages": material()["messages"][:2] + material()["messages"][4:]}, "Without the wrong answer"),
        Mistake(weighted(at2="0"), "messages[2].weight"),
        Mistake(weighted(at1=0, at2=0), "messages[1].weight"),
    ],
    hints=(
        "One of the fields of a message says whether it is learned from.",
        'Only a message of the assistant has it: `example["messages"][2]["weight"] = ...`',
    ),
    solution="""from helpers import exercise

attempt = exercise("01.3").material()
attempt["messages"][2]["weight"] = 0""",
    material=material,
)
