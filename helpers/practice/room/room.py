"""The room: which key opens which seat, and what the teacher's key opens besides."""

import re
import threading
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from helpers.practice.admission import Admission, key_from_browser
from helpers.practice.api.errors import ApiError, not_found
from helpers.practice.app import RequestId
from helpers.practice.limits import Limits
from helpers.practice.room.overview import overview
from helpers.practice.room.register import A_NAME, TEACHER, Learner, Register, as_name, is_name
from helpers.practice.room.seat import ClosedSeat, Seat
from helpers.practice.room.teacher import make_teacher_app
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import PracticeHomeError

PAGE = "/practice/room"
OF_LEARNER = re.compile(rf"{PAGE}/learners/([0-9]{{1,9}})(/.*)")
KEY_OF_A_ROOM = (
    "This is a practice room of the course: your key is the one that your teacher gave you, and your teacher can make "
    "a new one."
)
HARMLESS = {"GET", "HEAD"}


class Room:
    """All seats. `computer` is what they share for real training; None where that is not installed."""

    def __init__(
        self, home: Path, register: Register, limits: Limits, log: ServerLog, computer: Any, job_seconds: float | None
    ) -> None:
        self.register, self.limits = register, limits
        self._at_once = computer.turns.slots if computer else 0
        self._seat = lambda learner: Seat(learner, register.folder_of(learner.number), log, computer, job_seconds)
        self._letting_in = threading.Lock()
        self.seats: dict[int, Seat | ClosedSeat] = {0: self._seat(Learner(0, TEACHER, register.teacher_hash))}
        self._seat_everybody()
        self._teacher = make_teacher_app(self, lambda: overview(self.learners, home, self._at_once))

    @property
    def teacher(self) -> Seat:
        return self.seats[0]

    @property
    def learners(self) -> list[Seat | ClosedSeat]:
        return list(self.seats.values())[1:]

    def keep_keys(self, keys: dict[str, str]) -> None:
        """From now on these keys open the seats of these names; a seat for each who has none yet."""
        with self._letting_in:
            if keys:
                self.register.keep(keys)
            self._seat_everybody()

    def _seat_everybody(self) -> None:
        for learner in self.register.learners:
            if learner.number not in self.seats:
                try:
                    self.seats[learner.number] = self._seat(learner)
                except PracticeHomeError as error:
                    self.seats[learner.number] = ClosedSeat(
                        learner, str(error), self.limits, partial(self._open_again, learner)
                    )

    def _open_again(self, learner: Learner) -> Seat:
        with self._letting_in:  # of several requests, one opens it
            if self.seats[learner.number].problem is not None:
                self.seats[learner.number] = self._seat(learner)
            return self.seats[learner.number]

    def let_in(self, name: str, new_key: bool) -> tuple[Learner, str]:
        """A learner and a new key, while the room is open.

        Who is there already gets another key only with `new_key`: the old one opens nothing any more.
        Raises ApiError.
        """
        name = as_name(name)
        if not is_name(name):
            raise ApiError(400, f"Invalid value for 'name': found {name!r}; expected {A_NAME}.", param="name")
        with self._letting_in:
            there = self.register.named(name) is not None
            if there and not new_key:
                message = (
                    f'{name} is in the room already. With "new_key": true there is a new key, and the old one ends.'
                )
                raise ApiError(409, message, code="learner_exists", param="name")
            key = self.register.renew(name) if there else self._added(name)
            self._seat_everybody()
            learner = self.register.named(name)
        return learner, key

    def _added(self, name: str) -> str:
        try:
            return self.register.add([name])[name]
        except ValueError as error:
            raise ApiError(400, f"The room is full: {error}.", code="room_full") from error

    def guarded(self) -> Any:
        """The application of the room, behind its keys."""
        return RequestId(Admission(self._opened_by, self.limits, PAGE, KEY_OF_A_ROOM))

    def _opened_by(self, key: str) -> Any:
        learner = self.register.who(key)
        if learner is None:
            return None
        return self._of_teacher if learner.number == 0 else self.seats[learner.number]

    async def _of_teacher(self, scope: Any, receive: Any, send: Any) -> None:
        """The page and what belongs to it, any learner's seat, or a seat of the teacher's own."""
        path = scope["path"]
        seat = OF_LEARNER.fullmatch(path)
        if path.startswith(PAGE) and not _is_own_doing(scope):
            app = ApiError(403, "This request comes from another page than the teacher's.").response()
        elif seat is None:
            app = self._teacher if path.startswith(PAGE) else self.seats[0]
        elif int(seat[1]) not in self.seats:
            app = not_found("learner", seat[1]).response()
        else:
            app = self.seats[int(seat[1])].app
            scope = {**scope, "path": seat[2], "raw_path": seat[2].encode(), "of_teacher": True}
        await app(scope, receive, send)

    def close(self) -> None:
        for seat in self.seats.values():
            seat.close()


def _is_own_doing(scope: Any) -> bool:
    """A browser that knows the key sends it with what any page asks for. So what changes something has to come from
    the teacher's page: a browser says where it comes from."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if scope["method"] in HARMLESS or not key_from_browser(headers) or origin is None:
        return True
    return urlsplit(origin).netloc == headers.get("host")
