"""Which host is it? By what it says itself, and asked again as long as it has not said so."""

import sqlite3
import threading
from contextlib import closing

import openai
import pytest

from helpers.connection.identity import address_of, host_name, is_practice, shown_name
from helpers.notes import remember
from helpers.practice import start_server
from tests.other_host import HTML, other_host


def client_of(url: str, key: str = "k") -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key=key, max_retries=0)


def test_a_practice_home_is_known_by_an_id_that_stays(tmp_path):
    names = []
    for folder in ("a", "a", "b"):
        server = start_server(home=tmp_path / folder)
        names.append(host_name(client_of(server.base_url, server.key)))
        server.stop()
    assert names[0] == names[1] != names[2] and names[0].startswith("practice ")


def test_servers_that_start_together_on_a_fresh_home_agree_on_its_id(tmp_path):
    started, ready = [], threading.Barrier(4)

    def start():
        ready.wait()
        started.append(start_server(home=tmp_path / "home"))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 4
    assert len({host_name(client_of(server.base_url, server.key)) for server in started}) == 1
    for server in started:
        server.stop()


def test_a_home_from_before_homes_had_ids_gets_one_at_its_first_start_and_loses_nothing(tmp_path, mattress):
    first = start_server(home=tmp_path)
    file = client_of(first.base_url, first.key).files.create(file=mattress, purpose="fine-tune")
    first.stop()
    with closing(sqlite3.connect(tmp_path / "practice.sqlite")) as db:
        db.execute("DROP TABLE home")
    names = []
    for _ in range(2):
        server = start_server(home=tmp_path)
        client = client_of(server.base_url, server.key)
        names.append(host_name(client))
        assert client.files.retrieve(file.id).id == file.id
        server.stop()
    assert names[0] == names[1] != "practice "


def test_people_read_practice_and_not_an_id(client):
    assert shown_name(client) == "practice"


def test_an_older_server_without_an_id_goes_by_its_name():
    with other_host() as host:
        host.answers["/practice/status"] = (200, {"object": "practice.status", "home": "home"})
        assert host_name(client_of(host.url)) == "practice"


def test_a_server_that_answers_a_second_later_is_known_from_then_on(tmp_path):
    early = start_server(home=tmp_path)
    client = client_of(early.base_url, early.key)
    early.stop()
    assert not is_practice(client)
    late = start_server(home=tmp_path, port=early.port)
    assert is_practice(client)
    late.stop()


def test_a_practice_server_is_asked_once(server):
    client = client_of(server.base_url, server.key)
    assert is_practice(client)
    server.stop()
    assert is_practice(client)


@pytest.mark.parametrize(
    "answer", [(404, {}), (200, "<html>Hello</html>", HTML), (200, "not json"), (200, {"object": "else"}), (500, {})]
)
def test_another_host_is_no_practice_server(answer):
    with other_host() as host:
        host.answers["/practice/status"] = answer
        assert not is_practice(client_of(host.url)) and host_name(client_of(f"{host.url}/")) == host.url


@pytest.mark.parametrize(
    "written",
    [
        "https://api.example.com/v1",
        " https://api.example.com/v1/ ",
        "HTTPS://API.Example.com/v1//",
        "https://api.example.com/v1/chat/completions",
        "https://api.example.com/v1/fine_tuning/jobs/",
        "https://api.example.com/v1/models",
    ],
)
def test_an_address_has_one_form(written):
    assert address_of(written) == "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("localhost:8000/v1", "http://localhost:8000/v1"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000/v1/", "http://[::1]:8000/v1"),
        ("http://[2001:DB8::1]:8000/v1", "http://[2001:db8::1]:8000/v1"),
        ("https://open.example/api/paas/v4/", "https://open.example/api/paas/v4"),
    ],
)
def test_this_computer_needs_no_scheme_and_a_number_is_an_address(written, address):
    assert address_of(written) == address


@pytest.mark.parametrize("host", ["api.exam\u200bple.com", "api.example.com\u200b", "\u00ad", "api.exa\u2013mple.com"])
def test_an_address_with_a_sign_that_no_address_has_is_refused_with_a_sentence(host):
    with pytest.raises(ValueError, match=r"host: found .*; expected .*an address that begins with https://") as caught:
        address_of(f"https://{host}/v1")
    assert "\u200b" not in str(caught.value)


def test_a_sign_that_cannot_be_seen_is_named():
    with pytest.raises(ValueError, match=r'found "https://api.example.com/v1" with a sign .*\(U\+200B\)'):
        address_of("https://api.example.com/v1\u200b")


def test_a_name_in_another_script_is_an_address():
    assert address_of("https://例え.example/v1") == "https://例え.example/v1"


@pytest.mark.parametrize(
    "text", ["", "opnai", "api.example.com/v1", "https://", "http://[::1/v1", "http://a:99999/v1", "http://a b/v1"]
)
def test_what_is_no_address_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"host: found .*; expected .*an address that begins with https://"):
        address_of(text)


@pytest.mark.parametrize("address", ["http://me:{}@127.0.0.1:9/v1", "http://127.0.0.1:9/v1?api_key={}"])
def test_a_password_in_the_address_of_a_client_is_in_no_name_and_no_file(address, workspace):
    client = client_of(address.format("hunter2"))
    remember(client, "ft:model")
    assert shown_name(client) == "http://127.0.0.1:9/v1"
    kept = [path.read_text(encoding="utf-8") for path in workspace.rglob("*.json")]
    assert kept and not any("hunter2" in text for text in kept)
