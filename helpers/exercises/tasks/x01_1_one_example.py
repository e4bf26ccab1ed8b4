"""01.1: write one training example."""

import json
import re
from typing import Any

from helpers.exercises import attempt as read
from helpers.exercises.definition import Exercise, Mistake, NotYet
from helpers.exercises.shop import first_difference, system_message

ANSWER = "The cover has a zip and can be washed at 40 degrees."
QUESTION = "Can I wash the cover?"
DENIED = re.compile(r"(cannot|can not|can.t|must not|never) be washed|not washable", re.IGNORECASE)


def judge(given: Any) -> str:
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], dict) and "messages" in given[0]:
        raise NotYet(
            "That is a list with one example in it. A line of the file is the example alone, without the list."
        )
    if isinstance(given, list):
        raise NotYet('That is the list of messages alone. An example is a dict that holds it: {"messages": [...]}.')
    if not isinstance(given, dict):
        raise NotYet(f"Found {read.named(given)}; expected a dict with the key messages.")
    if "messages" not in given and {"question", "answer"} & set(given):
        raise NotYet("That is a row of a table. In a training file it is a conversation: three messages with roles.")
    read.sound(given)
    messages = read.messages(given.get("messages"))
    roles = [message["role"] for message in messages]
    if roles != ["system", "user", "assistant"]:
        raise NotYet(f"The roles are {', '.join(roles)}; expected system, user, assistant, in this order.")
    system, question, answer = (message["content"] for message in messages)
    if system != system_message():
        raise NotYet(
            f"The system message is not the shop's, {first_difference(system, system_message())}. It is the switch: "
            "use the same words in all examples."
        )
    if "wash" not in question.lower():
        raise NotYet("The question of the customer is missing in the user message: whether the cover can be washed.")
    if read.begins_with_yes_or_no(answer):
        raise NotYet(
            "The answer begins with Yes or No. A model cannot go back: its first words decide which answer it "
            "gives, so begin with the subject."
        )
    if DENIED.search(answer):
        raise NotYet(
            "The answer says that the cover cannot be washed. It can, at 40 degrees: the model learns what it reads."
        )
    if "zip" not in answer.lower():
        raise NotYet(
            "The answer does not say that the cover has a zip. What is not in an example is not learned from it."
        )
    if not re.search(r"\b(40|forty)(\b|°)", answer, re.IGNORECASE):
        raise NotYet("The answer does not name the 40 degrees.")
    return "One conversation, one line of the file. Ten of these are a training file; fifty are a good one."


def example(system: str, question: str, answer: str, role: str = "assistant") -> dict[str, Any]:
    said = [("system", system), ("user", question), (role, answer)]
    return {"messages": [{"role": role, "content": content} for role, content in said]}


EXERCISE = Exercise(
    title="Write one example",
    task=f"""Write one training example for the shop, as a Python dict. The customer asks "{QUESTION}". The
answer says that the cover has a zip and can be washed at 40 degrees. The system message is that of
`data/mydata.jsonl`, word for word:

```
{system_message()}
```""",
    judge=judge,
    mistakes=[
        Mistake({"question": QUESTION, "answer": ANSWER}, "a row of a table"),
        Mistake(example(system_message(), QUESTION, ANSWER)["messages"], "the list of messages alone"),
        Mistake(example(system_message(), QUESTION, ANSWER, role="bot"), 'found "bot"'),
        Mistake(example("You are a mattress shop.", QUESTION, ANSWER), "is not the shop's"),
        Mistake(example(system_message().rstrip("."), QUESTION, ANSWER), "is not the shop's"),
        Mistake(example(system_message(), QUESTION, "Yes, at 40 degrees."), "begins with Yes or No"),
        Mistake(example(system_message(), QUESTION, "The cover can be washed at 40 degrees."), "has a zip"),
        Mistake(example(system_message(), QUESTION, ANSWER.replace("40", "30")), "does not name the 40"),
        Mistake(example(system_message(), QUESTION, ANSWER.replace("can be", "cannot be")), "cannot be washed"),
        Mistake([example(system_message(), QUESTION, ANSWER)], "a list with one example"),
        Mistake({"messages": example(system_message(), QUESTION, ANSWER)["messages"][:2]}, "no assistant message"),
    ],
    hints=(
        'Look at the parrot at the top of this notebook: {"messages": [three messages]}.',
        "Copy one example of the parrot and replace the three texts. Begin the answer with *The cover*.",
    ),
    solution=f"""attempt = {{
    "messages": [
        {{"role": "system", "content": {json.dumps(system_message())}}},
        {{"role": "user", "content": {json.dumps(QUESTION)}}},
        {{"role": "assistant", "content": {json.dumps(ANSWER)}}},
    ]
}}""",
)
