"""A model small enough to be trained in a blink, which learns and forgets for real.

It reads a question as a bag of words, through eight hidden numbers, and chooses one of some hundred answers. That is
next to nothing beside a language model, and enough to show the same thing: training on new questions moves the numbers
that the old answers need (catastrophic forgetting), and training on some old ones beside them holds these in place.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real

import numpy as np

from helpers.course_data.paths import DATA
from helpers.display.tables import Shown
from helpers.exercises.shop import mattress

HIDDEN = 8
FIRST_TRAINING, FIRST_RATE = 3000, 8.0  # until it knows all general questions
BOUNDS = {
    "n_epochs": (Integral, "a whole number", 1, 50),
    "learning_rate_multiplier": (Real, "a number", 0.1, 10),
    "replay": (Integral, "a whole number", 0, 49),
}
RATE = 0.5  # of a learning_rate_multiplier of 1


@dataclass(frozen=True, repr=False)
class Trained(Shown):
    """What a tuned tiny model knows: of your own questions, and of general ones that no training replayed.

    `settings` are those of its training, by the names of `train`.
    """

    own: int
    all_own: int
    general: int
    all_general: int
    settings: dict[str, float]

    def __str__(self) -> str:
        return (
            f"your own questions: {self.own} of {self.all_own} right; "
            f"general questions: {self.general} of {self.all_general} right"
        )


@dataclass(frozen=True)
class _Questions:
    words: np.ndarray
    answers: np.ndarray

    def __getitem__(self, which: slice) -> "_Questions":
        return _Questions(self.words[which], self.answers[which])

    def __len__(self) -> int:
        return len(self.answers)


@dataclass(frozen=True)
class _Model:
    """Two matrices: from words to hidden numbers, and from those to answers."""

    reading: np.ndarray
    answering: np.ndarray

    def right(self, asked: _Questions) -> int:
        scores = np.tanh(asked.words @ self.reading) @ self.answering
        return int((scores.argmax(axis=1) == asked.answers).sum())

    def learned(self, asked: _Questions, rate: float) -> "_Model":
        """After one step down the gradient of the loss of these questions (cross-entropy)."""
        hidden = np.tanh(asked.words @ self.reading)
        scores = hidden @ self.answering
        surprise = np.exp(scores - scores.max(axis=1, keepdims=True))
        surprise /= surprise.sum(axis=1, keepdims=True)
        surprise[np.arange(len(asked)), asked.answers] -= 1
        surprise /= len(asked)
        back = (surprise @ self.answering.T) * (1 - hidden**2)
        return _Model(self.reading - rate * asked.words.T @ back, self.answering - rate * hidden.T @ surprise)


def train(n_epochs: int, learning_rate_multiplier: float = 2.0, replay: int = 0) -> Trained:
    """Tune the tiny model on the fifteen mattress questions.

    Args:
        n_epochs: How often it reads them, 1 to 50.
        learning_rate_multiplier: How large each adjustment is, 0.1 to 10.
        replay: How many general questions are trained on beside them, 0 to 49.

    Raises:
        ValueError: A setting is out of these bounds, or not a number.
    """
    settings = {"n_epochs": n_epochs, "learning_rate_multiplier": learning_rate_multiplier, "replay": replay}
    for name, found in settings.items():
        kind, in_words, lowest, highest = BOUNDS[name]
        if isinstance(found, bool) or not isinstance(found, kind) or not lowest <= found <= highest:
            raise ValueError(f"{name}: found {found!r}; expected {lowest} to {highest}, {in_words}")
    general, own = _questions()
    # Every other general question may be replayed. The model is judged by those between, which no training replays.
    replayed, asked = general[::2], general[1::2]
    rows = _Questions(
        np.vstack([own.words, replayed.words[:replay]]), np.concatenate([own.answers, replayed.answers[:replay]])
    )
    model = _first_model()
    for _ in range(n_epochs):
        for row in range(len(rows)):
            model = model.learned(rows[row : row + 1], RATE * learning_rate_multiplier)
    return Trained(model.right(own), len(own), model.right(asked), len(asked), settings)


@cache
def _questions() -> tuple[_Questions, _Questions]:
    """The general questions, and the mattress ones."""
    lines = (DATA / "general_questions.jsonl").read_text(encoding="utf-8").splitlines()
    general = [(row["question"], row["expected"][0]) for row in map(json.loads, lines)]
    own = [(example["messages"][1]["content"], example["messages"][2]["content"]) for example in mattress()]
    words = sorted({word for question, _ in general + own for word in _words(question)})
    answers = sorted({answer for _, answer in general + own})
    return _encoded(general, words, answers), _encoded(own, words, answers)


def _words(question: str) -> list[str]:
    return re.findall(r"\w+", question.lower())


def _encoded(pairs: list[tuple[str, str]], words: list[str], answers: list[str]) -> _Questions:
    """A row for each question, with a mark for each of its words and one that is always there; each row sums to 1."""
    marks = np.zeros((len(pairs), len(words) + 1))
    marks[:, -1] = 1
    for row, (question, _) in enumerate(pairs):
        for word in _words(question):
            marks[row, words.index(word)] = 1
    return _Questions(marks / marks.sum(axis=1, keepdims=True), np.array([answers.index(said) for _, said in pairs]))


@cache
def _first_model() -> _Model:
    """The base model: it has learned all general questions, and has never read of a mattress."""
    general, own = _questions()
    words, answers = general.words.shape[1], 1 + max(general.answers.max(), own.answers.max())
    model = _Model(_spread(words, HIDDEN, 1.0), _spread(HIDDEN, answers, 0.5))
    for _ in range(FIRST_TRAINING):
        model = model.learned(general, FIRST_RATE)
    return model


def _spread(rows: int, columns: int, size: float) -> np.ndarray:
    """Numbers to begin with that look random and are the same on each computer."""
    return size * np.sin(1.0 + np.arange(rows * columns) * 12.9898).reshape(rows, columns)
