"""What goes wrong inside the server is answered in OpenAI's shape, and its traceback stands in `server.log`."""

import logging
import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import openai
import pytest

from helpers.course_data.paths import ROOT
from helpers.practice import start_server
from helpers.practice.room.register import new_key
from helpers.practice.server_log import LARGEST_FILE, ServerLog
from helpers.practice.settings import load_settings
from helpers.practice.simulated.engine import SimulatedReply

MODEL = "gpt-4.1-mini-2025-04-14"
HELLO = [{"role": "user", "content": "Hello"}]
LOGGERS = (None, "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "asyncio")


def damage(home: Path) -> None:
    """From now on nobody can ask for a job."""
    with closing(sqlite3.connect(home / "practice.sqlite")) as db, db:
        db.execute("ALTER TABLE job RENAME TO gone")


def failed(client: openai.OpenAI, job_id: str = "ftjob-any") -> openai.InternalServerError:
    with pytest.raises(openai.InternalServerError) as caught:
        client.fine_tuning.jobs.retrieve(job_id)
    return caught.value


def logged(home: Path) -> str:
    return (home / "server.log").read_text(encoding="utf-8")


def wait_for_log(home: Path, text: str, seconds: float = 20) -> None:
    """Until uvicorn has reported it; the client may know before."""
    end = time.monotonic() + seconds
    while not (home / "server.log").exists() or text not in logged(home):
        assert time.monotonic() < end, f"{text!r} does not stand in the log"
        time.sleep(0.02)


# --- an error that nobody foresaw -------------------------------------------------------------------------------------


def test_an_unexpected_error_names_the_log_and_the_log_has_its_traceback(client, home, capfd):
    damage(home)
    error = failed(client)
    assert error.status_code == 500 and set(error.body) == {"message", "type", "param", "code"}
    details = f"The details are in {home / 'server.log'}; add them if you report it."
    assert error.body["message"] == f"The practice server failed: OperationalError. {details}"
    assert error.request_id.startswith("req_")
    text = logged(home)
    assert "GET '/v1/fine_tuning/jobs/ftjob-any' was answered with 500" in text
    assert text.count("Traceback (most recent call last)") == 1 and "in retrieve" in text
    assert text.rstrip().endswith("sqlite3.OperationalError: no such table: job")
    assert capfd.readouterr().err == ""


def test_what_is_wrong_with_a_request_is_not_logged(client, home):
    with pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.retrieve("ftjob-nobody")
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model=MODEL, messages=[])
    assert not (home / "server.log").exists()


def test_an_answer_that_breaks_off_leaves_its_traceback(client, home, monkeypatch, capfd):
    def broken(reply):
        yield "Hello"
        raise ZeroDivisionError("in the middle of a word")

    monkeypatch.setattr(SimulatedReply, "__iter__", broken)
    with pytest.raises(openai.APIConnectionError):
        list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    wait_for_log(home, "ZeroDivisionError: in the middle of a word")
    assert capfd.readouterr().err == ""


def test_what_uvicorn_reports_is_in_the_log(server, home, capfd):
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"This is not HTTP\r\n\r\n")
        connection.recv(1000)
    wait_for_log(home, "Invalid HTTP request")
    assert capfd.readouterr().err == ""


def test_who_sends_nonsense_again_and_again_does_not_drive_the_tracebacks_out_of_the_log(server, home):
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"This is not HTTP\r\n\r\n")
            connection.recv(1000)
    wait_for_log(home, "Invalid HTTP request")
    assert logged(home).count("\n") == 1


def test_a_log_that_cannot_be_written_breaks_no_answer(client, home, capfd):
    (home / "server.log").mkdir()
    damage(home)
    assert "OperationalError" in failed(client).body["message"]
    assert client.models.retrieve(MODEL).id == MODEL
    assert capfd.readouterr().err == ""


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_never_stands_in_the_log(client, server, home):
    damage(home)
    failed(client, server.key)
    log = ServerLog(load_settings(home))
    other = "sk-" + "proj" * 8
    for said in (
        f"headers: {[(b'host', b'localhost'), (b'authorization', f'Bearer {other}'.encode())]}",
        f"Authorization: Bearer {other}",
        f"{{'Authorization': 'Basic {other[3:]}'}}",
        f"OPENAI_API_KEY={other[3:]}",
        f"the key {other} and half of an emoji: \ud83d",
    ):
        log.failed(said, ValueError(said))
    log.close()
    text = logged(home)
    assert server.key not in text and other[3:] not in text
    assert text.count("ValueError") == 5 and "<key>" in text


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("Groq: gsk_abcdefghijklmnop1234", "gsk_abcdefghijklmnop1234"),
        ("GET /v1/models/ft:gsk_inthepath", "gsk_inthepath"),
        ("Hugging Face: hf_abcdefghijklmnopqr", "hf_abcdefghijklmnopqr"),
        ("key=AIzaSyAbcdefghijklmn", "AIzaSyAbcdefghijklmn"),
        ("sk_live_1234567890", "sk_live_1234567890"),
        ("of a server: practice-abcDEF0123456789_-abcdef", "practice-abcDEF0123456789_-abcdef"),
        ("token: topsecret", "topsecret"),
        ("HF_TOKEN=topsecret", "topsecret"),
        ("{'access_token': 'topsecret'}", "topsecret"),
        ("x-api-key: abcdef123", "abcdef123"),
        ('{"api_key":\n   "topsecret"}', "topsecret"),
        ("AUTHORIZATION\n=Bearer\n topsecret", "topsecret"),
        ("Bearer\n topsecret", "topsecret"),
    ],
)
def test_keys_of_other_hosts_never_stand_in_the_log_either(home, said, secret):
    log = ServerLog(load_settings(home))
    log.failed("a request", ValueError(said))
    log.close()
    assert secret not in logged(home) and "<key>" in logged(home)


