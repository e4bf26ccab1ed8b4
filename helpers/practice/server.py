"""Starting the practice server inside a running program: a thread that ends with it."""

import atexit
import socket
import threading
from pathlib import Path
from typing import Any

import uvicorn

from helpers.practice.app import close_app, guarded, make_app
from helpers.practice.connections import connection_class
from helpers.practice.limits import Limits
from helpers.practice.network import HERE, addresses_for_others, base_url, check_key_for_others, is_for_others
from helpers.practice.open_files import BACKLOG, within_open_files
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import Settings, load_settings

LAST_PORT = 65_535
START_TIMEOUT = 20.0  # seconds


class WebServer:
    """A server in a thread of this process, for one application behind its keys.

    Args:
        guarded: The application.
        limits: How large a request may be.
        listening: Where it listens.
        log: Keeps what uvicorn reports.
    """

    def __init__(self, guarded: Any, limits: Limits, listening: socket.socket, log: ServerLog) -> None:
        self._host, self.port = listening.getsockname()[:2]
        self.base_url = base_url(HERE.get(self._host, self._host), self.port)
        self._log = log
        self._server = uvicorn.Server(
            uvicorn.Config(
                guarded,
                http=connection_class(limits),
                ws="none",
                backlog=BACKLOG,
                h11_max_incomplete_event_size=limits.header_bytes,
                log_config=None,  # uvicorn leaves the loggers of this program as the learner has set them up
                lifespan="off",
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="practice-server", daemon=True
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url})"  # never the key

    @property
    def is_for_others(self) -> bool:
        """Whether other computers can reach it."""
        return is_for_others(self._host)

    @property
    def addresses(self) -> list[str]:
        """The base URLs by which others on the network reach it; none if only this computer can."""
        return [base_url(address, self.port) for address in addresses_for_others(self._host)]

    @property
    def running(self) -> bool:
        return self._thread.is_alive() and self._server.started

    def start(self) -> None:
        self._log.listen(self._thread)
        self._thread.start()
        deadline = threading.Event()
        for _ in range(int(START_TIMEOUT * 1000)):
            if self._server.started or not self._thread.is_alive():
                break
            deadline.wait(0.001)
        if not self._server.started:
            raise RuntimeError(
                "The practice server did not start. Restart the kernel and try again. If it fails again, the reason "
                f"may stand in {self._log.path}."
            )
        atexit.register(self.stop)

    def stop(self) -> None:
        atexit.unregister(self.stop)
        self._server.should_exit = True
        self._server.force_exit = True  # do not wait for a client that keeps its connection open
        self._thread.join(5)
        self.close()
        self._log.close()

    def close(self) -> None:
        """Let go of what the application holds."""


class PracticeServer(WebServer):
    """The practice server of one home. `base_url` and `key` are what an OpenAI client needs."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self.settings, self.key, self.home = settings, settings.key, settings.home
        log = ServerLog(settings)
        self._app = make_app(settings, log)
        limits = settings.limits
        if is_for_others(listening.getsockname()[0]):
            limits = within_open_files(limits, homes=1, most_homes=1)
        super().__init__(guarded(self._app), limits, listening, log)

    @property
    def home_id(self) -> str:
        """What tells this home from every other, as `/practice/status` says it too."""
        return self._app.state.store.home_id

    def close(self) -> None:
        close_app(self._app)


def start_server(
    home: str | Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    key: str | None = None,
    job_seconds: float | None = None,
) -> PracticeServer:
    """Start a practice server and return when it answers.

    Args:
        home: The folder of its files and its database; None means PRACTICE_HOME, or a folder of the user.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        key: The key that clients must send; None means PRACTICE_KEY, or the one of the folder.
        job_seconds: How long a simulated job takes; None means PRACTICE_JOB_SECONDS, or 12.

    Returns:
        The running server.

    Raises:
        PracticeHomeError: The folder cannot be used.
        ValueError: A setting cannot be, or the key is too short for a server that others can reach.
        OSError: The port is taken.
    """
    settings = load_settings(home, key, job_seconds)
    listening = listen(host, port)
    try:
        check_key_for_others(settings.key, listening.getsockname()[0])
        server = PracticeServer(settings, listening)
    except BaseException:
        listening.close()
        raise
    server.start()
    return server


def listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= LAST_PORT:
        raise ValueError(f"port: found {port}; expected 0 to {LAST_PORT}, where 0 takes a free one")
    # IPPROTO_TCP must be named: without it asyncio leaves Nagle's algorithm on, and every call takes 40 ms more.
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # Windows: the port is ours alone
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
