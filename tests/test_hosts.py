"""Choosing a host: practice unless asked otherwise, no key on the wrong way, nothing paid without a yes."""

import os
from decimal import Decimal

import openai
import pytest

from helpers import hosts, notes
from helpers.connection.identity import host_name, is_practice
from helpers.cost import estimate
from helpers.hosts import (
    MissingKeyError,
    NotConfirmedError,
    base_model_for,
    confirm_cost,
    connect,
    current_host,
    rehearse,
)

SECRET = "sk-" + "secret" * 6


@pytest.fixture(autouse=True)
def own_process(monkeypatch):
    """As in a fresh kernel, with servers that are stopped afterwards."""
    monkeypatch.setattr(hosts, "_own", {})
    monkeypatch.setattr(hosts, "_given_keys", {})
    monkeypatch.setattr(hosts, "ORIGINAL", dict.fromkeys(hosts.VARIABLES))
    yield
    for server in hosts._own.values():
        server.stop()


@pytest.fixture
def with_key(monkeypatch):
    monkeypatch.setitem(hosts.ORIGINAL, "OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)


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


def test_openai_is_used_only_when_it_is_named_and_then_remembered(with_key):
    client = connect("openai")
    assert str(client.base_url) == "https://api.openai.com/v1/" and client.api_key == SECRET
    assert host_name(connect()) == "openai"
    assert host_name(connect("practice")) == "practice"
    assert host_name(connect()) == "practice"


def test_the_key_is_in_no_file_of_the_workspace_nor_in_what_is_shown(with_key, workspace, capsys):
    client = connect("openai")
    assert SECRET not in repr(client) + str(current_host(client)) + capsys.readouterr().out
    assert all(SECRET not in path.read_text(encoding="utf-8") for path in workspace.rglob("*") if path.is_file())


def test_openais_key_never_travels_to_another_address(with_key):
    with pytest.raises(MissingKeyError, match="COURSE_API_KEY"):
        connect("https://models.example.com/v1")


def test_a_key_for_another_address_does_travel_there(monkeypatch):
    monkeypatch.setenv("COURSE_API_KEY", "key-of-the-other-host")
    client = connect("https://models.example.com/v1")
    assert client.api_key == "key-of-the-other-host" and client.base_url.host == "models.example.com"


def test_the_organisation_of_openai_does_not_travel(monkeypatch, with_key):
    monkeypatch.setitem(hosts.ORIGINAL, "OPENAI_ORG_ID", "org-mine")
    assert connect("openai").organization == "org-mine"
    assert connect("https://models.example.com/v1", key="k").organization is None


def test_a_missing_key_says_how_to_give_one():
    with pytest.raises(MissingKeyError, match="form of notebook 00"):
        connect("openai")


def test_a_host_that_failed_is_not_remembered():
    with pytest.raises(MissingKeyError):
        connect("openai")
    assert notes.chosen_host() is None


def test_a_host_that_is_no_host_is_named():
    with pytest.raises(ValueError, match='found "opnai"; expected "practice", "openai" or an address'):
        connect("opnai")


def test_a_teachers_practice_server_costs_nothing_and_goes_by_its_address(server, monkeypatch):
    client = connect(server.base_url, key=server.key)
    assert not current_host(client).paid


def test_the_base_model_is_a_setting_else_what_the_host_offers(monkeypatch):
    client = connect()
    assert base_model_for(client) == "gpt-4.1-mini-2025-04-14"
    monkeypatch.setenv("COURSE_BASE_MODEL", "gpt-4o-mini-2024-07-18")
    assert base_model_for(client) == "gpt-4o-mini-2024-07-18"


def test_a_rehearsal_is_on_a_practice_server_of_its_own_whatever_the_host(with_key):
    connect("openai")
    practice = rehearse("rate_limit")
    with pytest.raises(openai.RateLimitError):
        practice.models.list()
    assert practice.base_url != connect("practice").base_url
    assert connect().fine_tuning.jobs.list().data == []


def test_a_new_rehearsal_clears_what_the_last_one_left():
    rehearse("server_error", times=5)
    assert rehearse().models.list().data


# --- money --------------------------------------------------------------------------------------------------------


@pytest.fixture
def paid(with_key):
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
