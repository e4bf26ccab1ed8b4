"""Against forgetting: later in a training the model also reads a general question at each step, and is held to what it said of them before.

A small model that learns fifteen sentences by heart soon answers everything in their manner. The general questions stand in
data/rehearsal.jsonl. Nothing is learned from their answers: the aim is what the base model itself would say at every token of them, so
the only lesson is to stay as it was. The idea is known as learning without forgetting.
"""

import json
import math
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from helpers.lines import read_lines
from helpers.practice.batches import Batch, padded
from helpers.practice.training_text import IGNORED, encode_all

FILE = Path(__file__).parents[2] / "data" / "rehearsal.jsonl"
FROM = 0.5  # of the steps: what was forgotten before is won back, and only later weights are kept (averaging.py)
WEIGHT = 0.4  # against the loss of the examples; with much more, less is learned and no more is kept
LONGEST = 128  # tokens
ASKED_AT_ONCE = 8  # questions to the base model; more take more memory


class Rehearsal:
    """The questions, one for each step, and what the base model says of them, found out when it is first needed."""

    def __init__(self, tokenizer: Any, seed: int) -> None:
        examples = [json.loads(line) for _, line in read_lines(FILE)]
        self.texts = encode_all(examples, tokenizer, LONGEST)
        self._seed = seed
        self._known: dict[int, torch.Tensor] = {}

    def at(self, step: int, steps: int) -> int | None:
        """The number of the question for a step of so many: the same again if a job is resumed, or has the same seed."""
        begin = math.ceil(FROM * steps)
        if step < begin:
            return None
        turn, place = divmod(step - begin, len(self.texts))
        order = random.Random(f"{self._seed}/{turn}").sample(range(len(self.texts)), len(self.texts))
        return order[place]  # every question comes once, before one comes again

    def batch(self, numbers: Iterable[int], device: Any) -> Batch:
        """Questions with their answers, padded."""
        return padded([self.texts[number] for number in numbers], device)

    def known(self, step: int, steps: int, scores_of: Any, device: Any) -> torch.Tensor:
        """What the base model says of the question of a step: logarithms of probabilities, learned tokens x vocabulary.

        `scores_of` gives its scores for a batch. The questions of the next steps are asked with it, and kept until no step needs them."""
        end = min(steps, step + 2 * len(self.texts))  # what comes again at all comes again before that
        number, later = self.at(step, steps), [self.at(each, steps) for each in range(step + 1, end)]
        if number not in self._known:
            some = [each for each in dict.fromkeys([number, *later]) if each not in self._known][:ASKED_AT_ONCE]
            scores = scores_of(self.batch(some, device)).float().log_softmax(-1).half()  # half: they stay in memory
            counts = [sum(label != IGNORED for label in self.texts[each].labels) for each in some]
            self._known |= zip(some, (part.clone() for part in scores.split(counts)), strict=True)
        return (self._known[number] if number in later else self._known.pop(number)).float()
