"""Examples that begin alike: their common prefix is computed once, then what follows in each.

Every mattress example begins with the same system message, a third of its tokens. Attention is causal, so the keys and
values of the prefix are the same in all examples of a batch and need not be computed four times.
"""

from copy import deepcopy
from typing import Any

import torch
from torch.nn.functional import pad
from transformers import DynamicCache

from helpers.practice.training.batching import Batch, common_prefix_length, padded, rounded
from helpers.practice.training.labels import IGNORED, Encoded

# A row is longer than an example, and attention grows with the square: at most so many times as large as in the batch.
MOST_ATTENTION = 2


def can_share(model: Any) -> bool:
    """Whether a model takes a 4-D attention mask: the usual ones do, with full attention in every layer."""
    layers = getattr(model.config, "layer_types", None) or ["full_attention"]
    return bool(model._supports_attention_backend) and set(layers) == {"full_attention"}


def as_one_row(batch: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor] | None:
    """A padded batch (input_ids, labels, attention_mask, each examples x tokens) as a row of the same meaning.

    Returns input_ids, labels and position_ids (each 1 x tokens) and attention_mask (1 x 1 x tokens x tokens, added to
    the attention scores); None where the batch as it is costs less.
    """
    ids, labels, real = batch["input_ids"], batch["labels"], batch["attention_mask"].bool()
    count, longest = ids.shape
    common = _common_prefix(ids, labels, real)
    total = rounded(common + int(real.sum()) - count * common)
    if count > 1 and (total >= count * longest or total**2 > MOST_ATTENTION * count * longest**2):
        return None  # a single example is a row already, and can be joined with others
    real[1:, :common] = False  # the prefix comes from the first example
    places = torch.arange(longest, device=ids.device).expand_as(ids)
    # 0 is the prefix; 1, 2, ... is the remainder of that example; IGNORED is padding
    parts = torch.where(places < common, 0, torch.arange(1, count + 1, device=ids.device)[:, None])
    parts = _row(parts[real], total, IGNORED)
    order = torch.arange(total, device=ids.device)
    sees = (order[:, None] >= order) & ((parts == 0) | (parts[:, None] == parts))
    return {
        "input_ids": _row(ids[real], total, 0)[None],
        "labels": _row(labels[real], total, IGNORED)[None],
        "position_ids": _row(places[real], total, 0)[None],
        "attention_mask": torch.where(sees, 0.0, torch.finfo(dtype).min).to(dtype)[None, None],
    }


class SharedPrefix:
    """The keys and values of what all of some examples begin with, for forward passes without gradients."""

    def __init__(self, examples: list[Encoded], model: Any) -> None:
        self.length = common_prefix_length(examples) if can_share(model) else 0
        self._cache, self._device = DynamicCache(config=model.config), model.device
        if self.length:
            prefix = torch.tensor([examples[0].input_ids[: self.length]], device=model.device)
            model(input_ids=prefix, past_key_values=self._cache, use_cache=True, logits_to_keep=1)

    def followed_by(self, examples: list[Encoded]) -> Batch:
        """A padded batch of what follows the prefix in some of them."""
        remainders = [Encoded(each.input_ids[self.length :], each.labels[self.length :], each.cut) for each in examples]
        batch = padded(remainders, self._device)
        if self.length:
            batch["attention_mask"] = pad(batch["attention_mask"], (self.length, 0), value=1)
            batch["past_key_values"] = deepcopy(self._cache)
            batch["past_key_values"].batch_repeat_interleave(len(remainders))
        return batch


def joined(rows: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Several rows as one; the tokens of one see none of another."""
    if len(rows) == 1:
        return rows[0]
    one = {name: torch.cat([row[name] for row in rows], dim=1) for name in ("input_ids", "labels", "position_ids")}
    masks = [row["attention_mask"][0, 0] for row in rows]
    apart = ~torch.block_diag(*[torch.ones_like(mask, dtype=torch.bool) for mask in masks])
    one["attention_mask"] = torch.block_diag(*masks).masked_fill(apart, torch.finfo(masks[0].dtype).min)[None, None]
    return one


def _row(values: torch.Tensor, length: int, padding: int) -> torch.Tensor:
    return pad(values, (0, length - len(values)), value=padding)


def _common_prefix(ids: torch.Tensor, labels: torch.Tensor, real: torch.Tensor) -> int:
    """How many tokens all examples of a batch begin with.

    The last one before a difference or a learned token is not counted: its logits differ, or are needed, in each.
    """
    differs = ~((ids == ids[0]) & real & (labels == IGNORED)).all(0)
    alike = int(differs.int().argmax()) if bool(differs.any()) else len(differs)
    return max(0, alike - 1)
