"""Step 3: start a job, watch it, come back to it, read what it reports."""

import base64
import binascii
import contextlib
import io
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import openai
import pandas as pd
from openai import OpenAI
from openai.types.fine_tuning import FineTuningJob

from helpers import notes
from helpers.cost import Estimate, estimate
from helpers.display.charts import NO_MARKS, Marks, loss_figure, read_curve
from helpers.display.tables import Shown, html_table, text_table
from helpers.explain import explain
from helpers.hosts import confirm_cost
from helpers.job_watching.view import follow
from helpers.job_watching.watcher import FINAL, Watcher, events_frame, events_of, metrics_frame
from helpers.training_file.host_rules import check_suffix, host_at


@dataclass(repr=False)
class JobResult(Shown):
    """A job and what it reported: `events` and `metrics` are DataFrames, oldest first; `reading` says how to
    read them. `seen`: the curve has been drawn before, so it is folded here."""

    job: FineTuningJob
    events: pd.DataFrame
    metrics: pd.DataFrame
    marks: Marks = NO_MARKS
    seen: bool = False

    @classmethod
    def of(cls, watcher: Watcher, *, seen: bool = False) -> "JobResult":
        return cls(watcher.job, events_frame(watcher.events), metrics_frame(watcher.events), watcher.marks, seen)

    @property
    def reading(self) -> str:
        return read_curve(self.metrics)

    def _rows(self) -> list[tuple[str, str]]:
        job = self.job
        rows = [("status", job.status), ("base model", job.model)]
        if job.fine_tuned_model:
            rows.append(("your model", job.fine_tuned_model))
        if job.hyperparameters and job.hyperparameters.n_epochs not in (None, "auto"):
            rows.append(("epochs", str(job.hyperparameters.n_epochs)))
        if job.trained_tokens:
            rows.append(("trained tokens", f"{job.trained_tokens:,}"))
        return rows

    def _failure(self) -> str:
        return str(explain(self.job)) if self.job.status == "failed" else ""

    def __str__(self) -> str:
        reading = "" if self.metrics.empty else self.reading
        return "\n".join(filter(None, [f"Job {self.job.id}", text_table(self._rows()), self._failure(), reading]))

    def _repr_html_(self) -> str:
        table = html_table(["what", "value"], self._rows(), caption=f"Job {self.job.id}")
        failure = explain(self.job)._repr_html_() if self.job.status == "failed" else ""
        curve = loss_figure(self.metrics, self.marks)
        if curve and self.seen:
            curve = f"<details><summary>The loss curve again</summary>{curve}</details>"
        return table + failure + curve


