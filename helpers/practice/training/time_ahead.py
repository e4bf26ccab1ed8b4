"""How long a training will take on this computer: one batch is learned on trial, and its time is multiplied."""

import math
import time
from dataclasses import dataclass
from typing import Any

import psutil
import torch

TRIALS = 3  # the first one takes longer: libraries prepare for the shape of the batch
READ_ONLY = 1 / 3  # of the time of a training step: without the backward pass, which takes twice the forward pass
BUSY = 0.3  # share of all cores that other programs use


@dataclass(frozen=True)
class TimeAhead:
    """`seconds` from now to the end; `busy`: other programs kept the processor from this one meanwhile."""

    seconds: float
    busy: bool

    def __str__(self) -> str:
        text = f"Training will take about {in_words(self.seconds)} on this computer, as one step on trial has shown"
        return f"{text}; other programs are using the processor, so it may take longer" if self.busy else text


def measure(trainer: Any) -> TimeAhead:
    """Learn one batch of middle length on trial. The weights, and chance, are afterwards as they were before."""
    arguments = trainer.args
    batch = arguments.train_batch_size
    by_length = sorted(trainer.train_dataset, key=lambda row: len(row["input_ids"]))
    first = max(0, (len(by_length) - batch) // 2)
    inputs = trainer.data_collator(by_length[first : first + batch])
    inputs = {name: tensor.to(trainer.model.device) for name, tensor in inputs.items()}
    others = OthersAtWork()
    with torch.random.fork_rng():
        step = min([_on_trial(trainer, inputs) for _ in range(TRIALS)][1:])
    steps = math.ceil(len(by_length) / batch) * arguments.num_train_epochs
    if trainer.eval_dataset is not None:
        steps += READ_ONLY * math.ceil(len(trainer.eval_dataset) / batch) * arguments.num_train_epochs
    return TimeAhead(steps * step, busy=others.share() > BUSY)


class OthersAtWork:
    """How much of all cores other programs have used since this was made."""

    def __init__(self) -> None:
        self._begun = time.perf_counter(), *self._used()

    def share(self) -> float:
        begun, all_of_them, own = self._begun
        seconds = time.perf_counter() - begun
        now_all, now_own = self._used()
        return (now_all - all_of_them - (now_own - own)) / (seconds * (psutil.cpu_count() or 1))

    def _used(self) -> tuple[float, float]:
        """Seconds of processor time, of all programs and of this one."""
        times = psutil.cpu_times()
        return times.user + times.system, time.process_time()


def _on_trial(trainer: Any, inputs: Any) -> float:
    """Seconds of one step, without the optimizer's part, which is small beside the rest."""
    model, begun = trainer.model, time.perf_counter()
    model.train()
    with torch.autocast(model.device.type, torch.bfloat16, enabled=trainer.args.bf16):
        loss = model(**inputs, use_cache=False).loss
    loss.backward()
    loss.item()  # a GPU computes beside this program, and is waited for
    model.zero_grad()
    return time.perf_counter() - begun


def in_words(seconds: float) -> str:
    """
    >>> [in_words(seconds) for seconds in (3.4, 48, 100, 600)]
    ['5 seconds', '50 seconds', '2 minutes', '10 minutes']
    """
    return f"{max(5, round(seconds, -1)):.0f} seconds" if seconds < 95 else f"{math.ceil(seconds / 60)} minutes"
