"""What an engine is. There are two, behind one interface: the simulator and real training.

The base model named in a job picks the engine (`engine` in data/models.json). The server keeps the job, the
engine says how far it is and answers for its models.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from helpers.practice.store import Job, TunedModel

Status = Literal["validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled"]
FINAL: tuple[Status, ...] = ("succeeded", "failed", "cancelled")


class ModelUnavailable(OSError):
    """A model cannot be used on this computer: it is missing or damaged.

    The message says what to do; the server passes it on.
    """


@dataclass(frozen=True)
class Event:
    id: str
    created_at: int
    message: str
    level: Literal["info", "warn", "error"] = "info"
    type: Literal["message", "metrics"] = "message"
    data: dict[str, Any] | None = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    id: str
    created_at: int
    name: str
    step: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Progress:
    """How far a job is at one moment. Asking twice never gives two stories: what was reported once stays as it was.

    `events` are the oldest first; they can be many, so each is made when it is read (EventList). `hyperparameters` are
    numbers from the moment the job runs, None before. `csv` makes the result file of a job that succeeded.
    """

    status: Status
    events: Sequence[Event]
    checkpoints: list[Checkpoint] = field(default_factory=list)
    hyperparameters: dict[str, float] | None = None
    finished_at: int | None = None
    estimated_finish: int | None = None
    error: dict[str, str | None] | None = None
    fine_tuned_model: str | None = None
    trained_tokens: int | None = None
    csv: Callable[[], str] | None = None


@dataclass(frozen=True)
class ChatRequest:
    """A question in the terms of chat completions; the responses endpoint is translated into it.

    `functions` are those that may be called, by name. With `must_call` one is, with `one_call` at most one. `output` is
    the form of the answer: `text`, any JSON object, or JSON that fits `schema`.
    """

    model: str
    messages: list[dict[str, Any]]
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    must_call: bool = False
    one_call: bool = False
    output: Literal["text", "json_object", "json_schema"] = "text"
    schema: dict[str, Any] = field(default_factory=dict)


class Reply(Protocol):
    """An answer in pieces. The counts, the reason and the calls are right when all pieces were taken.

    `calls` are functions that the model calls, each with its `name` and its `arguments` as JSON.
    """

    prompt_tokens: int
    completion_tokens: int
    finish_reason: Literal["stop", "length"]
    calls: tuple[dict[str, str], ...]

    def __iter__(self) -> Iterator[str]: ...


class Engine(Protocol):
    """One way to train and to answer. It may keep state of its own under `settings.home`."""

    name: str
    fingerprint: str  # the system_fingerprint of its answers
    methods: tuple[str, ...]

    def base_models(self) -> list[str]:
        """The base models that it can train and answer for here, the one to propose first."""

    def begin(self, look: Callable[[Job], Progress]) -> None:
        """Called once, when the server is put together.

        `look` says how far a job is; the first look after a job's end writes down what it made. An engine calls it for
        jobs that end though nobody asks.
        """

    def plan(self, job: dict[str, Any], data: Any) -> dict[str, Any]:
        """Called once, when the files are validated: what must stay the same for the job. `data` is a TrainingData."""

    def start(self, job: Job) -> None:
        """Called once, when the files are validated and the plan is stored."""

    def progress(self, job: Job, now: float) -> Progress:
        """How far the job is. `job.cancelled_at` and `job.pauses` say what the learner asked for."""

    def cancel(self, job: Job) -> None:
        """The learner has cancelled; the store knows it already. Free what the job holds."""

    def pause(self, job: Job) -> None: ...

    def resume(self, job: Job) -> None: ...

    def folders(self, tuned: TunedModel) -> dict[str, str] | None:
        """`adapter`: the PEFT folder of a tuned model; `base_model`: what Transformers loads below it. None: no files.

        Raises ModelUnavailable or FilesGone.
        """

    def delete(self, tuned: TunedModel) -> None:
        """The learner has deleted a model; the store knows it already. Free what it holds, on disk and in memory."""

    def reply(self, base: str, tuned: TunedModel | None, request: ChatRequest) -> Reply:
        """Answer with a base model, or with a model tuned from it.

        Raises ApiError (e.g. for a prompt too long), ModelUnavailable or FilesGone, all before the first piece.
        """

    def place_to_answer(self) -> AbstractAsyncContextManager:
        """Held while an answer is made. Where computing takes long, only so many are made at once; others wait."""
