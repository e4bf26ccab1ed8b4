"""Validating the files of new jobs: small ones at once, large ones afterwards, as on the real API.

A job is stored before its files are validated. So a server that is stopped goes on with it at the next start.
"""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from helpers.practice.engine import Engine
from helpers.practice.server_log import ServerLog
from helpers.practice.store import Job, Store, StoredFile
from helpers.practice.validate_files import TrainingData, read_training_data

FAILED = "The files could not be validated on this computer"


class NotWanted(Exception):
    """The files need not be validated any more: the job was cancelled, another server was first, or this one stops."""


class Validation:
    """Makes new jobs, and looks after those whose files are not validated yet, one at a time."""

    def __init__(self, store: Store, engines: dict[str, Engine], log: ServerLog) -> None:
        self.store, self.engines, self.log = store, engines, log
        self._at_once = store.settings.limits.validated_at_once_bytes
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._lock = threading.Lock()  # guards the thread
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Go on with what an earlier server has left."""
        for job in reversed(self.store.open_jobs()):
            if job.awaits_validation:
                self._put(job)

    def stop(self) -> None:
        self._stopped.set()

    def create(
        self, engine: Engine, values: dict[str, Any], training: StoredFile, validation: StoredFile | None
    ) -> Job:
        """Store a new job.

        Args:
            engine: What will train it.
            values: The columns of the job, without those that follow from its files.
            training: The training file.
            validation: The validation file, if there is one.

        Returns:
            The job. If its files are small, they are validated, and it is started.

        Raises:
            FilesGone: The content of a file was deleted by hand.
            ApiError: The engine cannot train it.
        """
        unsafe = self.store.take_fault({"safety_evaluation"}) is not None
        for file in filter(None, (training, validation)):
            self.store.content_of(file.id)
        if training.bytes + (validation.bytes if validation else 0) > self._at_once:
            job = self.store.add_job(**values, plan={"waiting": True, "unsafe": unsafe})
            self._put(job)
            return job
        data = read_training_data(self.store, training, validation, values["method"]["type"], values["model"])
        job = self.store.add_job(**values, plan=engine.plan({**values, "unsafe": unsafe}, data))
        engine.start(job)
        return job

    def _put(self, job: Job) -> None:
        self._waiting.put(job.id)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="practice-validation", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._stopped.is_set():
            job = self.store.job(self._waiting.get())
            try:
                self._validate(job)
            except NotWanted:
                continue
            except Exception as error:  # the border of the thread: else the job, and all behind it, would wait for ever
                self.log.failed(f"The files of {job.id} could not be validated", error)
                self._give_up(job, error)

    def _validate(self, job: Job) -> None:
        engine = self.engines.get(job.engine)
        if engine is None:  # a server without real training: the job is shown as failed, and left for another server
            return
        values = {name: getattr(job, name) for name in ("model", "method", "validation_file")}
        data = self._read(job)
        plan = engine.plan({**values, "unsafe": job.plan["unsafe"]}, data)
        if self.store.plan_job(job.id, {**plan, "began": time.time()}):
            engine.start(self.store.job(job.id))

    def _read(self, job: Job) -> TrainingData:
        files = [self.store.any_file(file_id) for file_id in (job.training_file, job.validation_file) if file_id]
        training, validation = (*files, None)[:2]
        go_on = self._look(job.id)
        return read_training_data(self.store, training, validation, job.method["type"], job.model, go_on)

    def _look(self, job_id: str) -> Callable[[], None]:
        def go_on() -> None:
            job = self.store.job(job_id)
            if self._stopped.is_set() or not job.awaits_validation or job.cancelled_at or job.outcome:
                raise NotWanted

        return go_on

    def _give_up(self, job: Job, error: Exception) -> None:
        failure = {"code": "server_error", "message": f"{FAILED}: {error}. Start the job again.", "param": None}
        outcome = {"status": "failed", "finished_at": int(time.time()), "error": failure, "trained_tokens": None}
        self.store.settle_job(job.id, outcome, [])
