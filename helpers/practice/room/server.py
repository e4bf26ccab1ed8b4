"""Serving a room."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from filelock import BaseFileLock, Timeout

from helpers.connection.catalogue import local_models_are_off
from helpers.course_data.practice_home import practice_home
from helpers.practice.engine_registry import load_computer
from helpers.practice.network import SHORTEST_KEY
from helpers.practice.open_files import within_open_files
from helpers.practice.room.register import MOST_LEARNERS, TEACHER, Register, check_size, lock_of, new_key, open_register
from helpers.practice.room.room import PAGE, Room
from helpers.practice.room.seat import OPENS_NOTHING
from helpers.practice.server import WebServer, listen
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import PracticeHomeError, key_in_file, load_settings
from helpers.practice.training.turns import slots_from_environment, slots_of_this_computer


class RoomServer(WebServer):
    """The server of a room. `new_keys` are those that were made at this start, by name: nobody can read them later."""

    def __init__(self, room: Room, log: ServerLog, listening: socket.socket, in_use: BaseFileLock) -> None:
        self.room, self.register, self._in_use = room, room.register, in_use
        self.new_keys: dict[str, str] = {}
        self.page: Path | None = None  # where the learners' new keys were written
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
    hand_out: Callable[[RoomServer, dict[str, str]], None] = lambda server, keys: None,
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
        hand_out: Called with the new keys just before they open anything, and old ones nothing. If it raises an error,
            all keys stay as they were and the room does not open.

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
        room, log = _room_of(register, len(names or []), job_seconds)
        undo.callback(room.close)
        teachers_key = _teachers_key(teacher_key_file) if teacher_key_file is not None else None
        new_keys = _new_keys(register, names, new_key_for, teacher_key_file)
        server = RoomServer(room, log, listening, lock)
        undo.pop_all()
        undo.callback(server.stop)
        server.start()
        # All that can fail comes before a key is kept: of a key that nobody has seen, only the hash would be left.
        if new_keys:
            hand_out(server, new_keys)
        room.keep_keys(new_keys if teachers_key is None else {**new_keys, TEACHER: teachers_key})
        server.new_keys = new_keys
        undo.pop_all()
    return server


def _room_of(register: Register, come: int, job_seconds: float | None) -> tuple[Room, ServerLog]:
    """The room with those who are in it already. So many more may come now."""
    home = register.path.parent
    settings = load_settings(home, OPENS_NOTHING, job_seconds)
    log = ServerLog(settings)
    slots = slots_from_environment(slots_of_this_computer())
    computer = None if local_models_are_off() else load_computer(home, slots)
    limits = within_open_files(settings.limits, 1 + len(register.learners) + come, 1 + MOST_LEARNERS)
    return Room(home, register, limits, log, computer, job_seconds), log


def _new_keys(
    register: Register, names: list[str] | None, new_key_for: str | None, key_file: Path | None
) -> dict[str, str]:
    """Keys for those who need one, by name. They open nothing yet."""
    if names is None and not register.learners:
        raise ValueError(
            "found no learner in this room; expected --learners NUMBER or --names FILE (--learners 0 opens it empty, "
            "for a program that lets learners in)"
        )
    if key_file is not None and new_key_for == TEACHER:
        raise ValueError(f"--new-key: found 'teacher', whose key stands in {key_file}; delete that file for a new one")
    new = [name for name in names or [] if register.named(name) is None]
    check_size(len(register.learners) + len(new))
    there = [TEACHER, *(learner.name for learner in register.learners)]
    if new_key_for is not None and new_key_for not in (*there, *new):
        raise ValueError(f"--new-key: found {new_key_for!r}; expected one of {', '.join(there)}")
    first = [] if new_key_for is None else [new_key_for]
    last = [TEACHER] if key_file is None and not register.teacher_hash else []
    return {name: new_key() for name in (*first, *new, *last)}


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
