"""TRL's SFTTrainer, computing no more than the loss of the answers needs, and rehearsing what the model knew before.

The last layer names scores only where a token is learned (batches.py). What all examples of a batch begin with is read once
(shared_prefix.py), in the same row as the question of the rehearsal (rehearsal.py). And in some epochs an example is asked in other
words (paraphrases.py).
"""

from typing import Any

import torch
from torch.nn.functional import cross_entropy, kl_div
from torch.utils.data import DataLoader
from trl import SFTTrainer

from helpers.practice.training.batching import Batch, BatchesWithoutRest, scores_of
from helpers.practice.training.labels import IGNORED
from helpers.practice.training.speed.shared_prefix import as_one_row, can_share, joined
from helpers.practice.training.techniques.paraphrase import Paraphrases
from helpers.practice.training.techniques.replay import WEIGHT, Rehearsal

# The first words of an answer decide which answer it becomes; the rest follows from them. So they count more: in three trainings on 15
# examples, asked in other words as well, facts 84 % instead of 76 %, general answers 91 % instead of 83 %.
FIRST, FIRST_WEIGHT = 6, 3.0  # tokens of each answer; against 1 of the others


class AnswerLossTrainer(SFTTrainer):
    """Reports what SFTTrainer reports, of the training file alone: loss and mean_token_accuracy, in training and in validation."""

    def __init__(
        self, *args: Any, rehearsal: Rehearsal | None = None, paraphrases: Paraphrases | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.rehearsal = rehearsal
        self.paraphrases = paraphrases

    def get_train_dataloader(self) -> DataLoader:
        """As in Trainer, with a small rest of an epoch in its last batch; processes that share the batches need them all alike."""
        if self.args.world_size > 1:
            return super().get_train_dataloader()
        sampler = self._get_train_sampler(self.train_dataset)
        batches = BatchesWithoutRest(sampler, self._train_batch_size, drop_last=False)
        collate, pin = self.data_collator, self.args.dataloader_pin_memory
        loader = DataLoader(self.train_dataset, batch_sampler=batches, collate_fn=collate, pin_memory=pin)
        return self.accelerator.prepare(loader)

    def compute_loss(
        self, model: Any, inputs: Batch, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        training = self.model.training
        number = None
        if training and self.paraphrases:
            inputs = self.paraphrases.of(inputs, self.state.global_step, self.state.max_steps)
        if training and self.rehearsal:
            number = self.rehearsal.at(self.state.global_step, self.state.max_steps)
        rehearsed = [] if number is None else [self.rehearsal.batch([number], inputs["input_ids"].device)]
        (scores, wanted), *others = self._scores(model, [inputs, *rehearsed])
        tokens = torch.as_tensor(len(wanted) if num_items_in_batch is None else num_items_in_batch)
        each = cross_entropy(scores, wanted, reduction="none")
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            each = each * self.accelerator.num_processes  # as in SFTTrainer: the processes' gradients are averaged
        loss = each.sum() / tokens.clamp(min=1)
        self._count(scores.detach(), wanted, loss.detach() if training else None)
        if training:
            weights = first_words_first(inputs["labels"])
            loss = each @ (weights / weights.mean()) / tokens.clamp(min=1)
        for now, _ in others:
            before = self.rehearsal.before(number, self.accelerator.unwrap_model(model).get_base_model())
            loss = loss + WEIGHT * kl_div(now.log_softmax(-1), before, log_target=True, reduction="batchmean")
        return (loss, {"scores": scores}) if return_outputs else loss

    def _scores(self, model: Any, batches: list[Batch]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """For each batch: the scores of every token at the learned positions (n x vocabulary), and the right tokens (n)."""
        plain = self.accelerator.unwrap_model(model).get_base_model()
        rows = [as_one_row(batch, plain.dtype) if can_share(plain) else None for batch in batches]
        if None in rows:
            return [scores_of(model, row or batch) for row, batch in zip(rows, batches, strict=True)]
        scores, wanted = scores_of(model, joined(rows))
        counts = [int((row["labels"] != IGNORED).sum()) for row in rows]
        return list(zip(scores.split(counts), wanted.split(counts), strict=True))

    def _count(self, scores: torch.Tensor, wanted: torch.Tensor, loss: torch.Tensor | None) -> None:
        right = (scores.argmax(-1) == wanted).sum()
        both = self.accelerator.gather(torch.stack([right, torch.full_like(right, len(wanted))]))
        right, all_of_them = both.view(-1, 2).sum(0).tolist()
        metrics = self._metrics["eval" if loss is None else "train"]
        metrics["mean_token_accuracy"].append(right / max(1, all_of_them))
        if loss is not None:  # without the rehearsal, in place of the sum that the trainer would log
            metrics["loss"].append(self.accelerator.gather(loss).mean().item())


def first_words_first(labels: torch.Tensor) -> torch.Tensor:
    """The weight of each learned token of a batch (labels: examples x tokens), example after example."""
    learned = labels != IGNORED
    counted = learned.cumsum(1)
    before = counted.masked_fill(learned, 0).cummax(1).values  # learned tokens of earlier answers
    places = (counted - before)[learned]  # 1, 2, 3 ... in each answer
    return torch.where(places <= FIRST, FIRST_WEIGHT, 1.0)
