"""A disk that is really full: a small one in memory, which only an administrator of a Linux computer can make.

These tests mount it, so they are run only when they are asked for: `python course.py test --mounts`.
"""

import errno
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import openai
import pytest

from helpers.course_data.paths import DATA
from helpers.explain import explain
from helpers.practice import start_server
from helpers.practice.disk import is_full
from helpers.practice.settings import PracticeHomeError
from tests.local_training import needs_local_training, tiny_model, wait_for

SIZE = 200  # MB
mounts = pytest.mark.mounts


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", folder], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk cannot be made here ({error})")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"x" * 4096)
    return filler


@mounts
@needs_local_training
def test_a_job_on_a_full_disk_fails_with_the_reason_and_the_server_goes_on_when_there_is_space_again(
    disk, tmp_path, monkeypatch
):
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", f"tiny={tiny_model(tmp_path / 'model')}")
    server = start_server(home=disk / "home")
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="tiny", training_file=file.id)
    wait_for(client, job.id, "running")
    filler = fill(disk)
    failed = wait_for(client, job.id, "failed", seconds=60)
    assert failed.error.code == "disk_full" and "Free some space" in failed.error.message
    assert client.files.retrieve(file.id).status == "processed", "what is there can be read"
    with pytest.raises(openai.InternalServerError) as refused:
        client.files.create(file=("large.jsonl", (DATA / "mydata.jsonl").read_bytes() * 1000), purpose="fine-tune")
    assert refused.value.status_code == 507 and explain(refused.value).what == "The disk is full"
    filler.unlink()
    again = client.fine_tuning.jobs.create(model="tiny", training_file=file.id)
    done = wait_for(client, again.id, "succeeded")
    question = [{"role": "user", "content": "Hi"}]
    assert client.chat.completions.create(model=done.fine_tuned_model, messages=question, max_tokens=2).usage
    assert client.fine_tuning.jobs.retrieve(job.id).error.code == "disk_full"
    server.stop()


@mounts
def test_a_simulated_job_that_ends_on_a_full_disk_is_written_down_when_there_is_space_again(disk, monkeypatch):
    monkeypatch.setenv("PRACTICE_JOB_SECONDS", "2")
    server = start_server(home=disk / "home")
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id)
    filler = fill(disk)
    wait_for(client, job.id, "succeeded")
    filler.unlink()
    done = client.fine_tuning.jobs.retrieve(job.id)
    assert client.models.retrieve(done.fine_tuned_model) and client.files.content(done.result_files[0]).content
    server.stop()


@mounts
def test_a_server_that_starts_on_a_full_disk_says_so_and_starts_when_there_is_space_again(disk):
    start_server(home=disk / "home").stop()
    filler = fill(disk)
    with pytest.raises(PracticeHomeError, match="Free some space"):
        start_server(home=disk / "home")
    filler.unlink()
    start_server(home=disk / "home").stop()


@mounts
def test_an_error_on_a_full_disk_is_answered_and_the_log_goes_on_when_there_is_space_again(disk):
    server = start_server(home=disk / "home", job_seconds=0)
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id)
    with closing(sqlite3.connect(disk / "home" / "practice.sqlite")) as db, db:
        db.execute("UPDATE job SET plan = '{'")
    filler = fill(disk)
    for _ in range(2):
        with pytest.raises(openai.InternalServerError, match="JSONDecodeError"):
            client.fine_tuning.jobs.retrieve(job.id)
    filler.unlink()
    with pytest.raises(openai.InternalServerError, match="JSONDecodeError"):
        client.fine_tuning.jobs.retrieve(job.id)
    assert (disk / "home" / "server.log").read_text(encoding="utf-8").count("json.decoder.JSONDecodeError") >= 1
    server.stop()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
        RuntimeError("[enforce fail at inline_container.cc] unexpected: No space left on device"),
    ],
)
def test_the_errors_of_a_full_disk_are_recognized(error, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10**12))
    assert is_full(tmp_path, error)
    assert not is_full(tmp_path, OSError(errno.EACCES, os.strerror(errno.EACCES)))
    assert not is_full(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    assert is_full(tmp_path)
