"""Batches of examples, and what a model says at the places that are learned.

A small model spends much of its time on the last layer, which names a score for each of its 49,152 tokens at every position. Only the
positions before a learned token need one. In the mattress examples these are a third of all.
"""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

import torch
from torch.nn.functional import pad
from torch.utils.data import BatchSampler
from transformers.modeling_outputs import BaseModelOutputWithPast

from helpers.practice.training.labels import IGNORED, Encoded

ROUND = 16  # lengths are rounded up to this: libraries keep memory for every new one (120 MB in a short training)
READ = ("input_ids", "attention_mask", "position_ids", "past_key_values")
Batch = dict[str, torch.Tensor]


class BatchesWithoutRest(BatchSampler):
    """As many examples as fit in a batch; a rest of at most half a batch goes with the last one. A step for a single example of fifteen
    would pull as hard as one for two."""

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
    whole, rest = divmod(examples, size)
    return max(1, whole + (2 * rest > size))


def padded(examples: Iterable[Encoded], device: Any) -> Batch:
    """Like a batch of the trainer: input_ids, labels, attention_mask, each examples x tokens, filled up to a round length."""
    encoded = list(examples)
    lengths = [len(each.input_ids) for each in encoded]
    longest = rounded(max(lengths))

    def rows(values: list[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([row + [filler] * (longest - len(row)) for row in values], device=device)

    return {
        "input_ids": rows([each.input_ids for each in encoded], 0),
        "labels": rows([each.labels for each in encoded], IGNORED),
        "attention_mask": rows([[1] * length for length in lengths], 0),
    }


def common_beginning(examples: list[Encoded]) -> int:
    """How many tokens all examples begin with; the last one before an answer stays with each, as what follows it is judged."""
    columns = zip(*(each.input_ids for each in examples), strict=False)
    common = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    learned = min([label == IGNORED for label in each.labels].index(False) for each in examples)
    return max(0, min(common, learned) - 1)


def scores_of(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """The scores of every token at the learned positions (n x vocabulary), and the right tokens (n), example after example."""
    following = _following(batch)
    positions = _learned_first((following != IGNORED).any(dim=0))
    given = {name: batch[name] for name in READ if name in batch}
    outputs = model(**given, use_cache=False, logits_to_keep=positions)
    wanted = following[:, positions]
    learned = wanted != IGNORED
    if len(wanted) == 1:  # in one row they stand at its beginning, and a part of a row is no copy
        count = int(learned.sum())
        return outputs.logits[0, :count].float(), wanted[0, :count]
    return outputs.logits[learned].float(), wanted[learned]


def last_states(model: Any, batch: Batch) -> list[torch.Tensor]:
    """For each example the last hidden states before its learned tokens (tokens x hidden), without gradients."""
    with torch.no_grad():
        read = model.base_model(**{name: batch[name] for name in READ if name in batch})
    before = _following(batch) != IGNORED
    return [states[wanted] for states, wanted in zip(read.last_hidden_state, before, strict=True)]


def scores_from(model: Any, states: torch.Tensor) -> torch.Tensor:
    """The scores (n x vocabulary) that a model names from its last hidden states (n x hidden), without gradients. As always, with all that
    some models do to them after their last layer; only what comes before is left out."""
    inner = model.base_model
    inner.forward = lambda *_, **__: BaseModelOutputWithPast(last_hidden_state=states[None])
    try:
        with torch.no_grad():
            return model(input_ids=None).logits[0].float()
    finally:
        del inner.forward


def rounded(length: int) -> int:
    return length + -length % ROUND


def _following(batch: Batch) -> torch.Tensor:
    """The label of the next token of each (examples x tokens)."""
    return pad(batch["labels"][:, 1:], (0, 1), value=IGNORED)


def _learned_first(learned: torch.Tensor) -> torch.Tensor:
    """The positions that are learned, and as many others as make their number a round one."""
    most = min(rounded(int(learned.sum())), len(learned))
    return learned.int().argsort(descending=True, stable=True)[:most]
