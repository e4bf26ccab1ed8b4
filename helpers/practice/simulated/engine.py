"""The simulated engine: it stands in for the GPT models, and says so.

How far a job is follows from the stored job and the clock (timeline.py), so it needs no thread and survives every
restart.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from helpers.connection.catalogue import base_models
from helpers.cost import default_epochs
from helpers.practice.api.errors import ApiError
from helpers.practice.engine import ChatRequest, Progress
from helpers.practice.settings import Settings
from helpers.practice.simulated.answers import Said, answer_as_base, answer_as_tuned
from helpers.practice.simulated.timeline import Timeline
from helpers.practice.store import Job, Store, TunedModel
from helpers.practice.validate_files import TrainingData
from helpers.tokens import count_messages, count_text, encode, encoding_for

FINGERPRINT = "fp_practice_simulated"
LARGEST_BATCH = 256
AUTO_LEARNING_RATE = 2.0
# Characters. A GPT model writes no more than 32,768 tokens, and a training file may hold an answer of megabytes, which
# a tokenizer would read for a minute at each question.
LONGEST_ANSWER = 200_000


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

    def place_to_answer(self) -> AbstractAsyncContextManager:
        """There is always one: an answer takes a millisecond."""
        return nullcontext()


class SimulatedReply:
    """The text in pieces of a token each, cut as `max_tokens` and `stop` ask."""

    def __init__(self, said: Said, base: str, prompt_tokens: int, request: ChatRequest) -> None:
        text, self.calls = said.text, said.calls
        for stop in request.stop:
            text = text.split(stop)[0]
        encoding = encoding_for(base)
        tokens = encode(text[:LONGEST_ANSWER], encoding)
        kept = tokens[: request.max_tokens] if request.max_tokens else tokens
        is_cut = len(kept) < len(tokens) or len(text) > LONGEST_ANSWER
        self.finish_reason = "length" if is_cut else "stop"
        called = sum(count_text(call["name"] + call["arguments"], base) for call in self.calls)
        self.prompt_tokens, self.completion_tokens = prompt_tokens, len(kept) + called
        self._text = encoding.decode(kept, errors="ignore") if is_cut else text

    def __iter__(self) -> Iterator[str]:
        words = self._text.split(" ")
        yield from (word if i == 0 else f" {word}" for i, word in enumerate(words))


def _number(asked: Any, auto: float) -> float:
    return auto if asked == "auto" else asked
