"""Choosing a host: practice unless asked otherwise, no key on the wrong way, no way into a dead end, nothing paid
without a yes."""

import contextlib
import json
import os
import threading
from decimal import Decimal

import openai
import pytest
from IPython.core.interactiveshell import InteractiveShell

from helpers import hosts, notes
from helpers.connection import environment, identity, keys
from helpers.connection.errors import HostUnavailableError, MissingKeyError, NoModelsError
from helpers.connection.identity import OPENAI_URL, is_practice
from helpers.connection.keyring_store import remember_key
from helpers.cost import estimate
from helpers.hosts import (
    NotConfirmedError,
    base_model_for,
    confirm_cost,
    connect,
    current_host,
    rehearse,
)
from helpers.practice import start_server
from tests.other_host import HTML, models, only_these_names, other_host, played_openai
from tests.waiting import until

SECRET = "sk-" + "secret" * 6
WAY_BACK = 'connect("practice")'


@pytest.fixture(autouse=True)
def own_process(fresh_kernel, monkeypatch):
    """Nothing leaves this computer."""
    only_these_names(monkeypatch)


@pytest.fixture
def set_before(monkeypatch):
    """Set variables as they are before JupyterLab starts."""

    def put(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)
            if name in environment.VARIABLES:
                monkeypatch.setitem(environment.ORIGINAL, name, value)

    return put


@pytest.fixture
def with_key(set_before):
    set_before(OPENAI_API_KEY=SECRET)


@pytest.fixture
def at_openai(monkeypatch):
    with played_openai(monkeypatch, SECRET) as host:
        yield host


@pytest.fixture
def other():
    with other_host() as host:
        yield host


def saved(workspace) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in workspace.rglob("*") if path.is_file())


def shown_in_a_notebook(error: Exception, capsys) -> str:
    def cell():
        raise error

    shell = InteractiveShell()
    shell.colors = "nocolor"
    shell.push({"cell": cell})
    capsys.readouterr()
    shell.run_cell("cell()")
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("PRACTICE_JOB_SECONDS", "PRACTICE_JOB_SECONDS: found 'soon'; expected a number"),
        ("PRACTICE_KEY", "PRACTICE_KEY or --key-file: found a character that cannot be sent in a header"),
        ("PRACTICE_LOCAL_MODELS", "PRACTICE_LOCAL_MODELS: found 'qwen'; expected name=folder"),
        ("a key that is none", "holds no key of the practice server"),
        ("a database of another program", "cannot use its database"),
    ],
)
def test_a_practice_server_that_cannot_start_says_why_in_a_sentence(home, monkeypatch, capsys, what, said):
    values = {"PRACTICE_JOB_SECONDS": "soon", "PRACTICE_KEY": "schlüssel", "PRACTICE_LOCAL_MODELS": "qwen"}
    if what in values:
        monkeypatch.setenv(what, values[what])
    else:
        home.mkdir(exist_ok=True)
        (home / ("key" if "key" in what else "practice.sqlite")).write_bytes(b"two\nlines, and no database" * 50)
    with pytest.raises((ValueError, OSError)) as caught:
        connect()
    shown = shown_in_a_notebook(caught.value, capsys)
    assert said in " ".join(shown.split()) and "Traceback" not in shown


# --- practice, unless another host is named ------------------------------------------------------------------------


def test_the_default_is_practice_even_with_a_key_in_the_environment(with_key, capsys):
    client = connect()
    assert is_practice(client) and client.api_key != SECRET
    assert capsys.readouterr().out == "Host: practice, on this computer. Costs nothing.\n"


def test_a_plain_client_means_the_same_host_afterwards(with_key):
    connect()
    assert openai.OpenAI().models.list().data
    assert os.environ["OPENAI_API_KEY"] != SECRET


def test_connecting_again_uses_the_same_server():
    assert connect().base_url == connect().base_url


def test_a_server_that_has_stopped_is_started_again():
    connect()
    next(iter(hosts._own.values())).stop()
    assert connect().models.list().data


