"""04.3: write the request that a tuned model was trained for."""

import json
from typing import Any

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet
from helpers.exercises.shop import first_difference, system_message

ASKED_FOR = ("warranty", "guarantee", "covered")


def judge(given: Any) -> str:
    if isinstance(given, dict):
        raise NotYet("Found a dict. `messages` of a request is the list itself: the system message and the question.")
    messages = read.messages(given)
    roles = [message["role"] for message in messages]
    if "assistant" in roles:
        raise NotYet("The answer is in your request. In training it stands there; now the model is to write it.")
    if "system" not in roles:
        raise NotYet(
            "There is no system message. The model was trained with one and answers like that only after it: it is the "
            "switch."
        )
    if roles == ["user", "system"]:
        raise NotYet("The system message stands after the question. In training it came first.")
    if roles != ["system", "user"]:
        raise NotYet(f"The roles are {', '.join(roles)}; expected system and user, as in training.")
    if messages[0]["content"] != system_message():
        difference = first_difference(messages[0]["content"], system_message())
        raise NotYet(f"The system message is not that of training, word for word: {difference}.")
    if not any(word in messages[1]["content"].lower() for word in ASKED_FOR):
        raise NotYet("Nobody asks for the warranty in the user message.")
    return "The same scene as in training, and the question. Only the answer is left to the model."


def asked(system: str = system_message(), *, role: str = "system") -> list[dict[str, str]]:
    return [{"role": role, "content": system}, {"role": "user", "content": "How long is the warranty?"}]


EXERCISE = Exercise(
    title="Ask it right",
    task="""Write the `messages` with which to ask the model trained on `data/mydata.jsonl` for its warranty: a
list, as `client.chat.completions.create(messages=...)` takes it.""",
    judge=judge,
    mistakes=[
        Mistake(asked()[1:], "There is no system message"),
        Mistake(asked("You are the assistant of CloudRest."), "not that of training"),
        Mistake(asked(system_message() + " "), "not that of training"),
        Mistake(asked()[::-1], "stands after the question"),
        Mistake([*asked(), {"role": "assistant", "content": "Ten years."}], "The answer is in your request"),
        Mistake({"messages": asked()}, "is the list itself"),
        Mistake([asked()[0], {"role": "user", "content": "How firm is it?"}], "Nobody asks for the warranty"),
    ],
    hints=(
        "The first line of `data/mydata.jsonl` shows what came before each answer in training.",
        "Two messages: the system message of the file, word for word, and the question.",
    ),
    solution=f"""attempt = [
    {{"role": "system", "content": {json.dumps(system_message())}}},
    {{"role": "user", "content": "How long is the warranty?"}},
]""",
)
