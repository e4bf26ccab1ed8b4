"""A key that was typed into the form reaches no file: proven by searching every file that JupyterLab left."""

import nbformat
import pytest

from helpers.practice import start_server
from tests.browser.lab import files_holding

KEY = "sk-proj-TypedByHand0123456789abcdefghijklmnop"


@pytest.fixture
def connect_form(lab, page):
    name = lab.write(
        "connect.ipynb",
        "from helpers.forms import connect_form",
        "form = connect_form()\nform",
        "%whos\nprint(repr(form), form.key, form.key.get_state())",
        "%xmode Verbose\nfrom helpers import connect\nclient = connect(quiet=True)\nprint(client)",
        "client.models.retrieve('no-such-model')",
    )
    opened = lab.open(page, name)
    opened.run_next()
    opened.run_next()
    return opened


def choose_other_host(form, address):
    form.get_by_label("Host").select_option(label="Another host with the same protocol")
    form.get_by_label("Address").fill(address)
    form.get_by_label("Address").press("Tab")


def test_a_key_that_was_typed_and_not_yet_sent_is_in_no_saved_file(lab, connect_form):
    form = connect_form.form()
    choose_other_host(form, "http://127.0.0.1:9/v1")
    form.get_by_role("textbox", name="Key").fill(KEY)
    connect_form.save()
    assert "widgets" in nbformat.read(lab.folder / "connect.ipynb", as_version=4).metadata, "widget state was not saved"
    assert files_holding("127.0.0.1:9", lab.folder), "the search finds what a form does keep"
    assert not files_holding(KEY, lab.folder, lab.state)


@pytest.mark.parametrize("accepted", [True, False])
def test_a_key_that_was_sent_is_in_no_saved_file_output_traceback_or_log(lab, connect_form, tmp_path, accepted):
    server = start_server(home=tmp_path / "elsewhere", key=KEY if accepted else None)
    form = connect_form.form()
    choose_other_host(form, server.base_url)
    form.get_by_role("textbox", name="Key").fill(KEY)
    form.get_by_role("button", name="Connect").click()
    form.get_by_text("The other notebooks use this host" if accepted else "does not accept the key").first.wait_for()
    assert form.get_by_role("textbox", name="Key").input_value() == ""
    # The form, made anew, and its state are printed; an error of the host leaves a traceback with all values.
    connect_form.run_rest()
    connect_form.save()
    server.stop()
    assert not accepted or "NotFoundError" in connect_form.page.content(), "there was no traceback to search"
    assert KEY not in connect_form.page.content()
    assert not files_holding(KEY, lab.folder, lab.state, tmp_path)
