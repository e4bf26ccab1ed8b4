"""Every test gets its own practice home and its own workspace; nothing leaves this computer."""

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import keyring as keyring_library
import openai
import pytest
from keyring.backend import KeyringBackend

from helpers.course_data.paths import DATA

os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"  # for the programs that tests start
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]  # what the tests ask is on this computer, whatever network it is in
COURSE_VARIABLES = ("OPENAI_", "PRACTICE_", "COURSE_")


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean environment: the learner's files go to a temporary folder, no key or setting leaks in."""
    for name in list(os.environ):
        if name.startswith(COURSE_VARIABLES):
            monkeypatch.delenv(name)
    folder = tmp_path / "workspace"
    monkeypatch.setenv("COURSE_WORKSPACE", str(folder))
    monkeypatch.setenv("PRACTICE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PRACTICE_JOB_SECONDS", "0")
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", "none")  # real training only where a test is about it
    return folder


class MemoryKeyring(KeyringBackend):
    """Stands in for the keyring of the operating system, which belongs to the person who runs the tests."""

    priority = 1
    name = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class BrokenKeyring(MemoryKeyring):
    """A backend that does not raise the errors of the keyring library, and repeats what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append(username)
        raise ConnectionRefusedError("no D-Bus")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password}")


@pytest.fixture
def broken_keyring() -> BrokenKeyring:
    keyring_library.set_keyring(BrokenKeyring())
    return keyring_library.get_keyring()


@pytest.fixture(autouse=True)
def keyring() -> MemoryKeyring:
    keyring_library.set_keyring(MemoryKeyring())
    return keyring_library.get_keyring()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def server(home: Path):
    """A real practice server on a free port; its simulated jobs end at once."""
    from helpers.practice import start_server

    running = start_server(home=home, job_seconds=0)
    yield running
    running.stop()


@pytest.fixture
def fresh_kernel(monkeypatch: pytest.MonkeyPatch):
    """As in a kernel in which nothing has run yet. Servers that are started in it are stopped afterwards."""
    from helpers import hosts
    from helpers.connection import environment, keys

    for module, name in ((hosts, "_own"), (keys, "_given"), (environment, "_written")):
        monkeypatch.setattr(module, name, {})
    monkeypatch.setattr(environment, "ORIGINAL", dict.fromkeys(environment.VARIABLES))
    yield
    for server in hosts._own.values():
        server.stop()


@pytest.fixture
def quick_forms(monkeypatch: pytest.MonkeyPatch):
    """Forms that know that a test clicks faster than a person, and that what it types is there at once.

    A form that still works when its test is over would write into the workspace of the next one, so it is awaited.
    """
    from helpers.forms import form

    monkeypatch.setattr(form, "DOUBLE_CLICK_SECONDS", 0.0)
    monkeypatch.setattr(form, "LAST_LETTERS_SECONDS", 0.0)
    yield
    for thread in threading.enumerate():
        if thread.name == "course-form":
            thread.join(10)


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """The clock of the practice servers in this process. It stands still, but for `tick` seconds at each look at it;
    `now` can be turned by hand."""
    hand = SimpleNamespace(now=1_800_000_000.0, tick=0.0)

    def look() -> float:
        hand.now += hand.tick
        return hand.now

    for module in ("api.jobs", "job_lifecycle"):
        monkeypatch.setattr(f"helpers.practice.{module}.time", SimpleNamespace(time=look))
    return hand


@pytest.fixture
def client(server) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)


@pytest.fixture
def mattress() -> Path:
    """The training file of the course."""
    return DATA / "mydata.jsonl"


@pytest.fixture
def tuned(client, mattress) -> str:
    """The name of a model that a simulated job has made from the mattress examples."""
    file = client.files.create(file=mattress, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id, suffix="mattress")
    return client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
