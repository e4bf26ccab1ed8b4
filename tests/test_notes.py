"""The ids a learner must not lose: kept per host, through restarts, several kernels and accidents."""

import codecs
import json
import subprocess
import sys

import openai
import pytest
from filelock import FileLock

from helpers import notes
from helpers.catch_up import catch_up
from helpers.connection.identity import host_name
from helpers.course_data import kept_json
from helpers.hosts import rehearse
from helpers.job import attach, watch
from helpers.job import start as start_job
from helpers.practice import start_server
from helpers.upload import upload_file
from tests.other_host import HTML, other_host

MODEL = "gpt-4.1-mini-2025-04-14"


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
    assert notes.last(host_name(client), "file") == file.id
    assert notes.last(host_name(client), "job") == job.id
    assert notes.last(host_name(client), "model") == tuned


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
    assert kept == {f"{name}-{i}" for name in ("one", "two", "three") for i in range(20)}


def test_notes_that_somebody_broke_are_never_overwritten(workspace):
    notes.add("practice", "model", "ft:paid")
    path = workspace / "notes.json"
    path.write_text(path.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    broken = path.read_bytes()
    with pytest.raises(ValueError, match=r"notes.json cannot be read: line \d+"):
        notes.add("practice", "file", "file-1")
    assert path.read_bytes() == broken


@pytest.mark.parametrize(
    "content",
    [
        b"null",
        b"[]",
        b'{"hosts": []}',
        b'{"hosts": {"practice": {"file": [{"when": "today"}]}}}',
        '{"a": 1}'.encode("utf-16"),
        b'{"chosen_host": 5}',
        b'{"chosen_host": null}',
        b'{"hosts": {"practice": {"file": ["my id"]}}}',
        b'{"hosts": {"practice": {"file": [{"id": 5}]}}}',
        b'{"hosts": {"practice": {"file": {"id": "file-1"}}}}',
        b'{"adopted": null}',
    ],
)
def test_notes_of_another_form_are_named_and_left_alone(workspace, content):
    workspace.mkdir(parents=True)
    (workspace / "notes.json").write_bytes(content)
    for use in (notes.chosen_host, lambda: notes.choose_host("practice")):
        with pytest.raises(ValueError, match=r"notes.json cannot be read: .*Repair it"):
            use()
    assert (workspace / "notes.json").read_bytes() == content


def test_notes_that_an_editor_saved_with_a_byte_order_mark_are_read_and_kept(workspace):
    notes.add("practice", "model", "ft:paid")
    path = workspace / "notes.json"
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert notes.last("practice", "model") == "ft:paid"
    notes.choose_host("practice")
    assert notes.last("practice", "model") == "ft:paid" and notes.chosen_host() == "practice"


def test_notes_that_another_program_holds_are_named(workspace, monkeypatch):
    monkeypatch.setattr(kept_json, "LOCK_SECONDS", 0.1)
    workspace.mkdir(parents=True)
    with FileLock(workspace / ".notes.lock"), pytest.raises(ValueError, match="held by another program"):
        notes.choose_host("practice")


@pytest.mark.parametrize("why", ["another program holds them", "somebody broke them", "the disk cannot be written"])
def test_a_job_or_a_file_that_cannot_be_noted_was_made_all_the_same_and_is_named(
    client, workspace, mattress, monkeypatch, capsys, why
):
    """Whoever runs the cell again starts a second job, and pays twice."""
    file = upload_file(client, mattress)
    monkeypatch.setattr(kept_json, "LOCK_SECONDS", 0.1)
    lock = FileLock(workspace / ".notes.lock")
    if why == "another program holds them":
        lock.acquire()
    elif why == "somebody broke them":
        (workspace / "notes.json").write_text("{", encoding="utf-8")
    else:
        lock_folder = workspace / ".notes.lock"
        lock_folder.unlink(missing_ok=True)
        lock_folder.mkdir()
    capsys.readouterr()
    job = start_job(client, file.id, MODEL)
    said = capsys.readouterr().out
    assert said.startswith(f"Job {job.id} was started, but could not be noted: ")
    assert said.endswith(". Do not start it again; write down its id.\n") and "Run the cell again" not in said
    result = watch(client, job.id)
    assert f"Write down: {job.id} and {result.job.fine_tuned_model}." in capsys.readouterr().out
    assert [each.id for each in client.fine_tuning.jobs.list()] == [job.id]
    lock.release()


def test_a_file_that_was_uploaded_and_cannot_be_noted_is_named(client, workspace, mattress, monkeypatch, capsys):
    monkeypatch.setattr(kept_json, "LOCK_SECONDS", 0.1)
    workspace.mkdir(parents=True)
    with FileLock(workspace / ".notes.lock"):
        first, again = upload_file(client, mattress), upload_file(client, mattress)
    said = capsys.readouterr().out
    assert f"File {first.id} was uploaded, but could not be noted: workspace/notes.json is held" in said
    assert again.id == first.id and f"File {first.id} is on the host, but could not be noted" in said


def test_a_person_can_read_them(workspace):
    notes.add("practice", "job", "ftjob-1")
    assert written(workspace)["hosts"]["practice"]["job"][0]["when"]


def written(workspace) -> dict:
    return json.loads((workspace / "notes.json").read_text(encoding="utf-8"))


# --- two homes, and ids that a host does not know ------------------------------------------------------------------


@pytest.fixture
def start(tmp_path):
    """Start a practice server on a home of its own; gives a client."""
    running = []

    def begin(name: str, job_seconds: float = 0.2) -> openai.OpenAI:
        running.append(start_server(home=tmp_path / name, job_seconds=job_seconds))
        return openai.OpenAI(base_url=running[-1].base_url, api_key=running[-1].key, max_retries=0)

    yield begin
    for server in running:
        server.stop()


def train(client: openai.OpenAI, path) -> str:
    """A model, with its file and job in the notes."""
    file = client.files.create(file=path, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    notes.remember(client, file)
    notes.remember(client, job)
    return attach(client, job.id).job.fine_tuned_model


def test_two_practice_homes_keep_their_notes_apart(start, mattress):
    first, second = start("first"), start("second")
    model = train(first, mattress)
    with pytest.raises(LookupError, match="hold no job"):
        attach(second)
    assert catch_up(second, "file").id not in {note["id"] for note in notes.all_notes(host_name(first), "file")}
    assert catch_up(first, "model") == model and catch_up(first, "file").id
    assert attach(first).job.fine_tuned_model == model


def test_a_home_has_the_same_notes_at_every_start_and_address(start, mattress):
    model = train(start("home"), mattress)
    assert catch_up(start("home"), "model") == model


def test_planted_faults_are_met_in_a_home_with_notes_of_its_own(start):
    assert host_name(rehearse()) != host_name(start("home"))


def test_an_id_that_the_host_does_not_know_is_marked_and_its_note_is_kept(client, workspace, mattress):
    file = upload_file(client, mattress)
    client.files.delete(file.id)
    assert list(notes.still_there(client, "file", client.files.retrieve)) == []
    assert notes.all_notes(host_name(client), "file") == [] and notes.last(host_name(client), "file") is None
    [kept] = written(workspace)["hosts"][host_name(client)]["file"]
    assert kept["id"] == file.id and kept["gone"] and kept["sha256"]


def test_a_marked_id_that_the_host_knows_again_is_as_before(client, mattress):
    file = upload_file(client, mattress)
    notes.mark(host_name(client), "file", file.id, gone=True)
    assert [found.id for found in notes.still_there(client, "file", client.files.retrieve)] == [file.id]
    assert notes.last(host_name(client), "file") == file.id


def test_a_marked_id_that_is_kept_again_is_as_before(client, mattress):
    file = upload_file(client, mattress)
    notes.mark(host_name(client), "file", file.id, gone=True)
    assert upload_file(client, mattress).id == file.id == notes.last(host_name(client), "file")


def test_marked_ids_are_asked_for_last(client, mattress):
    file = upload_file(client, mattress)
    notes.add(host_name(client), "file", "file-that-is-gone")
    notes.mark(host_name(client), "file", "file-that-is-gone", gone=True)
    asked = []
    next(notes.still_there(client, "file", lambda id: asked.append(id) or client.files.retrieve(id)))
    assert asked == [file.id]


@pytest.mark.parametrize(
    "answer",
    [
        (404, "<html>Log in first</html>", HTML),
        (404, {"detail": "Not Found"}),
        (404, {"error": {"message": "Invalid URL"}}),
    ],
)
def test_a_404_that_is_not_about_the_id_marks_nothing(answer):
    with other_host() as host:
        client = openai.OpenAI(base_url=host.url, api_key="k", max_retries=0)
        notes.add(host_name(client), "file", "file-1")
        host.answers["/v1/files/file-1"] = answer
        assert list(notes.still_there(client, "file", client.files.retrieve)) == []
        assert notes.last(host_name(client), "file") == "file-1"


# --- notes from the time when all practice homes were one host, "practice" -----------------------------------------


def test_notes_from_before_belong_to_the_home_that_knows_them(start, workspace, mattress):
    """Ids of two homes stand in one list: each home takes its own, and the list stays."""
    first, second = start("first"), start("second")
    models = [train(first, mattress), train(second, mattress)]
    kinds = written(workspace)["hosts"]
    mixed = {
        kind: [*kinds[host_name(first)][kind], *kinds[host_name(second)][kind]] for kind in ("file", "job", "model")
    }
    before = {"practice": {**mixed, "model": [{"id": "ft:of-a-deleted-home", "when": "2026"}, *mixed["model"]]}}
    (workspace / "notes.json").write_text(json.dumps({"hosts": before}), encoding="utf-8")
    assert [catch_up(first, "model"), catch_up(second, "model")] == models
    assert attach(first).job.fine_tuned_model == models[0] and attach(second).job.fine_tuned_model == models[1]
    assert written(workspace)["hosts"]["practice"] == before["practice"]


def test_each_home_looks_once_through_the_notes_from_before(start, mattress):
    client = start("home")
    notes.add("practice", "file", "file-of-another-home")
    notes.adopt(client)
    mine = client.files.create(file=mattress, purpose="fine-tune")
    notes.add("practice", "file", mine.id)
    notes.adopt(client)
    assert notes.all_notes(host_name(client), "file") == []


def test_connecting_takes_over_the_notes_from_before(start, tmp_path, monkeypatch, mattress, workspace):
    from helpers import hosts

    monkeypatch.setattr(hosts, "_own", {})
    client = start("home")
    file = client.files.create(file=mattress, purpose="fine-tune")
    notes.add("practice", "file", file.id)
    mine = hosts.connect()
    assert notes.last(host_name(mine), "file") == file.id
    for server in hosts._own.values():
        server.stop()
