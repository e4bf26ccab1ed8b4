"""What a teacher sees of the room: who is at which step, whose job runs, waits or failed and why, disk and memory."""

import shutil
import time
from pathlib import Path
from typing import Any

import psutil

from helpers.practice.engine import FINAL
from helpers.practice.room.seat import ClosedSeat, Seat

# The four steps of the course, as far as they show on the server.
STEPS = ("not seen yet", "connected", "file uploaded", "job started", "model trained", "questions asked")
LITTLE_DISK = 2_000_000_000  # bytes; as much as one learner may keep
LITTLE_MEMORY = 1_000_000_000  # bytes
DISK_IS_SHORT = (
    "Little disk is left on the computer of this room; when it is full, uploads and jobs fail. Free some space there: "
    "empty its bin, or delete the folder of a room that nobody needs any more."
)
MEMORY_IS_SHORT = (
    "Little memory is left on the computer of this room; answers become slow, and trainings may fail. Close other "
    "programs there, or stop a job."
)


def overview(learners: list[Seat | ClosedSeat], home: Path, trainings_at_once: int) -> dict[str, Any]:
    """The room as JSON; times are seconds since 1970, sizes are bytes."""
    memory, disk_free = psutil.virtual_memory().available, shutil.disk_usage(home).free
    return {
        "object": "practice.room",
        "at": int(time.time()),
        "steps": list(STEPS),
        "learners": [_learner(seat) if seat.problem is None else _closed(seat) for seat in learners],
        "trainings_at_once": trainings_at_once,
        "disk_free": disk_free,
        "memory_free": memory,
        "memory_used": _memory_used(),
        "warnings": what_is_short(disk_free, memory),
    }


def what_is_short(disk_free: int, memory_free: int) -> list[str]:
    """What is nearly used up, and what to do: a sentence for each. The sizes are bytes."""
    disk = [DISK_IS_SHORT] if disk_free < LITTLE_DISK else []
    return disk + ([MEMORY_IS_SHORT] if memory_free < LITTLE_MEMORY else [])


def _learner(seat: Seat) -> dict[str, Any]:
    store, jobs = seat.store, seat.app.state.jobs
    newest, _ = store.page_of_jobs(1)
    job = newest[0] if newest else None
    progress = jobs.progress(job) if job else None
    files, more = store.files(100, purpose="fine-tune")  # without the results of jobs, which nobody has uploaded
    models = store.count_models()
    return {
        "number": seat.learner.number,
        "name": seat.learner.name,
        "problem": None,
        "last_seen": None if seat.last_seen is None else int(seat.last_seen),
        "step": _step(seat, bool(files), job, progress, models),
        "files": f"{len(files)}+" if more else len(files),
        "models": models,
        "bytes": store.bytes_of_files(),
        "faults": store.faults(),
        "job": _job(job, progress) if job else None,
    }


def _closed(seat: ClosedSeat) -> dict[str, Any]:
    """The same of a learner whose place cannot be opened."""
    nothing = {"last_seen": None, "step": 0, "files": 0, "models": 0, "bytes": 0, "faults": [], "job": None}
    return {"number": seat.learner.number, "name": seat.learner.name, "problem": seat.problem, **nothing}


def _step(seat: Seat, has_file: bool, job: Any, progress: Any, models: int) -> int:
    """An index into STEPS.

    Args:
        seat: The learner's place.
        has_file: Whether a file of the learner's own is there.
        job: The newest job, if there is one.
        progress: How far it is.
        models: How many models there are.

    Returns:
        The step.
    """
    if models:
        return 5 if seat.last_asked is not None and seat.last_asked >= (_finished(progress) or 0) else 4
    if job:
        return 3
    if has_file:
        return 2
    return 1 if seat.last_seen is not None else 0


def _finished(progress: Any) -> int | None:
    return progress.finished_at if progress and progress.status in FINAL else None


def _job(job: Any, progress: Any) -> dict[str, Any]:
    last = progress.events[-1] if len(progress.events) else None
    return {
        "id": job.id,
        "model": job.model,
        "status": progress.status,
        "ended": progress.status in FINAL,
        "created_at": int(job.created_at),
        "said": last.message if last else "",
        "error": progress.error["message"] if progress.error else None,
    }


def _memory_used() -> int:
    """Of this server and of all processes that it has started."""
    this, used = psutil.Process(), 0
    for process in (this, *this.children(recursive=True)):
        try:
            used += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return used
