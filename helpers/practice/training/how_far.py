"""How far a job of real training is: by what is stored, what its process has left, and whether that is alive."""

from pathlib import Path
from typing import Any

from helpers.practice.disk import is_full, no_space
from helpers.practice.engine import Checkpoint, Progress
from helpers.practice.ids import derived_id
from helpers.practice.job_wording import last_event, model_name, result_csv
from helpers.practice.store import Job, Store
from helpers.practice.training.processes import Processes
from helpers.practice.training.run_folder import KEPT_CHECKPOINTS, TrainingFiles
from helpers.practice.training.stored_events import StoredEvents

SURE_SECONDS = 5  # events have whole seconds, so the pace of steps is known only after some


class HowFar:
    """Looks at the jobs of one practice home."""

    def __init__(self, home: Path, store: Store, processes: Processes) -> None:
        self._home, self._store, self._processes = home, store, processes
        self._deaths: dict[str, dict[str, str | None]] = {}  # as first seen: on a full disk they are written down later

    def progress(self, job: Job, now: float) -> Progress:
        last = []
        status, error, finished_at, ending = self.standing(job, now)
        if error:
            last.append(last_event(job, finished_at, error["message"], level="error"))
        elif status == "cancelled":
            last.append(last_event(job, finished_at, "The job has been cancelled"))
        elif status == "succeeded":
            last.append(last_event(job, finished_at, f"New fine-tuned model created: {model_name(job)}", key="model"))
            last.append(last_event(job, finished_at, "The job has successfully completed"))
        if status == "failed" and job.outcome is None:
            self._processes.files(job).remove_checkpoints()  # nobody can use them any more
        done = status == "succeeded"
        begun = self._processes.files(job).was_started or done
        return Progress(
            status,
            StoredEvents(self._store, job, last),
            checkpoints=[] if status in ("failed", "cancelled") else self._checkpoints(job),
            hyperparameters=job.plan["hyperparameters"] if begun else None,
            finished_at=finished_at,
            estimated_finish=self.estimated_finish(job, now) if status == "running" else None,
            error=error,
            fine_tuned_model=model_name(job) if done else None,
            # The outcome of a job that ended under an earlier version of the course does not name them.
            trained_tokens={**ending, **(job.outcome or {})}.get("trained_tokens") if done else None,
            csv=(lambda: self._result_csv(job)) if done else None,
        )

    def _result_csv(self, job: Job) -> str:
        return result_csv(row["data"] for row in self._store.events(job.id) if row["type"] == "metrics")

    def estimated_finish(self, job: Job, now: float) -> int | None:
        """From the pace of the steps so far; while they are too few for whole seconds, from what the process tells."""
        steps = self._store.measured(job.id)
        passed = steps[-1]["created_at"] - steps[0]["created_at"] if steps else 0
        if passed < SURE_SECONDS:
            told = self._store.events(job.id)
            ahead = [row["created_at"] + row["data"]["seconds_ahead"] for row in told if _says_how_long(row)]
            return int(max(ahead[-1], now)) if ahead else None
        first, last = steps
        pace = passed / (last["data"]["step"] - first["data"]["step"])
        return int(now + pace * (last["data"]["total_steps"] - last["data"]["step"]))

    def standing(self, job: Job, now: float) -> tuple[str, dict | None, int | None, dict[str, Any]]:
        """Status, error, time of the end, and what the process said at its end."""
        files = self._processes.files(job)
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
        if job.paused:
            return "paused", None, None, ending
        return "running" if process else "queued", None, None, ending

    def _death(self, job: Job, files: TrainingFiles) -> dict[str, str | None]:
        """Why a process is gone that did not say goodbye."""
        if is_full(self._home):
            return {"code": "disk_full", "message": no_space("start the job again"), "param": None}
        code = self._processes.exit_code(job)
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
            for row in self._store.checkpoints(job.id)[-KEPT_CHECKPOINTS:]
        ]


def _unsafe(job: Job) -> dict[str, str | None]:
    message = f"Error while running moderation eval refusals_v3 for snapshot {model_name(job)}"
    return {"code": "invalid_training_file", "message": message, "param": "training_file"}


def _says_how_long(row: dict[str, Any]) -> bool:
    return "seconds_ahead" in (row["data"] or {})
