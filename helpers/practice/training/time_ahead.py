"""How long a training will take on this computer: its first steps are timed, and the others are like them."""

import time
from collections.abc import Callable
from typing import Any

import psutil
from transformers import TrainerCallback

from helpers.practice.job_wording import duration

SKIPPED, TIMED = 1, 3  # steps; in the first one libraries prepare for what comes
READ_ONLY = 1 / 3  # of the time of a step, for a batch that is only validated: the backward pass takes twice as long
BUSY = 0.3  # share of all cores that other programs use


class TimeAhead(TrainerCallback):
    """Calls `tell` once, after the first steps, with the seconds that are left and a sentence.

    `validated`: how many batches are validated after each epoch.
    """

    def __init__(self, validated: int, tell: Callable[[float, str], None]) -> None:
        self._validated, self._tell = validated, tell
        self._begun = 0.0
        self._others: OthersAtWork | None = None

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == SKIPPED:
            self._begun, self._others = time.perf_counter(), OthersAtWork()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._others is None or state.global_step != SKIPPED + TIMED or state.global_step == state.max_steps:
            return
        step = (time.perf_counter() - self._begun) / TIMED
        steps = state.max_steps - state.global_step + READ_ONLY * self._validated * args.num_train_epochs
        text = f"About {duration(steps * step)} of training are left on this computer, as the first steps have shown"
        if self._others.share() > BUSY:
            text += "; other programs are using the processor, so it may take longer"
        self._tell(steps * step, text)


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
