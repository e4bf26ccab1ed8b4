"""The form for a host and its key: a failed try changes nothing, a key goes to the address that stands beside it."""

import openai
import pytest

from helpers import notes
from helpers.forms import connect_form
from helpers.hosts import connect, current_host
from tests.other_host import only_these_names, other_host, played_openai
from tests.waiting import until

SECRET = "sk-" + "secret" * 6


@pytest.fixture(autouse=True)
def own_process(fresh_kernel, quick_forms, monkeypatch):
    """Nothing leaves this computer."""
    only_these_names(monkeypatch)


@pytest.fixture
def other():
    with other_host("right") as host:
        yield host


def pressed(form, key: str = "") -> str:
    """What the form says after its button was pressed with a key in the field."""
    form.connect(key)
    until(lambda: not form.key.busy)
    return form.message.value


def choose(form, url: str) -> None:
    form.host.value, form.url.value = "other", url


@pytest.mark.parametrize("empty", ["", "   "])
def test_another_host_without_an_address_is_refused_and_the_key_goes_nowhere(other, empty):
    connect(other.url, key="right")  # the host chosen last
    other.asked.clear()
    form = connect_form()
    choose(form, empty)
    said = pressed(form, SECRET)
    assert "Address: found nothing" in said and SECRET not in said
    assert other.asked == [] and notes.chosen_host() == other.url
    form.say_text("")
    form.forget.click()
    until(lambda: "Address: found nothing" in form.message.value)


def test_a_key_goes_to_the_address_that_stands_beside_it_when_the_button_is_pressed(other):
    with other_host() as second:
        form = connect_form()
        choose(form, other.url)
        other.go_on.clear()
        form.connect("right")
        choose(form, second.url)
        other.go_on.set()
        until(lambda: not form.key.busy)
        assert other.keys == {"right"} and second.asked == []
        assert notes.chosen_host() == other.url


def test_after_a_wrong_key_for_openai_every_first_cell_works(monkeypatch):
    with played_openai(monkeypatch, SECRET):
        form = connect_form()
        form.host.value = "openai"
        said = pressed(form, "sk-wrong")
        assert "does not accept the key" in said and "connect(&quot;practice&quot;)" in said and "sk-wrong" not in said
        assert notes.chosen_host() is None and current_host(connect()).name == "practice"
        assert "accepts the key" in pressed(form, SECRET)
        assert notes.chosen_host() == "openai"


def test_after_a_missing_key_every_first_cell_works_and_no_host_is_quoted():
    form = connect_form()
    form.host.value = "openai"
    said = pressed(form)
    assert "nobody was asked" in said and "the host said" not in said
    assert notes.chosen_host() is None and current_host(connect()).name == "practice"


def test_a_key_that_the_host_repeats_is_not_shown(other):
    message = f"Incorrect API key provided: {SECRET}."
    other.key = None
    other.answers["/v1/models"] = (401, {"error": {"message": message, "code": "invalid_api_key"}})
    form = connect_form()
    choose(form, other.url)
    said = pressed(form, SECRET)
    assert "Incorrect API key provided: ****" in said and SECRET not in said


def test_an_address_with_a_sign_that_cannot_be_seen_is_told_and_changes_nothing():
    before = connect(quiet=True).base_url
    form = connect_form()
    choose(form, "https://api.exam\u200bple.com/v1")
    assert "a sign that cannot be seen (U+200B)" in pressed(form, SECRET)
    assert openai.OpenAI().base_url == before and openai.OpenAI().api_key != SECRET


def test_a_damaged_database_is_told_with_what_to_do_and_is_left_as_it_is(home):
    home.mkdir()
    database = home / "practice.sqlite"
    database.write_bytes(b"not a database " * 300)
    said = pressed(connect_form())
    assert "cannot use its database" in said and "rename the folder" in said
    assert database.read_bytes() == b"not a database " * 300


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_that_nobody_foresaw_is_told_and_the_button_works_again(monkeypatch, other):
    def broken(*_, **__):
        raise AssertionError("a mistake in the course")

    form = connect_form()
    monkeypatch.setattr("helpers.forms.connect.connect", broken)
    assert "Something in the course is broken (AssertionError)" in pressed(form)
    assert not form.key.busy


def test_a_keyring_that_breaks_while_it_keeps_a_key_does_not_show_the_key(other, broken_keyring):
    form = connect_form()
    choose(form, other.url)
    form.remember.value = True
    other.key = SECRET
    said = pressed(form, SECRET)
    assert "keyring of this computer cannot be used" in said and "accepts the key" in said and SECRET not in said


def test_an_address_at_which_nobody_answers_is_told_and_not_remembered():
    form = connect_form()
    choose(form, "http://127.0.0.1:9/v1")
    assert "no program listens" in pressed(form, "k") and notes.chosen_host() is None


def test_a_key_that_is_not_remembered_is_said_to_be_in_this_notebook_only(other, keyring):
    form = connect_form()
    choose(form, other.url)
    assert "memory of this notebook only" in pressed(form, "right")
    form.remember.value = True
    assert "memory of this notebook only" not in pressed(form, "right")
    assert keyring.kept == {("fine-tuning course", other.url): "right"}


def test_a_remembered_key_is_forgotten_at_an_address_that_differs_by_a_slash(other, keyring):
    form = connect_form()
    choose(form, other.url)
    form.remember.value = True
    pressed(form, "right")
    choose(form, f"{other.url}/")
    form.forget.click()
    until(lambda: "Forgotten" in form.message.value)
    assert keyring.kept == {}