def test_openai_is_used_only_when_it_is_named_and_then_remembered(with_key, at_openai):
    assert OPENAI_URL == "https://api.openai.com/v1"
    client = connect("openai")
    assert str(client.base_url) == f"{identity.OPENAI_URL}/" and client.api_key == SECRET
    assert current_host(connect()).name == "openai"
    assert current_host(connect("practice")).name == "practice"
    assert current_host(connect()).name == "practice"


def test_ones_own_practice_server_is_free_however_busy_it_is(monkeypatch):
    def busy(_client):
        pytest.fail("asked")

    monkeypatch.setattr(identity, "_ask_for_home", busy)
    assert current_host(connect()).kind == "practice" and current_host(rehearse()).kind == "practice"


def test_ones_own_practice_server_is_known_as_it_says_itself(monkeypatch):
    client = connect()
    known = identity.practice_home(client)
    monkeypatch.setattr(identity, "_found", {})
    assert identity.practice_home(client) == known


def test_a_host_that_is_no_host_is_named():
    with pytest.raises(ValueError, match='found "opnai"; expected "practice", "openai" or an address'):
        connect("opnai")


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_host_is_refused_and_is_not_the_one_chosen_last(other, nothing):
    connect(other.url, key="k")
    other.asked.clear()
    with pytest.raises(ValueError, match=r"host: found nothing; expected .*address"):
        connect(nothing, key=SECRET)
    assert other.asked == [] and notes.chosen_host() == other.url


def test_a_teachers_practice_server_costs_nothing_and_goes_by_its_address(server, monkeypatch):
    only_these_names(monkeypatch, "teacher.example.com")
    address = server.base_url.replace("127.0.0.1", "teacher.example.com")
    host = current_host(connect(address, key=server.key))
    assert not host.paid and host.name == address and address in str(host)


def test_the_base_model_is_a_setting_else_what_the_host_offers(monkeypatch):
    client = connect()
    assert base_model_for(client) == "gpt-4.1-mini-2025-04-14"
    monkeypatch.setenv("COURSE_BASE_MODEL", "gpt-4o-mini-2024-07-18")
    assert base_model_for(client) == "gpt-4o-mini-2024-07-18"


def test_planted_faults_are_met_on_a_practice_server_of_their_own_whatever_the_host(with_key, at_openai):
    connect("openai")
    practice = rehearse("rate_limit")
    with pytest.raises(openai.RateLimitError):
        practice.models.list()
    assert practice.base_url != connect("practice").base_url
    assert connect().fine_tuning.jobs.list().data == []


def test_planting_a_fault_clears_what_the_last_one_left():
    rehearse("server_error", times=5)
    assert rehearse().models.list().data


# --- a failed try changes nothing ----------------------------------------------------------------------------------


def goes_on_as_before():
    """What every notebook's first cell does, here and in the next kernel."""
    keys._given.clear()
    client = connect()
    assert current_host(client).name == "practice" and base_model_for(client)
    assert openai.OpenAI().models.list().data


@pytest.mark.parametrize("before", [None, "practice"])
def test_after_a_wrong_key_every_first_cell_works(at_openai, set_before, before):
    set_before(OPENAI_API_KEY="sk-wrong")
    if before:
        connect(before)
    with pytest.raises(HostUnavailableError, match="does not accept the key") as caught:
        connect("openai")
    assert WAY_BACK in str(caught.value) and "sk-wrong" not in str(caught.value)
    assert notes.chosen_host() == before
    goes_on_as_before()


def test_after_a_wrong_key_that_was_set_in_a_cell_every_first_cell_works(at_openai, monkeypatch):
    connect()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    with pytest.raises(HostUnavailableError, match="does not accept the key"):
        connect("openai")
    goes_on_as_before()


def test_a_key_that_was_set_in_a_cell_is_the_learners_own(at_openai, monkeypatch):
    connect()
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    connect()  # writes the key of the practice server over it
    assert connect("openai").api_key == SECRET


def test_after_a_missing_key_every_first_cell_works():
    with pytest.raises(MissingKeyError) as caught:
        connect("openai")
    assert WAY_BACK in str(caught.value) and "connect_form()" in str(caught.value)
    assert notes.chosen_host() is None
    goes_on_as_before()


