"""What both engines say alike: the names of a job's models, its first events, its result file."""

import math
from typing import Any

from helpers.practice.engine import Event
from helpers.practice.ids import derived_id, number_in, numbered_id
from helpers.practice.store import Job

VALIDATED = "Files validated, moving job to queued state"


def first_events(job: Job) -> list[Event]:
    """The events with which every job begins, in OpenAI's words."""
    files = f"training file: {job.training_file}"
    if job.validation_file:
        files += f" and validation file: {job.validation_file}"
    messages = [f"Created fine-tuning job: {job.id}", f"Validating {files}"]
    return [Event(event_id(job, number), int(job.created_at), said) for number, said in enumerate(messages, 1)]


def event_id(job: Job, number: int) -> str:
    """The id of the event with this number; those of first_events() are 1 and 2."""
    return numbered_id("ftevent-", number, job.id)


def event_number(job: Job, id: str) -> int | None:
    """The number of which event_id() has made an id; None if it has not."""
    number = number_in(id)
    return number if id == event_id(job, number) else None


def last_event(job: Job, at: int | None, message: str, key: str = "end", **more: Any) -> Event:
    """An event of the end of a job; `key` tells it from the others."""
    return Event(derived_id("ftevent-", job.id, key), at or 0, message, **more)


def duration(seconds: float) -> str:
    """
    >>> [duration(seconds) for seconds in (3.4, 48, 100, 600)]
    ['5 seconds', '50 seconds', '2 minutes', '10 minutes']
    """
    return f"{max(5, round(seconds, -1)):.0f} seconds" if seconds < 95 else f"{math.ceil(seconds / 60)} minutes"


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
