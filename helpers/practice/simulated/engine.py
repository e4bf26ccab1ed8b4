"""The simulated engine: it stands in for the GPT models, and says so.

A job's progress is a pure function of the stored job and the clock, so it needs no thread and survives every
restart. The numbers come from the file, the seed and the settings: the same job has the same curve.
"""

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from helpers.connection.catalogue import base_models
from helpers.cost import default_epochs
from helpers.practice.api.errors import ApiError
from helpers.practice.engine import ChatRequest, Checkpoint, Event, Progress
from helpers.practice.ids import derived_id
from helpers.practice.job_wording import begun_messages, checkpoint_name, model_name, result_csv
from helpers.practice.settings import Settings
from helpers.practice.simulated.answers import Said, answer_as_base, answer_as_tuned
from helpers.practice.store import Job, Store, TunedModel
from helpers.practice.validate_files import TrainingData
from helpers.tokens import count_messages, count_text, encoding_for

FINGERPRINT = "fp_practice_simulated"
LARGEST_BATCH = 256
AUTO_LEARNING_RATE = 2.0
KEPT_CHECKPOINTS = 3

# Shares of a job's length at which it leaves a status.
VALIDATED, STARTED, TRAINED = 0.08, 0.16, 0.95


class Simulator:
    name = "simulator"
    fingerprint = FINGERPRINT
    methods = ("supervised",)

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings, self.store = settings, store

    def base_models(self) -> list[str]:
        return [model.id for model in base_models() if model.engine == self.name and model.fine_tunable]

    def begin(self, look: Callable[[Job], Progress]) -> None:
        """Nothing: how far a simulated job is follows from the clock, when somebody asks."""

    def plan(self, job: dict[str, Any], data: TrainingData) -> dict[str, Any]:
        asked = job["method"]["supervised"]["hyperparameters"]
        n = max(1, data.examples)
        return {
            "seconds": self.settings.job_seconds,
            "failure": data.failure,
            "hyperparameters": {
                "n_epochs": _number(asked["n_epochs"], default_epochs(n)),
                "batch_size": _number(asked["batch_size"], max(1, min(LARGEST_BATCH, round(n * 0.002)))),
                "learning_rate_multiplier": _number(asked["learning_rate_multiplier"], AUTO_LEARNING_RATE),
            },
            "examples": n,
            "tokens": data.tokens,
            "sha256": data.sha256,
            "validation": job["validation_file"] is not None,
            "unsafe": job.get("unsafe", False),
        }

    def start(self, job: Job) -> None:
        """Nothing to start: the clock does the work."""

    def cancel(self, job: Job) -> None:
        """Nothing to stop."""

    pause = resume = cancel

    def progress(self, job: Job, now: float) -> Progress:
        return Timeline(job).at(now)

    def folders(self, tuned: TunedModel) -> None:
        """A simulated model has no files."""

    def delete(self, tuned: TunedModel) -> None:
        """A simulated model has no files."""

    def reply(self, base: str, tuned: TunedModel | None, request: ChatRequest) -> "SimulatedReply":
        limit = next(model.context_tokens for model in base_models() if model.id == base)
        written = (json.dumps(function, ensure_ascii=False) for function in request.functions.values())
        prompt_tokens = count_messages(request.messages, base) + sum(count_text(text, base) for text in written)
        if limit and prompt_tokens > limit:
            raise ApiError(
                400,
                f"This model's maximum context length is {limit} tokens. However, your messages resulted in "
                f"{prompt_tokens} tokens. Please reduce the length of the messages.",
                code="context_length_exceeded",
                param="messages",
            )
        if tuned is None:
            said = answer_as_base(base, request)
        else:
            job = self.store.job(tuned.job_id)
            said = answer_as_tuned(tuned.name, request, self.store.content_of(job.training_file))
        return SimulatedReply(said, base, prompt_tokens, request)


class SimulatedReply:
    """The text in pieces of a token each, cut as `max_tokens` and `stop` ask."""

    def __init__(self, said: Said, base: str, prompt_tokens: int, request: ChatRequest) -> None:
        text, self.calls = said.text, said.calls
        for stop in request.stop:
            text = text.split(stop)[0]
        encoding = encoding_for(base)
        tokens = encoding.encode_ordinary(text)
        kept = tokens[: request.max_tokens] if request.max_tokens else tokens
        self.finish_reason = "length" if len(kept) < len(tokens) else "stop"
        called = sum(count_text(call["name"] + call["arguments"], base) for call in self.calls)
        self.prompt_tokens, self.completion_tokens = prompt_tokens, len(kept) + called
        self._text = encoding.decode(kept, errors="ignore") if len(kept) < len(tokens) else text

    def __iter__(self) -> Iterator[str]:
        words = self._text.split(" ")
        yield from (word if i == 0 else f" {word}" for i, word in enumerate(words))


