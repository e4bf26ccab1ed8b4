"""`python -m helpers.practice room`: a practice server for a class, with a key and a home for each learner."""

import argparse
import sys
import threading
from pathlib import Path

from helpers.practice.network import NO_ENCRYPTION
from helpers.practice.room.keys_page import free_page, write_keys_page
from helpers.practice.room.register import TEACHER, names_of
from helpers.practice.room.server import RoomServer, start_room
from helpers.practice.settings import PracticeHomeError

ANOTHER_PORT = (
    "If another program listens there, end it. Or choose another --port; learners then need the new address in place "
    "of the one that is printed with their keys."
)


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.page and options.page.exists():
        return _fail(f"--page: {options.page} is there already, and may be the only place of other keys. Name another.")
    if options.page and not options.page.parent.is_dir():
        return _fail(f"--page: {options.page.parent} is no folder, so the keys could not be written. Name another.")
    try:
        names = names_of(options.learners, options.names)
        server = start_room(
            names, options.home, options.host, options.port, options.new_key, options.teacher_key_file,
            hand_out=lambda room, keys: hand_out(room, keys, options.page or free_page(room.home), options.address),
        )  # fmt: skip
    except (PracticeHomeError, ValueError) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"Cannot listen on {options.host}:{options.port} ({error.strerror}). {ANOTHER_PORT}")
    try:
        print(introduction(server, options.address), flush=True)
        while server.running:
            threading.Event().wait(0.5)
    except KeyboardInterrupt:
        print("The room is closed. Its files, jobs and models are kept.", flush=True)
    finally:
        server.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m helpers.practice room", description=__doc__, allow_abbrev=False)
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--learners", type=int, help="how many learners there are; they are called Learner 1 and so on")
    who.add_argument("--names", type=Path, help="a file with the name of one learner on each line, in place of that")
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: every one of this computer)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument("--home", type=Path, help="folder of the room (default: room, in the practice home)")
    parser.add_argument(
        "--address", help="base URL for the learners, if a server with HTTPS stands in front: https://.../v1"
    )
    parser.add_argument("--page", type=Path, help="where new keys are written, to print (default: keys.html in --home)")
    parser.add_argument(
        "--teacher-key-file", type=Path, help="keep your key in this file, made if it is missing, and do not show it"
    )
    parser.add_argument("--new-key", metavar="NAME", help="replace the lost key of a learner, or of the teacher")
    return parser


def hand_out(server: RoomServer, keys: dict[str, str], page: Path, address: str | None = None) -> None:
    """Write the page of the learners' keys; the teacher's own stands in the terminal.

    Args:
        server: The room.
        keys: The new keys, by name.
        page: The page.
        address: The base URL that learners use; None means that of the server itself.

    Raises:
        ValueError: The page cannot be written.
    """
    of_learners = {name: key for name, key in keys.items() if name != TEACHER}
    if not of_learners:
        return
    try:
        write_keys_page(page, _addresses(server, address)[0], of_learners)
    except OSError as error:
        raise ValueError(
            f"--page: {page} cannot be written ({error.strerror}), so all keys are as they were. Name another."
        ) from error
    server.page = page.resolve()


def _addresses(server: RoomServer, address: str | None) -> list[str]:
    return [address] if address else server.addresses or [server.base_url]


def introduction(server: RoomServer, address: str | None = None) -> str:
    """What the teacher needs."""
    teacher = server.new_keys.get(TEACHER)
    lines = [
        f"The room is open for {len(server.register.learners)} learners; its folder is {server.home.resolve()}",
        "",
    ]
    for seat in server.room.learners:
        if seat.problem:
            lines += [f"{seat.learner.name} cannot work: {seat.problem}", ""]
    if server.page:
        number = len(server.new_keys) - (teacher is not None)
        lines += [f"The keys of {number} learners, to print and cut up: {server.page}", ""]
    addresses = _addresses(server, address)
    lines += ["Learners reach it at:", "", *addresses, ""]
    if server.page and len(addresses) > 1:
        lines += ["The page of keys has the first of these addresses.", ""]
    lines += ["Your page, for the browser (any name, and the teacher's key as password):", "", *server.pages, ""]
    if teacher:
        lines += [f"The teacher's key, shown this once: {teacher}", ""]
    else:
        lines += [
            "The teacher's key is the one that you have. If it was lost, open the room with --new-key teacher.",
            "",
        ]
    if server.is_for_others:
        lines += [NO_ENCRYPTION, ""]
    return "\n".join([*lines, "Close the room with Ctrl-C."])


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
