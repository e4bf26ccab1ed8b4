"""Where the practice server keeps its state, and which key opens it."""

import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from helpers.connection.catalogue import configured_models
from helpers.connection.sentences import SettingError, ShownInSentences
from helpers.course_data.practice_home import practice_home
from helpers.practice.environment import number_from_environment
from helpers.practice.limits import Limits, load_limits
from helpers.practice.private import private_folder

DEFAULT_JOB_SECONDS = 12.0
KEY_FILE = "key"
CANNOT_BE_SENT = "cannot be sent in a header"


class PracticeHomeError(ShownInSentences, OSError):
    """The folder of the practice server cannot be used."""


@dataclass(frozen=True)
class Settings:
    """`job_seconds`: how long a simulated job takes; at 0 it ends at once and every id comes from a fixed sequence."""

    home: Path
    key: str = field(repr=False)  # a repr ends up in outputs, tracebacks and logs
    job_seconds: float = DEFAULT_JOB_SECONDS
    limits: Limits = field(default_factory=Limits)

    @property
    def deterministic(self) -> bool:
        return self.job_seconds == 0

    @property
    def files(self) -> Path:
        return self.home / "files"

    @property
    def database(self) -> Path:
        return self.home / "practice.sqlite"


def load_settings(home: str | Path | None = None, key: str | None = None, job_seconds: float | None = None) -> Settings:
    """Settings from the arguments, else from PRACTICE_HOME, PRACTICE_KEY and PRACTICE_JOB_SECONDS, else the defaults.

    Makes the home folder. Raises PracticeHomeError if that is not possible or there is no usable key in it, and
    SettingError, a ValueError, for a setting that cannot be.
    """
    folder = Path(home) if home else practice_home()
    try:
        _make_home(folder)
        key = key or os.environ.get("PRACTICE_KEY") or key_in_file(folder / KEY_FILE)
    except PracticeHomeError:
        raise
    except OSError as error:
        raise PracticeHomeError(
            f"The practice server cannot write to its folder {folder} ({error.strerror}). "
            "Free some space or correct its permissions, or name another folder in PRACTICE_HOME."
        ) from error
    if not _can_be_sent(key):
        raise SettingError(
            f"PRACTICE_KEY or --key-file: found a character that {CANNOT_BE_SENT}; expected a-z, A-Z, 0-9, - and _"
        )
    if job_seconds is None:
        job_seconds = number_from_environment("PRACTICE_JOB_SECONDS", DEFAULT_JOB_SECONDS, least=0.0)
    configured_models()  # whoever starts the server is told that PRACTICE_LOCAL_MODELS cannot be read, not who asks it
    return Settings(folder, key, job_seconds, load_limits())


def _make_home(folder: Path) -> None:
    """A new folder is closed to others. One that is there may be any: only what the server puts there is closed."""
    if not folder.exists():
        private_folder(folder)
    private_folder(folder / "files")


def key_in_file(path: Path) -> str:
    """The key that stands there, made at first use and readable by its owner only.

    Raises PracticeHomeError if something else stands there, and another OSError if it cannot be read or made.
    """
    new = "practice-" + secrets.token_urlsafe(18)  # 24 characters
    try:
        # O_EXCL: of two servers that start together, one makes the key and the other reads it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new)
    return new


def _read_key(path: Path) -> str:
    for _ in range(50):
        if written := path.read_bytes().strip():
            break
        time.sleep(0.02)  # the other server is just writing it
    else:
        raise _no_key(path, "it is empty")
    key = written.decode("utf-8", errors="replace")
    if not _can_be_sent(key):
        raise _no_key(path, f"it has a character that {CANNOT_BE_SENT}")
    return key


def _can_be_sent(key: str) -> bool:
    """A key travels in a header of HTTP, on one line of ASCII."""
    return key.isascii() and key.isprintable()


def _no_key(path: Path, why: str) -> PracticeHomeError:
    """The message does not repeat what stands there."""
    return PracticeHomeError(
        f"{path} holds no key of the practice server: {why}. Delete this file; a new key is made at the next start."
    )