def test_a_failed_try_leaves_the_environment_as_it_was(other):
    client = connect()
    before = {name: os.environ.get(name) for name in environment.VARIABLES}
    other.key = "right"
    for host, key in ((other.url, "wrong"), ("openai", None), ("http://127.0.0.1:9/v1", "k")):
        with pytest.raises(openai.OpenAIError):
            connect(host, key=key)
    assert {name: os.environ.get(name) for name in environment.VARIABLES} == before
    assert openai.OpenAI().base_url == client.base_url


@pytest.mark.parametrize("named", ["practice", "other"])
def test_where_the_notes_are_damaged_connecting_changes_nothing(other, workspace, named):
    workspace.mkdir(parents=True)
    (workspace / "notes.json").write_text("{damaged", encoding="utf-8")
    before = dict(os.environ)
    with pytest.raises(notes.NotesError):
        connect(other.url if named == "other" else named, key="k" if named == "other" else None)
    assert dict(os.environ) == before and (workspace / "notes.json").read_text(encoding="utf-8") == "{damaged"


def test_a_wrong_key_is_not_tried_again_when_none_is_given(other):
    other.key = "right"
    with pytest.raises(HostUnavailableError):
        connect(other.url, key="wrong")
    with pytest.raises(MissingKeyError):
        connect(other.url)
    assert other.keys == {"wrong"}


def test_a_key_that_is_accepted_no_more_gives_way_to_the_one_in_the_environment(other, set_before):
    other.key = "old"
    connect(other.url, key="old")
    other.key = "new"
    with pytest.raises(HostUnavailableError):
        connect()
    set_before(COURSE_HOST=other.url, COURSE_API_KEY="new")
    assert connect().api_key == "new"
    with pytest.raises(HostUnavailableError):
        connect(other.url, key="wrong")
    assert connect().api_key == "new", "a failed try takes nothing away"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((500, {"error": {"message": "Sorry"}}), "a problem of its own"),
        ((200, "<html>Welcome to the hotel</html>", HTML), "does not speak OpenAI's protocol"),
        ((404, "<html>Not here</html>", HTML), "A web page answered"),
        ((403, "<html>Log in first</html>", HTML), "A web page answered"),
        ((200, {"hello": "world"}), "does not speak OpenAI's protocol"),
        ((200, "not json"), "does not speak OpenAI's protocol"),
    ],
)
def test_a_host_that_does_not_work_is_not_remembered(other, answer, why):
    other.answers["/v1/models"] = answer
    with pytest.raises(HostUnavailableError, match=why) as caught:
        connect(other.url, key="k")
    assert WAY_BACK in str(caught.value) and notes.chosen_host() is None
    goes_on_as_before()


@pytest.mark.parametrize("body", [{"error": {"message": "No header {key}"}}, {"detail": "No header {key}"}])
def test_what_the_host_said_stands_below_without_the_key(other, body):
    said = json.dumps(body).replace("{key}", SECRET)
    other.answers["/v1/models"] = (400, said)
    with pytest.raises(HostUnavailableError, match="Read what the host said below") as caught:
        connect(other.url, key=SECRET)
    below = str(caught.value).partition("Read what the host said below")[2]
    assert "No header ****" in below and SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        (404, {"detail": "Not Found"}),
        (404, "404 page not found", "text/plain"),
        (403, {"error": {"message": "Missing scopes: api.model.read"}}),
        (429, {"error": {"message": "Slow down", "code": "insufficient_quota"}}),
    ],
)
def test_a_host_without_a_list_of_models_for_this_key_has_answered(other, answer):
    other.answers["/v1/models"] = answer
    connect(other.url, key="k")
    assert notes.chosen_host() == other.url and current_host(connect()).base_url == other.url


@pytest.mark.parametrize(
    "answer", [(404, {"detail": "Not Found"}), (403, {"error": {"message": "no"}}), (200, {"data": None})]
)
def test_where_no_models_are_listed_the_first_cell_says_what_to_do_and_how_to_go_back(other, answer, monkeypatch):
    other.answers["/v1/models"] = answer
    client = connect(other.url, key="k")
    with pytest.raises(NoModelsError, match="COURSE_BASE_MODEL") as caught:
        base_model_for(client)
    assert WAY_BACK in str(caught.value)
    monkeypatch.setenv("COURSE_BASE_MODEL", "llama")
    assert base_model_for(client) == "llama"