def start(
    client: OpenAI,
    training_file: str,
    model: str,
    *,
    suffix: str | None = None,
    validation_file: str | None = None,
    n_epochs: int | str = "auto",
    batch_size: int | str = "auto",
    learning_rate_multiplier: float | str = "auto",
    seed: int | None = None,
    cost: Estimate | None = None,
    limit_usd: Decimal | str | None = None,
    tell: Callable[[str], Any] = print,
) -> FineTuningJob:
    """Start a job after its cost was agreed to, and keep its id. On a free host nothing is asked.

    If the connection breaks while the host answers, the host is asked whether the job exists, so that it is
    never started twice. For the same reason a job that cannot be noted is no error: that is told.

    Args:
        client: where the job shall run.
        training_file: the id of an uploaded file.
        model: the base model.
        suffix: a word of your own in the model's name.
        validation_file: the id of a file to check with, which nothing is learned from.
        n_epochs: how often each example is read; "auto" leaves it, like the next two, to the host.
        batch_size: examples before each adjustment.
        learning_rate_multiplier: how large each adjustment is.
        seed: the same one gives the same training.
        cost: an estimate that was made before; without one, the training file is read back and estimated.
        limit_usd: for a paid host: the most that you agree to pay; without it you are asked.
        tell: gets the sentence that names the job if its id could not be kept.

    Returns:
        The job as the host made it, not yet run.

    Raises:
        NotConfirmedError: the cost was not agreed to; nothing was started.
        ValueError: the host is known to refuse this suffix; nothing was started.
        openai.APIError: the host did not make the job.
    """
    check_suffix(suffix, host_at(client.base_url.host))
    if cost is None:
        cost = estimate(training_examples(client, training_file), model, None if n_epochs == "auto" else int(n_epochs))
    confirm_cost(cost, client, limit_usd)
    hyperparameters = {
        "n_epochs": n_epochs,
        "batch_size": batch_size,
        "learning_rate_multiplier": learning_rate_multiplier,
    }
    ticket = secrets.token_hex(8)  # tells this attempt from every other
    wanted: dict[str, Any] = {
        "model": model,
        "training_file": training_file,
        "validation_file": validation_file,
        "suffix": suffix,
        "seed": seed,
        "method": {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
        "metadata": {"ticket": ticket},
    }
    once = client.with_options(max_retries=0)  # a POST that is sent again would be a second job
    try:
        job = once.fine_tuning.jobs.create(**{name: value for name, value in wanted.items() if value is not None})
    except (openai.APIConnectionError, openai.InternalServerError):
        job = find_by_ticket(client, ticket)
        if job is None:
            raise
    with notes.told_if_not_kept(f"Job {job.id} was started", "Do not start it again; write down its id.", tell):
        notes.remember(client, job)
    return job


def find_by_ticket(client: OpenAI, ticket: str) -> FineTuningJob | None:
    """The job of an attempt whose answer was lost."""
    for job in client.fine_tuning.jobs.list(limit=10).data:
        if (job.metadata or {}).get("ticket") == ticket:
            return job
    return None


def training_examples(client: OpenAI, file_id: str) -> list[dict[str, Any]]:
    """The examples of an uploaded file, read back from the host."""
    text = client.files.content(file_id).text
    # Not splitlines(): it also cuts at U+2028 and others, which may stand as they are within JSON.
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def watch(client: OpenAI, job_id: str, *, timeout: float | None = None) -> JobResult:
    """Follow a job to its end, live, and return what it reported. In a notebook with a bar and the loss curve.

    The job belongs to the host: the stop button, Ctrl-C or `timeout` (seconds) end the watching and not the job.
    """
    return _result(Watcher(client, job_id), timeout, seen=False)


def _result(watcher: Watcher, timeout: float | None, *, seen: bool) -> JobResult:
    follow(watcher, timeout=timeout)
    if watcher.job.status in FINAL:
        keep_ended(watcher.client, watcher.job)
    return JobResult.of(watcher, seen=seen)


def keep_ended(client: OpenAI, job: FineTuningJob, tell: Callable[[str], Any] = print) -> None:
    """Keep the ids of a job that has ended and of its model. What it reported is shown even if that fails."""
    names = " and ".join(filter(None, [job.id, job.fine_tuned_model]))
    with notes.told_if_not_kept(f"Job {job.id} has ended", f"Write down: {names}.", tell):
        notes.remember(client, job)


def attach(client: OpenAI, job_id: str | None = None, *, timeout: float | None = None) -> JobResult:
    """Watch a job again, by default the last one in your notes, after a restart or a break. Of one that has ended
    meanwhile the curve is folded: `watch` draws it."""
    if job_id is None:
        job_id = next((job.id for job in notes.still_there(client, "job", client.fine_tuning.jobs.retrieve)), None)
    if job_id is None:
        raise LookupError(
            "Your notes hold no job on this host. Start one in notebook 03, or name it: attach(client, 'ftjob-...')"
        )
    watcher = Watcher(client, job_id)
    return _result(watcher, timeout, seen=watcher.finished)


def cancel(client: OpenAI, job_id: str) -> FineTuningJob:
    """Stop a job for good. One that has ended stays as it is."""
    job = client.fine_tuning.jobs.retrieve(job_id)
    return job if job.status in FINAL else client.fine_tuning.jobs.cancel(job_id)


def events(client: OpenAI, job_id: str) -> pd.DataFrame:
    """All events of a job, oldest first, as a table: created_at, level, type, message."""
    return events_frame(events_of(client, job_id))


def metrics(client: OpenAI, job_id: str) -> pd.DataFrame:
    """The numbers of every step, as the events report them: step, train_loss, valid_loss ..."""
    return metrics_frame(events_of(client, job_id))


def result_file(client: OpenAI, job: FineTuningJob) -> pd.DataFrame:
    """The result file of a job as a table, a row for each step. OpenAI sends it base64-encoded; other hosts may not."""
    if not job.result_files:
        raise LookupError(
            f"Job {job.id} has no result file; its status is {job.status}. Only a job that succeeded has one."
        )
    content = client.files.content(job.result_files[0]).read()
    with contextlib.suppress(binascii.Error):  # then it was plain text already
        content = base64.b64decode(content, validate=True)
    return pd.read_csv(io.BytesIO(content))


def checkpoints(client: OpenAI, job_id: str) -> pd.DataFrame:
    """The checkpoints of a job, oldest first: step, model, and the numbers measured there."""
    rows = [
        {
            "step": each.step_number,
            "model": each.fine_tuned_model_checkpoint,
            **each.metrics.model_dump(exclude={"step"}),
        }
        for each in client.fine_tuning.jobs.checkpoints.list(job_id)
    ]
    frame = pd.DataFrame(rows, columns=None if rows else ["step", "model"])
    return frame.sort_values("step", ignore_index=True).dropna(axis="columns", how="all")


__all__ = [
    "JobResult",
    "attach",
    "cancel",
    "checkpoints",
    "events",
    "metrics",
    "result_file",
    "start",
    "training_examples",
    "watch",
]
