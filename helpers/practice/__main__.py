"""`python -m helpers.practice`: the practice server on its own, for scripts and for a class."""

import argparse
import sys
import threading

from helpers.connection.proxies import no_proxy_with_loopback, proxies
from helpers.practice.server import PracticeServer, start_server
from helpers.practice.settings import PracticeHomeError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m helpers.practice", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this computer only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument(
        "--home", help="folder for its files and database (default: PRACTICE_HOME, or one of your user)"
    )
    parser.add_argument(
        "--key", help="the key that clients must send (default: PRACTICE_KEY, or one made for the folder)"
    )
    options = parser.parse_args()
    try:
        server = start_server(options.home, options.host, options.port, options.key)
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


def introduction(server: PracticeServer) -> str:
    """What a person copies into a terminal to point any `OpenAI()` at this server, past a proxy if one is set."""
    settings = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": server.key}
    if proxies():
        settings |= no_proxy_with_loopback()
    return "\n".join(
        [
            f"The practice server is running; its home is {server.home}",
            "In the terminal of your script, set:",
            "",
            *(f"export {name}={value}" for name, value in settings.items()),
            "",
            "or in PowerShell:",
            "",
            *(f'$env:{name}="{value}"' for name, value in settings.items()),
            "",
            "Stop it with Ctrl-C.",
        ]
    )


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
