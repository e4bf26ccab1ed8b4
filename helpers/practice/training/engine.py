"""The engine that really trains: LoRA on a small open model, on this computer, behind the interface of the simulator.

The server keeps the jobs; a process of its own trains each (training_process.py). This engine starts that process when a slot
is free, reads what it reports, notices when it dies, and answers with what it has made.
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
from filelock import FileLock

from helpers.connection.catalogue import base_models
from helpers.cost import default_epochs
from helpers.course_data.paths import ROOT
from helpers.practice.disk import forgiven_if_full, is_full, no_space
from helpers.practice.engine import FINAL, ChatRequest, Checkpoint, Event, Progress
from helpers.practice.ids import derived_id
from helpers.practice.job_wording import begun_messages, model_name, result_csv
from helpers.practice.settings import Settings
from helpers.practice.store import Job, Store, TunedModel
from helpers.practice.training.base_model import check_ahead, importing, model_source
from helpers.practice.training.run_folder import TrainingFiles
from helpers.practice.validate_files import TrainingData

KEPT_CHECKPOINTS = 3
WATCH_SECONDS = 0.5
KILL_SECONDS = 2.0
SECRETS = ("OPENAI_", "PRACTICE_KEY", "COURSE_")  # what a training process has no business to know


# A training process that stays small: 1.5 GB with tests/benchmarks/local_speed.py.
# Read by PyTorch's library for matrices, and by the C library of Linux; sizes in bytes.
SMALL_MEMORY = {
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32",  # programs kept for one shape of a batch each: most never come again
    "MALLOC_MMAP_THRESHOLD_": "64000000",  # larger pieces of memory are given back as soon as they are free
    "MALLOC_TRIM_THRESHOLD_": "100000000",
}


class Trainer:
    name = "local"
    fingerprint = "fp_practice_local"
    methods = ("supervised", "dpo")

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings, self.store = settings, store
        self._children: dict[str, subprocess.Popen] = {}
        self._deaths: dict[str, dict[str, str | None]] = {}  # as first seen: on a full disk they are written down later
        self._watching = threading.Lock()
        self._chat: Any = None
        self._chat_lock = threading.Lock()

    def begin(self, look: Callable[[Job], Progress]) -> None:
        self._look = look
        if self._open_jobs():
            self._watch()  # jobs of an earlier kernel
        elif any(job.engine == self.name for job in self.store.jobs()):
            self._warm_up()

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
        }

    def start(self, job: Job) -> None:
        for message in begun_messages(job, validated=job.plan["failure"] is None):
            self.store.add_event(job.id, message, data={})
        self._schedule()
        self._watch()

    def cancel(self, job: Job) -> None:
        """Kill the process with its children: their memory is free at once, and nothing that is kept is half-written."""
        files = self._files(job)
        with self._scheduling():
            kill(files.process())
            if (files.ending() or {}).get("status") != "succeeded":  # it may have ended in this very moment
                files.remove_checkpoints()
        self._schedule()

    def pause(self, job: Job) -> None:
        """The process saves a checkpoint after the step that it is in, and ends."""
        self._files(job).ask_to_pause(True)

    def resume(self, job: Job) -> None:
        self._files(job).ask_to_pause(False)
        self._schedule()
        self._watch()

    # --- how far a job is ---------------------------------------------------------------------------------------

    def progress(self, job: Job, now: float) -> Progress:
        events = [_event(job, row) for row in self.store.events(job.id)]
        status, error, finished_at, ending = self._standing(job, now)
        if error:
            events.append(_last(job, finished_at, error["message"], level="error"))
        elif status == "cancelled":
            events.append(_last(job, finished_at, "The job has been cancelled"))
        elif status == "succeeded":
            events.append(_last(job, finished_at, f"New fine-tuned model created: {model_name(job)}", key="model"))
            events.append(_last(job, finished_at, "The job has successfully completed"))
        if status == "failed" and job.outcome is None:
            self._files(job).remove_checkpoints()  # nobody can use them any more
        done = status == "succeeded"
        steps = [event for event in events if event.type == "metrics"]
        begun = self._files(job).was_started or done
        return Progress(
            status,
            events,
            checkpoints=[] if status in ("failed", "cancelled") else self._checkpoints(job),
            hyperparameters=job.plan["hyperparameters"] if begun else None,
            finished_at=finished_at,
            estimated_finish=_estimated_finish(steps, now) if status == "running" else None,
            error=error,
            fine_tuned_model=model_name(job) if done else None,
            # The outcome of a job that ended under an earlier version of the course does not name them.
            trained_tokens={**ending, **(job.outcome or {})}.get("trained_tokens") if done else None,
            csv=result_csv(event.data for event in steps) if done else None,
        )

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
            why = f"It was stopped from outside{signal}: by hand, by a restart of the computer, or because memory ran out."
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

    def _scheduling(self) -> FileLock:
        """Servers that share a home start jobs one after the other."""
        return FileLock(self.settings.home / "training.lock", timeout=30)

    def _open_jobs(self) -> list[Job]:
        """Oldest first."""
        return [job for job in reversed(self.store.jobs()) if job.engine == self.name and job.outcome is None]

    def _schedule(self) -> None:
        """Start waiting jobs while slots are free, the oldest first."""
        with self._scheduling():
            open_jobs = self._open_jobs()
            now = time.time()
            training = sum(self._files(job).process() is not None for job in open_jobs)
            for job in open_jobs:
                if training >= _slots():
                    return
                if self._standing(job, now)[0] == "queued":
                    self._launch(job)
                    training += 1

    def _launch(self, job: Job) -> None:
        files = self._files(job)
        if not files.was_started:
            self.store.add_event(job.id, "Fine-tuning job started", data=None)
        files.forget_process()
        with files.log.open("ab") as log:
            child = subprocess.Popen(
                [*_launcher(), "-m", "helpers.practice.training.process", str(self.settings.home), job.id],
                cwd=files.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A session of its own: what stops the kernel does not stop the training.
                **({"creationflags": _WINDOWS_FLAGS} if os.name == "nt" else {"start_new_session": True}),
            )
        files.write_process(psutil.Process(child.pid))
        self._children[job.id] = child

    def _watch(self) -> None:
        """Follow the open jobs in a thread, so that a queue moves and a death is noticed though nobody asks."""
        if self._watching.acquire(blocking=False):
            threading.Thread(target=self._follow, name="practice-trainer", daemon=True).start()

    def _follow(self) -> None:
        wait = threading.Event()
        try:
            while True:
                with forgiven_if_full(self.settings.home):
                    standing = [self._look(job).status for job in self._open_jobs()]
                    if all(status in (*FINAL, "paused") for status in standing):
                        self._warm_up()
                        return
                    self._schedule()
                wait.wait(WATCH_SECONDS)
        finally:
            self._watching.release()

    # --- answers ------------------------------------------------------------------------------------------------

    def reply(self, base: str, tuned: TunedModel | None, request: ChatRequest) -> Any:
        adapter = TrainingFiles(self.settings.home, tuned.job_id).adapter(tuned.step) if tuned else None
        return self._loaded().reply(base, adapter, request)

    def folders(self, tuned: TunedModel) -> dict[str, str]:
        adapter = TrainingFiles(self.settings.home, tuned.job_id).adapter(tuned.step)
        return {"adapter": str(adapter), "base_model": model_source(tuned.base, self.settings.home)}

    def _warm_up(self) -> None:
        """Load what answers need, in a thread: whoever has trained a model is about to ask it."""
        threading.Thread(target=self._load_latest, name="practice-warm-up", daemon=True).start()

    def _load_latest(self) -> None:
        latest = next(job.model for job in self.store.jobs() if job.engine == self.name)
        check_ahead(latest, self.settings.home)
        # Of a model that is not there any more, whoever asks it is told.
        with contextlib.suppress(OSError, ValueError), importing():
            self._loaded().load(latest)

    def _loaded(self) -> Any:
        with self._chat_lock:
            if self._chat is None:
                with importing():
                    from helpers.practice.training.generate import LocalChat

                self._chat = LocalChat(self.settings.home)
            return self._chat


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


def _slots() -> int:
    return int(os.environ.get("PRACTICE_LOCAL_JOBS", "1"))


def _launcher() -> list[str]:
    """Python, or `accelerate launch` with the arguments that PRACTICE_ACCELERATE gives it."""
    arguments = os.environ.get("PRACTICE_ACCELERATE")
    if arguments is None:
        return [sys.executable]
    return [sys.executable, "-m", "accelerate.commands.launch", *shlex.split(arguments)]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    if "PRACTICE_ACCELERATE" not in os.environ:
        kept.setdefault("CUDA_VISIBLE_DEVICES", "0")  # one process, one GPU; more of both come with accelerate
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {
        **kept,
        "PYTHONPATH": path,
        "PYTHONUTF8": "1",
        "TOKENIZERS_PARALLELISM": "false",
        **SMALL_MEMORY,
    }


_WINDOWS_FLAGS = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


def _event(job: Job, row: dict[str, Any]) -> Event:
    number, at = row["number"], row["created_at"]
    return Event(derived_id("ftevent-", job.id, number), at, row["message"], row["level"], row["type"], row["data"])


def _last(job: Job, at: int | None, message: str, key: str = "end", **more: Any) -> Event:
    return Event(derived_id("ftevent-", job.id, key), at or 0, message, **more)


def _unsafe(job: Job) -> dict[str, str | None]:
    message = f"Error while running moderation eval refusals_v3 for snapshot {model_name(job)}"
    return {"code": "invalid_training_file", "message": message, "param": "training_file"}


def _estimated_finish(steps: list[Event], now: float) -> int | None:
    """From the pace of the steps so far."""
    if len(steps) < 2:
        return None
    first, last = steps[0], steps[-1]
    pace = max(1, last.created_at - first.created_at) / (last.data["step"] - first.data["step"])
    return int(now + pace * (last.data["total_steps"] - last.data["step"]))
