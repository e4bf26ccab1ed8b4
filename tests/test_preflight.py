"""What a host can do today, told by its own answers and the date. OpenAI itself is far away and costs money: a small
server of our own answers in its place here, and nowhere else."""

import importlib
from datetime import date

import openai
import pytest

from helpers import hosts
from helpers.connection import identity
from helpers.preflight import preflight
from tests.other_host import HTML, jobs, models, only_these_names, other_host


@pytest.fixture
def host():
    """A client and what the host behind it answers: path -> (status, body)."""
    with other_host() as played:
        played.answers.clear()
        yield openai.OpenAI(base_url=played.url, api_key="k", max_retries=0), played.answers


def said(found):
    return " ".join(answer for _, answer in found.findings)


def as_openai(monkeypatch):
    """Take the stand-in for OpenAI."""
    preflights = importlib.import_module("helpers.preflight")
    real = preflights.current_host
    monkeypatch.setattr(
        preflights, "current_host", lambda client: type(real(client))("openai", str(client.base_url), "openai")
    )


def test_the_practice_host_is_always_ready_and_free(client):
    found = preflight(client)
    assert found.ready and "Nothing." in said(found) and "gpt-4.1-mini-2025-04-14" in found.models


def test_a_wrong_key_is_told_with_what_to_do(server):
    stranger = openai.OpenAI(base_url=server.base_url, api_key="practice-wrong", max_retries=0)
    found = preflight(stranger)
    assert not found.ready and "does not accept the key" in said(found)


def test_a_host_that_does_not_answer_is_told_with_what_to_do():
    found = preflight(openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=0))
    assert not found.ready and "could not be reached" in said(found)


def test_a_wrong_address_is_told_apart_from_a_host_that_is_down(monkeypatch, host):
    only_these_names(monkeypatch)
    nowhere = preflight(openai.OpenAI(base_url="http://modles.example.com/v1", api_key="k", max_retries=0))
    assert said(nowhere).startswith("No. ") and "no computer is known by the name" in said(nowhere)
    client, answers = host
    answers["/v1/models"] = (200, "<html>Welcome</html>", HTML)
    site = preflight(client)
    assert said(site).startswith("No. ") and "does not speak OpenAI's protocol" in said(site) and "/v1" in said(site)


def test_a_host_without_a_list_of_models_is_told_that_its_address_may_be_wrong(host):
    found = preflight(host[0])
    assert said(found).startswith("Yes, but") and "no list of models" in said(found) and "It lists none." in said(found)


def test_a_host_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(hosts, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(identity, "LOOK_SECONDS", 0.1)
    with other_host() as played:
        played.go_on.clear()
        found = preflight(openai.OpenAI(base_url=played.url, api_key="k"))
    assert said(found).startswith("No. ") and "No answer came in time" in said(found)


def test_a_newcomer_at_openai_is_told_before_trying(host, monkeypatch):
    client, answers = host
    as_openai(monkeypatch)
    answers |= {"/v1/models": models("gpt-4.1-mini-2025-04-14"), "/v1/fine_tuning/jobs": jobs()}
    found = preflight(client, today=date(2026, 11, 23))
    assert not found.ready and "training_not_available" in said(found) and "2026-05-07" in said(found)


def test_an_old_customer_of_openai_sees_models_price_and_end(host, monkeypatch):
    client, answers = host
    as_openai(monkeypatch)
    answers |= {"/v1/models": models("gpt-4.1-mini-2025-04-14", "gpt-6-luna"), "/v1/fine_tuning/jobs": jobs("ftjob-1")}
    found = preflight(client, today=date(2026, 11, 23))
    assert found.ready and found.models == ["gpt-4.1-mini-2025-04-14"]
    assert "2027-01-06" in said(found) and "$5" in said(found)


def test_after_the_end_openai_is_closed_for_everybody(host, monkeypatch):
    client, answers = host
    as_openai(monkeypatch)
    answers |= {"/v1/models": models("gpt-6-luna"), "/v1/fine_tuning/jobs": jobs("ftjob-1")}
    found = preflight(client, today=date(2027, 1, 6))
    assert not found.ready and "closed fine-tuning for everybody" in said(found)


def test_another_host_without_fine_tuning_is_told_apart(host):
    client, answers = host
    answers["/v1/models"] = models("llama")
    assert "no fine-tuning endpoint" in said(preflight(client))
    answers["/v1/fine_tuning/jobs"] = jobs()
    found = preflight(client)
    assert found.ready and "does not know its prices" in said(found)
