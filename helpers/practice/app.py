"""The application: OpenAI's endpoints under /v1, the practice server's own under /practice."""

import secrets
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders

from helpers.practice.admission import Admission, one_key
from helpers.practice.api import chat, errors, faults, files, jobs, models, responses
from helpers.practice.api.json_body import SentJson
from helpers.practice.engine_registry import load_engines
from helpers.practice.job_lifecycle import Jobs
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import Settings
from helpers.practice.store import Store
from helpers.practice.validation import Validation

VERSION = "1"


def make_app(settings: Settings, log: ServerLog, computer: Any = None) -> FastAPI:
    """The application for one practice home, for whoever was let in.

    Args:
        settings: Where the home is, and what a request may cost.
        log: Keeps the tracebacks of what nobody foresaw.
        computer: What it shares with other homes for real training; None if it shares nothing.

    Returns:
        The application.
    """
    # No redirect for a slash at the end: it would lead to whatever host the request itself names in its Host header.
    app = FastAPI(title="Practice server", openapi_url=None, redirect_slashes=False, default_response_class=SentJson)
    store = Store(settings)
    app.state.settings, app.state.store, app.state.log = settings, store, log
    app.state.engines = load_engines(settings, store, computer)
    app.state.jobs = Jobs(store, app.state.engines)
    app.state.validation = Validation(store, app.state.engines, log)
    for engine in app.state.engines.values():
        engine.begin(app.state.jobs.progress)
    app.state.validation.begin()

    errors.install(app)
    app.add_exception_handler(faults.DroppedConnection, _drop)
    app.add_middleware(UnexpectedErrors)
    for module in (files, jobs, models, chat, responses):
        app.include_router(module.router, prefix="/v1", dependencies=[Depends(faults.meet_fault)])
    app.include_router(faults.router)
    app.add_api_route("/practice/status", status)
    app.add_api_route("/practice/models/{name}/folders", models.folders)
    return app


def close_app(app: FastAPI) -> None:
    app.state.validation.stop()
    app.state.store.close()


def guarded(app: FastAPI) -> Any:
    """The application behind the key of its home. Every answer has an id, also that of a refusal."""
    settings = app.state.settings
    return RequestId(Admission(one_key(settings.key, app), settings.limits))


def status(request: Request) -> dict[str, Any]:
    """Says that this is a practice server, and what it can do here."""
    engines = request.app.state.engines
    return {
        "object": "practice.status",
        "version": VERSION,
        "id": request.app.state.store.home_id,
        "home": request.app.state.settings.home.name,
        "engines": {name: engine.base_models() for name, engine in engines.items()},
        "job_seconds": request.app.state.settings.job_seconds,
    }


async def _drop(request: Request, error: Exception) -> faults.BrokenResponse:
    return faults.BrokenResponse()


class RequestId:
    """Gives every answer an x-request-id, as OpenAI does; a person can name it when asking for help."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_id(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = f"req_{secrets.token_hex(16)}"
            await send(message)

        await self.app(scope, receive, send_with_id if scope["type"] == "http" else send)


class UnexpectedErrors:
    """Answers an error that nobody foresaw with a 500, and writes its traceback into the log before.

    An answer that has begun breaks off instead; then uvicorn reports the error, and its reports go into the same log.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        begun = False

        async def send_and_note(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:  # the border of the server: behind it, uvicorn would answer in plain text
            if begun or scope["type"] != "http":
                raise
            response = await run_in_threadpool(errors.unexpected, Request(scope), error)
            await response(scope, receive, send)
