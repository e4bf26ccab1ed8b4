"""/v1/fine_tuning/jobs: create, list, follow, cancel, pause, resume."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from helpers.practice.api.errors import ApiError
from helpers.practice.api.job_objects import show_checkpoint, show_event, show_job
from helpers.practice.api.job_request import CreateJob, method_of, suffix_in_names
from helpers.practice.api.json_body import SentJson
from helpers.practice.api.pagination import listed, newest_first, page, unknown_cursor
from helpers.practice.engine import FINAL, Engine, Progress
from helpers.practice.job_lifecycle import Jobs
from helpers.practice.store import Job, StoredFile

router = APIRouter(prefix="/fine_tuning/jobs")


@router.post("")
def create(request: Request, body: CreateJob) -> dict[str, Any]:
    engine = _engine_for(request, body.model)
    method = method_of(body, engine)
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
        "suffix": suffix_in_names(body.suffix),
        "seed": body.seed,
        "method": method,
        "metadata": body.metadata,
    }
    job = request.app.state.validation.create(engine, values, training, validation)
    # As on the real API, a new job is still being validated and its settings are still "auto".
    return show_job(job, Progress("validating_files", []))


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


def _training_file(request: Request, file_id: str, param: str) -> StoredFile:
    file = request.app.state.store.file(file_id)
    if file is None or file.purpose != "fine-tune":
        raise ApiError(400, f"invalid {param}: {file_id}", param=param)
    return file


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
    return SentJson(listed([show_job(job, _jobs(request).progress(job)) for job in found], more))


@router.get("/{job_id}")
def retrieve(request: Request, job_id: str) -> dict[str, Any]:
    job = _job(request, job_id)
    progress = _jobs(request).progress(job)
    return show_job(job, progress)


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
    return newest_first(events, show_event, after=after, limit=limit)


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
    return page(checkpoints[::-1], lambda each: show_checkpoint(job_id, each), after=after, limit=limit, ends=True)


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
    return show_job(job, _jobs(request).progress(job))


# --- what the routes share --------------------------------------------------------------------------------------


def _jobs(request: Request) -> Jobs:
    return request.app.state.jobs


def _job(request: Request, job_id: str) -> Job:
    job = request.app.state.store.job(job_id)
    if job is None:
        raise ApiError(404, f"Could not find fine tune: {job_id}", code="fine_tune_not_found", param="fine_tune_id")
    return job
