"""The ids a learner must not lose: kept per host, through restarts, several kernels and accidents."""

import json
import subprocess
import sys

import pytest

from helpers import notes


def test_the_newest_comes_first_and_each_id_once():
    for id in ("file-1", "file-2", "file-1"):
        notes.add("practice", "file", id)
    assert [note["id"] for note in notes.all_notes("practice", "file")] == ["file-1", "file-2"]


def test_hosts_do_not_mix():
    notes.add("practice", "model", "ft:a")
    assert notes.last("openai", "model") is None


def test_details_stay_when_an_id_is_kept_again():
    notes.add("practice", "file", "file-1", sha256="abc")
    notes.add("practice", "file", "file-1")
    assert notes.all_notes("practice", "file")[0]["sha256"] == "abc"


def test_remember_takes_what_the_api_returned(client, mattress, tuned):
    file = client.files.list().data[0]
    job = client.fine_tuning.jobs.list().data[0]
    notes.remember(client, file)
    notes.remember(client, job)
    assert notes.last("practice", "file") == file.id
    assert notes.last("practice", "job") == job.id
    assert notes.last("practice", "model") == tuned


def test_remember_refuses_what_has_no_id(client):
    with pytest.raises(TypeError, match="expected a file, a job or a model"):
        notes.remember(client, 42)


def test_two_kernels_that_write_at_once_lose_nothing(workspace):
    code = "from helpers import notes\nfor i in range(20): notes.add('practice', 'file', f'{NAME}-{i}')"
    running = [
        subprocess.Popen([sys.executable, "-c", code.replace("{NAME}", name)]) for name in ("one", "two", "three")
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    kept = {note["id"] for note in notes.all_notes("practice", "file")}
    assert len(kept) == notes.KEPT and {"one-19", "two-19", "three-19"} <= kept


def test_a_note_that_somebody_broke_is_never_overwritten(workspace):
    notes.add("practice", "model", "ft:paid")
    path = workspace / "notes.json"
    path.write_text(path.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    broken = path.read_bytes()
    with pytest.raises(ValueError, match=r"notes.json cannot be read: line \d+"):
        notes.add("practice", "file", "file-1")
    assert path.read_bytes() == broken


def test_a_person_can_read_them(workspace):
    notes.add("practice", "job", "ftjob-1")
    assert json.loads((workspace / "notes.json").read_text(encoding="utf-8"))["hosts"]["practice"]["job"][0]["when"]
