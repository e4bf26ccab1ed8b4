"""The practice server as a program: its key, planted faults, restarts, several servers on one home, the command."""

import json
import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import openai
import pytest

from helpers.course_data.paths import ROOT
from helpers.practice import start_server
from helpers.practice.settings import PracticeHomeError, load_settings

MODEL = "gpt-4.1-mini-2025-04-14"


def client_of(server, **options) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key=server.key, **{"max_retries": 0, **options})


def plant(client, fault, times=1):
    root = str(client.base_url).removesuffix("/v1/")
    client.post(f"{root}/practice/faults", cast_to=object, body={"fault": fault, "times": times})


# --- the key ------------------------------------------------------------------------------------------------------


def test_a_wrong_key_is_refused_and_masked_in_the_message(server):
    wrong = "sk-" + "proj" * 8
    stranger = openai.OpenAI(base_url=server.base_url, api_key=wrong)
    with pytest.raises(openai.AuthenticationError) as caught:
        stranger.models.list()
    assert caught.value.code == "invalid_api_key"
    assert wrong not in str(caught.value) and "sk-*" in str(caught.value)


@pytest.mark.parametrize("path", ["/v1/models", "/practice/status", "/practice/faults"])
def test_without_a_key_nothing_is_told(server, path):
    import urllib.error
    import urllib.request

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(server.base_url.removesuffix("/v1") + path)
    assert caught.value.code == 401


def test_the_key_is_random_for_each_home_and_readable_by_its_owner_only(tmp_path):
    first, second = load_settings(tmp_path / "a").key, load_settings(tmp_path / "b").key
    assert first != second and first.startswith("practice-") and len(first) == len("practice-") + 24
    assert load_settings(tmp_path / "a").key == first
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "a" / "key").stat().st_mode) == 0o600


def test_the_key_is_not_in_the_database_nor_in_the_repr(client, server, tuned):
    assert server.key not in repr(server)
    for path in server.home.rglob("*"):
        if path.is_file() and path.name != "key":
            assert server.key.encode() not in path.read_bytes(), path.name


def test_a_home_that_cannot_be_used_is_explained(tmp_path):
    (tmp_path / "home").write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(PracticeHomeError, match="PRACTICE_HOME"):
        start_server(home=tmp_path / "home")


# --- what can go wrong, on purpose --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("wrong_key", openai.AuthenticationError, "invalid_api_key"),
        ("rate_limit", openai.RateLimitError, "rate_limit_exceeded"),
        ("server_error", openai.InternalServerError, None),
        ("dropped_connection", openai.APIConnectionError, None),
    ],
)
def test_a_planted_fault_meets_the_next_request_and_no_other(client, fault, error, code):
    plant(client, fault)
    with pytest.raises(error) as caught:
        client.models.list()
    assert caught.value.code == code
    assert client.models.list().data


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("training_not_available", openai.PermissionDeniedError, "training_not_available"),
        ("daily_rate_limit", openai.RateLimitError, "daily_rate_limit_exceeded"),
    ],
)
def test_a_fault_of_job_creation_lets_everything_else_through(client, fault, error, code):
    plant(client, fault)
    client.models.list()
    with pytest.raises(error) as caught:
        client.fine_tuning.jobs.create(model=MODEL, training_file="file-any")
    assert caught.value.code == code


def test_the_client_retries_by_itself_what_can_be_retried(server):
    client = client_of(server, max_retries=2)
    plant(client, "server_error", times=2)
    assert client.models.list().data


def test_a_rate_limit_says_when_to_come_back(client):
    plant(client, "rate_limit")
    with pytest.raises(openai.RateLimitError) as caught:
        client.models.list()
    assert caught.value.response.headers["retry-after"] == "1"


def test_a_job_can_fail_its_safety_evaluation(client, mattress):
    plant(client, "safety_evaluation")
    file = client.files.create(file=mattress, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    job = client.fine_tuning.jobs.retrieve(job.id)
    assert job.status == "failed" and "moderation eval refusals_v3" in job.error.message
    assert job.fine_tuned_model is None


# --- restarts, and several servers on one home --------------------------------------------------------------------


def test_a_restarted_server_knows_files_jobs_and_models(tmp_path, mattress):
    first = start_server(home=tmp_path, job_seconds=0)
    client = client_of(first)
    file = client.files.create(file=mattress, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    first.stop()
    second = start_server(home=tmp_path, job_seconds=0)
    assert client_of(second).fine_tuning.jobs.retrieve(job.id).status == "succeeded"
    assert client_of(second).files.content(file.id).read() == mattress.read_bytes()
    second.stop()


def test_two_servers_on_one_home_share_everything(tmp_path, mattress):
    one, two = start_server(home=tmp_path), start_server(home=tmp_path)
    assert one.key == two.key
    files = [client_of(server).files.create(file=mattress, purpose="fine-tune") for server in (one, two)]
    for server in (one, two):
        assert client_of(server).files.list().data == files[::-1]
    one.stop()
    two.stop()


def test_uploads_at_the_same_time_to_two_servers_are_all_there_each_with_its_content(tmp_path):
    servers = [start_server(home=tmp_path), start_server(home=tmp_path)]
    contents = [json.dumps({"n": n}).encode() for n in range(20)]

    def upload(server, content: bytes) -> str:
        return client_of(server).files.create(file=("mine.jsonl", content), purpose="fine-tune").id

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(upload, servers * 10, contents))
    client = client_of(servers[0])
    assert sorted(file.id for file in client.files.list()) == sorted(set(made)) and len(set(made)) == 20
    assert [client.files.content(file_id).read() for file_id in made] == contents
    for server in servers:
        server.stop()


def test_ids_are_the_same_in_every_fresh_home_under_test_and_random_otherwise(tmp_path, mattress):
    ids = []
    for name, seconds in (("a", 0), ("b", 0), ("c", 1), ("d", 1)):
        server = start_server(home=tmp_path / name, job_seconds=seconds)
        ids.append(client_of(server).files.create(file=mattress, purpose="fine-tune").id)
        server.stop()
    assert ids[0] == ids[1] and len(set(ids)) == 3


def test_an_upload_that_was_cut_off_leaves_nothing(tmp_path, mattress):
    part = tmp_path / "files" / "tmpabc.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half a line")
    os.utime(part, (time.time() - 7200, time.time() - 7200))
    server = start_server(home=tmp_path)
    assert not part.exists() and client_of(server).files.list().data == []
    server.stop()


