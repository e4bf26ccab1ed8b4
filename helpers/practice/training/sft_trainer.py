"""TRL's SFTTrainer with logits for the answers only, replay against forgetting, and paraphrases.

Logits are computed only where a token is learned (batching.py). What all examples of a batch begin with is computed
once (shared_prefix.py), in the same row as the question of the replay (replay.py). In some epochs questions are
paraphrased (paraphrase.py).
"""

from typing import Any

import torch
from torch.nn.functional import cross_entropy, kl_div
from torch.utils.data import DataLoader
from trl import SFTTrainer

from helpers.practice.training.batching import Batch, BatchesWithoutRemainder, answer_logits
from helpers.practice.training.labels import IGNORED
from helpers.practice.training.speed.shared_prefix import as_one_row, can_share, joined
from helpers.practice.training.techniques.paraphrase import Paraphrases
from helpers.practice.training.techniques.replay import WEIGHT, Replay

# The first tokens of an answer decide which answer it becomes; the others follow from them. So their loss counts more.
FIRST, FIRST_WEIGHT = 6, 3.0  # tokens of each answer; the others have a weight of 1


class AnswerLossTrainer(SFTTrainer):
    """Logs loss and mean_token_accuracy as SFTTrainer does: of the training file only, all tokens weighted alike."""

    def __init__(
        self, *args: Any, replay: Replay | None = None, paraphrases: Paraphrases | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.replay = replay
        self.paraphrases = paraphrases

    def get_train_dataloader(self) -> DataLoader:
        """As in Trainer, but a small remainder of an epoch goes with its last batch.

        Several processes need equal batches, so for them nothing is changed.
        """
        if self.args.world_size > 1:
            return super().get_train_dataloader()
        sampler = self._get_train_sampler(self.train_dataset)
        batches = BatchesWithoutRemainder(sampler, self._train_batch_size, drop_last=False)
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
        if training and self.replay:
            number = self.replay.at(self.state.global_step, self.state.max_steps)
        replayed = [] if number is None else [self.replay.batch([number], inputs["input_ids"].device)]
        (logits, labels), *others = self._logits(model, [inputs, *replayed])
        tokens = torch.as_tensor(len(labels) if num_items_in_batch is None else num_items_in_batch)
        each = cross_entropy(logits, labels, reduction="none")
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            each = each * self.accelerator.num_processes  # as in SFTTrainer: the processes' gradients are averaged
        loss = each.sum() / tokens.clamp(min=1)
        self._log_metrics(logits.detach(), labels, loss.detach() if training else None)
        if training:
            weights = token_weights(inputs["labels"])
            loss = each @ (weights / weights.mean()) / tokens.clamp(min=1)
        for now, _ in others:
            base = self.replay.base_log_probs(number, self.accelerator.unwrap_model(model).get_base_model())
            loss = loss + WEIGHT * kl_div(now.log_softmax(-1), base, log_target=True, reduction="batchmean")
        return (loss, {"logits": logits}) if return_outputs else loss

    def _logits(self, model: Any, batches: list[Batch]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """For each batch the logits at the learned positions (n x vocabulary) and the labels there (n)."""
        plain = self.accelerator.unwrap_model(model).get_base_model()
        rows = [as_one_row(batch, plain.dtype) if can_share(plain) else None for batch in batches]
        if None in rows:
            return [answer_logits(model, row or batch) for row, batch in zip(rows, batches, strict=True)]
        logits, labels = answer_logits(model, joined(rows))
        counts = [int((row["labels"] != IGNORED).sum()) for row in rows]
        return list(zip(logits.split(counts), labels.split(counts), strict=True))

    def _log_metrics(self, logits: torch.Tensor, labels: torch.Tensor, loss: torch.Tensor | None) -> None:
        right = (logits.argmax(-1) == labels).sum()
        both = self.accelerator.gather(torch.stack([right, torch.full_like(right, len(labels))]))
        right, all_of_them = both.view(-1, 2).sum(0).tolist()
        metrics = self._metrics["eval" if loss is None else "train"]
        metrics["mean_token_accuracy"].append(right / max(1, all_of_them))
        if loss is not None:  # logged in place of the sum with the replay's loss
            metrics["loss"].append(self.accelerator.gather(loss).mean().item())


def token_weights(labels: torch.Tensor) -> torch.Tensor:
    """The weight of each learned token of a batch (labels: examples x tokens), example after example."""
    learned = labels != IGNORED
    counted = learned.cumsum(1)
    before = counted.masked_fill(learned, 0).cummax(1).values  # learned tokens of earlier answers
    places = (counted - before)[learned]  # 1, 2, 3 ... in each answer
    return torch.where(places <= FIRST, FIRST_WEIGHT, 1.0)
