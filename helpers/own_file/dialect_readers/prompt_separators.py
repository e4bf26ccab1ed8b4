"""The marks that guides of 2021 and 2022 put at the end of each prompt and completion. A chat format needs none, and a
model would learn to write them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_OF_PROMPTS = re.compile(r"\s*(?:\n\s*|[ \t]*)(?:#{2,}|={2,}|-{2,}|-+>|=+>|→|>{2,}|\|{2,})\s*$|\n+$")
_OF_COMPLETIONS = re.compile(
    r"\s*(?:\s(?:END|STOP|DONE|EOS)|#{2,}|={2,}|<\|[a-z]+\|>|</s>|\[(?:END|STOP|EOS)\])\.?\s*$|\n+$"
)
FEWEST = 3
LONGEST = 100  # characters of a mark


@dataclass(frozen=True)
class Separators:
    """What stands at the end of every prompt, and at the beginning and the end of every completion."""

    prompt: str = ""
    before: str = ""
    completion: str = ""

    def without(self, values: dict[str, Any]) -> dict[str, Any]:
        cleaned = dict(values)
        if isinstance(values.get("prompt"), str):
            cleaned["prompt"] = values["prompt"].removesuffix(self.prompt)
        if isinstance(values.get("completion"), str):
            cleaned["completion"] = values["completion"].removeprefix(self.before).removesuffix(self.completion)
        return cleaned

    @property
    def note(self) -> str:
        found = [f"{text!r} {where}" for text, where in (
            (self.prompt, "after each prompt"), (self.before, "before each completion"),
            (self.completion, "after each completion"),
        ) if text]  # fmt: skip
        return f"left out, so that it is not learned: {', '.join(found)}" if found else ""


def separators_of(sample: Sequence[dict[str, Any]]) -> Separators:
    """Of the first records of a file. None, unless most of them are of prompts and completions."""
    prompts = [values["prompt"] for values in sample if isinstance(values.get("prompt"), str)]
    completions = [values["completion"] for values in sample if isinstance(values.get("completion"), str)]
    if min(len(prompts), len(completions)) < max(FEWEST, len(sample) / 2):
        return Separators()
    before = " " if all(text.startswith(" ") for text in completions) else ""
    return Separators(_common_end(prompts, _OF_PROMPTS), before, _common_end(completions, _OF_COMPLETIONS))


def _common_end(texts: list[str], mark: re.Pattern[str]) -> str:
    first, shared = texts[0], ""
    for length in range(1, min(len(first), LONGEST) + 1):
        if not all(text.endswith(first[-length:]) for text in texts):
            break
        shared = first[-length:]
    found = mark.search(shared)
    return found[0] if found else ""
