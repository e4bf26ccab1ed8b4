"""How far jobs are, and what happens once when one ends: its models appear, its result file is written."""

import base64
import hashlib
import os
import tempfile
import threading
import time
from pathlib import Path

from helpers.practice.disk import forgiven_if_full
from helpers.practice.engine import FINAL, Engine, Progress
from helpers.practice.event_list import Story
from helpers.practice.ids import derived_id
from helpers.practice.job_wording import first_events, last_event
from helpers.practice.store import Job, Store, TunedModel

RESULT_FILE = "step_metrics.csv"


class Jobs:
    def __init__(self, store: Store, engines: dict[str, Engine]) -> None:
        self.store, self.engines = store, engines
        self._settling = threading.Lock()  # a result file of many steps is made once, however many ask at the end

    def progress(self, job: Job) -> Progress:
        """How far a job is now. The first to see that it has ended writes down what it has made."""
        engine = self.engines.get(job.engine)
        if engine is None:
            return _without_engine(job)
        progress = _not_validated(job) if job.awaits_validation else engine.progress(job, time.time())
        if progress.status in FINAL and job.outcome is None:
            # On a full disk the end is reported only; whoever looks when there is space again writes it down.
            with forgiven_if_full(self.store.settings.home):
                self._settle(job, progress)
        return progress

    def model(self, name: str) -> TunedModel | None:
        """None if there is no such model, also not from a job that has just ended."""
        found = self.store.model(name)
        if found is None:
            self._settle_open_jobs()
            found = self.store.model(name)
        return found

    def models(self) -> list[TunedModel]:
        self._settle_open_jobs()
        return self.store.models()

    @staticmethod
    def result_file_id(job: Job) -> str:
        return derived_id("file-", job.id, "result")

    def _settle_open_jobs(self) -> None:
        for job in self.store.open_jobs():
            self.progress(job)

    def _settle(self, job: Job, progress: Progress) -> None:
        with self._settling:
            if self.store.job(job.id).outcome is None:
                self._write_down(job, progress)

    def _write_down(self, job: Job, progress: Progress) -> None:
        if progress.csv is not None:
            self._write_result(job, progress.csv())
        models = []
        if progress.status == "succeeded":
            models = [
                (each.name, job.model, None if each.name == progress.fine_tuned_model else each.step)
                for each in progress.checkpoints
            ]
            if progress.fine_tuned_model not in [name for name, _, _ in models]:
                models.append((progress.fine_tuned_model, job.model, None))
        outcome = {
            "status": progress.status,
            "finished_at": progress.finished_at,
            "error": progress.error,
            "trained_tokens": progress.trained_tokens,
        }
        self.store.settle_job(job.id, outcome, models)

    def _write_result(self, job: Job, csv: str) -> None:
        """The result file; its content is base64, as OpenAI sends it."""
        content = base64.b64encode(csv.encode("utf-8"))
        handle, name = tempfile.mkstemp(dir=self.store.settings.files, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        digest = hashlib.sha256(content).hexdigest()
        self.store.add_file(Path(name), RESULT_FILE, "fine-tune-results", digest, self.result_file_id(job))


def _not_validated(job: Job) -> Progress:
    """A job whose files are being validated. What is told of it is told again later, so it has the same ids."""
    events, error = first_events(job), (job.outcome or {}).get("error")
    if error:
        at = job.outcome["finished_at"]
        events.append(last_event(job, at, error["message"], level="error"))
        return Progress("failed", Story(events), finished_at=at, error=error)
    if job.cancelled_at is not None:
        at = int(job.cancelled_at)
        events.append(last_event(job, at, "The job has been cancelled", key="cancelled"))
        return Progress("cancelled", Story(events), finished_at=at)
    return Progress("paused" if job.paused else "validating_files", Story(events))


def _without_engine(job: Job) -> Progress:
    """A job of real training seen by a server without it: as it ended, or as failed with the reason."""
    if job.outcome and job.outcome["status"] != "succeeded":
        return Progress(
            job.outcome["status"], Story([]), finished_at=job.outcome["finished_at"], error=job.outcome["error"]
        )
    error = {
        "code": "engine_not_installed",
        "message": "This job trains for real, and real training is not installed here: python course.py --local",
        "param": None,
    }
    return Progress("failed", Story([]), finished_at=int(job.created_at), error=error)