@dataclass(frozen=True)
class Step:
    """One training step: when it ends (seconds of work since the start of the job) and what was measured."""

    number: int
    at: float
    data: dict[str, float]


class Timeline:
    """Everything that will happen to a job if nobody touches it, and how much of it has happened at a moment."""

    def __init__(self, job: Job) -> None:
        self.job, self.plan = job, job.plan
        self.seconds: float = job.plan["seconds"]
        hyper = job.plan["hyperparameters"]
        self.epochs = int(hyper["n_epochs"])
        self.steps_per_epoch = math.ceil(job.plan["examples"] / hyper["batch_size"])
        self.total = self.steps_per_epoch * self.epochs
        self.name = model_name(job)

    def at(self, now: float) -> Progress:
        stopped = self.job.cancelled_at is not None
        moment = min(now, self.job.cancelled_at) if stopped else now
        worked = self._worked(moment)
        if self.plan["failure"] and worked >= VALIDATED * self.seconds:
            return self._failed_validation()
        events = self._begun(worked)
        steps = [step for step in self._steps() if worked >= step.at] if worked >= STARTED * self.seconds else []
        events += self._step_events(steps)
        events += self._pause_events(moment)
        hyper = self.plan["hyperparameters"] if worked >= STARTED * self.seconds else None
        common = dict(hyperparameters=hyper, checkpoints=self._checkpoints(steps))
        if worked >= self.seconds:
            return self._ended(events, common)
        if stopped:
            at = int(self.job.cancelled_at)
            events.append(self._event("cancelled", at, "The job has been cancelled"))
            return Progress("cancelled", _ordered(events), finished_at=at, **common)
        if self.job.pauses and self.job.pauses[-1][1] is None:
            return Progress("paused", _ordered(events), **common)
        status = "validating_files" if worked < VALIDATED * self.seconds else "queued" if hyper is None else "running"
        finish = self._clock(self.seconds) if status == "running" else None
        return Progress(status, _ordered(events), estimated_finish=finish, **common)

    # --- time: seconds of work and the clock on the wall --------------------------------------------------------

    def _worked(self, moment: float) -> float:
        paused = sum(min(moment, end or moment) - start for start, end in self.job.pauses if start < moment)
        return moment - self.job.created_at - paused

    def _clock(self, worked: float) -> int:
        """When, on the wall, so many seconds of work are done."""
        moment = self.job.created_at + worked
        for start, end in self.job.pauses:
            if start < moment and end is not None:
                moment += end - start
        return int(moment)

    # --- what happens -----------------------------------------------------------------------------------------

    def _event(self, key: str, at: int, message: str, **more: Any) -> Event:
        return Event(derived_id("ftevent-", self.job.id, key), at, message, **more)

    def _begun(self, worked: float) -> list[Event]:
        messages = begun_messages(self.job, validated=worked >= VALIDATED * self.seconds)
        moments = (0, 0, VALIDATED * self.seconds)
        keys = ("created", "validating", "validated")
        events = [
            self._event(key, self._clock(moment), message)
            for key, moment, message in zip(keys, moments, messages, strict=False)
        ]
        if worked >= STARTED * self.seconds:
            at = self._clock(STARTED * self.seconds)
            events.append(self._event("started", at, "Fine-tuning job started", data=None))
        return events

    def _failed_validation(self) -> Progress:
        at = self._clock(VALIDATED * self.seconds)
        error = self.plan["failure"]
        events = self._begun(0)
        events.append(self._event("failed", at, error["message"], level="error"))
        return Progress("failed", events, finished_at=at, error=error)

    def _steps(self) -> Iterator[Step]:
        curve = Curve(self.job, self.steps_per_epoch)
        begin, length = STARTED * self.seconds, (TRAINED - STARTED) * self.seconds
        for number in range(1, self.total + 1):
            data = {"step": number, "total_steps": self.total, **curve.at(number)}
            if self.plan["validation"] and number % self.steps_per_epoch == 0:
                data |= {"full_" + name: value for name, value in data.items() if name.startswith("valid_")}
            yield Step(number, begin + length * number / self.total, data)

    def _step_events(self, steps: list[Step]) -> list[Event]:
        events = []
        kept = {checkpoint.step: checkpoint for checkpoint in self._checkpoints(steps)}
        for step in steps:
            at, data = self._clock(step.at), step.data
            losses = f"training loss={data['train_loss']:.2f}"
            if "valid_loss" in data:
                losses += f", validation loss={data['valid_loss']:.2f}"
            message = f"Step {step.number}/{self.total}: {losses}"
            events.append(self._event(f"step-{step.number}", at, message, type="metrics", data=data))
            if step.number in kept and step.number < self.total:
                name = kept[step.number].name
                message = f"Checkpoint created at step {step.number} with Snapshot ID: {name}"
                events.append(self._event(f"checkpoint-{step.number}", at, message))
        return events

    def _pause_events(self, moment: float) -> list[Event]:
        events = []
        for i, (start, end) in enumerate(self.job.pauses):
            if start <= moment:
                events.append(self._event(f"pause-{i}", int(start), "The job has been paused"))
            if end is not None and end <= moment:
                events.append(self._event(f"resume-{i}", int(end), "The job has been resumed"))
        return events

    def _checkpoints(self, steps: list[Step]) -> list[Checkpoint]:
        """One at the end of each epoch; of all that the job will make, the last three are kept."""
        first_kept = self.epochs - KEPT_CHECKPOINTS
        ends = [
            s for s in steps if s.number % self.steps_per_epoch == 0 and s.number // self.steps_per_epoch > first_kept
        ]
        return [
            Checkpoint(
                derived_id("ftckpt_", self.job.id, step.number),
                self._clock(step.at),
                self.name if step.number == self.total else checkpoint_name(self.job, step.number),
                step.number,
                {name: value for name, value in step.data.items() if name != "total_steps"},
            )
            for step in ends
        ]

    def _ended(self, events: list[Event], common: dict[str, Any]) -> Progress:
        at = self._clock(self.seconds)
        if self.plan["unsafe"]:
            message = f"Error while running moderation eval refusals_v3 for snapshot {self.name}"
            events.append(self._event("failed", at, message, level="error"))
            error = {"code": "invalid_training_file", "message": message, "param": "training_file"}
            return Progress("failed", _ordered(events), finished_at=at, error=error, **{**common, "checkpoints": []})
        events += [
            self._event("model", at, f"New fine-tuned model created: {self.name}"),
            self._event("done", at, "The job has successfully completed"),
        ]
        return Progress(
            "succeeded",
            _ordered(events),
            finished_at=at,
            fine_tuned_model=self.name,
            trained_tokens=self.plan["tokens"] * self.epochs,
            csv=result_csv(step.data for step in self._steps()),
            **common,
        )


