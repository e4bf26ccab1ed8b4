"""A server that is killed at any moment: nothing acknowledged is lost, nothing half-written is seen, orphans are swept.

With `--fuzz 200`, for example, it is killed 200 times.
"""

import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import openai
import pytest

from helpers import notes
from helpers.course_data.paths import ROOT
from helpers.practice import start_server
from helpers.practice.settings import load_settings
from helpers.practice.store import Store

MODEL = "gpt-4.1-mini-2025-04-14"
# Uploads, jobs, ended jobs and deletions, as fast as they go; a line on stdout for each that was acknowledged.
BUSY = """
import hashlib, json, sys, openai
from helpers.practice import start_server
server = start_server(home=sys.argv[1], job_seconds=0)
client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
print("ready", flush=True)
for number in range(10_000):
    content = (json.dumps({"messages": [{"role": "user", "content": f"Q {number}"},
               {"role": "assistant", "content": "A"}]}) + "\\n").encode() * 12
    file = client.files.create(file=("a.jsonl", content), purpose="fine-tune").id
    print("file", file, hashlib.sha256(content).hexdigest(), flush=True)
    job = client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file).id
    print("job", job, flush=True)
    done = client.fine_tuning.jobs.retrieve(job)
    print("model", done.fine_tuned_model, done.result_files[0], flush=True)
    other = client.files.create(file=("b.jsonl", content), purpose="fine-tune").id
    client.files.delete(other)
    print("deleted", other, flush=True)
"""


def killed_after(home: Path, seconds: float) -> list[list[str]]:
    """What a busy server has acknowledged until it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout.readline().strip() == "ready"
    time.sleep(seconds)
    process.kill()
    said, _ = process.communicate()
    return [line.split() for line in said.splitlines(keepends=True) if line.endswith("\n")]


def test_nothing_that_was_acknowledged_is_lost_when_the_server_is_killed(tmp_path, request):
    kills = max(3, request.config.getoption("--fuzz"))
    moments, home, told = random.Random(20), tmp_path / "home", []
    for _ in range(kills):
        told += killed_after(home, moments.uniform(0.02, 0.4))
    server = start_server(home=home, job_seconds=0)
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    deleted = {id for kind, id, *_ in told if kind == "deleted"}
    for kind, id, *more in told:
        if kind == "file":
            assert hashlib.sha256(client.files.content(id).read()).hexdigest() == more[0]
        elif kind == "job":
            assert client.fine_tuning.jobs.retrieve(id).status == "succeeded"
        elif kind == "model":
            assert client.models.retrieve(id).id == id and client.files.content(more[0]).read()
    listed = {file.id for file in client.files.list()}
    assert not listed & deleted
    assert all(client.files.content(file_id).read() for file_id in listed), "nothing half-written is seen"
    server.stop()
    for path in (home / "files").iterdir():
        aged(path, 3_700)
    with closing(sqlite3.connect(home / "practice.sqlite")) as db, db:
        db.execute("UPDATE file SET created_at = created_at - 7200")
    Store(load_settings(home)).close()
    assert {path.name for path in (home / "files").iterdir()} == listed, "what is orphaned is swept"


# --- what is swept, and what is not -----------------------------------------------------------------------------------


def aged(path: Path, seconds: float) -> Path:
    os.utime(path, (time.time() - seconds, time.time() - seconds))
    return path


@pytest.fixture
def files(home, client, mattress) -> Path:
    """The files of a home whose first upload is two hours old."""
    for _ in range(2):
        client.files.create(file=mattress, purpose="fine-tune")
    with closing(sqlite3.connect(home / "practice.sqlite")) as db, db:
        db.execute("UPDATE file SET created_at = created_at - 7200")
    return home / "files"


def test_what_a_kill_has_left_is_swept_when_it_is_an_hour_old(files, home, client):
    kept = {file.id for file in client.files.list()}
    for name, age in (("tmpold.part", 3_700), ("file-unknown", 3_700), ("tmpyoung.part", 60), ("file-young", 60)):
        (files / name).write_bytes(b"half")
        aged(files / name, age)
    Store(load_settings(home)).close()
    assert {path.name for path in files.iterdir()} == {*kept, "tmpyoung.part", "file-young"}


def test_the_content_of_a_deleted_file_is_swept_unless_a_job_uses_it(files, home, client):
    used, unused = (file.id for file in client.files.list())
    client.fine_tuning.jobs.create(model=MODEL, training_file=used)
    with closing(sqlite3.connect(home / "practice.sqlite")) as db, db:
        db.execute("UPDATE file SET deleted = 1")
    for path in files.iterdir():
        aged(path, 3_700)
    Store(load_settings(home)).close()
    assert [path.name for path in files.iterdir()] == [used] != [unused]


def test_contents_beside_a_new_database_are_left_as_they_are(files, home, server):
    server.stop()
    for path in files.iterdir():
        aged(path, 10_000)
    for path in home.glob("practice.sqlite*"):
        path.unlink()
    start_server(home=home).stop()
    assert len(list(files.iterdir())) == 2


def test_temporary_notes_that_a_kill_has_left_are_swept_with_the_next_note(workspace):
    notes.add("practice", "file", "file-a")
    old, young, own = (workspace / f".{letter * 16}.part" for letter in "abx")
    for path, age in ((old, 3_700), (young, 60), (own, 3_700)):
        path.write_text("{", encoding="utf-8")
        aged(path, age)
    notes.add("practice", "file", "file-b")
    assert sorted(path.name for path in workspace.glob(".*.part")) == sorted([young.name, own.name])
    assert json.loads((workspace / "notes.json").read_text(encoding="utf-8"))
