"""`server.log` in the practice home: the tracebacks of errors that nobody foresaw, and what uvicorn reports.

All servers of a home write into this one file. It is bounded, and a key never stands in it.
"""

import itertools
import logging
import math
import re
import threading
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from filelock import FileLock

from helpers.practice.private import private_file
from helpers.practice.settings import Settings

LARGEST_FILE = 1_000_000  # bytes; what came before stands in server.log.1, which is as large
LONGEST_RECORD = 50_000  # characters; the message of an error can quote all that somebody has sent
LOCK_SECONDS = 2.0  # the longest that an answer waits for another server that writes
REPEATED_SECONDS = 60.0  # so long the same message of a library is not written down again
MOST_REMEMBERED = 100  # messages
LIBRARIES = ("uvicorn.error", "uvicorn.access", "asyncio")  # the loggers that report from the thread of a server
SECRETS = re.compile(
    r"""(?ix)
    (authorization|bearer|api[_-]?key)\b  # and the rest of the line, or the next line where the value stands there
        (?: ["']? \s* [:=] \s* ["']? (?: (?:bearer|basic) \s+ )? \S .* | \s+ \S .* | .* )
    | (token|secret|password)["']? \s* [:=] \s* \S+
    # Keys as OpenAI, Groq, xAI, NVIDIA, Stripe, Hugging Face and Google make them.
    | \b (?: sk- | gsk_ | xai- | nvapi- | [sr]k_(?:live|test)_ ) [\w-]{8,}
    | \b hf_[a-z0-9]{16,}
    | \b practice-(?: [\w-]{24} | (?: [a-z2-9]{4}- ){5} [a-z2-9]{4} ) (?![\w-])  # of learners: a room has hashes only
    | \b AIza[\w-]{10,}
    """
)

_numbers = itertools.count(1)


class ServerLog:
    """The log as one server writes it. The loggers of the program that the server runs in stay as they are set up."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.home / "server.log"
        self._file = SharedFileHandler(self.path)
        self._file.setFormatter(WithoutKeys(settings.key))
        self._logger = logging.getLogger(f"{__name__}.{next(_numbers)}")
        self._logger.propagate = False
        self._logger.addHandler(self._file)
        self._filter: FromThread | None = None

    def failed(self, what: str, error: BaseException) -> None:
        """Write down an error with its traceback."""
        self._logger.error(what, exc_info=error)

    def listen(self, thread: threading.Thread) -> None:
        """From now on, write down what the libraries report from the thread of the server."""
        self._filter = FromThread(thread, self._file)
        for name in LIBRARIES:
            logging.getLogger(name).addFilter(self._filter)

    def close(self) -> None:
        if self._filter is not None:
            for name in LIBRARIES:
                logging.getLogger(name).removeFilter(self._filter)
        self._logger.removeHandler(self._file)
        self._file.close()


class SharedFileHandler(RotatingFileHandler):
    """A log file of several processes: they write one after the other, and each opens the file only while it writes.

    Windows cannot rename a file that another process has open; elsewhere that process would go on writing into the
    renamed one.
    """

    def __init__(self, path: Path) -> None:
        # Half of an emoji cannot be encoded, and an error may quote one.
        super().__init__(
            path, maxBytes=LARGEST_FILE, backupCount=1, encoding="utf-8", errors="backslashreplace", delay=True
        )
        self._lock_of_all = FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_SECONDS)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            with self._lock_of_all.acquire(poll_interval=0.01):
                private_file(self.baseFilename)
                super().emit(record)
                self.close()
        except OSError:  # also the time-out of the lock
            self.handleError(record)

    def rotate(self, source: str, dest: str) -> None:
        super().rotate(source, dest)
        private_file(source)  # the new one

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: on a full disk, the log is what can be missed. The request is answered all the same."""


class FromThread(logging.Filter):
    """Takes what is logged from one thread out of the loggers of a library: warnings and errors go to a handler.

    Of another server that uses the same library in the same program, every record goes its own way.
    """

    def __init__(self, thread: threading.Thread, handler: logging.Handler) -> None:
        super().__init__()
        self.thread, self.handler = thread, handler
        self._said: dict[str, float] = {}  # when a message without a traceback was written down last

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self.thread.ident:
            return True
        if record.levelno >= logging.WARNING and not self._is_repeated(record):
            self.handler.handle(record)
        return False

    def _is_repeated(self, record: logging.LogRecord) -> bool:
        """Whether the same was said a moment ago. A stranger can make uvicorn say "Invalid HTTP request received." two
        thousand times a second, which would drive the tracebacks out of the log."""
        if record.exc_info:
            return False
        now, message = time.monotonic(), record.getMessage()
        if now - self._said.get(message, -math.inf) < REPEATED_SECONDS:
            return True
        if len(self._said) >= MOST_REMEMBERED:
            self._said.clear()
        self._said[message] = now
        return False


class WithoutKeys(logging.Formatter):
    """One record: when, how grave, which process, what, the traceback; without keys, and not too long."""

    def __init__(self, key: str) -> None:
        super().__init__("%(asctime)s %(levelname)s [process %(process)d] %(message)s")
        self.key = key

    def format(self, record: logging.LogRecord) -> str:
        text = SECRETS.sub(_hidden, super().format(record).replace(self.key, "<key>"))
        left_out = len(text) - LONGEST_RECORD
        if left_out <= 0:
            return text
        half = LONGEST_RECORD // 2
        return f"{text[:half]}\n[... {left_out:,} characters left out ...]\n{text[-half:]}"


def _hidden(secret: re.Match) -> str:
    return f"{secret[1] or secret[2] or ''} <key>".lstrip()
