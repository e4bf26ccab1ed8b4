"""One learner's place in the room: a practice home of its own behind the learner's key."""

import asyncio
import time
from pathlib import Path
from typing import Any

from fastapi.concurrency import run_in_threadpool

from helpers.practice.admission import UPLOAD, drop_body
from helpers.practice.api.errors import ApiError
from helpers.practice.app import close_app, make_app
from helpers.practice.limits import Limits
from helpers.practice.room.register import Learner
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import load_settings

OPENS_NOTHING = "the-room-asks-for-keys"  # in place of a key, where the register of the room decides who comes in
QUESTIONS = {"/v1/chat/completions", "/v1/responses"}


class Seat:
    """The application of one practice home; it keeps one learner from taking what all need."""

    def __init__(
        self, learner: Learner, folder: Path, log: ServerLog, computer: Any, job_seconds: float | None
    ) -> None:
        self.learner = learner
        settings = load_settings(folder, OPENS_NOTHING, job_seconds)
        self.app = make_app(settings, log, computer)
        self.limits: Limits = settings.limits
        self.last_seen: float | None = None  # since the server was started
        self.last_asked: float | None = None
        self._at_work = asyncio.Semaphore(self.limits.learner_requests)

    @property
    def store(self) -> Any:
        return self.app.state.store

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.last_seen = time.time()
        async with self._at_work:
            if scope["method"] == "POST" and scope["path"] == UPLOAD and await run_in_threadpool(self._is_full):
                await drop_body(receive, self.limits)
                refusal = ApiError(413, self._no_room(), code="learner_quota", headers={"connection": "close"})
                await refusal.response()(scope, receive, send)
                return
            await self.app(scope, receive, send)
        if scope["path"] in QUESTIONS:
            self.last_asked = time.time()

    def _is_full(self) -> bool:
        return self.store.bytes_of_files() >= self.limits.learner_bytes

    def _no_room(self) -> str:
        return (
            f"Your files take more than the {self.limits.learner_bytes:,} bytes that each learner of this room has. "
            "Delete some with client.files.delete(file_id)."
        )

    def close(self) -> None:
        close_app(self.app)