@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        ((429, {"error": {"message": "Pay", "code": "insufficient_quota"}}), NoModelsError, "no credit left"),
        ((429, {"error": {"message": "Slow down"}}), NoModelsError, "Too many requests"),
        ((500, {"error": {"message": "Sorry"}}), HostUnavailableError, "a problem of its own"),
        ((401, {"error": {"message": "Revoked"}}), HostUnavailableError, "does not accept the key"),
        ((403, "<html>Log in first</html>", HTML), HostUnavailableError, "A web page answered"),
        ((200, {"hello": "world"}), HostUnavailableError, "does not speak OpenAI's protocol"),
    ],
)
def test_a_first_cell_on_a_host_that_refuses_its_list_shows_sentences_with_the_way_back(
    other, answer, error, why, monkeypatch, capsys
):
    client = connect(other.url, key="k")
    other.answers["/v1/models"] = answer
    with pytest.raises(error, match=why) as caught:
        base_model_for(client)
    assert WAY_BACK in str(caught.value) and "Traceback" not in shown_in_a_notebook(caught.value, capsys)
    monkeypatch.setenv("COURSE_BASE_MODEL", "llama")
    assert base_model_for(client) == "llama"


def test_a_host_that_lists_its_models_without_a_wrapping_works(other):
    other.answers["/v1/models"] = (200, [{"id": "mistral"}])
    assert base_model_for(connect(other.url, key="k")) == "mistral"


def test_a_host_that_hangs_is_asked_once_and_given_up(other, monkeypatch):
    monkeypatch.setattr(hosts, "ANSWER_SECONDS", 0.2)
    other.go_on.clear()
    with pytest.raises(HostUnavailableError, match="No answer came in time"):
        connect(other.url, key="k")
    assert len(other.asked) == 1
    goes_on_as_before()


# --- two that connect at once --------------------------------------------------------------------------------------


def in_threads(*tasks) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_two_threads_that_connect_at_once_each_sends_its_key_to_its_own_host(other, monkeypatch):
    with other_host() as second:
        real, both_have_written = openai.OpenAI, threading.Barrier(2)

        def client_made_at_the_same_moment(**arguments):
            with contextlib.suppress(threading.BrokenBarrierError):
                both_have_written.wait(0.5)
            return real(**arguments)

        monkeypatch.setattr(hosts, "OpenAI", client_made_at_the_same_moment)
        in_threads(
            lambda: connect(other.url, key="key-of-the-first", quiet=True),
            lambda: connect(second.url, key="key-of-the-second", quiet=True),
        )
        assert (other.keys, second.keys) == ({"key-of-the-first"}, {"key-of-the-second"})
        plain = real()
        pairs = {other.url: "key-of-the-first", second.url: "key-of-the-second"}
        assert pairs[str(plain.base_url).rstrip("/")] == plain.api_key
        assert notes.chosen_host() == str(plain.base_url).rstrip("/")


def test_threads_that_ask_at_once_get_the_same_practice_server():
    found = []
    in_threads(*[lambda: found.append(connect(quiet=True).base_url)] * 3)
    assert len(set(found)) == 1


def test_while_a_host_is_tried_a_plain_client_means_the_one_before(other):
    before = connect().base_url
    other.go_on.clear()
    trying = threading.Thread(target=lambda: connect(other.url, key="k", quiet=True))
    trying.start()
    until(lambda: other.asked)
    assert openai.OpenAI().base_url == before and os.environ["OPENAI_API_KEY"] != "k"
    other.go_on.set()
    trying.join()
    assert str(openai.OpenAI().base_url) == f"{other.url}/"


