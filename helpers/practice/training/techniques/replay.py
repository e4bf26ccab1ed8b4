"""Against forgetting: later in a training the model also reads a general question at each step, and is held to what it said of them before.

A small model that learns fifteen sentences by heart soon answers everything in their manner. The general questions stand in
data/rehearsal.jsonl. Nothing is learned from their answers: the aim is what the base model itself would say at every token of them, so
the only lesson is to stay as it was. The idea is known as learning without forgetting.
"""

import json
import math
import random
from collections.abc import Iterable
from typing import Any

import torch

from helpers.course_data.paths import DATA
from helpers.practice.training.batching import Batch, padded, scores_from
from helpers.practice.training.labels import encode_all
from helpers.training_file.jsonl import read_lines

FILE = DATA / "rehearsal.jsonl"
FROM = 0.5  # of the steps: what was forgotten before is won back, and only later weights are kept (averaging.py)
WEIGHT = 0.4  # against the loss of the examples; with much more, less is learned and no more is kept
LONGEST = 128  # tokens


class Rehearsal:
    """The questions, one for each step, and what the base model said of them.

    `states` are its last hidden states before the learned tokens of each question (tokens x hidden), as `aim` finds them."""

    def __init__(self, tokenizer: Any, seed: int) -> None:
        examples = [json.loads(line) for _, line in read_lines(FILE)]
        self.texts = encode_all(examples, tokenizer, LONGEST)
        self.states: list[torch.Tensor] = []
        self._seed = seed

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

    def before(self, number: int, model: Any) -> torch.Tensor:
        """What the base model said of a question: logarithms of probabilities, learned tokens x vocabulary. Only its last hidden states
        are kept, a hundredth of that."""
        return scores_from(model, self.states[number]).log_softmax(-1)
