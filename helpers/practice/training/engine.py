"""The engine that really trains: LoRA on a small open model, on this computer, behind the interface of the simulator.

The server keeps the jobs; a process of its own trains each (process.py). This engine starts that process when a slot is
free (turns.py), says how far it is (how_far.py), notices when it dies, and answers with what it has made.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from filelock import Timeout

from helpers.connection.catalogue import base_models
from helpers.cost import default_epochs
from helpers.practice.api.errors import ApiError
from helpers.practice.disk import forgiven_if_full
from helpers.practice.engine import FINAL, ChatRequest, Progress
from helpers.practice.job_wording import VALIDATED, duration, first_events
from helpers.practice.settings import Settings
from helpers.practice.store import Job, Store, TunedModel
from helpers.practice.training.base_model import model_source
from helpers.practice.training.computer import Computer
from helpers.practice.training.follower import Follower
from helpers.practice.training.how_far import HowFar
from helpers.practice.training.processes import Processes
from helpers.practice.training.run_folder import TrainingFiles
from helpers.practice.validate_files import TrainingData

RECIPE_NAMES = ("course", "plain")  # the settings of each: recipe.py, which imports PyTorch
WATCH_SECONDS = 0.5


class Trainer:
    name = "local"
    fingerprint = "fp_practice_local"
    methods = ("supervised", "dpo")

    def __init__(self, settings: Settings, store: Store, computer: Computer) -> None:
        self.settings, self.store, self.computer = settings, store, computer
        self._processes = Processes(settings.home, computer.home, computer.turns.slots)
        self._how_far = HowFar(settings.home, store, self._processes)
        self._follower = Follower(self._look_after_jobs, WATCH_SECONDS)
        self._unfinished: set[str] = set()  # jobs that were followed here and had not ended when last looked at
        self._just_trained: str | None = None  # base model of the last of them that succeeded, until it is loaded
        computer.turns.join(self)

    def begin(self, look: Callable[[Job], Progress]) -> None:
        self._look = look
        for job in self._open_jobs():
            self._carry_out(job)
        if self._open_jobs():
            self._follower.wake()  # jobs of an earlier kernel

    def base_models(self) -> list[str]:
        return [model.id for model in base_models() if model.engine == self.name]

    def plan(self, job: dict[str, Any], data: TrainingData) -> dict[str, Any]:
        kind = job["method"]["type"]
        asked = job["method"][kind]["hyperparameters"]
        return {
            "failure": data.failure,
            "hyperparameters": {
                name: chosen if asked[name] == "auto" else asked[name]
                for name, chosen in auto_settings(job, data.examples).items()
            },
            "unsafe": job.get("unsafe", False),
            "recipe": _recipe_name(),
        }

    def start(self, job: Job) -> None:
        for event in first_events(job):
            self.store.add_event(job.id, event.message, data={}, created_at=event.created_at)
        if job.plan["failure"] is None:
            self.store.add_event(job.id, VALIDATED, data={})
        self.computer.turns.fill()
        self._follower.wake()

    def cancel(self, job: Job) -> None:
        """Kill the process with its children: their memory is free at once. No file that is kept is half-written."""
        try:
            with self.computer.turns.scheduling():  # so that nobody starts it meanwhile
                self._processes.stop(job)
        except Timeout:
            self._processes.stop(job)  # a server that hangs is no reason to go on training
        self.computer.turns.fill()

    def pause(self, job: Job) -> None:
        """The process saves a checkpoint after the step that it is in, and ends."""
        self._processes.files(job).ask_to_pause(True)

    def resume(self, job: Job) -> None:
        self._processes.files(job).ask_to_pause(False)
        self.computer.turns.fill()
        self._follower.wake()

    def _carry_out(self, job: Job) -> None:
        """What the learner asked for last, in case the server was killed after it stood in the store and before the
        process was told: else a cancelled job trains on, and one that was resumed pauses after every step."""
        if job.cancelled_at is not None:
            self._processes.stop(job)
        else:
            self._processes.files(job).ask_to_pause(job.paused)

    def progress(self, job: Job, now: float) -> Progress:
        return self._how_far.progress(job, now)

    def _open_jobs(self) -> list[Job]:
        """Those whose files are validated, oldest first."""
        open_jobs = reversed(self.store.open_jobs())
        return [job for job in open_jobs if job.engine == self.name and not job.awaits_validation]

    # --- turns (turns.py) ---------------------------------------------------------------------------------------

    def unfinished(self) -> tuple[list[Job], list[Job]]:
        now, jobs = time.time(), self._open_jobs()
        training = [job for job in jobs if self._processes.files(job).process() is not None]
        waiting = [job for job in jobs if job not in training and self._how_far.standing(job, now)[0] == "queued"]
        return training, waiting

    def seconds_left(self, job: Job) -> float | None:
        now = time.time()
        finish = self._how_far.estimated_finish(job, now)
        return None if finish is None else max(0.0, finish - now)

    def tell_place(self, job: Job, place: int, seconds: float | None) -> None:
        before = "1 training comes" if place == 1 else f"{place} trainings come"
        begins = f"; it begins in about {duration(seconds)}" if seconds is not None else ""
        data = {"place": place, "begins_in_seconds": None if seconds is None else round(seconds)}
        self.store.add_event(job.id, f"Waiting for its turn: {before} before it{begins}", data=data)

    def launch(self, job: Job) -> None:
        if not self._processes.files(job).was_started:
            self.store.add_event(job.id, "Fine-tuning job started", data=None)
        self._processes.launch(job)

    # --- looking after jobs -------------------------------------------------------------------------------------

    def _look_after_jobs(self) -> bool:
        """Move the queue and notice a death though nobody asks; the follower does it. Returns whether to go on."""
        with forgiven_if_full(self.settings.home):
            children = self._processes.children()  # as they were before the look that says how their jobs ended
            statuses = {job.id: self._look(job).status for job in self._open_jobs()}
            over = {job_id for job_id in children if statuses.get(job_id, "succeeded") in (*FINAL, "paused")}
            self._processes.forget_ended(children, over)
            self._note_what_was_trained({job_id for job_id, status in statuses.items() if status not in FINAL})
            if any(status not in (*FINAL, "paused") for status in statuses.values()):
                self.computer.turns.fill(at_once=False)
                return True
            if self._just_trained is not None:
                self._warm_up(self._just_trained)
                self._just_trained = None
            return bool(self._processes.children())
        return True

    def _note_what_was_trained(self, unfinished: set[str]) -> None:
        ended = [self.store.job(job_id) for job_id in self._unfinished - unfinished]
        self._unfinished = unfinished
        for job in ended:
            if job.outcome is not None and job.outcome["status"] == "succeeded":
                self._just_trained = job.model
                self.computer.turns.ended(job, job.outcome["finished_at"])

    # --- answers ------------------------------------------------------------------------------------------------

    def reply(self, base: str, tuned: TunedModel | None, request: ChatRequest) -> Any:
        adapter = TrainingFiles(self.settings.home, tuned.job_id).adapter(tuned.step) if tuned else None
        return self.computer.chat(base).reply(base, adapter, request)

    def place_to_answer(self) -> AbstractAsyncContextManager:
        return self.computer.answering

    def folders(self, tuned: TunedModel) -> dict[str, str]:
        adapter = TrainingFiles(self.settings.home, tuned.job_id).adapter(tuned.step)
        return {"adapter": str(adapter), "base_model": model_source(tuned.base, self.computer.home)}

    def delete(self, tuned: TunedModel) -> None:
        files = TrainingFiles(self.settings.home, tuned.job_id)
        others = [model.step for model in self.store.models() if model.job_id == tuned.job_id]
        self.computer.forget(tuned.base, files.folder_of(tuned.step))
        files.remove_model(tuned.step, others)

    def _warm_up(self, base: str) -> None:
        """Load what answers need, in a thread: whoever has trained a model is about to ask it."""

        def load() -> None:
            # Of a model that is not there any more, whoever asks it is told.
            with contextlib.suppress(OSError, ValueError):
                self.computer.chat(base).load(base)

        threading.Thread(target=load, name="practice-warm-up", daemon=True).start()


def auto_settings(job: dict[str, Any], examples: int) -> dict[str, float]:
    """What "auto" means here."""
    chosen = {
        "n_epochs": default_epochs(max(1, examples), job["model"]),
        "batch_size": max(2, min(16, examples // 50)),  # few examples: small steps, and many of them
        "learning_rate_multiplier": 1.0,
    }
    return chosen | {"beta": 0.1} if job["method"]["type"] == "dpo" else chosen


def _recipe_name() -> str:
    """What PRACTICE_RECIPE chooses. It is kept with the job, so a training that is resumed goes on as it began."""
    name = os.environ.get("PRACTICE_RECIPE") or RECIPE_NAMES[0]
    if name not in RECIPE_NAMES:
        raise ApiError(400, f"PRACTICE_RECIPE: found {name!r}; expected one of {', '.join(RECIPE_NAMES)}.")
    return name