def test_a_try_that_fails_late_leaves_the_host_that_was_chosen_meanwhile(other):
    other.key = "right"
    with other_host() as second:
        other.go_on.clear()
        failed = []

        def slow():
            with pytest.raises(HostUnavailableError) as caught:
                connect(other.url, key="wrong", quiet=True)
            failed.append(caught.value)

        trying = threading.Thread(target=slow)
        trying.start()
        until(lambda: other.asked)
        connect(second.url, key="k")
        other.go_on.set()
        trying.join()
        assert failed and str(openai.OpenAI().base_url) == f"{second.url}/" == f"{notes.chosen_host()}/"


# --- a host that was chosen and does not work today ----------------------------------------------------------------


def test_a_teachers_server_that_is_down_today_is_named_with_the_way_back_and_no_other_host_is_taken(home, capsys):
    teachers = start_server(home, job_seconds=0)
    connect(teachers.base_url, key=teachers.key)
    teachers.stop()
    with pytest.raises(HostUnavailableError) as caught:
        connect()
    said = str(caught.value)
    assert teachers.base_url in said and "no program listens" in said and "you chose last" in said and WAY_BACK in said
    assert notes.chosen_host() == teachers.base_url
    assert shown_in_a_notebook(caught.value, capsys).strip() == said
    connect("practice")
    goes_on_as_before()


def test_a_teachers_server_that_is_up_again_is_used_again(home):
    teachers = start_server(home, job_seconds=0)
    connect(teachers.base_url, key=teachers.key)
    teachers.stop()
    with pytest.raises(HostUnavailableError):
        connect()
    again = start_server(home, port=teachers.port, job_seconds=0)
    assert current_host(connect()).base_url == again.base_url
    again.stop()


def test_a_chosen_host_whose_key_is_not_here_today_says_so(other, capsys):
    connect(other.url, key="k")
    keys._given.clear()  # a new kernel
    with pytest.raises(MissingKeyError, match="you chose last") as caught:
        connect()
    assert WAY_BACK in str(caught.value) and "Traceback" not in shown_in_a_notebook(caught.value, capsys)
    connect("practice")
    goes_on_as_before()


@pytest.mark.parametrize(("named", "error"), [("http://127.0.0.1:9/v1", HostUnavailableError), ("opnai", ValueError)])
def test_a_host_that_the_environment_names_and_does_not_work_is_told_apart(set_before, named, error, capsys):
    set_before(COURSE_HOST=named, COURSE_API_KEY="k")
    with pytest.raises(error, match="COURSE_HOST") as caught:
        connect()
    assert WAY_BACK in str(caught.value) and "Traceback" not in shown_in_a_notebook(caught.value, capsys)
    connect("practice")  # goes before COURSE_HOST from now on
    goes_on_as_before()


# --- keys ----------------------------------------------------------------------------------------------------------


def test_the_key_is_in_no_file_of_the_workspace_nor_in_what_is_shown(with_key, at_openai, workspace, capsys):
    client = connect("openai")
    assert SECRET not in repr(client) + str(current_host(client)) + capsys.readouterr().out
    assert "openai" in saved(workspace) and SECRET not in saved(workspace)


@pytest.mark.parametrize(
    "written", ["http://api.openai.com/v1", "HTTP://API.OpenAI.com:80/v1/", "http://api.openai.com"]
)
def test_openais_address_over_http_is_openai(with_key, at_openai, written):
    assert str(connect(written).base_url) == f"{identity.OPENAI_URL}/" and notes.chosen_host() == "openai"


def test_the_key_beside_openais_address_over_http_is_openais(at_openai, set_before):
    set_before(OPENAI_BASE_URL="http://api.openai.com/v1", OPENAI_API_KEY=SECRET)
    assert str(connect("openai").base_url) == f"{identity.OPENAI_URL}/"


def test_an_address_over_http_is_warned_of_unless_it_is_on_this_computer(other, monkeypatch, capsys):
    only_these_names(monkeypatch, "models.example.com")
    connect(other.url, key="k")
    connect("practice")
    assert "can be read on their way" not in capsys.readouterr().out
    connect(other.url.replace("127.0.0.1", "models.example.com"), key="k")
    assert "begins with http://, so your key and your texts can be read on their way" in capsys.readouterr().out


