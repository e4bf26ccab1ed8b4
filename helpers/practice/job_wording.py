"""What both engines say alike: the names of a job's models, its first events, its result file."""

from typing import Any

from helpers.practice.ids import derived_id
from helpers.practice.store import Job


def begun_messages(job: Job, *, validated: bool) -> list[str]:
    """The events with which every job begins, in OpenAI's words."""
    files = f"training file: {job.training_file}"
    if job.validation_file:
        files += f" and validation file: {job.validation_file}"
    messages = [f"Created fine-tuning job: {job.id}", f"Validating {files}"]
    return [*messages, "Files validated, moving job to queued state"] if validated else messages


def result_csv(steps: Any) -> str:
    """The result file as OpenAI names its columns; a column is empty where nothing was measured."""
    lines = ["step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"]
    for data in steps:
        columns = ("step", "train_loss", "train_mean_token_accuracy", "valid_loss", "valid_mean_token_accuracy")
        lines.append(",".join(str(data.get(name, "")) for name in columns))
    return "\n".join(lines) + "\n"


def model_name(job: Job) -> str:
    """ft:BASE:ORGANISATION:SUFFIX:ID; on the practice server everybody is a personal organisation."""
    return f"ft:{job.model}:personal:{job.suffix or ''}:{derived_id('', job.id, 'model')}"


def checkpoint_name(job: Job, step: int) -> str:
    return f"ft:{job.model}:personal:{job.suffix or ''}:{derived_id('', job.id, step)}:ckpt-step-{step}"
