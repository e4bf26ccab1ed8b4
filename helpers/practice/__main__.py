"""`python -m helpers.practice`: the practice server on its own, for scripts. For a class: `... room --help`."""

import argparse
import sys
import threading
from pathlib import Path

from helpers.connection.proxies import no_proxy_with_loopback, proxies
from helpers.practice.network import NO_ENCRYPTION
from helpers.practice.room.command import main as room
from helpers.practice.server import PracticeServer, start_server
from helpers.practice.settings import PracticeHomeError
from helpers.practice.terminal import lines_to_type

KEY_IN_SIGHT = (
    "--key: a key on the command line can be read by others, in the list of processes and in the history of the shell. "
    "Set PRACTICE_KEY, or write the key into a file and name it with --key-file."
)


def main() -> int:
    if sys.argv[1:2] == ["room"]:
        return room(sys.argv[2:])
    options = _parser().parse_args()
    if options.key is not None:
        return _fail(KEY_IN_SIGHT)
    try:
        key = _key_in(options.key_file) if options.key_file else None
        server = start_server(options.home, options.host, options.port, key)
    except (PracticeHomeError, ValueError) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"Cannot listen on {options.host}:{options.port} ({error.strerror}). Choose another --port.")
    print(introduction(server), flush=True)
    try:
        while server.running:
            threading.Event().wait(0.5)
    except KeyboardInterrupt:
        print("The practice server has stopped. Its files, jobs and models are kept.", flush=True)
    server.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m helpers.practice", description=__doc__, allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this computer only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument(
        "--home", help="folder for its files and database (default: PRACTICE_HOME, or one of your user)"
    )
    parser.add_argument(
        "--key-file",
        help="file with the key that clients must send (default: PRACTICE_KEY, or one made for the folder)",
    )
    parser.add_argument("--key", help=argparse.SUPPRESS)  # of earlier versions
    return parser


def _key_in(path: str) -> str:
    """The key in a file. Raises ValueError; the message does not repeat what stands there."""
    try:
        key = Path(path).read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise ValueError(f"--key-file: {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"--key-file: {path} is no text; expected a file with the key and nothing else") from error
    if not key:
        raise ValueError(f"--key-file: {path} is empty; expected a file with the key and nothing else")
    return key


def introduction(server: PracticeServer) -> str:
    """What a person copies into a terminal to point any `OpenAI()` at this server, past a proxy if one is set."""
    lines = [
        f"The practice server is running; its home is {server.home}",
        "In the terminal of your script, set:",
        "",
    ]
    settings = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": server.key}
    if proxies():
        settings |= no_proxy_with_loopback()
    for system, typed in lines_to_type(settings).items():
        lines += [f"{system}:", "", *typed, ""]
    if server.is_for_others:
        lines += _for_others(server)
    return "\n".join([*lines, "Stop it with Ctrl-C."])


def _for_others(server: PracticeServer) -> list[str]:
    """What others on the network use, and what they must know."""
    addresses = server.addresses or ["(this computer has no address in a network)"]
    return [
        "Others on the network reach it with the same key at:",
        "",
        *addresses,
        "",
        f"{NO_ENCRYPTION} Whoever has the key sees, uses and deletes all that others have made there. For a "
        "class, `python -m helpers.practice room` gives each learner a key and a home of their own.",
        "",
    ]


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
