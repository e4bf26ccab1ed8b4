"""Retrieval over the examples of a training file, so that fine-tuning is compared with a fair rival.

The ranking is BM25, which search engines use too. It compares letters and not meanings: "guarantee" does not find
"warranty". A search by embeddings does, and needs a model of its own.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from helpers.training_file.rules import Example

K1, B = 1.2, 0.75  # BM25's usual settings: when a repeated term stops to count, how much a long passage is discounted
CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"  # scripts that are written without spaces, or nearly
_RUNS = re.compile(rf"[{CJK}]+|[^\W{CJK}]+")
_CJK = re.compile(f"[{CJK}]")
GRAM = 3  # letters
FACTS = "Use these facts:"
SHOTS = "Examples:"


def terms(text: str) -> list[str]:
    """What is compared: words and three letters in a row, so that "slats" finds "slatted"; for Chinese, two characters.

    >>> terms("Slats")
    ['slats', 'sla', 'lat', 'ats']
    >>> terms("保修几年")
    ['保修', '修几', '几年']
    """
    found = []
    for run in _RUNS.findall(text.lower()):
        size = 2 if _CJK.match(run) else GRAM
        grams = [run[i : i + size] for i in range(max(1, len(run) - size + 1))]
        found += grams if size == 2 or len(run) <= GRAM else [run, *grams]
    return found


class Passages:
    """The questions and answers of training examples, as text for a prompt: all of them, or those found by search.

    `Way(model, context=passages.all)` puts every fact into each prompt, `context=passages.find` the best three.
    """

    def __init__(self, examples: Iterable[Example], *, best: int = 3) -> None:
        pairs = [_pair(example) for example in examples]
        self.best = best
        self.texts = [f"{question} {answer}" for question, answer in pairs if answer]
        self.counts = [Counter(terms(text)) for text in self.texts]
        self.lengths = [sum(count.values()) for count in self.counts]
        self.found_in = Counter(term for count in self.counts for term in count)
        if not self.texts:
            raise ValueError("examples: found none with an answer; expected at least one, as read() gives them")

    @property
    def all(self) -> str:
        return _listed(dict.fromkeys(self.texts))

    def find(self, question: str) -> str:
        return _listed(self.search(question))

    def search(self, question: str) -> list[str]:
        """The passages that resemble the question most, the best first."""
        ranked = sorted(range(len(self.texts)), key=lambda number: self._score(number, question), reverse=True)
        return list(dict.fromkeys(self.texts[number] for number in ranked))[: self.best]

    def _score(self, number: int, question: str) -> float:
        count, mean = self.counts[number], sum(self.lengths) / len(self.lengths)
        discount = K1 * (1 - B + B * self.lengths[number] / mean)
        return sum(
            self._rarity(term) * count[term] * (K1 + 1) / (count[term] + discount)
            for term in set(terms(question))
            if term in count
        )

    def _rarity(self, term: str) -> float:
        found = self.found_in[term]
        return math.log(1 + (len(self.texts) - found + 0.5) / (found + 0.5))


def shots(examples: Iterable[Example], n: int = 5) -> str:
    """The first examples as text for a prompt: few-shot prompting, the rival of fine-tuning for a format."""
    pairs = [_pair(example) for example in list(examples)[:n]]
    return "\n\n".join([SHOTS, *(f"Message: {question}\nReply: {answer}" for question, answer in pairs)])


def _pair(example: dict[str, Any]) -> tuple[str, str]:
    """The last question of an example and its answer."""
    said = {"user": "", "assistant": ""}
    for message in example["messages"]:
        if message.get("role") in said and isinstance(message.get("content"), str):
            said[message["role"]] = message["content"]
    return said["user"], said["assistant"]


def _listed(texts: Iterable[str]) -> str:
    return "\n".join([FACTS, *(f"- {text}" for text in texts)])
