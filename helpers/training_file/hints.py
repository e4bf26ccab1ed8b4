"""Sentences about what could be done better with a file in which nothing is wrong."""

import re
import unicodedata
from typing import Any

from helpers.connection.catalogue import LOCAL_DEFAULT, UnknownModelError, base_model, base_name
from helpers.display.tables import plural
from helpers.tokens import count_text
from helpers.training_file.problem import Example

FEWEST_YES_OR_NO = 3
YES_OR_NO_SHARE = 0.2
FEW = 10  # examples
LONG_ANSWER = 400  # tokens; what was measured on the local model are answers of one or two sentences
OTHER_SCRIPT_SHARE = 0.2

_YES_OR_NO = re.compile(r"(yes|no)\b[\s,.!:;-]*(.*)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"\b[A-Z]\w+")


class Hints:
    """Goes through the sound examples of a file one by one, and says at the end what there is to say."""

    def __init__(self, model: str | None) -> None:
        self.model, self.base = model, _local(model)
        self.answers = self.yes_or_no = self.longest = self.long = self.other_script = 0

    def look_at(self, example: Example) -> None:
        answer = _answer(example)
        if not answer:
            return
        self.answers += 1
        self.yes_or_no += _begins_with_yes_or_no(answer)
        if self.base is not None:
            self.other_script += _is_other_script(answer)
            # A token is seldom longer than eight characters: a short answer need not be counted.
            if len(answer) > LONG_ANSWER and (count := count_text(answer, self.base.id)) > LONG_ANSWER:
                self.long, self.longest = self.long + 1, max(self.longest, count)

    def sentences(self, examples: int) -> list[str]:
        """The hints, for a file with this many examples."""
        found = []
        if self.yes_or_no >= max(FEWEST_YES_OR_NO, YES_OR_NO_SHARE * self.answers):
            found.append(
                f"{plural(self.yes_or_no, 'answer')} begin with Yes or No and do not name what they speak of. A small "
                'model learns the "Yes" and then guesses: begin with the subject ("The delivery takes ...").'
            )
        if self.base is None:
            return found
        if self.base.english_only and self.other_script > OTHER_SCRIPT_SHARE * self.answers:
            found.append(
                f"{plural(self.other_script, 'answer')} in a script that {self.model} has hardly seen: it was trained "
                "on English. It learns them slowly and weakly; a larger model that knows the language serves better."
            )
        if 0 < examples < FEW:
            found.append(
                f"From {plural(examples, 'example')} {self.model} learns little beyond the sentences themselves. Ask "
                "for the same thing in several ways, and write 15 examples or more."
            )
        if self.long:
            found.append(
                f"{plural(self.long, 'answer')} of more than {LONG_ANSWER} tokens ({self.longest:,} at most). The "
                f"course has measured {base_name(self.model or '')} with answers of one or two sentences only; try a "
                "few short ones before you train on long ones."
            )
        return found


def _local(model: str | None) -> Any:
    """The entry of a model that is really trained on this computer; None for any other."""
    try:
        entry = base_model(model) if model else None
    except UnknownModelError:
        return None
    small = entry is not None and entry.engine == "local" and entry.id == LOCAL_DEFAULT
    return entry if small else None


def _answer(example: Example) -> str:
    """The last thing that the assistant says."""
    messages = example.get("messages", example.get("preferred_output"))
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "assistant":
            content = message.get("content")
            return content.strip() if isinstance(content, str) else ""
    return ""


def _begins_with_yes_or_no(answer: str) -> bool:
    """Whether it begins so and the sentence does not go on to name its subject, as in "Yes, the CloudRest has ..."."""
    found = _YES_OR_NO.match(answer)
    if not found or len(found[2].split()) < 2:
        return False  # "Yes" alone may be all that is wanted: a label
    sentence = re.split(r"[.!?](?:\s|$)", found[2], maxsplit=1)[0]
    return not _NAME.search(sentence.partition(" ")[2])  # its first word may be written large anyway


def _is_other_script(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    other = sum(1 for sign in letters if not unicodedata.name(sign, "").startswith("LATIN"))
    return other > OTHER_SCRIPT_SHARE * len(letters)