def test_openais_key_never_travels_to_another_address(with_key, other):
    with pytest.raises(MissingKeyError, match="COURSE_API_KEY"):
        connect(other.url)
    assert other.asked == []


def test_a_key_is_given_with_the_host_that_it_belongs_to(other):
    connect(other.url, key="k")
    other.asked.clear()
    with pytest.raises(ValueError, match="key: found no host beside it") as caught:
        connect(key=SECRET)
    assert SECRET not in str(caught.value) and other.asked == []


@pytest.mark.parametrize("written", ["{url}", "{url}/", " {url}// "])
def test_the_key_of_the_environment_goes_to_the_address_beside_it(other, set_before, written):
    set_before(COURSE_HOST=written.format(url=other.url), COURSE_API_KEY="key-of-the-other-host")
    assert connect().api_key == "key-of-the-other-host"
    assert connect(other.url).api_key == "key-of-the-other-host"


def test_the_key_of_the_environment_goes_to_no_other_address(other, set_before):
    set_before(COURSE_HOST="https://models.example.com/v1", COURSE_API_KEY="key-of-the-other-host")
    with pytest.raises(MissingKeyError, match="COURSE_HOST does not name this host"):
        connect(other.url)
    assert other.asked == []


def test_a_key_without_an_address_beside_it_goes_nowhere(other, at_openai, set_before):
    set_before(COURSE_API_KEY="key-of-some-host")
    for host in (other.url, "openai"):
        with pytest.raises(MissingKeyError):
            connect(host)
    assert other.asked == at_openai.asked == []


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_pair_of_the_openai_variables_belongs_together(other, at_openai, set_before, slash):
    set_before(OPENAI_BASE_URL=other.url + slash, OPENAI_API_KEY="key-of-the-other-host")
    assert connect(other.url).api_key == "key-of-the-other-host"
    with pytest.raises(MissingKeyError, match="belongs to the address in OPENAI_BASE_URL"):
        connect("openai")
    assert at_openai.asked == []


@pytest.mark.parametrize("unusable", ["models.example.com/v1", "https://models.example.com/v1?api-version=1"])
def test_a_key_beside_an_address_that_cannot_be_read_is_not_taken_for_openais(at_openai, set_before, unusable):
    set_before(OPENAI_BASE_URL=unusable, OPENAI_API_KEY="key-of-the-other-host")
    with pytest.raises(MissingKeyError):
        connect("openai")
    assert at_openai.asked == []


def test_an_address_in_openai_base_url_takes_the_key_in_course_api_key(other, set_before):
    set_before(OPENAI_BASE_URL=other.url, COURSE_API_KEY="key-of-the-other-host")
    assert connect(other.url).api_key == "key-of-the-other-host"


def test_a_remembered_key_goes_to_its_own_address_and_to_no_other(other):
    remember_key("https://models.example.com/v1", SECRET)
    with pytest.raises(MissingKeyError):
        connect(other.url)
    remember_key(other.url, "k")
    assert connect(f"{other.url.upper().replace('/V1', '/v1')}/").api_key == "k"
    assert other.keys == {"k"}


def test_a_keyring_that_breaks_keeps_nobody_from_a_host(other, broken_keyring):
    with pytest.raises(MissingKeyError):
        connect(other.url)
    assert connect(other.url, key="k").api_key == "k"


def test_the_keyring_is_asked_only_where_no_key_was_found_before(other, broken_keyring, set_before):
    connect(other.url, key="k")
    connect()
    keys._given.clear()
    set_before(COURSE_HOST=other.url, COURSE_API_KEY="k")
    connect()
    assert broken_keyring.asked == []


def test_the_organisation_of_openai_does_not_travel(set_before, with_key, at_openai, other):
    set_before(OPENAI_ORG_ID="org-mine")
    assert connect("openai").organization == "org-mine"
    assert connect(other.url, key="k").organization is None
    assert at_openai.asked[0][1]["openai-organization"] == "org-mine"
    assert all("openai-organization" not in headers for _, headers in other.asked)


