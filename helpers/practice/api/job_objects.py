"""A job, its events and its checkpoints as objects of the API."""

from typing import Any

from helpers.practice.engine import Checkpoint, Event, Progress
from helpers.practice.job_lifecycle import Jobs
from helpers.practice.store import Job

ORGANIZATION = "org-practice"
SHOWN_AT_THE_TOP = ("n_epochs", "batch_size", "learning_rate_multiplier")  # the older place of the hyperparameters


def show_job(job: Job, progress: Progress) -> dict[str, Any]:
    kind = job.method["type"]
    asked, chosen = job.method[kind]["hyperparameters"], progress.hyperparameters or {}
    shown = {name: chosen.get(name, value) for name, value in asked.items()}
    return {
        "id": job.id,
        "object": "fine_tuning.job",
        "created_at": int(job.created_at),
        "error": progress.error,
        "estimated_finish": progress.estimated_finish,
        "fine_tuned_model": progress.fine_tuned_model,
        "finished_at": progress.finished_at,
        "hyperparameters": {name: shown[name] for name in SHOWN_AT_THE_TOP},
        "integrations": [],
        "metadata": job.metadata,
        "method": {"type": kind, kind: {"hyperparameters": shown}},
        "model": job.model,
        "organization_id": ORGANIZATION,
        "result_files": [Jobs.result_file_id(job)] if progress.status == "succeeded" else [],
        "seed": job.seed,
        "status": progress.status,
        "trained_tokens": progress.trained_tokens,
        "training_file": job.training_file,
        "validation_file": job.validation_file,
    }


def show_event(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "object": "fine_tuning.job.event",
        "created_at": event.created_at,
        "level": event.level,
        "message": event.message,
        "type": event.type,
        "data": event.data,
    }


def show_checkpoint(job_id: str, checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "id": checkpoint.id,
        "object": "fine_tuning.job.checkpoint",
        "created_at": checkpoint.created_at,
        "fine_tuned_model_checkpoint": checkpoint.name,
        "fine_tuning_job_id": job_id,
        "metrics": checkpoint.metrics,
        "step_number": checkpoint.step,
    }
