"""Replay against catastrophic forgetting: each later step adds a general question, with a KL loss to the base model.

A small model that learns fifteen sentences by heart soon answers everything in their manner. The general questions
stand in data/replay.jsonl. Their answers are no labels: the loss is the KL divergence from the base model's predictions
at every token of them, so the only lesson is to stay as it was. The idea is known as learning without forgetting.
"""

import json
import math
import random
from collections.abc import Iterable
from typing import Any

import torch

from helpers.course_data.paths import DATA
from helpers.practice.training.batching import Batch, logits_from, padded
from helpers.practice.training.labels import encode_all
from helpers.training_file.jsonl import read_lines

FILE = DATA / "replay.jsonl"
FROM = 0.5  # of the steps: what was forgotten before is won back, and only later weights are kept (weight_averaging.py)
WEIGHT = 0.4  # against the loss of the examples; with much more, less is learned and no more is kept
LONGEST = 128  # tokens


class Replay:
    """The questions, one for each step, and the base model's predictions for them.

    `states`: for each question the base model's last hidden states at its learned positions (tokens x hidden), as
    `initialise_lora` returns them.
    """

    def __init__(self, tokenizer: Any, seed: int) -> None:
        examples = [json.loads(line) for _, line in read_lines(FILE)]
        self.texts = encode_all(examples, tokenizer, LONGEST)
        self.states: list[torch.Tensor] = []
        self._seed = seed

    def at(self, step: int, steps: int) -> int | None:
        """The number of the question for a step of so many: the same when a job is resumed or has the same seed."""
        begin = math.ceil(FROM * steps)
        if step < begin:
            return None
        turn, place = divmod(step - begin, len(self.texts))
        order = random.Random(f"{self._seed}/{turn}").sample(range(len(self.texts)), len(self.texts))
        return order[place]  # every question comes once, before one comes again

    def batch(self, numbers: Iterable[int], device: Any) -> Batch:
        """Questions with their answers, padded."""
        return padded([self.texts[number] for number in numbers], device)

    def base_log_probs(self, number: int, model: Any) -> torch.Tensor:
        """The base model's log-probabilities for a question (learned tokens x vocabulary).

        They are computed from its hidden states, which take a hundredth of their memory.
        """
        return logits_from(model, self.states[number]).log_softmax(-1)