def test_the_organisation_of_openai_does_not_travel_with_later_copies_of_a_client(
    set_before, with_key, at_openai, other
):
    set_before(OPENAI_ORG_ID="org-mine", OPENAI_PROJECT_ID="proj-mine")
    client = connect(other.url, key="k")
    connect("openai")  # the environment names the organisation again
    client.with_options(timeout=5).models.list()
    sent = {name for _, headers in other.asked for name in headers}
    assert not sent & {"openai-organization", "openai-project"}


@pytest.mark.parametrize("header", ["X-Gateway-Key: of-my-gateway", "authorization: Bearer of-my-gateway"])
def test_headers_of_the_environment_go_to_the_learners_own_host_and_to_no_other(
    set_before, with_key, at_openai, other, header
):
    set_before(OPENAI_CUSTOM_HEADERS=header)
    at_openai.key = None  # a gateway checks its own header
    client = connect(other.url, key="k")
    assert connect("practice").models.list().data and rehearse().models.list().data
    assert base_model_for(connect("openai"))
    client.with_options(timeout=5).models.list()
    assert other.keys == {"k"} and all("of-my-gateway" not in str(headers) for _, headers in other.asked)
    assert all("of-my-gateway" in str(headers) for _, headers in at_openai.asked)
    openai.OpenAI().models.list()
    assert "of-my-gateway" in str(at_openai.asked[-1])


def test_headers_of_the_environment_belong_to_the_address_in_openai_base_url(set_before, at_openai, other):
    set_before(OPENAI_BASE_URL=other.url, OPENAI_API_KEY="k", OPENAI_CUSTOM_HEADERS="X-Gateway-Key: of-my-gateway")
    connect("openai", key=SECRET)
    connect(other.url)
    assert "x-gateway-key" not in at_openai.asked[0][1]
    assert other.asked[0][1]["x-gateway-key"] == "of-my-gateway"


@pytest.mark.parametrize("address", ["https://me:{}@models.example.com/v1", "https://models.example.com/v1?api_key={}"])
def test_an_address_with_a_key_in_it_is_refused_and_kept_nowhere(address, workspace):
    with pytest.raises(ValueError, match="a user name, a password or a query") as caught:
        connect(address.format(SECRET), key="k")
    assert SECRET not in str(caught.value) and SECRET not in saved(workspace)


def test_a_key_in_the_place_of_the_host_is_not_repeated():
    with pytest.raises(ValueError, match=r'found a text of \d+ characters; expected "practice"') as caught:
        connect(SECRET)
    assert SECRET not in str(caught.value)


def test_a_key_with_a_line_break_at_its_end_is_the_key(other):
    assert connect(other.url, key=" key-of-the-other-host\n").api_key == "key-of-the-other-host"


@pytest.mark.parametrize("key", [f"{SECRET}\n{SECRET}", f"{SECRET} {SECRET}", f"{SECRET}ü"])
def test_what_cannot_be_a_key_is_refused_without_being_shown(other, key, capsys):
    with pytest.raises(ValueError, match="no key has") as caught:
        connect(other.url, key=key)
    assert WAY_BACK in str(caught.value) and other.asked == []
    assert "secret" not in shown_in_a_notebook(caught.value, capsys)


# --- money --------------------------------------------------------------------------------------------------------


@pytest.fixture
def paid(with_key, at_openai):
    return connect("openai", quiet=True)


def test_on_a_free_host_nothing_is_asked(monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _: pytest.fail("asked"))
    confirm_cost("5", connect())


@pytest.mark.parametrize("answer", ["", "no", "y", "ok"])
def test_only_a_typed_yes_is_a_yes(paid, monkeypatch, answer):
    monkeypatch.setattr("builtins.input", lambda _: answer)
    with pytest.raises(NotConfirmedError):
        confirm_cost("0.10", paid)


def test_the_question_names_the_amount_and_the_host(paid, monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "yes")
    confirm_cost(Decimal("2.40"), paid)
    assert "$2.40" in asked[0] and "openai" in asked[0]


def test_where_nobody_can_be_asked_nothing_is_done(paid, monkeypatch):
    def nobody(_):
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    with pytest.raises(NotConfirmedError, match="limit_usd"):
        confirm_cost("2.40", paid)


