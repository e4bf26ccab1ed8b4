"""TRL's SFTTrainer, computing no more than the loss of the answers needs: the same number in about half of the time.

A small model spends much of its time on the last layer, which names a score for each of its 49,152 tokens at every position. Only the
positions before a learned token need one. In the mattress examples these are a third of all. And what all examples of a batch begin
with is read once (shared_prefix.py).
"""

from typing import Any

import torch
from trl import SFTTrainer

from helpers.practice.shared_prefix import as_one_row, can_share, rounded
from helpers.practice.training_text import IGNORED

READ = ("input_ids", "attention_mask", "position_ids")


class AnswerLossTrainer(SFTTrainer):
    """Reports what SFTTrainer reports: loss and mean_token_accuracy, in training and in validation."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        plain = self.accelerator.unwrap_model(model).get_base_model()
        batch = (as_one_row(inputs, plain.dtype) if can_share(plain) else None) or inputs
        following = torch.nn.functional.pad(batch["labels"][:, 1:], (0, 1), value=IGNORED)
        positions = _learned_first((following != IGNORED).any(dim=0))
        read = {name: batch[name] for name in READ if name in batch}
        outputs = model(**read, use_cache=False, logits_to_keep=positions)
        wanted = following[:, positions]
        learned = wanted != IGNORED
        scores, wanted = outputs.logits[learned].float(), wanted[learned]
        tokens = torch.as_tensor(len(wanted) if num_items_in_batch is None else num_items_in_batch)
        loss = torch.nn.functional.cross_entropy(scores, wanted, reduction="sum") / tokens.clamp(min=1)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes  # as in SFTTrainer: the processes' gradients are averaged
        self._count(scores.detach(), wanted)
        return (loss, outputs) if return_outputs else loss

    def _count(self, scores: torch.Tensor, wanted: torch.Tensor) -> None:
        right = (scores.argmax(-1) == wanted).sum()
        both = self.accelerator.gather(torch.stack([right, torch.full_like(right, len(wanted))]))
        right, all_of_them = both.view(-1, 2).sum(0).tolist()
        mode = "train" if self.model.training else "eval"
        self._metrics[mode]["mean_token_accuracy"].append(right / max(1, all_of_them))


def _learned_first(learned: torch.Tensor) -> torch.Tensor:
    """The positions that are learned, and as many others as make their number a round one."""
    most = min(rounded(int(learned.sum())), len(learned))
    return learned.int().argsort(descending=True, stable=True)[:most]
