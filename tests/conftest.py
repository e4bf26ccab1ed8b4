"""Every test gets its own practice home and its own workspace; nothing leaves this computer."""

import os
from pathlib import Path

import openai
import pytest

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
    return folder


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
def client(server) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
