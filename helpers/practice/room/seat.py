"""One learner's place in the room: a practice home of its own behind the learner's key."""

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from fastapi.concurrency import run_in_threadpool

from helpers.practice.admission import UPLOAD, refuse
from helpers.practice.api.errors import ApiError
from helpers.practice.app import close_app, make_app
from helpers.practice.disk import size_of
from helpers.practice.limits import Limits
from helpers.practice.room.register import Learner
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import PracticeHomeError, load_settings

OPENS_NOTHING = "the-room-asks-for-keys"  # in place of a key, where the register of the room decides who comes in
JOBS = "/v1/fine_tuning/jobs"
QUESTIONS = {"/v1/chat/completions", "/v1/responses"}


class Seat:
    """The application of one practice home; it keeps one learner from taking what all need."""

    problem = None  # that keeps the learner from working: see ClosedSeat

    def __init__(
        self, learner: Learner, folder: Path, log: ServerLog, computer: Any, job_seconds: float | None
    ) -> None:
        self.learner = learner
        settings = load_settings(folder, OPENS_NOTHING, job_seconds)
        self.app = make_app(settings, log, computer)
        self.limits: Limits = settings.limits
        self.last_seen: float | None = None  # since the server was started
        self.last_asked: float | None = None
        self.open_requests = 0  # at work and waiting
        self._at_work = asyncio.Semaphore(self.limits.learner_requests)
        self._one_upload = asyncio.Lock()  # of several at once, each would begin before the others fill the share

    @property
    def store(self) -> Any:
        return self.app.state.store

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.last_seen = time.time()
        if self.open_requests >= self.limits.learner_waiting:  # each holds a connection, and all share those
            await refuse(self._too_many(), scope, receive, send, self.limits)
            return
        self.open_requests += 1
        try:
            async with self._one_upload if _is_post(scope, UPLOAD) else nullcontext(), self._at_work:
                await self._work(scope, receive, send)
        finally:
            self.open_requests -= 1
        if scope["path"] in QUESTIONS:
            self.last_asked = time.time()

    async def _work(self, scope: Any, receive: Any, send: Any) -> None:
        full = None
        if _is_post(scope, UPLOAD):
            full = await run_in_threadpool(self._no_room_for_files)
        elif _is_post(scope, JOBS):
            full = await run_in_threadpool(self._no_room_for_models)
        if full is None:
            await self.app(scope, receive, send)
        else:
            await refuse(ApiError(413, full, code="learner_quota"), scope, receive, send, self.limits)

    def _no_room_for_files(self) -> str | None:
        if self.store.space_of_files() < self.limits.learner_bytes:
            return None
        return (
            f"Your files take more than the {self.limits.learner_bytes:,} bytes that each learner of this room has. "
            "Delete some with client.files.delete(file_id)."
        )

    def _no_room_for_models(self) -> str | None:
        made = size_of(self.app.state.settings.home / "training") + self.store.space_of_results()
        if made < self.limits.learner_model_bytes:
            return None
        return (
            f"What your jobs have made takes more than the {self.limits.learner_model_bytes:,} bytes that each learner "
            "of this room has for it. Delete some models with client.models.delete(name), and result files with "
            "client.files.delete(file_id)."
        )

    def _too_many(self) -> ApiError:
        message = f"You have {self.limits.learner_waiting} requests here that are not answered yet. Send fewer at once."
        headers = {"Retry-After": "1"}
        return ApiError(429, message, code="rate_limit_exceeded", type="requests", headers=headers)

    def close(self) -> None:
        close_app(self.app)


def _is_post(scope: Any, path: str) -> bool:
    return scope["method"] == "POST" and scope["path"] == path


class ClosedSeat:
    """The place of a learner whose practice home cannot be used. The others go on, the teacher is told why, and it is
    tried again with each of the learner's requests.

    Args:
        learner: Whose place it is.
        problem: Why it is closed.
        limits: How much of a body is read and dropped.
        open: Opens it, or raises PracticeHomeError.
    """

    last_seen = last_asked = None

    def __init__(self, learner: Learner, problem: str, limits: Limits, open: Callable[[], Seat]) -> None:
        self.learner, self.problem, self._limits, self._open = learner, problem, limits, open
        self.app = self  # for the teacher, who gets the same answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            seat = await run_in_threadpool(self._open)
        except PracticeHomeError as error:
            self.problem = str(error)
            await refuse(self._refusal(), scope, receive, send, self._limits)
        else:
            await (seat.app if scope.get("of_teacher") else seat)(scope, receive, send)

    def _refusal(self) -> ApiError:
        """Without the folder: that is for the teacher."""
        message = "Your place in this room cannot be opened: what you made there cannot be read. Tell your teacher."
        headers = {"x-should-retry": "false"}
        return ApiError(503, message, code="seat_closed", type="server_error", headers=headers)

    def close(self) -> None:
        """It holds nothing."""