# --- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path):
    started = []

    def run(*arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", "helpers.practice", "--home", str(tmp_path / "home of 练习"), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT,
            env={**os.environ, "PYTHONUTF8": "1", **environment},
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_the_command_prints_the_lines_that_a_script_needs(command):
    process, printed = command(PRACTICE_KEY="practice-of-the-teacher"), ""
    while "Ctrl-C" not in printed:
        printed += process.stdout.readline()
    url = re.search(r"^export OPENAI_BASE_URL=(\S+)$", printed, re.M)[1]
    key = re.search(r'^\$env:OPENAI_API_KEY="(\S+)"$', printed, re.M)[1]
    assert openai.OpenAI(base_url=url, api_key=key).models.list().data
    assert key == "practice-of-the-teacher"
    assert f"\nset OPENAI_BASE_URL={url}\n" in printed  # Windows, cmd


def test_a_port_that_is_taken_gets_a_plain_sentence(command, server):
    process = command("--port", str(server.port))
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1 and "Choose another --port" in said and "Traceback" not in said


def refused(process) -> str:
    """What a command says that ends at once."""
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1 and "Traceback" not in said
    return said


def test_a_key_on_the_command_line_is_refused_because_others_can_see_it(command):
    said = refused(command("--key", "practice-of-the-teacher"))
    assert "list of processes" in said and "--key-file" in said and "practice-of-the-teacher" not in said


def test_a_server_for_others_prints_addresses_that_they_can_use_and_says_that_nothing_is_encrypted(command, tmp_path):
    (tmp_path / "key of the room").write_text("practice-of-the-teacher\n", encoding="utf-8")
    process, printed = command("--host", "0.0.0.0", "--key-file", str(tmp_path / "key of the room")), ""
    while "Ctrl-C" not in printed:
        printed += process.stdout.readline()
    assert "0.0.0.0" not in printed and "Nothing that is sent there is encrypted" in printed
    urls = re.findall(r"^http://\S+/v1$", printed, re.M)
    assert urls or "no address in a network" in printed
    for url in [*urls, re.search(r"^export OPENAI_BASE_URL=(\S+)$", printed, re.M)[1]]:
        assert openai.OpenAI(base_url=url, api_key="practice-of-the-teacher", max_retries=0).models.list().data
    assert "practice-of-the-teacher" not in " ".join(map(str, process.args))


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\xff", b"a\nb"])
def test_a_key_file_that_holds_no_key_gets_a_plain_sentence(command, tmp_path, content):
    path = tmp_path / "key of the room"
    if content is not None:
        path.write_bytes(content)
    assert "--key-file" in refused(command("--key-file", str(path)))


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_cannot_be_gets_a_plain_sentence(command, port):
    assert f"port: found {port}; expected 0 to 65535" in refused(command(f"--port={port}"))


# --- databases of others ------------------------------------------------------------------------------------------


def made_by(path: Path, *statements: str) -> bytes:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)
    return path.read_bytes()


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE recipes (name TEXT)"],
        ["CREATE TABLE file (name TEXT)", "PRAGMA user_version = 1"],
        ["CREATE TABLE counter (value INTEGER)", "PRAGMA user_version = 99"],
    ],
)
def test_a_database_of_another_program_is_named_and_left_as_it_is(home, statements):
    before = made_by(home / "practice.sqlite", *statements)
    with pytest.raises(PracticeHomeError, match=r"practice\.sqlite: found .*; expected version 1") as caught:
        start_server(home=home)
    assert "left as it is" in str(caught.value) and "PRACTICE_HOME" in str(caught.value)
    with closing(sqlite3.connect(home / "practice.sqlite")) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master")]
    assert len(tables) == 1 and len(before) == (home / "practice.sqlite").stat().st_size


@pytest.mark.parametrize("content", [b"not a database at all, but a text\n" * 50, b"SQLite format 3\0" + b"x" * 2000])
def test_a_database_that_is_damaged_is_named_with_what_to_do_and_left_as_it_is(home, content):
    home.mkdir()
    (home / "practice.sqlite").write_bytes(content)
    with pytest.raises(PracticeHomeError, match="cannot use its database"):
        start_server(home=home)
    assert (home / "practice.sqlite").read_bytes() == content


def test_a_server_that_cannot_start_leaves_the_port_free(home, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made_by(home / "practice.sqlite", "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(PracticeHomeError):
        start_server(home=home, port=port)
    (home / "practice.sqlite").unlink()
    start_server(home=home, port=port).stop()


def test_status_says_that_it_is_a_practice_server(client):
    root = str(client.base_url).removesuffix("/v1/")
    status = client.get(f"{root}/practice/status", cast_to=object)
    assert status["object"] == "practice.status" and MODEL in status["engines"]["simulator"]
    assert str(Path.home()) not in json.dumps(status)


def test_an_unknown_address_is_an_error_of_openais_shape(client):
    with pytest.raises(openai.NotFoundError, match="Invalid URL"):
        client.get("/embeddings", cast_to=object)
