"""What the simulated models say. A base model knows nothing of your business; a tuned one recalls its training
examples."""

import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process, utils

from helpers.course_data.paths import DATA
from helpers.training_file.jsonl import read_lines
from helpers.training_file.rules import Example

SIMILAR_ENOUGH = 60  # of 100
IN_MANY = 0.2  # a word in more than this share of the examples says nothing about one of them

# Words that nearly every question has, so that sharing them says nothing.
COMMON = frozenset(
    "a an and any are as at be by can could do does for from get have how i if in is it its long many me much my of "
    "on or should so some something than that the their them there this to up was we what when where which who will "
    "with would you your".split()
)


def answer_as_base(base: str, messages: list[dict[str, Any]]) -> str:
    """A generic answer that says what it is; or, when asked for training examples in JSON, the prepared draft."""
    if _asks_for_examples(last_question(messages)):
        return (DATA / "simulated_examples.json").read_text(encoding="utf-8").strip()
    return (
        f"[Simulated answer: the practice server stands in for {base}.] A general model knows nothing of your "
        "business, so it cannot say. A real GPT would answer other questions from what it has read."
    )


def answer_as_tuned(name: str, messages: list[dict[str, Any]], training_file: Path) -> str:
    """The answer of the training example whose question is most similar; a generic one when none is."""
    recall = _recall(training_file, training_file.stat().st_mtime_ns)
    answer = recall.answer(last_question(messages))
    if answer is not None:
        return answer
    return (
        f"[Simulated answer: the practice server stands in for {name}.] None of the training examples resembles this "
        "question. A real model would answer from what it knew before."
    )


def last_question(messages: list[dict[str, Any]]) -> str:
    asked = [_message_text(message) for message in messages if message.get("role") == "user"]
    return asked[-1] if asked else ""


def _asks_for_examples(question: str) -> bool:
    return bool(re.search(r"\bjson\b", question, re.I) and re.search(r"\bexamples?\b", question, re.I))


class Recall:
    """The questions and answers of a training file, to be found again by similarity."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.answers = [answer for _, answer in pairs]
        found_in = Counter(word for question, _ in pairs for word in set(_words(question)))
        self.in_many = {word for word, count in found_in.items() if count > max(2, IN_MANY * len(pairs))}
        self.questions = [self._important(question) for question, _ in pairs]
        self.as_asked = [question for question, _ in pairs]

    def answer(self, question: str) -> str | None:
        """By the words that matter; else, as for languages without spaces, by the letters."""
        best = process.extractOne(
            self._important(question), self.questions, scorer=fuzz.token_set_ratio, score_cutoff=SIMILAR_ENOUGH
        )
        if best is None and not question.isascii():
            best = process.extractOne(question, self.as_asked, scorer=fuzz.ratio, score_cutoff=SIMILAR_ENOUGH)
        return self.answers[best[2]] if best else None

    def _important(self, question: str) -> str:
        """The words that tell one question from another."""
        return " ".join(word for word in _words(question) if word not in self.in_many)


@lru_cache(maxsize=16)
def _recall(training_file: Path, changed: int) -> Recall:
    """Of a long conversation, its last question and answer."""
    pairs = []
    for _, line in read_lines(training_file):
        example: Example = json.loads(line)
        messages = example["messages"]
        answers = [_message_text(message) for message in messages if message.get("role") == "assistant"]
        if answers and answers[-1]:
            pairs.append((last_question(messages), answers[-1]))
    return Recall(pairs)


def _message_text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if part.get("type") in ("text", "input_text"))
    return content


def _words(text: str) -> list[str]:
    return [word for word in utils.default_process(text).split() if word not in COMMON]
