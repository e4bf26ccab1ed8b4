"""Serving a room."""

import socket
from pathlib import Path

from filelock import BaseFileLock, Timeout

from helpers.connection.catalogue import local_models_are_off
from helpers.course_data.practice_home import practice_home
from helpers.practice.engine_registry import load_computer
from helpers.practice.network import SHORTEST_KEY
from helpers.practice.room.register import TEACHER, Register, lock_of, open_register
from helpers.practice.room.room import PAGE, Room
from helpers.practice.server import WebServer, listen
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import PracticeHomeError, key_in_file, load_settings
from helpers.practice.training.turns import slots_from_environment, slots_of_this_computer


class RoomServer(WebServer):
    """The server of a room. `new_keys` are those that were made at this start, by name: nobody can read them later."""

    def __init__(
        self,
        register: Register,
        new_keys: dict[str, str],
        listening: socket.socket,
        in_use: BaseFileLock,
        job_seconds: float | None,
    ) -> None:
        self.home, self.register, self.new_keys, self._in_use = register.path.parent, register, new_keys, in_use
        settings = load_settings(self.home, register.teacher_hash, job_seconds)
        log = ServerLog(settings)
        slots = slots_from_environment(slots_of_this_computer())
        computer = None if local_models_are_off() else load_computer(self.home, slots)
        self.room = Room(self.home, register, settings.limits, log, computer, job_seconds)
        super().__init__(self.room.guarded(), settings.limits, listening, log)

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
    try:
        lock.acquire()
    except Timeout as error:
        raise PracticeHomeError(f"{register.path.parent}: another server serves this room; end that one") from error
    try:
        listening = listen(host, port)
        try:
            new_keys = _let_in(register, names, new_key_for, teacher_key_file)
            server = RoomServer(register, new_keys, listening, lock, job_seconds)
        except BaseException:
            listening.close()
            raise
    except BaseException:
        lock.release()
        raise
    server.start()
    return server


def _let_in(
    register: Register, names: list[str] | None, new_key_for: str | None, key_file: Path | None
) -> dict[str, str]:
    """Returns the keys that were made."""
    if names is None and not register.learners:
        raise ValueError(
            "found no learner in this room; expected --learners NUMBER or --names FILE (--learners 0 opens it empty, "
            "for a program that lets learners in)"
        )
    new_keys = _teacher_in(register, new_key_for, key_file)
    new_keys |= register.add(names or [])
    if new_key_for is not None and new_key_for != TEACHER and new_key_for not in new_keys:
        new_keys[new_key_for] = register.renew(new_key_for)
    return new_keys


def _teacher_in(register: Register, new_key_for: str | None, key_file: Path | None) -> dict[str, str]:
    """Returns the key if it was made and stands in no file."""
    if key_file is not None and new_key_for == TEACHER:
        raise ValueError(f"--new-key: found 'teacher', whose key stands in {key_file}; delete that file for a new one")
    if key_file is not None:
        register.set_teacher(_teachers_key(key_file))
    elif not register.teacher_hash or new_key_for == TEACHER:
        return {TEACHER: register.renew(TEACHER)}
    return {}


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
