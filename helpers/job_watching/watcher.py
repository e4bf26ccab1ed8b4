"""A job as it runs: what is new since last time, as events, as tables and in one line."""

import itertools
import re
import time
from collections.abc import Container
from typing import Any

import openai
import pandas as pd
from openai import OpenAI
from openai.types.fine_tuning import FineTuningJob

from helpers.connection.identity import is_practice
from helpers.display.charts import Marks

FINAL = ("succeeded", "failed", "cancelled")  # any other status, also one nobody has heard of, means: still going
NEAR, FAR = 0.5, 10.0  # seconds between two questions, to a practice server and to any other host
PAGE = 100
PREPARATION = 0.1
EVENTS_BEFORE_A_STEP = 6  # of a job of real training: created, validating, validated, started, recipe, loading

CHECKPOINT = re.compile(r"Checkpoint created at step (\d+)")  # of the last step there is none: that one is the model

TRANSIENT = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)


class Watcher:
    """Asks for a job and its new events. `events` is complete and oldest first: none is lost, none is there twice."""

    def __init__(self, client: OpenAI, job_id: str) -> None:
        self.client, self.job_id = client, job_id
        self.interval = NEAR if is_practice(client) else FAR
        self.events: list[Any] = []
        self.job: FineTuningJob = client.fine_tuning.jobs.retrieve(job_id)
        self._fetch_events()

    @property
    def finished(self) -> bool:
        return self.job.status in FINAL

    def look(self) -> None:
        """Ask once. The job first and its events after it: when it has ended, its last events are there."""
        self.job = self.client.fine_tuning.jobs.retrieve(self.job_id)
        self._fetch_events()

    def _fetch_events(self) -> None:
        self.events += events_of(self.client, self.job_id, known={event.id for event in self.events})

    @property
    def steps(self) -> tuple[int, int] | None:
        """The last step and how many there will be, if the host says so."""
        for event in reversed(self.events):
            if event.type == "metrics" and isinstance(event.data, dict) and event.data.get("total_steps"):
                return int(event.data["step"]), int(event.data["total_steps"])
        return None

    @property
    def marks(self) -> Marks:
        """What to mark in the curve: the ends of the epochs, and the checkpoints that the events name."""
        hyperparameters = self.job.hyperparameters
        epochs = hyperparameters.n_epochs if hyperparameters else None
        kept = [CHECKPOINT.match(event.message) for event in self.events]
        return Marks(
            epochs if isinstance(epochs, int) else None,
            self.steps[1] if self.steps else None,
            tuple(int(found[1]) for found in kept if found),
        )

    @property
    def share_done(self) -> float:
        """How far the job is, from 0 to 1, for a bar. What comes before the first step counts for a tenth."""
        if self.job.status == "succeeded":
            return 1.0
        if self.steps:
            return PREPARATION + (1 - PREPARATION) * self.steps[0] / self.steps[1]
        return PREPARATION * min(1.0, len(self.events) / EVENTS_BEFORE_A_STEP)


def events_of(client: OpenAI, job_id: str, known: Container[str] = ()) -> list[Any]:
    """The events of a job, oldest first. The host lists the newest first: pages are read until one that is known."""
    listed = client.fine_tuning.jobs.list_events(job_id, limit=PAGE)
    return list(itertools.takewhile(lambda event: event.id not in known, listed))[::-1]


def events_frame(listed: list[Any]) -> pd.DataFrame:
    rows = [
        {
            "created_at": pd.to_datetime(event.created_at, unit="s", utc=True),
            "level": event.level,
            "type": event.type,
            "message": event.message,
        }
        for event in listed
    ]
    return pd.DataFrame(rows, columns=["created_at", "level", "type", "message"])


def metrics_frame(listed: list[Any]) -> pd.DataFrame:
    rows = [event.data for event in listed if event.type == "metrics" and isinstance(event.data, dict)]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["step", "train_loss"])


def status_line(watcher: Watcher) -> str:
    """One line for people: the status, how far, the last losses."""
    parts = [f"Job {watcher.job_id}: {watcher.job.status.replace('_', ' ')}"]
    if steps := watcher.steps:
        parts.append(f"step {steps[0]:,} of {steps[1]:,}")
    elif watcher.events and not watcher.finished:
        parts.append(watcher.events[-1].message)  # the phase
    if left := time_left(watcher.job):
        parts.append(left)
    return ", ".join(parts)


def time_left(job: FineTuningJob) -> str:
    """In words, if the host has said when it expects to be done."""
    seconds = (job.estimated_finish or 0) - time.time()
    if job.status in FINAL or seconds < 1:
        return ""
    return f"about {seconds:.0f} s left" if seconds < 100 else f"about {seconds / 60:.0f} minutes left"
