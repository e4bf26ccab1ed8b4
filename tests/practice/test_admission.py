"""A stranger is refused before the body is read, and no body is longer than its bound."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import openai
import psutil
import pytest

from helpers.course_data.paths import ROOT
from helpers.practice import start_server
from tests.practice.raw_http import chunks, connect, read, request, with_key
from tests.waiting import until

MIB = 1024 * 1024
FORM = "Content-Type: multipart/form-data; boundary=b"
JSON = "Content-Type: application/json"
HEAD_OF_FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'


@pytest.fixture
def bounded(home, monkeypatch):
    """Starts a server with other bounds, given by name."""
    started = []

    def start(**limits):
        for name, value in limits.items():
            monkeypatch.setenv(f"PRACTICE_LIMIT_{name.upper()}", str(value))
        started.append(start_server(home=home, job_seconds=0))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def many(size: int, first: bytes = b""):
    yield first
    for _ in range(size // MIB):
        yield b"x" * MIB


@pytest.mark.parametrize("key", [(), ("Authorization: Bearer wrong",), ("Authorization: Basic abc",)])
@pytest.mark.parametrize(("path", "kind"), [("/v1/files", FORM), ("/v1/chat/completions", JSON), ("/any", JSON)])
def test_without_the_key_a_large_body_is_refused_and_nothing_of_it_is_kept(server, tmp_path, key, path, kind):
    this, spooled = psutil.Process(), Path(tempfile.gettempdir())
    before, files = this.memory_info().rss, set(spooled.iterdir())
    length = f"Content-Length: {300 * MIB}"
    answer = request(server, f"POST {path} HTTP/1.1", *key, kind, length, body=many(300 * MIB, HEAD_OF_FORM))
    assert answer.status == 401 and answer.headers["x-request-id"].startswith("req_")
    assert "API key" in answer.error["message"]
    assert this.memory_info().rss - before < 60 * MIB
    assert len(set(spooled.iterdir()) - files) <= 1 and list((server.home / "files").iterdir()) == []


def test_without_the_key_a_body_that_never_comes_holds_no_connection(bounded):
    server = bounded(refused_seconds=0.2)
    with connect(server) as connection:
        connection.sendall(b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 700000000\r\n\r\n")
        assert read(connection).status == 401


def test_a_client_that_asks_before_it_sends_is_told_before_it_has_sent(server):
    with connect(server) as connection:
        connection.sendall(
            b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 700000000\r\nExpect: 100-continue\r\n\r\n"
        )
        assert read(connection).status == 401


def test_every_path_asks_for_the_key(server):
    for path in ("/", "/v1", "/v1/models/", "/practice/status", "/docs", "/nothing", "/v1/../practice/status", "//"):
        assert request(server, f"GET {path} HTTP/1.1").status == 401, path


def test_a_wrong_key_on_an_upload_is_said_and_does_not_look_like_a_broken_connection(server):
    stranger = openai.OpenAI(base_url=server.base_url, api_key="wrong", max_retries=0)
    for _ in range(5):
        with pytest.raises(openai.AuthenticationError):
            stranger.files.create(file=("a.jsonl", b'{"a": 1}\n' * 200_000), purpose="fine-tune")


@pytest.mark.parametrize("length", [[f"Content-Length: {20 * MIB}"], ["Transfer-Encoding: chunked"]])
def test_a_body_of_json_is_bounded_whether_its_length_is_named_or_it_comes_in_chunks(server, length):
    body = many(20 * MIB) if "Content" in length[0] else chunks(b"x" * MIB, 20)
    answer = request(server, "POST /v1/chat/completions HTTP/1.1", with_key(server), JSON, *length, body=body)
    assert answer.status == 413 and "larger than the maximum of 10,000,000 bytes" in answer.error["message"]


def test_an_upload_in_chunks_is_bounded_and_leaves_nothing(bounded):
    server = bounded(file_bytes=MIB, form_bytes=1000)
    body = [b"%x\r\n%s\r\n" % (len(HEAD_OF_FORM), HEAD_OF_FORM), *chunks(b"x" * MIB, 3)]
    answer = request(server, "POST /v1/files HTTP/1.1", with_key(server), FORM, "Transfer-Encoding: chunked", body=body)
    assert answer.status == 413 and answer.error["type"] == "invalid_request_error"
    assert list((server.home / "files").iterdir()) == []


@pytest.mark.parametrize(
    ("part", "count", "said"), [('name="f"', 17, "Too many fields"), ('name="file"; filename="a"', 2, "Too many files")]
)
def test_what_a_form_has_besides_its_file_is_bounded_because_it_is_held_in_memory(server, part, count, said):
    """Each field may have a megabyte: a thousand of them would take a gigabyte before anything is refused."""
    body = f"--b\r\nContent-Disposition: form-data; {part}\r\n\r\nx\r\n".encode() * count + b"--b--\r\n"
    length = f"Content-Length: {len(body)}"
    answer = request(server, "POST /v1/files HTTP/1.1", with_key(server), FORM, length, body=body)
    assert answer.status == 400 and said in answer.error["message"]
    assert list((server.home / "files").iterdir()) == []


@pytest.mark.parametrize(("charset", "name"), [("utf-7", b"+2D0-"), ("unicode_escape", b"\\ud83d")])
def test_a_name_of_a_file_with_half_of_an_emoji_is_refused_whatever_charset_hides_it(server, charset, name):
    purpose = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
    body = purpose + HEAD_OF_FORM.replace(b"a.jsonl", name) + b"a\r\n--b--\r\n"
    head = [with_key(server), f"{FORM}; charset={charset}", f"Content-Length: {len(body)}"]
    answer = request(server, "POST /v1/files HTTP/1.1", *head, body=body)
    assert answer.status == 400 and "half of an emoji" in answer.error["message"]
    assert list((server.home / "files").iterdir()) == []


def test_a_body_that_stops_in_the_middle_is_given_up(bounded):
    server = bounded(body_seconds=0.2)
    with connect(server) as connection:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n{with_key(server)}\r\n{JSON}\r\nContent-Length: 99"
        connection.sendall(f'{head}\r\n\r\n{{"model":'.encode())
        answer = read(connection)
    assert answer.status == 408 and "did not go on for 0.2 seconds" in answer.error["message"]


def test_an_answer_may_take_longer_than_a_body_may_pause(bounded, mattress):
    server = bounded(body_seconds=0.05)
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    asked = {"model": "gpt-4.1-mini-2025-04-14", "messages": [{"role": "user", "content": "Hi"}]}
    with client.chat.completions.create(**asked, stream=True) as stream:
        pieces = []
        for piece in stream:
            pieces.append(piece)
            time.sleep(0.02)
    assert pieces[-1].choices[0].finish_reason == "stop"
    assert client.files.create(file=mattress, purpose="fine-tune").status == "processed"


@pytest.mark.parametrize("path", ["/v1/models/", "/v1/files/", "/practice/status/"])
def test_a_slash_at_the_end_leads_to_no_other_host(server, path):
    answer = request(server, f"GET {path} HTTP/1.1", with_key(server), "X-Forwarded-Host: evil.example")
    assert answer.status == 404 and "location" not in answer.headers
    assert "Invalid URL" in answer.error["message"]


# --- connections ------------------------------------------------------------------------------------------------------


def closed(connection) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("begun", [b"", b"GET /v1/models HTT", b"GET /v1/models HTTP/1.1\r\nHost: x\r\nA: "])
def test_a_request_that_never_gets_whole_is_given_up(bounded, begun):
    server = bounded(header_seconds=0.3)
    with connect(server) as connection:
        connection.sendall(begun)
        assert closed(connection)


def test_headers_that_drip_are_given_up_also_behind_a_request_that_was_answered(bounded):
    server = bounded(header_seconds=0.3)
    with connect(server) as connection:
        connection.sendall(f"GET /v1/models HTTP/1.1\r\nHost: x\r\n{with_key(server)}\r\n\r\n".encode())
        connection.recv(65536)
        begun = time.monotonic()
        connection.sendall(b"GET /v1/models HTTP/1.1\r\n")
        dripping = threading.Event()

        def drip() -> None:
            while not dripping.wait(0.05):
                try:
                    connection.sendall(b"X-A: b\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        while not closed(connection):
            assert time.monotonic() - begun < 20
        dripping.set()
        thread.join()


@contextmanager
def crowd(server, *sent):
    """Sixty strangers, each of whom sends this and then waits."""
    strangers = [connect(server) for _ in range(60)]
    for stranger in strangers:
        with suppress(ConnectionError):  # it has had to give up its place already
            for piece in sent:
                stranger.sendall(piece)
    yield
    for stranger in strangers:
        stranger.close()


def test_half_open_requests_take_nobody_the_place(bounded):
    server = bounded(connections=20, header_seconds=60)
    with crowd(server, b"GET /v1/models HTTP/1.1\r\n"):
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
        assert client.models.list().data
        mine = psutil.Process(os.getpid())
        until(
            lambda: sum(c.laddr.port == server.port and c.status == "ESTABLISHED" for c in mine.net_connections()) <= 21
        )


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # a client that speaks TLS
        b"GET /v1/models HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/models HTTP/11\r\nHost: x\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\n\r\n",  # no Host
        b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000,
    ],
    ids=lambda sent: repr(sent[:30]),
)
def test_what_http_itself_refuses_gets_an_error_of_openais_shape(server, sent):
    with connect(server) as connection:
        connection.sendall(sent)
        answer = read(connection)
    assert answer.status == 400 and answer.headers["content-type"] == "application/json"
    assert answer.error["type"] == "invalid_request_error" and answer.headers["x-request-id"].startswith("req_")


def test_a_chunk_that_is_none_ends_the_request_and_not_the_server(server, client):
    head = ["Transfer-Encoding: chunked", JSON, with_key(server)]
    answer = request(server, "POST /v1/chat/completions HTTP/1.1", *head, body=b"5\r\nabcde\r\nzz\r\n")
    assert answer.status == 400 and answer.error
    assert client.models.list().data
    log = server.home / "server.log"
    assert not log.exists() or "Traceback" not in log.read_text(encoding="utf-8")


# --- the settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["0", "-1", "many", "nan", "inf", "1.5"])
def test_a_bound_that_cannot_be_is_refused_by_name(monkeypatch, home, value):
    monkeypatch.setenv("PRACTICE_LIMIT_BODY_BYTES", value)
    with pytest.raises(ValueError, match=r"PRACTICE_LIMIT_BODY_BYTES: found .*; expected a whole number above 0"):
        start_server(home=home)


def test_a_repr_of_the_settings_does_not_show_the_key(server):
    assert server.key not in repr(server.settings)


def test_requests_that_are_refused_take_nobody_the_place_while_their_bodies_do_not_come(bounded):
    server = bounded(connections=20, refused_seconds=60)
    head = b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n{"
    with crowd(server, head, b"and a little of the body"):
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
        for _ in range(5):
            assert client.models.list().data


# --- file handles -----------------------------------------------------------------------------------------------------

ROOM = """
import resource, sys, threading
from pathlib import Path
hard = min(int(sys.argv[2]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))  # 256: as in a terminal of macOS
from helpers.practice.room.server import start_room
room = start_room([f"Learner {number}" for number in range(100)], Path(sys.argv[1]), job_seconds=0)
print(room.base_url, room.new_keys["Learner 7"], flush=True)
threading.Event().wait()
"""
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no bound for open files")


@on_posix
@pytest.mark.parametrize("may_have", [500, 100_000])
def test_connections_of_strangers_leave_the_file_handles_that_learners_need(tmp_path, may_have):
    """A learner's file is a file handle, too, and so is the database. 100 learners need 303 for theirs."""
    command = [sys.executable, "-c", ROOM, str(tmp_path / "room"), str(may_have)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as room:
        strangers = []
        try:
            address, key = room.stdout.readline().split()
            port = int(address.split(":")[2].removesuffix("/v1"))
            strangers = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(600)]
            client = openai.OpenAI(base_url=address, api_key=key, max_retries=0, timeout=5)
            for _ in range(3):
                file = client.files.create(file=("a.jsonl", b'{"a": 1}'), purpose="fine-tune")
                assert client.files.content(file.id).text == '{"a": 1}'
        finally:
            for stranger in strangers:
                stranger.close()
            room.kill()
