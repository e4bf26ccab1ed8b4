"""Everything that happens to a simulated job, as it follows from the stored job and the clock.

Nothing is computed that nobody has asked for: how far a job is takes the same time whether it has ten steps or 250,000.
"""

import math
from bisect import bisect_right
from dataclasses import replace
from functools import cached_property
from typing import Any

from helpers.practice.engine import Checkpoint, Event, Progress
from helpers.practice.event_list import Story
from helpers.practice.ids import derived_id, number_in, numbered_id
from helpers.practice.job_wording import VALIDATED as FILES_VALIDATED
from helpers.practice.job_wording import checkpoint_name, first_events, model_name, result_csv
from helpers.practice.simulated.curve import Curve
from helpers.practice.store import Job

KEPT_CHECKPOINTS = 3
MOST_ROWS = 100_000  # of a result file

# Shares of a job's length at which it leaves a status.
VALIDATED, STARTED, TRAINED = 0.08, 0.16, 0.95


class Timeline:
    """Everything that will happen to a job if nobody touches it, and how much of it has happened at a moment.

    The time of its work begins when its files are validated, which is when it was created unless they are large.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.plan = job, job.plan
        self.seconds: float = job.plan["seconds"]
        self.began: float = job.plan.get("began", job.created_at)
        hyper = job.plan["hyperparameters"]
        self.epochs = int(hyper["n_epochs"])
        self.steps_per_epoch = math.ceil(job.plan["examples"] / hyper["batch_size"])
        self.total = self.steps_per_epoch * self.epochs
        self.name = model_name(job)

    @cached_property
    def curve(self) -> Curve:
        return Curve(self.job, self.steps_per_epoch)

    def at(self, now: float) -> Progress:
        """How far the job is. What has ended stays as it was, also when the clock of the computer is set back."""
        stopped = self.job.cancelled_at is not None
        moment = self.job.cancelled_at if stopped else now
        worked = self._worked(moment)
        if self.job.outcome is not None and not (stopped and self.job.outcome["status"] == "cancelled"):
            worked, moment = self.seconds, math.inf
        if self.plan["failure"] and worked >= VALIDATED * self.seconds:
            return self._failed_validation()
        done = self._steps_done(worked)
        hyper = self.plan["hyperparameters"] if worked >= STARTED * self.seconds else None
        now_known = Progress("running", [], hyperparameters=hyper, checkpoints=self._checkpoints(done))
        if worked >= self.seconds:
            return self._ended(now_known, worked, moment)
        if stopped:
            at = int(self.job.cancelled_at)
            last = self._event("cancelled", at, "The job has been cancelled")
            events = self._story(worked, moment, [last])
            return replace(now_known, status="cancelled", events=events, finished_at=at)
        events = self._story(worked, moment)
        if self.job.paused:
            return replace(now_known, status="paused", events=events)
        status = "validating_files" if worked < VALIDATED * self.seconds else "queued" if hyper is None else "running"
        finish = self._clock(self.seconds) if status == "running" else None
        return replace(now_known, status=status, events=events, estimated_finish=finish)

    # --- time: seconds of work and the clock on the wall --------------------------------------------------------

    def _pauses(self, moment: float) -> list[tuple[float, float]]:
        """Those that began before a moment, as far as they fall into the time of the work."""
        begun = [(start, moment if end is None else end) for start, end in self.job.pauses if start < moment]
        return [(max(start, self.began), end) for start, end in begun if end > self.began]

    def _worked(self, moment: float) -> float:
        paused = sum(min(moment, end) - start for start, end in self._pauses(moment))
        return moment - self.began - paused

    def _clock(self, worked: float) -> int:
        """When, on the wall, so many seconds of work are done."""
        moment = self.began + worked
        for start, end in self.job.pauses:
            if start < moment and end is not None and end > self.began:
                moment += end - max(start, self.began)
        return int(moment)

    def _step_at(self, number: int) -> float:
        """When a step ends, in seconds of work."""
        begin, length = STARTED * self.seconds, (TRAINED - STARTED) * self.seconds
        return begin + length * number / self.total

    def _steps_done(self, worked: float) -> int:
        if worked < STARTED * self.seconds:
            return 0
        return bisect_right(range(1, self.total + 1), worked, key=self._step_at)

    # --- what happens -----------------------------------------------------------------------------------------

    def _event(self, key: str, at: int, message: str, **more: Any) -> Event:
        return Event(derived_id("ftevent-", self.job.id, key), at, message, **more)

    def _story(self, worked: float, moment: float, last: list[Event] | None = None) -> Story:
        """The events up to a moment, in the order of what happened; `last` are those of the job's end."""
        parts: list[Event | range] = []
        waiting, shown, done = self._begun(worked), 0, self._steps_done(worked)
        for event in self._pause_events(moment):
            while waiting and waiting[0].created_at <= event.created_at:
                parts.append(waiting.pop(0))
            if not waiting:
                before = bisect_right(range(1, done + 1), event.created_at, key=lambda n: self._clock(self._step_at(n)))
                parts += self._steps(shown + 1, before)
                shown = max(shown, before)
            parts.append(event)
        parts += [*waiting, *self._steps(shown + 1, done), *(last or [])]
        return Story(parts, self._step_event, self._step_in)

    def _begun(self, worked: float) -> list[Event]:
        events = first_events(self.job)
        if worked >= VALIDATED * self.seconds:
            events.append(self._event("validated", self._clock(VALIDATED * self.seconds), FILES_VALIDATED))
        if worked >= STARTED * self.seconds:
            at = self._clock(STARTED * self.seconds)
            events.append(self._event("started", at, "Fine-tuning job started", data=None))
        return events

    def _failed_validation(self) -> Progress:
        at = self._clock(VALIDATED * self.seconds)
        error = self.plan["failure"]
        last = self._event("failed", at, error["message"], level="error")
        events = Story([*self._begun(0), last], self._step_event, self._step_in)
        return Progress("failed", events, finished_at=at, error=error)

    def _steps(self, first: int, last: int) -> list[Event | range]:
        """The events of steps: those of the same form in ranges, and what is said of checkpoints between them."""
        parts: list[Event | range] = []
        for step in self._kept_steps():
            if first <= step <= last and step < self.total:
                parts += [range(first, step + 1), self._checkpoint_event(step)]
                first = step + 1
        return [*parts, range(first, last + 1)]

    def _step_event(self, number: int) -> Event:
        data = self._measured(number)
        losses = f"training loss={data['train_loss']:.2f}"
        if "valid_loss" in data:
            losses += f", validation loss={data['valid_loss']:.2f}"
        at, message = self._clock(self._step_at(number)), f"Step {number}/{self.total}: {losses}"
        return Event(self._step_id(number), at, message, type="metrics", data=data)

    def _measured(self, number: int) -> dict[str, float]:
        data = {"step": number, "total_steps": self.total, **self.curve.at(number)}
        if self.plan["validation"] and number % self.steps_per_epoch == 0:
            data |= {"full_" + name: value for name, value in data.items() if name.startswith("valid_")}
        return data

    def _step_id(self, number: int) -> str:
        return numbered_id("ftevent-", number, self.job.id, "step")

    def _step_in(self, event_id: str) -> int | None:
        number = number_in(event_id)
        return number if event_id == self._step_id(number) else None

    def _checkpoint_event(self, step: int) -> Event:
        message = f"Checkpoint created at step {step} with Snapshot ID: {checkpoint_name(self.job, step)}"
        return self._event(f"checkpoint-{step}", self._clock(self._step_at(step)), message)

    def _pause_events(self, moment: float) -> list[Event]:
        events = []
        for i, (start, end) in enumerate(self.job.pauses):
            if start <= moment:
                events.append(self._event(f"pause-{i}", int(start), "The job has been paused"))
            if end is not None and end <= moment:
                events.append(self._event(f"resume-{i}", int(end), "The job has been resumed"))
        return events

    def _kept_steps(self) -> list[int]:
        """One checkpoint at the end of each epoch; of all that the job will make, the last three are kept."""
        first = max(1, self.epochs - KEPT_CHECKPOINTS + 1)
        return [epoch * self.steps_per_epoch for epoch in range(first, self.epochs + 1)]

    def _checkpoints(self, done: int) -> list[Checkpoint]:
        return [
            Checkpoint(
                derived_id("ftckpt_", self.job.id, step),
                self._clock(self._step_at(step)),
                self.name if step == self.total else checkpoint_name(self.job, step),
                step,
                {name: value for name, value in self._measured(step).items() if name != "total_steps"},
            )
            for step in self._kept_steps()
            if step <= done
        ]

    def _in_result_file(self) -> list[int]:
        """Every step; of very many every second, every third and so on, and the last. A file of 512 MB can ask for
        hundreds of millions of steps, which nobody reads, and which would keep a room busy for hours."""
        every = math.ceil(self.total / MOST_ROWS)
        return [*range(every, self.total, every), self.total]

    def _ended(self, now_known: Progress, worked: float, moment: float) -> Progress:
        at = self._clock(self.seconds)
        if self.plan["unsafe"]:
            message = f"Error while running moderation eval refusals_v3 for snapshot {self.name}"
            events = self._story(worked, moment, [self._event("failed", at, message, level="error")])
            error = {"code": "invalid_training_file", "message": message, "param": "training_file"}
            return replace(now_known, status="failed", events=events, finished_at=at, error=error, checkpoints=[])
        last = [
            self._event("model", at, f"New fine-tuned model created: {self.name}"),
            self._event("done", at, "The job has successfully completed"),
        ]
        return replace(
            now_known,
            status="succeeded",
            events=self._story(worked, moment, last),
            finished_at=at,
            fine_tuned_model=self.name,
            trained_tokens=self.plan["tokens"] * self.epochs,
            csv=lambda: result_csv(map(self._measured, self._in_result_file())),
        )
