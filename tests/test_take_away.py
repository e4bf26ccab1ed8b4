"""Taking a model out of the practice server. For a really trained one: practice/training/test_engine.py."""

import openai
import pytest

from helpers.take_away import take_away


def test_a_simulated_model_has_no_files_and_says_so(client, tuned):
    taken = take_away(client, tuned)
    assert taken.folder is None
    assert str(taken) == f"{tuned} is simulated: it has no files, so there is nothing to take away."
    assert tuned in taken._repr_html_()


def test_from_another_host_nothing_can_be_taken_away():
    elsewhere = openai.OpenAI(base_url="https://api.example.com/v1", api_key="none")
    with pytest.raises(ValueError, match=r"api\.example\.com: .* only from the practice server on this computer"):
        take_away(elsewhere, "ft:some-model")


def test_a_model_that_is_not_there_is_the_hosts_own_error(client):
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        take_away(client, "ft:gpt-4.1-mini-2025-04-14:personal:gone:abcdefgh")
