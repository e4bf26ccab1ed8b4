"""Batches of examples, and a model's logits at the positions that are learned.

A small model spends much of its time in the LM head, which computes a logit for each of its 49,152 tokens at every
position. Only the positions before a token with a label need logits: the others are skipped, as `-100` marks them.
"""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

import torch
from torch.nn.functional import pad
from torch.utils.data import BatchSampler
from transformers.modeling_outputs import BaseModelOutputWithPast

from helpers.practice.training.labels import IGNORED, Encoded

ROUND = 16  # lengths are padded to a multiple of this, as libraries keep memory for every new shape of a batch
MODEL_INPUTS = ("input_ids", "attention_mask", "position_ids", "past_key_values")
Batch = dict[str, torch.Tensor]


class BatchesWithoutRemainder(BatchSampler):
    """As many examples as fit in a batch; a remainder of at most half a batch goes with the last one.

    A step for a single example of fifteen would pull as hard as one for two.
    """

    def __iter__(self) -> Iterator[list[int]]:
        held: list[int] = []
        for batch in super().__iter__():
            if held and 2 * len(batch) <= self.batch_size:
                batch = held + batch
            elif held:
                yield held
            held = batch
        yield held

    def __len__(self) -> int:
        return count_batches(len(self.sampler), self.batch_size)


def count_batches(examples: int, size: int) -> int:
    """The number of batches that BatchesWithoutRemainder makes of so many examples."""
    whole, remainder = divmod(examples, size)
    return max(1, whole + (2 * remainder > size))


def padded(examples: Iterable[Encoded], device: Any) -> Batch:
    """Like a batch of the trainer: input_ids, labels, attention_mask, each examples x tokens, padded to a round one."""
    encoded = list(examples)
    lengths = [len(each.input_ids) for each in encoded]
    longest = rounded(max(lengths))

    def rows(values: list[list[int]], padding: int) -> torch.Tensor:
        return torch.tensor([row + [padding] * (longest - len(row)) for row in values], device=device)

    return {
        "input_ids": rows([each.input_ids for each in encoded], 0),
        "labels": rows([each.labels for each in encoded], IGNORED),
        "attention_mask": rows([[1] * length for length in lengths], 0),
    }


def common_prefix_length(examples: list[Encoded]) -> int:
    """How many tokens all examples begin with. The last one before an answer is not counted: its logits are needed."""
    columns = zip(*(each.input_ids for each in examples), strict=False)
    common = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    learned = min([label == IGNORED for label in each.labels].index(False) for each in examples)
    return max(0, min(common, learned) - 1)


def answer_logits(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits at the learned positions (n x vocabulary) and the labels there (n), example after example."""
    labels = _shifted_labels(batch)
    positions = _learned_first((labels != IGNORED).any(dim=0))
    given = {name: batch[name] for name in MODEL_INPUTS if name in batch}
    outputs = model(**given, use_cache=False, logits_to_keep=positions)
    kept = labels[:, positions]
    learned = kept != IGNORED
    if len(kept) == 1:  # in one row they stand at its beginning, and a slice of a row is no copy
        count = int(learned.sum())
        return outputs.logits[0, :count].float(), kept[0, :count]
    return outputs.logits[learned].float(), kept[learned]


def last_hidden_states(model: Any, batch: Batch) -> list[torch.Tensor]:
    """For each example the last hidden states at its learned positions (tokens x hidden), without gradients."""
    with torch.no_grad():
        outputs = model.base_model(**{name: batch[name] for name in MODEL_INPUTS if name in batch})
    learned = _shifted_labels(batch) != IGNORED
    return [states[kept] for states, kept in zip(outputs.last_hidden_state, learned, strict=True)]


def logits_from(model: Any, states: torch.Tensor) -> torch.Tensor:
    """The logits (n x vocabulary) of last hidden states (n x hidden), without gradients.

    The model is called as a whole, as some scale or cap their logits; only its layers are left out.
    """
    inner = model.base_model
    inner.forward = lambda *_, **__: BaseModelOutputWithPast(last_hidden_state=states[None])
    try:
        with torch.no_grad():
            return model(input_ids=None).logits[0].float()
    finally:
        del inner.forward


def rounded(length: int) -> int:
    return length + -length % ROUND


def _shifted_labels(batch: Batch) -> torch.Tensor:
    """For each position the label of the next token (examples x tokens)."""
    return pad(batch["labels"][:, 1:], (0, 1), value=IGNORED)


def _learned_first(learned: torch.Tensor) -> torch.Tensor:
    """The positions that are learned, padded with others to a round number."""
    most = min(rounded(int(learned.sum())), len(learned))
    return learned.int().argsort(descending=True, stable=True)[:most]