class Curve:
    """A plausible loss curve: it falls fast, then slowly; on validation it turns up when the epochs are many."""

    def __init__(self, job: Job, steps_per_epoch: int) -> None:
        self.key = f"{job.plan['sha256']}/{job.seed}/{sorted(job.plan['hyperparameters'].items())}"
        chance = random.Random(self.key)
        self.steps_per_epoch = steps_per_epoch
        self.start = chance.uniform(1.9, 2.6)
        self.floor = chance.uniform(0.05, 0.15)
        self.speed = (
            chance.uniform(0.5, 0.7) * min(3.0, job.plan["hyperparameters"]["learning_rate_multiplier"] / 2) ** 0.5
        )
        self.gap = chance.uniform(0.15, 0.3)
        self.turn = chance.uniform(4.0, 5.0)  # the epoch after which it memorises
        self.validation = job.plan["validation"]

    def at(self, step: int) -> dict[str, float]:
        epoch = step / self.steps_per_epoch
        chance = random.Random(f"{self.key}/{step}")
        smooth = self.floor + (self.start - self.floor) * math.exp(-self.speed * epoch)
        train = max(0.01, smooth * chance.uniform(0.85, 1.15))
        data = {"train_loss": round(train, 5), "train_mean_token_accuracy": _accuracy(train)}
        if self.validation:
            valid = smooth + self.gap + 0.06 * max(0.0, epoch - self.turn) ** 1.3
            valid *= chance.uniform(0.97, 1.03)
            data |= {"valid_loss": round(valid, 5), "valid_mean_token_accuracy": _accuracy(valid)}
        return data


def _accuracy(loss: float) -> float:
    return round(max(0.0, min(1.0, math.exp(-0.45 * loss))), 5)


def _number(asked: Any, auto: float) -> float:
    return auto if asked == "auto" else asked


def _ordered(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.created_at)  # stable: equal times stay in the order of what happened
