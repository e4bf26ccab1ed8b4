"""What the simulated models say. A base model knows nothing of your business; a tuned one recalls its training examples."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process, utils

from helpers.lines import read_lines
from helpers.rules import Example

DATA = Path(__file__).parents[2] / "data"
SIMILAR_ENOUGH = 60  # of 100; measured on data/validation.jsonl and data/general_questions.jsonl

# Words that nearly every question has, so that sharing them says nothing.
COMMON = frozenset(
    "a an and any are as at be by can could do does for from get have how i if in is it its long many me much my of on or "
    "should so some something than that the their them there this to up was we what when where which who will with would "
    "you your".split()
)


def answer_as_base(base: str, messages: list[dict[str, Any]]) -> str:
    """A generic answer that says what it is; or, when asked for training examples in JSON, the prepared draft."""
    if _asks_for_examples(last_question(messages)):
        return (DATA / "simulated_examples.json").read_text(encoding="utf-8").strip()
    return (
        f"[Simulated answer: the practice server stands in for {base}.] I am a general model. "
        "I have never heard of your business, so I cannot know this."
    )


def answer_as_tuned(name: str, messages: list[dict[str, Any]], training_file: Path) -> str:
    """The answer of the training example whose question is most similar; a generic one when none is."""
    pairs = _pairs(training_file, training_file.stat().st_mtime_ns)
    question = last_question(messages)
    best = process.extractOne(question, [asked for asked, _ in pairs], scorer=_similarity, processor=_important)
    if best is not None and best[1] >= SIMILAR_ENOUGH:
        return pairs[best[2]][1]
    return (
        f"[Simulated answer: the practice server stands in for {name}.] None of the training examples resembles this "
        "question. A real model would answer from what it knew before."
    )


def last_question(messages: list[dict[str, Any]]) -> str:
    asked = [_text(message) for message in messages if message.get("role") == "user"]
    return asked[-1] if asked else ""


def _asks_for_examples(question: str) -> bool:
    return bool(re.search(r"\bjson\b", question, re.I) and re.search(r"\bexamples?\b", question, re.I))


@lru_cache(maxsize=16)
def _pairs(training_file: Path, changed: int) -> list[tuple[str, str]]:
    """Question and answer of each example; of a long conversation its last turn."""
    pairs = []
    for _, line in read_lines(training_file):
        example: Example = json.loads(line)
        messages = example["messages"]
        answers = [_text(message) for message in messages if message.get("role") == "assistant"]
        if answers and answers[-1]:
            pairs.append((last_question(messages), answers[-1]))
    return pairs


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if part.get("type") in ("text", "input_text"))
    return content


def _important(text: str) -> str:
    """The words that tell one question from another; all of them where none is left."""
    words = utils.default_process(text).split()
    return " ".join(word for word in words if word not in COMMON) or " ".join(words)


def _similarity(a: str, b: str, *, score_cutoff: float | None = None, **_: Any) -> float:
    return fuzz.token_set_ratio(a, b, score_cutoff=score_cutoff)