def test_a_key_of_a_room_which_knows_only_its_hash_never_stands_in_the_log(home):
    key, log = new_key(), ServerLog(load_settings(home))
    log.failed("a request", ValueError(f"of a learner: {key}"))
    log.close()
    assert key not in logged(home) and "of a learner: <key>" in logged(home)


@pytest.mark.parametrize(
    "said", ["hf_hub_download failed", "max_tokens: 5", "the token was cut", "sk_model", "AttributeError: no keys"]
)
def test_what_is_no_key_stays_in_the_log(home, said):
    log = ServerLog(load_settings(home))
    log.failed("a request", ValueError(said))
    log.close()
    assert said in logged(home)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_log_is_readable_by_its_owner_only_also_when_it_is_turned_or_older(home):
    home.mkdir()
    (home / "server.log").write_text("of an earlier version\n", encoding="utf-8")
    (home / "server.log").chmod(0o644)
    log = ServerLog(load_settings(home))
    for number in range(40):
        log.failed(f"error {number}", ValueError("x" * 40_000))
    log.close()
    assert {path.name: path.stat().st_mode & 0o777 for path in home.glob("server.log*") if path.suffix != ".lock"} == {
        "server.log": 0o600,
        "server.log.1": 0o600,
    }


# --- one log of a home ------------------------------------------------------------------------------------------------


def sizes(home: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in home.glob("server.log*")}


def test_the_log_is_bounded(home):
    log = ServerLog(load_settings(home))
    for number in range(100):
        log.failed(f"error {number}", ValueError("x" * 10_000_000 if number == 99 else "x" * 40_000))
    log.close()
    assert set(sizes(home)) - {"server.log.lock"} == {"server.log", "server.log.1"}
    assert sum(sizes(home).values()) <= 2 * LARGEST_FILE
    assert "error 99" in logged(home) and "characters left out" in logged(home)


def test_servers_in_several_processes_write_into_one_log_without_losing_a_line(tmp_path):
    home = tmp_path / "home of 练习"
    code = """if True:
        import sys
        from helpers.practice.server_log import ServerLog
        from helpers.practice.settings import load_settings
        log = ServerLog(load_settings(sys.argv[1]))
        for number in range(150):
            log.failed(f"<error {sys.argv[2]}-{number} " + "x" * 4000 + ">", ValueError("end"))
    """
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(home), name], cwd=ROOT, stderr=subprocess.PIPE)
        for name in ("one", "two", "three")
    ]
    assert [process.communicate()[1] for process in processes] == [b""] * 3
    text = (home / "server.log.1").read_text("utf-8") + logged(home)
    records = [line for line in text.splitlines() if "<error" in line]
    assert len(records) > 2 * LARGEST_FILE / 4200 / 2  # the older ones were dropped when the log was turned
    assert all(line.endswith("x>") and line.count("<error") == 1 for line in records)
    assert {name for name in ("one-149", "two-149", "three-149") if f"<error {name} " in text}
    assert sum(sizes(home).values()) <= 2 * LARGEST_FILE


def test_two_servers_of_one_program_keep_their_errors_apart(tmp_path):
    servers = [start_server(home=tmp_path / name, job_seconds=0) for name in ("a", "b")]
    damage(tmp_path / "a")
    failed(openai.OpenAI(base_url=servers[0].base_url, api_key=servers[0].key, max_retries=0))
    with socket.create_connection(("127.0.0.1", servers[0].port)) as connection:
        connection.sendall(b"This is not HTTP\r\n\r\n")
        connection.recv(1000)
    wait_for_log(tmp_path / "a", "Invalid HTTP request")
    assert not (tmp_path / "b" / "server.log").exists()
    for server in servers:
        server.stop()


# --- the learner's own logging ----------------------------------------------------------------------------------------


def set_up() -> list[tuple]:
    loggers = [logging.getLogger(name) for name in LOGGERS]
    return [(each.level, each.propagate, each.disabled, *each.handlers, *each.filters) for each in loggers]


def test_the_logging_of_the_program_stays_as_it_was_set_up(tmp_path):
    own = logging.NullHandler()
    logging.getLogger("uvicorn.access").addHandler(own)
    before = set_up()
    server = start_server(home=tmp_path / "home")
    running = set_up()
    server.stop()
    assert set_up() == before
    assert [each[:3] for each in running] == [each[:3] for each in before]
    logging.getLogger("uvicorn.access").removeHandler(own)


def test_another_server_of_the_program_goes_on_reporting_to_the_loggers_of_the_program(client, home, caplog):
    damage(home)
    failed(client)
    logging.getLogger("uvicorn.error").error("of my own server")
    assert "of my own server" in caplog.text and "of my own server" not in logged(home)


def test_a_program_that_logs_everything_sees_nothing_of_the_requests_to_the_practice_server(tmp_path):
    code = """if True:
        import logging, sys
        logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s", stream=sys.stdout)
        import openai
        from helpers.practice import start_server
        server = start_server(home=sys.argv[1], job_seconds=0)
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
        client.models.list()
        server.stop()
    """
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "home")], cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    said = {line.split()[0] for line in done.stdout.splitlines() if line}
    assert "openai._base_client" in said and not {name for name in said if name.startswith(("uvicorn", "helpers"))}
    assert done.stderr == ""
