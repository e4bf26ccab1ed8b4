"""How long a training will take on this computer: one batch is learned on trial, and its time is multiplied."""

import math
import time
from dataclasses import dataclass
from typing import Any

import torch

TRIALS = 3  # the first one takes longer: libraries prepare for the shape of the batch
READ_ONLY = 1 / 3  # of the time of a training step: without the backward pass, which takes twice the forward pass
BUSY = 0.7  # the share of its threads' time that a process gets on an idle computer is above this


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
    with torch.random.fork_rng():
        trials = [_on_trial(trainer, inputs) for _ in range(TRIALS)]
    step, used = min(trials[1:])
    steps = math.ceil(len(by_length) / batch) * arguments.num_train_epochs
    if trainer.eval_dataset is not None:
        steps += READ_ONLY * math.ceil(len(trainer.eval_dataset) / batch) * arguments.num_train_epochs
    on_cpu = trainer.model.device.type == "cpu"
    return TimeAhead(steps * step, busy=on_cpu and used < BUSY * torch.get_num_threads() * step)


def _on_trial(trainer: Any, inputs: Any) -> tuple[float, float]:
    """Seconds that passed, and seconds of processor time."""
    model, begun, used = trainer.model, time.perf_counter(), time.process_time()
    model.train()
    with trainer.compute_loss_context_manager():
        loss = model(**inputs).loss
    loss.backward()
    loss.item()  # a GPU computes beside this program, and is waited for
    model.zero_grad()
    return time.perf_counter() - begun, time.process_time() - used


def in_words(seconds: float) -> str:
    """
    >>> [in_words(seconds) for seconds in (3.4, 48, 100, 600)]
    ['5 seconds', '50 seconds', '2 minutes', '10 minutes']
    """
    return f"{max(5, round(seconds, -1)):.0f} seconds" if seconds < 95 else f"{math.ceil(seconds / 60)} minutes"
