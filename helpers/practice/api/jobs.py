"""/v1/fine_tuning/jobs: create, list, follow, cancel, pause, resume."""

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from helpers.practice.api.errors import ApiError
from helpers.practice.api.json_body import JsonBody, SentJson
from helpers.practice.api.pagination import listed, newest_first, page, unknown_cursor
from helpers.practice.engine import FINAL, Checkpoint, Engine, Event, Progress
from helpers.practice.job_lifecycle import Jobs
from helpers.practice.store import Job, StoredFile

ORGANIZATION = "org-practice"
SHOWN_AT_THE_TOP = ("n_epochs", "batch_size", "learning_rate_multiplier")  # the older place of the hyperparameters

router = APIRouter(prefix="/fine_tuning/jobs")

Auto = Literal["auto"]
Key = Annotated[str, StringConstraints(max_length=64)]
Value = Annotated[str, StringConstraints(max_length=512)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Hyperparameters(Strict):
    n_epochs: Auto | Annotated[int, Field(ge=1, le=50)] = "auto"
    batch_size: Auto | Annotated[int, Field(ge=1, le=256)] = "auto"
    learning_rate_multiplier: Auto | Annotated[float, Field(gt=0, allow_inf_nan=False)] = "auto"


class DpoHyperparameters(Hyperparameters):
    beta: Auto | Annotated[float, Field(ge=0, le=2)] = "auto"


class Supervised(Strict):
    hyperparameters: Hyperparameters = Hyperparameters()


class Dpo(Strict):
    hyperparameters: DpoHyperparameters = DpoHyperparameters()


class Method(Strict):
    type: Literal["supervised", "dpo", "reinforcement"]
    supervised: Supervised | None = None
    dpo: Dpo | None = None
    reinforcement: dict[str, Any] | None = None


class CreateJob(Strict, JsonBody):
    model: str
    training_file: str
    validation_file: str | None = None
    method: Method | None = None
    hyperparameters: Hyperparameters | None = None
    suffix: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    seed: Annotated[int, Field(ge=0, le=2147483647)] | None = None
    metadata: Annotated[dict[Key, Value], Field(max_length=16)] | None = None
    integrations: Annotated[list[dict[str, Any]], Field(max_length=5)] | None = None


@router.post("")
def create(request: Request, body: CreateJob) -> dict[str, Any]:
    engine = _engine_for(request, body.model)
    method = _method(body, engine)
    if body.integrations:
        raise ApiError(
            400, "The practice server has no integrations, such as Weights and Biases.", param="integrations"
        )
    training = _training_file(request, body.training_file, "training_file")
    validation = _training_file(request, body.validation_file, "validation_file") if body.validation_file else None
    values = {
        "created_at": time.time(),
        "model": body.model,
        "engine": engine.name,
        "training_file": training.id,
        "validation_file": validation.id if validation else None,
        "suffix": _suffix(body.suffix),
        "seed": body.seed,
        "method": method,
        "metadata": body.metadata,
    }
    job = request.app.state.validation.create(engine, values, training, validation)
    # As on the real API, a new job is still being validated and its settings are still "auto".
    return show(job, Progress("validating_files", []))


def _engine_for(request: Request, model: str) -> Engine:
    for engine in request.app.state.engines.values():
        if model in engine.base_models():
            return engine
    raise ApiError(
        400,
        f"Model {model} is not available for fine-tuning or does not exist.",
        code="model_not_available",
        param="model",
    )


def _method(body: CreateJob, engine: Engine) -> dict[str, Any]:
    """The method as it is shown with the job; the older top-level `hyperparameters` mean a supervised one."""
    if body.method is not None and body.hyperparameters is not None:
        message = "Only one of 'method' and the older 'hyperparameters' can be given."
        raise ApiError(400, message, param="hyperparameters")
    if body.method is None:
        hyperparameters = body.hyperparameters or Hyperparameters()
        return {"type": "supervised", "supervised": {"hyperparameters": hyperparameters.model_dump()}}
    kind = body.method.type
    if kind not in engine.methods:
        raise ApiError(
            400,
            f"The method '{kind}' is not offered for {body.model} on the practice server; expected one of: "
            f"{', '.join(engine.methods)}.",
            code="unsupported_method",
            param="method.type",
        )
    given = getattr(body.method, kind) or {"supervised": Supervised, "dpo": Dpo}[kind]()
    return {"type": kind, kind: given.model_dump()}


def _training_file(request: Request, file_id: str, param: str) -> StoredFile:
    file = request.app.state.store.file(file_id)
    if file is None or file.purpose != "fine-tune":
        raise ApiError(400, f"invalid {param}: {file_id}", param=param)
    return file


def _suffix(suffix: str | None) -> str | None:
    """The suffix as it stands in a model's name: lower case; blanks, signs and the like become hyphens.

    Letters of other scripts are refused. As hyphens they would say nothing: a name in Chinese would be `---`.
    """
    if suffix is None:
        return None
    if foreign := sorted({letter for letter in suffix if letter.isalnum() and not letter.isascii()}):
        raise ApiError(
            400,
            f"Invalid value for 'suffix': found {', '.join(foreign)}; expected a-z, 0-9 and hyphens. It becomes a part "
            "of the model's name.",
            code="invalid_value",
            param="suffix",
        )
    return "".join(letter if letter.isalnum() else "-" for letter in suffix.lower())


# --- following a job --------------------------------------------------------------------------------------------


@router.get("")
def list_jobs(request: Request, after: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> SentJson:
    """Newest first. `metadata[key]=value` chooses by metadata, `metadata=null` the jobs without any."""
    store, asked = request.app.state.store, request.query_params
    cursor = store.job(after) if after is not None else None
    if after is not None and cursor is None:
        raise unknown_cursor(after)
    wanted = {name[9:-1]: value for name, value in asked.items() if name.startswith("metadata[") and name.endswith("]")}
    without = asked.get("metadata") == "null"
    found, more = store.page_of_jobs(limit, after=cursor, metadata=wanted, without_metadata=without)
    # A response of its own: FastAPI would look through all of a hundred jobs for something to convert.
    return SentJson(listed([show(job, _jobs(request).progress(job)) for job in found], more))


@router.get("/{job_id}")
def retrieve(request: Request, job_id: str) -> dict[str, Any]:
    job = _job(request, job_id)
    progress = _jobs(request).progress(job)
    return show(job, progress)


@router.get("/{job_id}/events")
def list_events(
    request: Request, job_id: str, after: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> dict[str, Any]:
    """A page of the events of a job, newest first.

    Args:
        request: The request.
        job_id: The job.
        after: The id of the last event of the page before.
        limit: The largest number of events.

    Returns:
        The page.

    Raises:
        ApiError: There is no such job, or `after` is the id of none of its events.
    """
    events = _jobs(request).progress(_job(request, job_id)).events
    return newest_first(events, _show_event, after=after, limit=limit)


@router.get("/{job_id}/checkpoints")
def list_checkpoints(
    request: Request, job_id: str, after: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> dict[str, Any]:
    """A page of the checkpoints of a job, newest first.

    Args:
        request: The request.
        job_id: The job.
        after: The id of the last checkpoint of the page before.
        limit: The largest number of checkpoints.

    Returns:
        The page.

    Raises:
        ApiError: There is no such job, or `after` is the id of none of its checkpoints.
    """
    checkpoints = _jobs(request).progress(_job(request, job_id)).checkpoints
    return page(checkpoints[::-1], lambda each: _show_checkpoint(job_id, each), after=after, limit=limit, ends=True)


# --- changing a job ---------------------------------------------------------------------------------------------


@router.post("/{job_id}/cancel")
def cancel(request: Request, job_id: str) -> dict[str, Any]:
    _unfinished(request, job_id, "cancel")
    if not request.app.state.store.cancel_job(job_id, time.time()):
        _unfinished(request, job_id, "cancel")  # somebody else was first, or it has just ended
    return _after(request, job_id, "cancel")


@router.post("/{job_id}/pause")
def pause(request: Request, job_id: str) -> dict[str, Any]:
    _unfinished(request, job_id, "pause")
    if not request.app.state.store.pause_job(job_id, time.time()):
        raise ApiError(400, f"Job {job_id} is paused already.")
    return _after(request, job_id, "pause")


@router.post("/{job_id}/resume")
def resume(request: Request, job_id: str) -> dict[str, Any]:
    _unfinished(request, job_id, "resume")
    if not request.app.state.store.resume_job(job_id, time.time()):
        raise ApiError(400, f"Job {job_id} is not paused.")
    return _after(request, job_id, "resume")


def _unfinished(request: Request, job_id: str, verb: str) -> None:
    """Raise an ApiError if the job has ended."""
    status = _jobs(request).progress(_job(request, job_id)).status
    if status in FINAL:
        raise ApiError(400, f"Cannot {verb} job {job_id}: its status is already '{status}'.")


def _after(request: Request, job_id: str, verb: str) -> dict[str, Any]:
    """Tell the engine, and show the job as it is now."""
    job = _job(request, job_id)
    getattr(request.app.state.engines[job.engine], verb)(job)
    return show(job, _jobs(request).progress(job))


# --- what a job looks like --------------------------------------------------------------------------------------


def show(job: Job, progress: Progress) -> dict[str, Any]:
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


def _show_event(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "object": "fine_tuning.job.event",
        "created_at": event.created_at,
        "level": event.level,
        "message": event.message,
        "type": event.type,
        "data": event.data,
    }


def _show_checkpoint(job_id: str, checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "id": checkpoint.id,
        "object": "fine_tuning.job.checkpoint",
        "created_at": checkpoint.created_at,
        "fine_tuned_model_checkpoint": checkpoint.name,
        "fine_tuning_job_id": job_id,
        "metrics": checkpoint.metrics,
        "step_number": checkpoint.step,
    }


def _jobs(request: Request) -> Jobs:
    return request.app.state.jobs


def _job(request: Request, job_id: str) -> Job:
    job = request.app.state.store.job(job_id)
    if job is None:
        raise ApiError(404, f"Could not find fine tune: {job_id}", code="fine_tune_not_found", param="fine_tune_id")
    return job