def test_a_limit_stands_for_a_yes_up_to_it(paid):
    confirm_cost("2.40", paid, limit_usd="2.40")
    with pytest.raises(NotConfirmedError, match=r"up to \$2.41"):
        confirm_cost("2.41", paid, limit_usd="2.40")


def test_an_estimate_is_confirmed_at_its_highest(paid):
    cost = estimate([{"messages": [{"role": "user", "content": "word " * 9000}]}] * 20, "gpt-4.1-mini-2025-04-14")
    with pytest.raises(NotConfirmedError):
        confirm_cost(cost, paid, limit_usd=str(cost.expected))
    confirm_cost(cost, paid, limit_usd=str(cost.high))


def test_an_unknown_amount_is_never_within_a_limit_but_can_be_agreed_to(paid):
    cost = estimate([{"messages": [{"role": "user", "content": "Hello"}]}] * 20, "meta-llama/Llama-3.2-1B")
    with pytest.raises(NotConfirmedError, match="does not know"):
        confirm_cost(cost, paid, limit_usd="1000000")
    confirm_cost(cost, paid, limit_usd="Infinity")


def test_an_amount_that_nobody_knows_can_be_agreed_to_or_refused(paid, monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "no")
    for limit in (None, "5"):
        with pytest.raises(NotConfirmedError):
            confirm_cost(None, paid, limit_usd=limit)
    assert "an amount that this course does not know" in asked[0]
    confirm_cost(None, paid, limit_usd="Infinity")


# --- an address that is nearly right -------------------------------------------------------------------------------


def test_an_address_without_v1_is_put_right_where_the_host_answers_there(workspace, capsys):
    with other_host(SECRET) as host:
        bare = host.url.removesuffix("/v1")
        client = connect(bare, key=SECRET)
        assert str(client.base_url) == f"{host.url}/" and host.url in capsys.readouterr().out
        assert notes.chosen_host() == host.url and str(connect(quiet=True).base_url) == f"{host.url}/"
        assert openai.OpenAI().models.list().data
        with pytest.raises(HostUnavailableError, match="does not accept the key"):
            connect(bare, key="wrong")


def test_the_key_of_an_address_without_v1_is_found_again(set_before):
    with other_host(SECRET) as host:
        bare = host.url.removesuffix("/v1")
        set_before(COURSE_HOST=bare, COURSE_API_KEY=SECRET)
        assert str(connect(bare, quiet=True).base_url) == f"{host.url}/"
        assert connect(host.url, quiet=True).models.list().data and host.keys == {SECRET}


def test_an_address_that_a_web_page_answers_is_tried_below_v1():
    with other_host(SECRET) as host:
        host.answers["/models"] = (200, "<html>Welcome</html>", HTML)
        assert str(connect(host.url.removesuffix("/v1"), key=SECRET, quiet=True).base_url) == f"{host.url}/"


@pytest.mark.parametrize("path", ["/v4", "/compatible-mode/v1", "/v1beta"])
def test_an_address_with_a_version_is_left_as_it_is(path):
    with other_host() as host:
        address = host.url.removesuffix("/v1") + path
        host.answers[f"{path}/models"] = models("qwen")
        assert str(connect(address, key="none", quiet=True).base_url) == f"{address}/"
        assert all(asked.startswith(path) or asked == "/practice/status" for asked, _ in host.asked)


def test_a_host_without_a_list_of_models_keeps_its_address():
    with other_host() as host:
        host.answers.clear()
        bare = host.url.removesuffix("/v1")
        assert str(connect(bare, key="none", quiet=True).base_url).rstrip("/") == bare


def test_a_host_that_sends_http_on_to_https_is_asked_there_and_the_key_is_not_sent_before(monkeypatch):
    only_these_names(monkeypatch, "llama.example")
    with other_host(SECRET) as host:
        host.moved_to = f"https://llama.example:{host.port}"
        with pytest.raises(HostUnavailableError, match=f"^https://llama.example:{host.port}/v1 cannot be used now"):
            connect(f"http://llama.example:{host.port}/v1", key=SECRET)
        assert host.asked and host.keys == {"none"}
