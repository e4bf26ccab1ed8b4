"""The engine that really trains: LoRA on a small open model, on this computer, behind the interface of the simulator.

The server keeps the jobs; a process of its own trains each (process.py). This engine starts that process when a slot is
free, reads what it reports, notices when it dies, and answers with what it has made.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psutil
from filelock import Timeout

from helpers.connection.catalogue import base_models
from helpers.cost import default_epochs
from helpers.practice.api.errors import ApiError
from helpers.practice.disk import forgiven_if_full, is_full, no_space
from helpers.practice.engine import FINAL, ChatRequest, Checkpoint, Progress
from helpers.practice.ids import derived_id
from helpers.practice.job_wording import VALIDATED, duration, first_events, last_event, model_name, result_csv
from helpers.practice.settings import Settings
from helpers.practice.store import Job, Store, TunedModel
from helpers.practice.training.base_model import model_source
from helpers.practice.training.child_process import OWN_SESSION, child_environment
from helpers.practice.training.computer import Computer
from helpers.practice.training.follower import Follower
from helpers.practice.training.run_folder import KEPT_CHECKPOINTS, TrainingFiles
from helpers.practice.training.stored_events import StoredEvents
from helpers.practice.validate_files import TrainingData

RECIPE_NAMES = ("course", "plain")  # the settings of each: recipe.py, which imports PyTorch
WATCH_SECONDS = 0.5
SURE_SECONDS = 5  # events have whole seconds, so the pace of steps is known only after some
KILL_SECONDS = 2.0


class Trainer:
    name = "local"
    fingerprint = "fp_practice_local"
    methods = ("supervised", "dpo")

    def __init__(self, settings: Settings, store: Store, computer: Computer) -> None:
        self.settings, self.store, self.computer = settings, store, computer
        _launcher()  # whoever starts a server with a setting that cannot be is told now, not by the first job
        self._children: dict[str, subprocess.Popen] = {}  # by job; those that ended are taken out by the follower
        self._deaths: dict[str, dict[str, str | None]] = {}  # as first seen: on a full disk they are written down later
        self._follower = Follower(self._look_after_jobs, WATCH_SECONDS)
        self._unfinished: set[str] = set()  # jobs that were followed here and had not ended when last looked at
        self._just_trained: str | None = None  # base model of the last of them that succeeded, until it is loaded
        computer.turns.join(self)

    def begin(self, look: Callable[[Job], Progress]) -> None:
        self._look = look
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
                self._stop(job)
        except Timeout:
            self._stop(job)  # a server that hangs is no reason to go on training
        self.computer.turns.fill()

    def _stop(self, job: Job) -> None:
        files = self._files(job)
        kill(files.process())
        if (files.ending() or {}).get("status") != "succeeded":  # it may have ended in this very moment
            files.remove_checkpoints()

    def pause(self, job: Job) -> None:
        """The process saves a checkpoint after the step that it is in, and ends."""
        self._files(job).ask_to_pause(True)

    def resume(self, job: Job) -> None:
        self._files(job).ask_to_pause(False)
        self.computer.turns.fill()
        self._follower.wake()

    # --- how far a job is ---------------------------------------------------------------------------------------

    def progress(self, job: Job, now: float) -> Progress:
        last = []
        status, error, finished_at, ending = self._standing(job, now)
        if error:
            last.append(last_event(job, finished_at, error["message"], level="error"))
        elif status == "cancelled":
            last.append(last_event(job, finished_at, "The job has been cancelled"))
        elif status == "succeeded":
            last.append(last_event(job, finished_at, f"New fine-tuned model created: {model_name(job)}", key="model"))
            last.append(last_event(job, finished_at, "The job has successfully completed"))
        if status == "failed" and job.outcome is None:
            self._files(job).remove_checkpoints()  # nobody can use them any more
        done = status == "succeeded"
        begun = self._files(job).was_started or done
        return Progress(
            status,
            StoredEvents(self.store, job, last),
            checkpoints=[] if status in ("failed", "cancelled") else self._checkpoints(job),
            hyperparameters=job.plan["hyperparameters"] if begun else None,
            finished_at=finished_at,
            estimated_finish=self._estimated_finish(job, now) if status == "running" else None,
            error=error,
            fine_tuned_model=model_name(job) if done else None,
            # The outcome of a job that ended under an earlier version of the course does not name them.
            trained_tokens={**ending, **(job.outcome or {})}.get("trained_tokens") if done else None,
            csv=(lambda: self._result_csv(job)) if done else None,
        )

    def _result_csv(self, job: Job) -> str:
        return result_csv(row["data"] for row in self.store.events(job.id) if row["type"] == "metrics")

    def _estimated_finish(self, job: Job, now: float) -> int | None:
        """From the pace of the steps so far; while they are too few for whole seconds, from what the process tells."""
        steps = self.store.measured(job.id)
        passed = steps[-1]["created_at"] - steps[0]["created_at"] if steps else 0
        if passed < SURE_SECONDS:
            told = self.store.events(job.id)
            ahead = [row["created_at"] + row["data"]["seconds_ahead"] for row in told if _says_how_long(row)]
            return int(max(ahead[-1], now)) if ahead else None
        first, last = steps
        pace = passed / (last["data"]["step"] - first["data"]["step"])
        return int(now + pace * (last["data"]["total_steps"] - last["data"]["step"]))

    def _standing(self, job: Job, now: float) -> tuple[str, dict | None, int | None, dict[str, Any]]:
        """Status, error, time of the end, and what the process said at its end."""
        files = self._files(job)
        process = files.process()
        ending = files.ending() or {}  # read after the process: it writes this before it ends
        if job.outcome:
            outcome = job.outcome
            return outcome["status"], outcome["error"], outcome["finished_at"], ending
        if job.plan["failure"]:
            return "failed", job.plan["failure"], int(job.created_at), ending
        if job.cancelled_at is not None and ending.get("status") != "succeeded":
            return "cancelled", None, int(job.cancelled_at), ending
        if ending.get("status") == "succeeded":
            if job.plan["unsafe"]:
                return "failed", _unsafe(job), ending["finished_at"], ending
            return "succeeded", None, ending["finished_at"], ending
        if ending.get("status") == "failed":
            return "failed", ending["error"], int(now), ending
        if files.was_started and process is None and not ending:
            if job.id not in self._deaths:
                self._deaths[job.id] = self._death(job, files)
            return "failed", self._deaths[job.id], int(now), ending
        if job.pauses and job.pauses[-1][1] is None:
            return "paused", None, None, ending
        return "running" if process else "queued", None, None, ending

    def _death(self, job: Job, files: TrainingFiles) -> dict[str, str | None]:
        """Why a process is gone that did not say goodbye."""
        if is_full(self.settings.home):
            return {"code": "disk_full", "message": no_space("start the job again"), "param": None}
        child = self._children.get(job.id)
        code = child.poll() if child else None
        said = (
            files.log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if files.log.exists() else []
        )
        if code is None or code < 0 or not said:
            signal = f" (signal {-code})" if code and code < 0 else ""
            why = (
                f"It was stopped from outside{signal}: by hand, by a restart of the computer, "
                "or because memory ran out."
            )
        else:
            why = f"It ended with code {code}. Its last words: {said[-1]}"
        message = f"The training process is gone. {why} Start the job again."
        return {"code": "training_process_gone", "message": message, "param": None}

    def _checkpoints(self, job: Job) -> list[Checkpoint]:
        return [
            Checkpoint(
                derived_id("ftckpt_", job.id, row["step"]), row["created_at"], row["name"], row["step"], row["metrics"]
            )
            for row in self.store.checkpoints(job.id)[-KEPT_CHECKPOINTS:]
        ]

    # --- processes ----------------------------------------------------------------------------------------------

    def _files(self, job: Job) -> TrainingFiles:
        return TrainingFiles(self.settings.home, job.id)

    def _open_jobs(self) -> list[Job]:
        """Those whose files are validated, oldest first."""
        open_jobs = reversed(self.store.open_jobs())
        return [job for job in open_jobs if job.engine == self.name and not job.awaits_validation]

    # --- turns (turns.py) ---------------------------------------------------------------------------------------

    def running(self) -> list[Job]:
        return [job for job in self._open_jobs() if self._files(job).process() is not None]

    def waiting(self) -> list[Job]:
        now = time.time()
        return [job for job in self._open_jobs() if self._standing(job, now)[0] == "queued"]

    def seconds_left(self, job: Job) -> float | None:
        now = time.time()
        finish = self._estimated_finish(job, now)
        return None if finish is None else max(0.0, finish - now)

    def tell_place(self, job: Job, place: int, seconds: float | None) -> None:
        before = "1 training comes" if place == 1 else f"{place} trainings come"
        begins = f"; it begins in about {duration(seconds)}" if seconds is not None else ""
        data = {"place": place, "begins_in_seconds": None if seconds is None else round(seconds)}
        self.store.add_event(job.id, f"Waiting for its turn: {before} before it{begins}", data=data)

    def launch(self, job: Job) -> None:
        files = self._files(job)
        if not files.was_started:
            self.store.add_event(job.id, "Fine-tuning job started", data=None)
        files.forget_process()
        with files.log.open("ab") as log:
            child = subprocess.Popen(
                [*_launcher(), "-m", "helpers.practice.training.process", *self._arguments(job)],
                cwd=files.folder,
                env=child_environment(self.computer.turns.slots),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **OWN_SESSION,
            )
        files.write_process(psutil.Process(child.pid))
        self._children[job.id] = child

    def _arguments(self, job: Job) -> list[str]:
        return [str(self.settings.home.absolute()), job.id, str(self.computer.home.absolute())]

    def _look_after_jobs(self) -> bool:
        """Move the queue and notice a death though nobody asks; the follower does it. Returns whether to go on."""
        with forgiven_if_full(self.settings.home):
            children = dict(self._children)  # as they were before the look that says how their jobs ended
            statuses = {job.id: self._look(job).status for job in self._open_jobs()}
            self._forget_ended(children, statuses)
            self._note_what_was_trained({job_id for job_id, status in statuses.items() if status not in FINAL})
            if any(status not in (*FINAL, "paused") for status in statuses.values()):
                self.computer.turns.fill(at_once=False)
                return True
            if self._just_trained is not None:
                self._warm_up(self._just_trained)
                self._just_trained = None
            return bool(self._children)
        return True

    def _forget_ended(self, children: dict[str, subprocess.Popen], statuses: dict[str, str]) -> None:
        """Wait for the children of jobs that have ended or pause. Of others the exit code still says why they died."""
        for job_id, child in children.items():
            over = statuses.get(job_id, "succeeded") in (*FINAL, "paused") and child.poll() is not None
            if over and self._children[job_id] is child:  # and no other one that goes on after a pause
                del self._children[job_id]

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


def kill(process: psutil.Process | None) -> None:
    """Stop a process and all that it started, now."""
    if process is None:
        return
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=KILL_SECONDS)


def _recipe_name() -> str:
    """What PRACTICE_RECIPE chooses. It is kept with the job, so a training that is resumed goes on as it began."""
    name = os.environ.get("PRACTICE_RECIPE") or RECIPE_NAMES[0]
    if name not in RECIPE_NAMES:
        raise ApiError(400, f"PRACTICE_RECIPE: found {name!r}; expected one of {', '.join(RECIPE_NAMES)}.")
    return name


def _launcher() -> list[str]:
    """Python, or `accelerate launch` with the arguments that PRACTICE_ACCELERATE gives it."""
    arguments = os.environ.get("PRACTICE_ACCELERATE")
    if arguments is None:
        return [sys.executable]
    try:
        return [sys.executable, "-m", "accelerate.commands.launch", *shlex.split(arguments)]
    except ValueError as error:
        raise ValueError(
            f"PRACTICE_ACCELERATE: found {arguments!r}, which cannot be taken apart ({error}); expected arguments of "
            "`accelerate launch`"
        ) from error


def _unsafe(job: Job) -> dict[str, str | None]:
    message = f"Error while running moderation eval refusals_v3 for snapshot {model_name(job)}"
    return {"code": "invalid_training_file", "message": message, "param": "training_file"}


def _says_how_long(row: dict[str, Any]) -> bool:
    return "seconds_ahead" in (row["data"] or {})
