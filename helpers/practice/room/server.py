"""Serving a room."""

import socket
from contextlib import ExitStack
from pathlib import Path

from filelock import BaseFileLock, Timeout

from helpers.connection.catalogue import local_models_are_off
from helpers.course_data.practice_home import practice_home
from helpers.practice.engine_registry import load_computer
from helpers.practice.network import SHORTEST_KEY
from helpers.practice.room.register import TEACHER, Register, lock_of, open_register
from helpers.practice.room.room import PAGE, Room
from helpers.practice.room.seat import OPENS_NOTHING
from helpers.practice.server import WebServer, listen
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import PracticeHomeError, key_in_file, load_settings
from helpers.practice.training.turns import slots_from_environment, slots_of_this_computer


class RoomServer(WebServer):
    """The server of a room. `new_keys` are those that were made at this start, by name: nobody can read them later."""

    def __init__(
        self, room: Room, new_keys: dict[str, str], log: ServerLog, listening: socket.socket, in_use: BaseFileLock
    ) -> None:
        self.room, self.register, self.new_keys, self._in_use = room, room.register, new_keys, in_use
        self.home = room.register.path.parent
        super().__init__(room.guarded(), room.limits, listening, log)

    @property
    def pages(self) -> list[str]:
        """Where the teacher's page is: as this computer reaches it, and as others do."""
        return [address.removesuffix("/v1") + PAGE for address in (self.base_url, *self.addresses)]

    def close(self) -> None:
        self.room.close()
        self._in_use.release()


def start_room(
    names: list[str] | None = None,
    home: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    new_key_for: str | None = None,
    teacher_key_file: Path | None = None,
    job_seconds: float | None = None,
) -> RoomServer:
    """Start the server of a room and return when it answers.

    Args:
        names: Learners to take in; None means nobody new. Those who are there already keep their keys and their work.
        home: The folder of the room; None means the folder `room` in the practice home.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        new_key_for: A learner, or "teacher", whose key was lost and is made anew.
        teacher_key_file: Where the teacher's key stands, made if it is missing; None means that it is shown once.
        job_seconds: How long a simulated job takes; None means PRACTICE_JOB_SECONDS, or 12.

    Returns:
        The running server.

    Raises:
        PracticeHomeError: The folder cannot be used, or another server serves this room.
        ValueError: A name or a setting cannot be.
        OSError: The port is taken.
    """
    register = open_register(home or practice_home() / "room")
    lock = lock_of(register.path.parent)
    with ExitStack() as undo:  # of a room that does not open nothing stays behind
        try:
            undo.enter_context(lock)
        except Timeout as error:
            raise PracticeHomeError(f"{register.path.parent}: another server serves this room; end that one") from error
        listening = listen(host, port)
        undo.callback(listening.close)
        # What can fail comes before keys are made: they would be lost.
        room, log = _room_of(register, job_seconds)
        undo.callback(room.close)
        new_keys = _let_in(register, names, new_key_for, teacher_key_file)
        room.seat_everybody()
        server = RoomServer(room, new_keys, log, listening, lock)
        undo.pop_all()
    server.start()
    return server


def _room_of(register: Register, job_seconds: float | None) -> tuple[Room, ServerLog]:
    """The room with those who are in it already."""
    home = register.path.parent
    settings = load_settings(home, OPENS_NOTHING, job_seconds)
    log = ServerLog(settings)
    slots = slots_from_environment(slots_of_this_computer())
    computer = None if local_models_are_off() else load_computer(home, slots)
    return Room(home, register, settings.limits, log, computer, job_seconds), log


def _let_in(
    register: Register, names: list[str] | None, new_key_for: str | None, key_file: Path | None
) -> dict[str, str]:
    """Returns the keys that were made."""
    if names is None and not register.learners:
        raise ValueError(
            "found no learner in this room; expected --learners NUMBER or --names FILE (--learners 0 opens it empty, "
            "for a program that lets learners in)"
        )
    teachers_key = _teachers_key(key_file) if key_file is not None else None
    if teachers_key is not None and new_key_for == TEACHER:
        raise ValueError(f"--new-key: found 'teacher', whose key stands in {key_file}; delete that file for a new one")
    new_keys = {}
    comes_now = register.named(new_key_for or "") is None and new_key_for in (names or [])
    if new_key_for is not None and not comes_now:
        new_keys[new_key_for] = register.renew(new_key_for)
    new_keys |= register.add(names or [])
    if teachers_key is not None:
        register.set_teacher(teachers_key)
    elif not register.teacher_hash:
        new_keys[TEACHER] = register.renew(TEACHER)
    return new_keys


def _teachers_key(path: Path) -> str:
    try:
        key = key_in_file(path)
    except PracticeHomeError:
        raise
    except OSError as error:
        raise ValueError(f"--teacher-key-file: {path} cannot be read or made ({error.strerror})") from error
    if len(key) < SHORTEST_KEY:
        raise ValueError(
            f"--teacher-key-file: {path}: found {len(key)} characters; expected at least {SHORTEST_KEY}. Delete the "
            "file, and a key is made."
        )
    return key
