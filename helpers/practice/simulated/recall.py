"""Finding the training example that resembles a question most."""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process, utils

from helpers.training_file.jsonl import read_lines
from helpers.training_file.rules import Example

SIMILAR_ENOUGH = 60  # of 100
SIMILAR_LETTERS = 24  # of 100, where words cannot be told apart and letters are compared
IN_MANY = 0.2  # a word in more than this share of the examples says nothing about one of them

# Of a longer text, its two ends are compared: time grows with the length, and half a million characters take minutes.
LONGEST_COMPARED = 2_000

# Words that nearly every question has, so that sharing them says nothing.
COMMON = frozenset(
    "a an and any are as at be by can could do does for from get have how i if in is it its long many me much my of "
    "on or should so some something than that the their them there this to up was we what when where which who will "
    "with would you your".split()
)
# The same for letters of Chinese and Japanese that are no more than grammar or a question mark.
COMMON_LETTERS = frozenset(
    "的了吗呢吧啊是有我你您它他她这那个和与在请问能可以会要多少什么怎样如何哪里几为不来你好のはがをにでとですかますもやへ何"
)
# Scripts that put no blank between words, and Korean, where a word's ending changes with its place.
WITHOUT_BLANKS = (
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
RUN = re.compile(f"{WITHOUT_BLANKS}+")


@dataclass(frozen=True)
class Turn:
    """One answer of a training file: the question before it, the whole conversation before it, and the message."""

    question: str
    before: str
    after_tool: bool  # it answers the result of a function, and not the question itself
    text: str
    calls: tuple[dict[str, str], ...]  # each with a name and its arguments as JSON


class Recall:
    """The turns of a training file, to be found again by their question."""

    def __init__(self, turns: list[Turn]) -> None:
        self.turns = turns
        self.normalised = [normalised(turn.question) for turn in turns]
        questions = [_ends(turn.question) for turn in turns]
        found_in = Counter(word for question in questions for word in set(_words(question)))
        self.in_many = {word for word, count in found_in.items() if count > max(2, IN_MANY * len(turns))}
        self.important = [self._important(question) for question in questions]
        self.letters = [_letters(question) for question in questions]
        self.letters_found_in = Counter(letter for letters in self.letters for letter in letters)

    def find(self, question: str, before: str, fits: Callable[[Turn], bool]) -> Turn | None:
        """The turn whose question is the same, else the most similar one; None if no question resembles it.

        Args:
            question: What is asked.
            before: The whole conversation up to the answer. It decides between questions that are equally similar.
            fits: Whether a turn may be the answer at all.

        Returns:
            One of the turns that fit.
        """
        allowed = [number for number, turn in enumerate(self.turns) if fits(turn)]
        exactly = normalised(question)
        same = [number for number in allowed if self.normalised[number] == exactly]
        question, before = _ends(question), _ends(before)
        nearest = same or self._by_words(question, allowed) or self._by_letters(question, allowed)
        if not nearest:
            return None
        return self.turns[max(nearest, key=lambda number: self._likeness(number, question, before))]

    def _likeness(self, number: int, question: str, before: str) -> tuple[float, float]:
        turn = self.turns[number]
        return (
            fuzz.ratio(normalised(question), _ends(self.normalised[number])),
            fuzz.ratio(before, _ends(turn.before)),
        )

    def _by_words(self, question: str, allowed: list[int]) -> list[int]:
        """By the words that matter."""
        choices = {number: self.important[number] for number in allowed}
        found = process.extract(
            self._important(question), choices, scorer=fuzz.token_set_ratio, score_cutoff=SIMILAR_ENOUGH, limit=None
        )
        return _best([(score, number) for _, score, number in found])

    def _by_letters(self, question: str, allowed: list[int]) -> list[int]:
        """By letters and pairs of letters, where a script puts no blank between words. Rare ones weigh more."""
        asked = _letters(question)
        if not asked:
            return []
        weight = self._weight(asked)
        scored = ((self._shared_letters(asked, weight, self.letters[number]), number) for number in allowed)
        return _best([(score, number) for score, number in scored if score >= SIMILAR_LETTERS])

    def _shared_letters(self, asked: frozenset[str], weight: float, known: frozenset[str]) -> float:
        """The share of the letters that two questions have in common, of 100, by weight."""
        both = weight + self._weight(known)
        return 200 * self._weight(asked & known) / both if both else 0

    def _weight(self, letters: frozenset[str]) -> float:
        return sum(math.log((len(self.turns) + 1) / (self.letters_found_in[letter] + 1)) + 0.1 for letter in letters)

    def _important(self, question: str) -> str:
        """The words that tell one question from another."""
        return " ".join(word for word in _words(question) if word not in self.in_many)


def recall(training_file: Path) -> Recall:
    return _recall(training_file, training_file.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _recall(training_file: Path, changed: int) -> Recall:
    return Recall([turn for _, line in read_lines(training_file) for turn in turns_of(json.loads(line))])


def turns_of(example: Example) -> Iterator[Turn]:
    """The answers of an example that are learned, each with what stands before it."""
    messages = example.get("messages") or []
    for number, message in enumerate(messages):
        if message.get("role") != "assistant" or message.get("weight", 1) == 0:
            continue
        before, text, calls = messages[:number], text_of(message), calls_of(message)
        if text or calls:
            yield Turn(last_question(before), conversation(before), after_tool(before), text, calls)


def last_question(messages: list[dict[str, Any]]) -> str:
    asked = [text_of(message) for message in messages if message.get("role") == "user"]
    return asked[-1] if asked else ""


def conversation(messages: list[dict[str, Any]]) -> str:
    return "\n".join(text_of(message) for message in messages)


def after_tool(messages: list[dict[str, Any]]) -> bool:
    return bool(messages) and messages[-1].get("role") in ("tool", "function")


def text_of(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if part.get("type") in ("text", "input_text")]
        return " ".join(text for text in texts if isinstance(text, str))
    return content


def calls_of(message: dict[str, Any]) -> tuple[dict[str, str], ...]:
    older = [message["function_call"]] if message.get("function_call") else []
    functions = [*(call.get("function") for call in message.get("tool_calls") or []), *older]
    return tuple({"name": each["name"], "arguments": each["arguments"]} for each in functions if each)


def normalised(text: str) -> str:
    """A text without what may differ between two people who ask the same: case, width, punctuation, blanks."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def _ends(text: str) -> str:
    half = LONGEST_COMPARED // 2
    return text if len(text) <= LONGEST_COMPARED else f"{text[:half]} {text[-half:]}"


def _best(scored: list[tuple[float, int]]) -> list[int]:
    """The numbers of all those with the highest score."""
    highest = max((score for score, _ in scored), default=0)
    return [number for score, number in scored if score == highest]


def _words(text: str) -> list[str]:
    return [word for word in utils.default_process(RUN.sub(" ", text)).split() if word not in COMMON]


def _letters(text: str) -> frozenset[str]:
    """The letters and the pairs of neighbours of the parts that are written without blanks."""
    found: set[str] = set()
    for run in RUN.findall(unicodedata.normalize("NFKC", text)):
        found |= {letter for letter in run if letter not in COMMON_LETTERS}
        pairs = map("".join, pairwise(run))
        found |= {pair for pair in pairs if not COMMON_LETTERS.issuperset(pair)}
    return frozenset(found)
