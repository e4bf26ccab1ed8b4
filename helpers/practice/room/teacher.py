"""What the teacher's key opens besides a seat: the page of the room, faults for everybody, the door for learners."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from fastapi import FastAPI, Response
from pydantic import ConfigDict

from helpers.practice.api import errors
from helpers.practice.api.faults import Plant
from helpers.practice.api.json_body import JsonBody, SentJson
from helpers.practice.app import UnexpectedErrors
from helpers.practice.room.register import Learner
from helpers.practice.room.seat import ClosedSeat, Seat

PAGES = Path(__file__).parent / "page"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
# The page shows texts of learners: nothing runs in it but its own script, and no other page can frame it.
SAFE = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class Room(Protocol):
    """The room, as the teacher needs it."""

    teacher: Seat
    learners: list[Seat | ClosedSeat]

    def let_in(self, name: str, new_key: bool) -> tuple[Learner, str]: ...


class LetIn(JsonBody):
    model_config = ConfigDict(extra="forbid")
    name: str
    new_key: bool = False


def make_teacher_app(room: Room, look: Callable[[], dict[str, Any]]) -> FastAPI:
    """The application of the teacher's page. `look` makes the overview of the room."""
    app = FastAPI(title="Practice room", openapi_url=None, redirect_slashes=False, default_response_class=SentJson)
    app.state.settings, app.state.log = room.teacher.app.state.settings, room.teacher.app.state.log  # for errors
    app.add_middleware(UnexpectedErrors)
    errors.install(app)

    @app.get("/practice/room")
    def page() -> Response:
        return _file("room.html")

    @app.get("/practice/room/room.{kind}")
    def part(kind: str) -> Response:
        return _file(f"room.{kind}")

    @app.get("/practice/room/overview")
    def show() -> dict[str, Any]:
        return look()

    @app.post("/practice/room/learners")
    def let_in(body: LetIn) -> SentJson:
        """A key stands in this one answer and nowhere else."""
        learner, key = room.let_in(body.name, body.new_key)
        made = {"object": "practice.room.learner", "number": learner.number, "name": learner.name, "key": key}
        return SentJson(made, headers={"cache-control": "no-store"})

    @app.post("/practice/room/faults")
    def plant(body: Plant) -> dict[str, Any]:
        """For every learner, not for the teacher: who shows how it goes on must not fail."""
        for seat in _open(room):
            seat.store.plant_fault(body.fault, body.times)
        return look()

    @app.delete("/practice/room/faults")
    def clear() -> dict[str, Any]:
        for seat in _open(room):
            seat.store.clear_faults()
        return look()

    return app


def _open(room: Room) -> list[Seat]:
    return [seat for seat in room.learners if seat.problem is None]


def _file(name: str) -> Response:
    path = PAGES / name
    if path.suffix not in KINDS or not path.is_file():
        raise errors.ApiError(404, f"No such part of the page: {name}")
    return Response(path.read_bytes(), media_type=KINDS[path.suffix], headers=SAFE)
