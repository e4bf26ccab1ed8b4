"""The forms without a browser: what a click does, through a real practice server."""

import json
import re
import threading
import time
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import httpx2
import openai
import pytest
from filelock import FileLock
from keyring.backends.fail import Keyring as NoKeyring

import helpers.forms.draft
import helpers.forms.examples
import helpers.forms.form
import helpers.forms.job
from helpers import notes
from helpers.connection import keys
from helpers.connection.catalogue import LOCAL_DEFAULT
from helpers.connection.identity import host_name
from helpers.course_data import kept_json
from helpers.course_data.paths import DATA
from helpers.data_format import read, write
from helpers.display.form_card import CARD
from helpers.forms import (
    connect_form,
    cost_form,
    draft_form,
    examples_form,
    job_form,
    own_file_form,
    playground_form,
    upload_form,
)
from helpers.forms.job_files import NO_VALIDATION
from helpers.forms.key_field import KeyField
from helpers.forms.playground import footer
from helpers.forms.unsaved_rows import UnsavedRows
from helpers.job_watching import watcher as watching
from helpers.my_case import my_case, use_file
from helpers.own_file.to_examples.simple_example import chat_example
from helpers.practice import start_server
from helpers.upload import upload_file
from helpers.usage import Answer
from tests.waiting import until

SECRET = "sk-" + "secret" * 6
ALL_FORMS = [connect_form, own_file_form, examples_form, draft_form, upload_form, job_form, playground_form, cost_form]


pytestmark = pytest.mark.usefixtures("fresh_kernel", "quick_forms")


def while_working(monkeypatch, module, name, change):
    """Let somebody change a field when the thread of a form comes to this function for the first time."""
    real, waiting = getattr(module, name), [change]

    def slow(*arguments):
        if threading.current_thread().name == "course-form" and waiting:
            waiting.pop()()
        return real(*arguments)

    monkeypatch.setattr(module, name, slow)


# --- every form ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", ALL_FORMS)
def test_where_no_widget_lives_a_sentence_names_the_plain_call(make):
    first, second = make()._repr_mimebundle_(), make()._repr_mimebundle_()
    assert "The plain call that does the same: " in first["text/plain"]
    assert "Run this cell (Shift+Enter) to see the form." in first["text/plain"]
    assert first["text/plain"] == second["text/plain"] and first["text/html"] == second["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in first


@pytest.mark.parametrize("make", ALL_FORMS)
def test_no_two_widgets_share_a_layout(make):
    def layouts(widget):
        return [widget.layout, *(each for child in getattr(widget, "children", ()) for each in layouts(child))]

    ids = [layout.model_id for layout in layouts(make()) if layout is not None]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("make", ALL_FORMS)
def test_each_form_is_a_card_with_its_title_and_its_style(make):
    form = make()
    first = form.children[0].value
    title = form._repr_mimebundle_()["text/plain"].partition(". Run this cell")[0]
    assert f'role="heading" aria-level="3">{title}</div>' in first and first.startswith("<style>")
    assert CARD in form._dom_classes


def test_an_error_is_told_apart_by_a_word_and_not_only_by_its_colour():
    form = upload_form()
    form.work(form.send, lambda: (_ for _ in ()).throw(ValueError("Nothing is there."))).join()
    assert '<strong class="course-word">Error</strong>' in form.message.value
    form.send.click()
    until(lambda: '<strong class="course-word">Done</strong>' in form.message.value)
    form.say_text("Uploading ...")
    assert "course-word" not in form.message.value


def test_the_check_of_a_file_is_marked_as_what_it_found(workspace):
    workspace.mkdir(exist_ok=True)
    (workspace / "broken.jsonl").write_text("nothing\n", encoding="utf-8")
    form = upload_form()
    assert "Done" in form.report.value and "Error" not in form.report.value
    form.file.value = str(workspace / "broken.jsonl")
    assert '<strong class="course-word">Error</strong>' in form.report.value


def test_a_second_click_while_it_works_does_nothing():
    form, ran, go = upload_form(), [], threading.Event()

    def task():
        ran.append(1)
        go.wait(5)

    first, second = form.work(form.send, task), form.work(form.send, task)
    go.set()
    first.join()
    assert second is None and ran == [1] and not form.send.disabled


def test_a_button_that_the_form_forbids_while_it_works_stays_dark():
    form, go = upload_form(), threading.Event()
    thread = form.work(form.send, lambda: go.wait(5))
    form.send.allowed = False
    go.set()
    thread.join()
    assert form.send.disabled
    form.send.allowed = True
    assert not form.send.disabled


def test_a_button_that_the_form_allows_while_it_works_stays_dark_until_it_is_done():
    form, go = upload_form(), threading.Event()
    form.send.allowed = False
    form.send.allowed = True
    thread = form.work(form.send, lambda: go.wait(5))
    form.send.allowed = True
    assert form.send.disabled
    go.set()
    thread.join()
    assert not form.send.disabled


def test_a_mistake_in_the_course_is_said_in_the_form_and_seen_in_the_log(monkeypatch):
    form, seen = upload_form(), []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: seen.append(arguments.exc_type))
    form.work(form.send, lambda: {}.missing).join()
    assert "Something in the course is broken (AttributeError)" in form.message.value and seen == [AttributeError]
    assert not form.send.disabled


# --- host and key -------------------------------------------------------------------------------------------------


def test_the_key_field_has_no_place_where_a_key_could_stay():
    got = []
    field = KeyField(got.append, label="Key")
    field._handle_custom_msg({"key": f" {SECRET} "}, [])
    assert got == [SECRET]
    assert SECRET not in str(field.get_state()) and SECRET not in str(vars(field)) and SECRET not in repr(field)


def test_connecting_shows_what_the_host_can_do():
    form = connect_form()
    form.connect("")
    until(lambda: not form.key.busy)
    assert "Can I start a job?" in form.message.value and notes.chosen_host() == "practice"


def test_a_wrong_key_is_answered_in_words_and_kept_nowhere(workspace, server):
    form = connect_form()
    form.host.value, form.url.value = "other", server.base_url
    form.connect("practice-wrong-" + SECRET)
    until(lambda: not form.key.busy)
    assert "does not accept the key" in form.message.value
    assert SECRET not in form.message.value
    assert all(SECRET not in path.read_text(encoding="utf-8") for path in workspace.rglob("*") if path.is_file())


def test_a_key_is_remembered_only_when_asked_and_only_in_the_keyring(workspace, server, keyring):
    form = connect_form()
    form.host.value, form.url.value = "other", server.base_url
    form.connect(server.key)
    until(lambda: not form.key.busy)
    assert keyring.kept == {}
    form.remember.value = True
    form.connect("practice-wrong")
    until(lambda: "did not accept it" in form.message.value)
    assert keyring.kept == {}
    form.connect(server.key)
    until(lambda: "is remembered" in form.message.value)
    assert list(keyring.kept.values()) == [server.key]
    keys._given.clear()  # a new kernel
    again = connect_form()
    again.connect("")
    until(lambda: "accepts the key" in again.message.value)
    again.forget.click()
    until(lambda: "Forgotten" in again.message.value)
    assert keyring.kept == {}
    assert all(server.key not in path.read_text(encoding="utf-8") for path in workspace.rglob("*.json"))


def test_without_a_keyring_the_form_says_so_and_connects_all_the_same(server, monkeypatch):
    import keyring as library

    library.set_keyring(NoKeyring())
    form = connect_form()
    form.host.value, form.url.value, form.remember.value = "other", server.base_url, True
    form.connect(server.key)
    until(lambda: "cannot be used (there is none)" in form.message.value)
    assert "accepts the key" in form.message.value


def test_openai_without_a_key_says_what_is_missing():
    form = connect_form()
    form.host.value = "openai"
    assert form.key.needed
    form.connect("")
    until(lambda: not form.key.busy)
    assert "needs a key" in form.message.value


# --- examples -----------------------------------------------------------------------------------------------------


def fill(form, pairs):
    while len(form.rows.children) < len(pairs):
        form.add.click()
    for row, (question, answer) in zip(form.rows.children, pairs, strict=False):
        row.question.value, row.answer.value = question, answer


def test_problems_stand_next_to_the_row_while_one_types():
    form = examples_form()
    fill(form, [("How firm is it?", "Medium."), ("How long is the warranty?", "")])
    until(lambda: "empty text" in form.rows.children[1].note.value)
    assert "tokens" in form.rows.children[0].note.value and "error" not in form.rows.children[0].note.value
    assert "8 more are needed" in form.summary.value and "tokens" in form.summary.value


def test_a_keystroke_costs_no_check_and_is_kept_all_the_same(workspace, monkeypatch):
    form, checked = examples_form(), []
    real = helpers.forms.examples.check
    monkeypatch.setattr(helpers.forms.examples, "check", lambda examples: checked.append(1) or real(examples))
    monkeypatch.setattr("os.fsync", lambda _: pytest.fail("a draft is not flushed to the disk"))
    typed = "How firm is it?"
    for length in range(1, len(typed) + 1):
        form.rows.children[0].question.value = typed[:length]
        assert UnsavedRows(form.path).load().rows == [(typed[:length].strip(), "")], "a kernel may die at any letter"
    assert checked == []
    until(lambda: "empty text" in form.rows.children[0].note.value)
    assert checked == [1]


def test_a_row_that_did_not_change_is_not_sent_to_the_browser_again():
    form, sent = examples_form(), []
    fill(form, [("How firm is it?", "Medium."), ("How long is the warranty?", "Ten years.")])
    until(lambda: "tokens" in form.rows.children[1].note.value)
    form.rows.children[0].note.observe(sent.append, "value")
    form.rows.children[1].answer.value = ""
    until(lambda: "empty text" in form.rows.children[1].note.value)
    assert sent == []


def test_the_last_letters_are_saved_though_the_click_comes_before_them(workspace, monkeypatch):
    """A browser sends a click at once, and the next value of a field only when the kernel has taken the one before."""
    monkeypatch.setattr(helpers.forms.form, "LAST_LETTERS_SECONDS", 0.3)
    form = examples_form()
    fill(form, [("How firm is it?", "Mediu")])
    form.save.click()
    time.sleep(0.1)
    form.rows.children[0].answer.value = "Medium."
    until(lambda: "Saved 1 example" in form.message.value)
    assert read(workspace / "my_examples.jsonl")[0]["messages"][-1]["content"] == "Medium."


def test_what_is_typed_while_it_saves_is_kept_for_the_next_time(workspace, monkeypatch):
    form, real = examples_form(), helpers.forms.examples.write
    fill(form, [("How firm is it?", "Medium.")])

    def write_while_somebody_types(*arguments, **more):
        typing = threading.Thread(target=lambda: setattr(form.rows.children[0].answer, "value", "Medium. Quite."))
        typing.start()
        written = real(*arguments, **more)
        typist.append(typing)
        return written

    typist, said = [], []
    form.message.observe(lambda change: said.append(change["new"]), "value")  # typing may replace what it says at once
    monkeypatch.setattr(helpers.forms.examples, "write", write_while_somebody_types)
    form.save.click()
    until(lambda: any("Saved 1 example" in message for message in said))
    typist[0].join()
    assert read(workspace / "my_examples.jsonl")[0]["messages"][-1]["content"] == "Medium."
    assert examples_form().filled()[0].pair == ("How firm is it?", "Medium. Quite.")


def test_a_file_that_was_only_opened_leaves_nothing_unsaved(workspace, mattress):
    write(read(mattress), workspace / "my_examples.jsonl")
    form = examples_form()
    assert len(form.filled()) == 15 and not UnsavedRows(form.path).all_drafts()
    form.rows.children[0].answer.value += " Really."
    assert UnsavedRows(form.path).all_drafts()
    form.rows.children[0].answer.value = form.rows.children[0].answer.value.removesuffix(" Really.")
    assert not UnsavedRows(form.path).all_drafts()


def test_rows_whose_file_is_gone_are_kept(workspace, mattress):
    write(read(mattress), workspace / "my_examples.jsonl")
    form = examples_form()
    (workspace / "my_examples.jsonl").unlink()
    form.rows.children[0].answer.value += " "
    assert len(UnsavedRows(form.path).load().rows) == 15


def test_a_system_message_without_rows_is_kept_as_well():
    form = examples_form()
    form.system.value = "You are Pip, a parrot."
    again = examples_form()
    assert again.system.value == "You are Pip, a parrot." and len(again.rows.children) == 3


def test_unsaved_rows_that_a_power_cut_has_damaged_are_set_aside_and_the_form_opens(workspace, mattress):
    write(read(mattress), workspace / "my_examples.jsonl")
    UnsavedRows(workspace / "my_examples.jsonl").path.write_bytes(b"\0" * 100)
    form = examples_form()
    assert len(form.filled()) == 15 and "is damaged" in form.message.value
    [aside] = workspace.glob("*.unreadable.json")
    assert aside.read_bytes() == b"\0" * 100 and aside.name in form.message.value


def test_half_an_emoji_is_kept_too():
    form = examples_form()
    fill(form, [("How firm is it? \ud83d", "Medium.")])
    assert examples_form().filled()[0].pair == ("How firm is it? \ud83d", "Medium.")


def test_what_was_saved_is_there_next_time(workspace):
    form = examples_form()
    fill(form, [("How firm is it?", "Medium.")])
    form.save.click()
    until(lambda: "Saved 1 example" in form.message.value)
    again = examples_form()
    assert [row.question.value for row in again.rows.children] == ["How firm is it?"]
    fill(again, [("How firm is it?", "Very.")])
    again.save.click()  # its own file: no question asked
    until(lambda: "Saved 1 example" in again.message.value)
    assert read(workspace / "my_examples.jsonl")[0]["messages"][-1]["content"] == "Very."


def test_a_file_that_somebody_else_wrote_is_replaced_only_after_a_second_click(workspace, mattress):
    form = examples_form()
    write(read(mattress), workspace / "my_examples.jsonl")
    fill(form, [("How firm is it?", "Medium.")])
    form.save.click()
    until(lambda: "Replace it?" in form.message.value)
    assert len(read(workspace / "my_examples.jsonl")) == 15
    form.replace.click()
    until(lambda: "Saved 1 example" in form.message.value)


def test_nothing_is_lost_when_a_file_cannot_be_shown(workspace):
    workspace.mkdir(parents=True)
    (workspace / "my_examples.jsonl").write_text("not json\n", encoding="utf-8")
    form = examples_form()
    assert "left as it is" in form.message.value
    assert (workspace / "my_examples.jsonl").read_text(encoding="utf-8") == "not json\n"


def test_an_empty_form_has_nothing_to_save():
    form = examples_form()
    form.save.click()
    until(lambda: "nothing to save" in form.message.value)


def test_cells_of_a_spreadsheet_become_rows():
    form = examples_form()
    form.pasted.value = 'Question\tAnswer\nHow firm?\tMedium.\nHow long?\t"Ten\nyears."\n'
    form.take.click()
    assert [row.pair for row in form.filled()] == [("How firm?", "Medium."), ("How long?", "Ten\nyears.")]
    assert "Added 2 rows" in form.message.value and form.pasted.value == ""
    assert [row.question.description for row in form.rows.children] == ["Question 1", "Question 2"]


def take(form, name, content):
    form.file.value = (
        {
            "name": name,
            "type": "",
            "size": len(content),
            "content": memoryview(content),
            "last_modified": datetime.now(),
        },
    )


def test_a_file_is_taken_and_what_is_no_pair_is_named(mattress):
    form = examples_form()
    take(form, "mydata.jsonl", mattress.read_bytes() + b'{"messages": [{"role": "user", "content": "Hi"}]}\n')
    assert len(form.filled()) == 15 and form.system.value.startswith("You are the sales assistant")
    assert "line 16: messages: found no assistant message" in form.message.value
    assert form.file.value == ()


def test_a_file_in_another_encoding_is_read_and_said():
    form = examples_form()
    take(form, "old.csv", "Frage,Antwort\nWie groß?,Groß.".encode("cp1252"))
    assert [row.pair for row in form.filled()] == [("Wie groß?", "Groß.")]
    assert "Added 1 row from old.csv" in form.message.value


def test_json_that_is_pasted_never_becomes_rows_of_brackets():
    form = examples_form()
    pretty = json.dumps([{"messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "How firm?"},
        {"role": "assistant", "content": "Medium."},
    ]}], indent=2)  # fmt: skip
    form.pasted.value = pretty
    form.take.click()
    assert [row.pair for row in form.filled()] == [("How firm?", "Medium.")] and form.system.value == "Be brief."


def test_a_text_without_questions_adds_nothing_and_stays_in_the_field():
    form = examples_form()
    form.pasted.value = "It rained.\n***\nIt stopped.\n***\nThe end."
    form.take.click()
    assert not form.filled() and "no questions" in form.message.value and form.pasted.value


def test_columns_that_say_nothing_are_named():
    form = examples_form()
    take(form, "a.csv", b"Satz,Wert\nEins und zwei.,Drei und vier.\nNoch einer.,Und noch einer.")
    assert "Satz" in form.message.value and "lets you choose" in form.message.value and not form.filled()


def test_the_mattress_shop_is_not_put_before_somebody_elses_examples():
    form = examples_form()
    take(form, "mine.csv", b"question,answer\nHow firm?,Medium.")
    assert form.system.value == "" and "has no system message" in form.message.value


def test_a_system_message_of_a_file_that_is_left_out_is_said():
    form = examples_form()
    fill(form, [("How long?", "Ten.")])
    take(form, "mine.jsonl", json.dumps({"messages": [
        {"role": "system", "content": "Be a pirate."}, {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Arr."},
    ]}).encode())  # fmt: skip
    assert "Be a pirate." in form.message.value and len(form.filled()) == 2


def test_what_is_not_saved_is_marked():
    form = examples_form()
    fill(form, [("How firm is it?", "Medium.")])
    assert "not saved" in form.mark.value
    form.save.click()
    until(lambda: "Saved 1 example" in form.message.value)
    assert form.mark.value == ""
    form.rows.children[0].answer.value = "Very."
    assert "not saved" in form.mark.value and "Saved" not in form.message.value


def test_clear_asks_before_it_removes_rows():
    form = examples_form()
    fill(form, [("How firm is it?", "Medium.")])
    form.clear.click()
    assert len(form.filled()) == 1 and "Remove 1 row" in form.message.value
    form.remove_all.click()
    assert not form.filled() and len(form.rows.children) == 3


def test_a_long_answer_is_shown_whole():
    form = examples_form()
    fill(form, [("How firm is it?", "word " * 60)])
    assert form.rows.children[0].answer.rows == form.rows.children[0].question.rows > 4


def test_rows_that_were_not_saved_are_there_after_a_restart(workspace):
    form = examples_form()
    fill(form, [("How firm is it?", "Medium.")])
    again = examples_form()  # as in a new kernel
    assert again.filled()[0].pair == ("How firm is it?", "Medium.") and "not saved yet" in again.message.value
    again.save.click()
    until(lambda: "Saved 1 example" in again.message.value)
    assert "not saved" not in examples_form().message.value


def test_two_forms_of_one_file_do_not_lose_each_others_rows(workspace):
    """As in two notebooks, each with a kernel of its own."""
    first, second = examples_form(), examples_form()
    fill(first, [("Of the first notebook?", "Yes.")])
    fill(second, [("Of the second notebook?", "Yes.")])
    first.rows.children[0].answer.value = "Yes, it is."
    shown = examples_form()
    assert shown.filled()[0].pair == ("Of the first notebook?", "Yes, it is.")
    assert "Other rows that were not saved are in my_examples.draft2.json" in shown.message.value
    shown.save.click()
    until(lambda: "Saved 1 example" in shown.message.value)
    assert "my_examples.draft2.json" in shown.message.value
    again = examples_form()
    assert again.filled()[0].pair == ("Of the second notebook?", "Yes.")
    again.save.click()
    until(lambda: "Replace it?" in again.message.value)


def test_a_form_in_which_all_is_taken_back_leaves_the_rows_of_another(workspace):
    first, second = examples_form(), examples_form()
    fill(first, [("Of the first notebook?", "Yes.")])
    second.rows.children[0].question.value = "x"
    second.rows.children[0].question.value = ""
    assert examples_form().filled()[0].pair == ("Of the first notebook?", "Yes.")
    assert [path.name for path in UnsavedRows(first.path).all_drafts()] == ["my_examples.draft.json"]


@pytest.mark.parametrize(
    "draft", ['{"system": "s", "rows": [["a", 5]], "on": null}', '{"system": null, "rows": [], "on": null}', "[]", "5"]
)
def test_unsaved_rows_with_a_value_that_is_no_text_are_set_aside_and_the_form_opens(workspace, mattress, draft):
    write(read(mattress), workspace / "my_examples.jsonl")
    UnsavedRows(workspace / "my_examples.jsonl").path.write_text(draft, encoding="utf-8")
    form = examples_form()
    [aside] = workspace.glob("*.unreadable.json")
    assert len(form.filled()) == 15 and aside.name in form.message.value
    assert aside.read_text(encoding="utf-8") == draft


def test_a_file_that_a_table_cannot_show_whole_is_left_alone(workspace, mattress):
    longer = read(mattress)
    longer[0]["messages"] += [{"role": "user", "content": "Sure?"}, {"role": "assistant", "content": "Yes."}]
    write(longer, workspace / "my_examples.jsonl")
    form = examples_form()
    assert "left as it is" in form.message.value and not form.filled()
    fill(form, [("How firm is it?", "Medium.")])
    form.save.click()
    until(lambda: "Replace it?" in form.message.value)
    assert read(workspace / "my_examples.jsonl") == longer


def bakery(workspace, count=12):
    pairs = [(f"What is in loaf {n}?", f"Loaf {n} has {n} seeds.") for n in range(count)]
    return write([chat_example(*pair, "A baker.") for pair in pairs], workspace / "bakery.jsonl", overwrite=True).path


def test_saved_examples_are_used_in_the_next_notebooks_as_soon_as_there_are_enough(workspace):
    form = examples_form()
    assert "The file of the course" in form.in_use.line.value and form.in_use.back.layout.display == "none"
    pairs = [(f"What is in loaf {n}?", f"Loaf {n} has {n} seeds.") for n in range(11)]
    fill(form, pairs[:9])
    form.save.click()
    until(lambda: "found 9 examples; expected 11 or more" in form.in_use.line.value)
    assert not my_case().own and "mattress shop. If yours is another case" in form.message.value
    form.system.value = "A baker."
    fill(form, pairs)
    until(lambda: not form.save.disabled)  # a dark button takes no click
    form.save.click()
    until(lambda: "Your file: my_examples.jsonl, 10 examples" in form.in_use.line.value)
    assert my_case(quiet=True).system == "A baker." and "mattress" not in form.message.value
    form.in_use.back.click()
    assert not my_case().own and form.in_use.back.layout.display == "none"


def test_examples_that_are_too_few_now_do_not_send_the_notebooks_back_to_the_courses_file(workspace):
    use_file(bakery(workspace))
    bakery(workspace, 3)
    form = examples_form()
    assert "found 3 examples" in form.in_use.line.value and form.system.value == ""


# --- drafts -------------------------------------------------------------------------------------------------------


def test_a_draft_shows_what_is_good_and_adds_what_is_ticked(client, workspace):
    form = draft_form(client)
    form.ask.click()
    until(lambda: "This draft is simulated" in form.message.value)
    ticked = [row for row in form.drafted.children if row.keep.value]
    assert len(form.drafted.children) == 15 and len(ticked) == 13
    ticked[0].keep.value = False
    form.add.click()
    until(lambda: "Added 12 examples" in form.added.value)
    assert len(examples_form().filled()) == 12
    until(lambda: not form.ask.disabled)  # a dark button takes no click
    form.ask.click()
    until(lambda: form.drafted.children)
    assert sum(row.keep.value for row in form.drafted.children) == 1, "what I have already is not ticked again"


def test_a_recorded_draft_says_so_first_and_what_has_no_effect_is_disabled(client):
    form = draft_form(client)
    fields = (form.topic, form.aspects, form.language, form.number)
    assert all(field.disabled for field in fields) and "have no effect" in form.about_model.value
    assert list(form.children).index(form.about_model) < list(form.children).index(form.topic)
    form.ask.click()
    # The rows are there a moment before the sentence on them.
    until(lambda: form.drafted.children and "simulated" in form.message.value)
    said = re.sub("<[^>]+>", "", form.message.value)
    assert said.startswith("This draft is simulated: a recorded one")
    assert list(form.children).index(form.message) < list(form.children).index(form.drafted)


def test_the_recorded_draft_with_its_planted_flaws_is_offered_beside_a_real_model_too(client):
    form = draft_form(client)
    assert form.recorded.layout.display == "none"
    form.model.options = [*form.model.options, LOCAL_DEFAULT]
    form.model.value = LOCAL_DEFAULT
    assert not form.topic.disabled and form.about_model.value == "" and form.recorded.layout.display == ""
    form.recorded.click()
    until(lambda: form.drafted.children)
    assert len(form.drafted.children) == 15 and [each.keep.value for each in form.drafted.children].count(False) == 2


def test_a_recorded_draft_about_mattresses_is_not_ticked_for_another_case(client, workspace):
    use_file(bakery(workspace))
    form = draft_form(client)
    form.ask.click()
    until(lambda: form.drafted.children)
    assert not any(each.keep.value for each in form.drafted.children)
    form.model.options = [*form.model.options, LOCAL_DEFAULT]
    form.model.value = LOCAL_DEFAULT
    assert form.topic.value == form.aspects.value == ""
    form.topic.value = "a bakery"
    form.model.value = form.model.options[0]
    form.model.value = LOCAL_DEFAULT
    assert form.topic.value == "a bakery"


def test_a_draft_is_not_added_beside_rows_that_are_not_saved(client, workspace):
    fill(examples_form(), [("How firm is it?", "Medium.")])
    form = draft_form(client)
    form.ask.click()
    until(lambda: form.drafted.children)
    form.add.click()
    until(lambda: "Press Save there first" in form.added.value)
    assert not (workspace / "my_examples.jsonl").exists()


def test_a_draft_on_a_paid_host_is_asked_for_only_when_its_price_is_ticked(client, monkeypatch):
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)
    form = draft_form(client)
    form.ask.click()
    until(lambda: "Tick the line" in form.message.value and not form.ask.disabled)  # a dark button takes no click
    assert "I agree to pay up to $0.00" in form.agree.description and not form.drafted.children
    form.agree.value = True
    form.number.value = 40
    assert not form.agree.value, "another amount is agreed to anew"
    form.agree.value = True
    form.ask.click()
    until(lambda: form.drafted.children)


def test_a_draft_is_the_one_that_was_agreed_to_though_a_field_changes_meanwhile(
    client, workspace, mattress, monkeypatch
):
    write(read(mattress), workspace / "my_examples.jsonl")
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)
    form = draft_form(client)
    form.agree.value = True
    while_working(monkeypatch, helpers.forms.draft, "read", lambda: setattr(form.number, "value", 100))
    form.ask.click()
    until(lambda: form.drafted.children)
    assert form.number.value == 100


def test_a_draft_without_a_topic_says_so(client):
    form = draft_form(client)
    form.topic.value = ""
    form.ask.click()
    until(lambda: "topic: found nothing" in form.message.value)


# --- upload -------------------------------------------------------------------------------------------------------


def test_only_a_good_file_can_be_uploaded(client, workspace):
    write([{"messages": [{"role": "user", "content": "Hi"}]}] * 12, workspace / "bad.jsonl")
    form = upload_form(client)
    form.file.value = str(workspace / "bad.jsonl")
    assert form.send.disabled and "no assistant message" in form.report.value
    form.file.value = next(value for label, value in form.file.options if label.endswith("mydata.jsonl"))
    assert not form.send.disabled
    form.send.click()
    until(lambda: "It is in your notes" in form.message.value)
    assert notes.last(host_name(client), "file") == client.files.list().data[0].id


def test_fewer_than_ten_examples_are_refused_to_train_on_and_not_to_check_with(client, workspace):
    examples = read(DATA / "mydata.jsonl")[:2]
    write(examples, workspace / "short.jsonl")
    form = upload_form(client)
    form.file.value = str(workspace / "short.jsonl")
    assert form.use.value == "training" and form.send.disabled and "at least 10" in form.report.value
    form.use.value = "validation"
    assert not form.send.disabled and "no problems" in form.report.value and form.cost.value == ""
    form.send.click()
    until(lambda: "It is in your notes" in form.message.value)
    assert notes.last(host_name(client), "validation") == client.files.list().data[0].id
    assert notes.last(host_name(client), "file") is None


def test_a_file_is_proposed_for_what_its_name_says_and_a_choice_stays_while_the_list_is_made_anew(client, workspace):
    form = upload_form(client)
    form.file.value = next(value for label, value in form.file.options if "validation" in label)
    assert form.use.value == "validation" and "0 errors" not in form.report.value and not form.send.disabled
    form.file.value = str(DATA / "mydata.jsonl")
    assert form.use.value == "training"
    form.use.value = "validation"
    write(read(DATA / "mydata.jsonl"), workspace / "new.jsonl")
    form.refresh.click()
    assert (form.file.value, form.use.value) == (str(DATA / "mydata.jsonl"), "validation")


def test_the_rules_of_the_connected_host_are_checked_before_a_file_is_sent_there(client, workspace, monkeypatch):
    from helpers.training_file import host_rules

    write([{"messages": [*read(DATA / "mydata.jsonl")[0]["messages"], {"role": "user", "content": "Hi"}] * 2}] * 12,
          workspace / "turns.jsonl")  # fmt: skip
    form = upload_form(client)
    form.file.value = str(workspace / "turns.jsonl")
    assert not form.send.disabled
    strict = host_rules.HostRules("siliconflow", "SiliconFlow", ("127.0.0.1",), "this test", strict_turns=True)
    monkeypatch.setattr(host_rules, "HOST_RULES", (strict,))
    form.refresh.click()
    assert form.send.disabled and "strict turns on SiliconFlow" in form.report.value


def test_a_bad_file_that_is_chosen_while_another_uploads_is_not_live_afterwards(client, workspace, monkeypatch):
    from helpers.forms import upload

    write([{"messages": [{"role": "user", "content": "Hi"}]}] * 12, workspace / "bad.jsonl")
    form, began, go = upload_form(client), threading.Event(), threading.Event()
    real = upload.upload_file

    def slow_upload(*arguments, **more):
        began.set()
        assert go.wait(10)
        return real(*arguments, **more)

    monkeypatch.setattr(upload, "upload_file", slow_upload)
    form.send.click()
    assert began.wait(10)
    form.file.value = str(workspace / "bad.jsonl")
    go.set()
    until(lambda: "It is in your notes" in form.message.value and not form.send.busy)
    assert form.send.disabled
    form.file.value = str(DATA / "mydata.jsonl")
    assert not form.send.disabled


def test_a_bad_file_that_is_chosen_right_after_the_click_is_not_uploaded(client, workspace, monkeypatch):
    monkeypatch.setattr(helpers.forms.form, "LAST_LETTERS_SECONDS", 0.3)
    write([{"messages": [{"role": "user", "content": "Hi"}]}] * 12, workspace / "bad.jsonl")
    form = upload_form(client)
    form.send.click()
    form.file.value = str(workspace / "bad.jsonl")
    until(lambda: "nothing was uploaded" in form.message.value)
    assert client.files.list().data == []


def test_the_upload_button_does_not_go_dark_while_good_files_are_looked_at(client):
    """Not for a moment: a browser drops a click whose button goes dark between pressing and letting go."""
    form, went = upload_form(client), []
    form.send.observe(went.append, "disabled")
    form.refresh.click()
    for value in [value for _, value in form.file.options]:
        form.file.value = value
        form.refresh.click()
        assert form.file.value == value
    assert not went


def test_a_long_file_that_is_chosen_while_another_is_checked_is_checked_after_it_and_once(
    client, workspace, monkeypatch
):
    from helpers.forms import upload

    monkeypatch.setattr(upload, "LONG_FILE", 100)
    form, began, go = upload_form(client), [], threading.Event()
    until(lambda: not form.send.disabled)

    def slow_check(path, **more):
        began.append(path.name)
        assert go.wait(10)
        return check(path, **more)

    check = upload.check
    monkeypatch.setattr(upload, "check", slow_check)
    first, second, third = [value for _, value in form.file.options][-3:]
    for value in (second, third, first):
        form.file.value = value
        until(lambda: began)
    for _ in range(5):
        form.refresh.click()
    assert form.send.disabled and "Checking" in form.report.value
    go.set()
    until(lambda: not form.send.disabled and "course-form" not in [each.name for each in threading.enumerate()])
    assert Path(first).name in form.report.value and began == [Path(second).name, Path(first).name]


def test_a_file_that_was_not_chosen_is_uploaded_with_the_line_that_chooses_it(client, workspace):
    bakery(workspace)
    form = upload_form(client)
    form.file.value = str(workspace / "bakery.jsonl")
    form.send.click()
    until(lambda: "use_file(" in form.message.value)
    assert "Notebooks 03 and 04 still ask about mydata.jsonl" in form.message.value


# --- job ----------------------------------------------------------------------------------------------------------


class MaybeGone(httpx2.BaseTransport):
    """Carries requests to the server, until the jobs are `gone`: then it answers 404 as the host would."""

    def __init__(self):
        self.real, self.gone = httpx2.HTTPTransport(), False

    def handle_request(self, request):
        if self.gone and "/fine_tuning/jobs/ftjob-" in request.url.path:
            return httpx2.Response(404, json={"error": {"message": "No such job", "code": "fine_tune_not_found"}})
        return self.real.handle_request(request)


@pytest.fixture
def running(home, mattress, clock, monkeypatch):
    """A server whose jobs run until the clock is turned, with a training file."""
    monkeypatch.setattr(watching, "NEAR", 0.01)
    server, transport = start_server(home=home, job_seconds=3.0), MaybeGone()
    http_client = openai.DefaultHttpxClient(transport=transport)
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0, http_client=http_client)
    upload_file(client, mattress)
    yield SimpleNamespace(client=client, server=server, clock=clock, transport=transport)
    clock.now += 3600
    # A form that is still starting a job is about to watch it.
    until(lambda: not {"course-form", "course-watch"} & {thread.name for thread in threading.enumerate()})
    server.stop()


def started(running):
    """A job form with a job that runs."""
    form = job_form(running.client)
    form.go.click()
    until(lambda: form.stop.layout.display == "" and not form.go.disabled)
    running.clock.now += 1.5
    until(lambda: "running, step" in form.live.children[0].children[0].value)
    return form


def test_the_job_form_estimates_starts_and_shows_the_end(client, mattress):
    upload_file(client, mattress)
    form = job_form(client)
    assert "tokens billed" in form.cost.value, "the estimate is there before the button is pressed"
    before = form.cost.value
    form.epochs.value = "3"
    assert form.cost.value != before
    form.go.click()
    until(lambda: "succeeded" in form.message.value)
    assert "<figure" in form.end.value
    assert client.fine_tuning.jobs.list().data[0].hyperparameters.n_epochs == 3


def test_messages_of_a_job_stand_at_its_button_and_not_below_the_curve_of_an_earlier_one(client, mattress):
    upload_file(client, mattress)
    form = job_form(client)
    places = list(form.children)
    button_row = next(place for place in places if form.go in getattr(place, "children", ()))
    assert places.index(form.message) == places.index(button_row) + 1 < places.index(form.end)
    playground = playground_form(client)
    assert playground.children.index(playground.message) < playground.children.index(playground.turns)


def test_another_training_file_brings_its_own_validation_file_and_suffix(client, workspace, mattress):
    case = use_file(bakery(workspace))
    own, checked = (
        upload_file(client, case.training_file),
        upload_file(client, case.validation_file, note_as="validation"),
    )
    course = upload_file(client, mattress)
    courses_checks = upload_file(client, DATA / "validation.jsonl", note_as="validation")
    other = upload_file(client, write(read(mattress)[:11], workspace / "Café.jsonl").path)
    form = job_form(client)
    assert (form.training.value, form.validation.value, form.suffix.value) == (own.id, checked.id, "bakery")
    form.training.value = course.id
    assert (form.validation.value, form.suffix.value) == (courses_checks.id, "mattress")
    form.training.value = other.id
    assert (form.validation.value, form.suffix.value) == (checked.id, "cafe")
    form.suffix.value = "mine"
    form.training.value = own.id
    assert (form.validation.value, form.suffix.value) == (checked.id, "mine")


def test_without_a_validation_file_of_its_own_a_file_gets_none_and_never_the_courses(client, workspace):
    upload_file(client, DATA / "validation.jsonl", note_as="validation")
    upload_file(client, bakery(workspace))
    form = job_form(client)
    assert (form.validation.value, form.suffix.value) == (NO_VALIDATION, "bakery")


def test_cancel_works_while_the_job_runs(running):
    form = started(running)
    form.stop.click()
    until(lambda: "cancelled" in form.end.value)
    assert running.client.fine_tuning.jobs.retrieve(form.job_id).status == "cancelled"
    assert form.stop.layout.display == "none" and not form.live.children


def test_a_job_that_ends_before_it_is_cancelled_has_already_succeeded(running):
    form, said = started(running), []
    form.message.observe(lambda change: said.append(change["new"]), "value")
    running.clock.now += 60
    form.stop.click()
    until(lambda: any("The job had already succeeded." in each for each in said) and not form.stop.busy)


def test_two_clicks_start_one_job(running):
    form = job_form(running.client)
    form.go.click()
    form.go.click()
    until(lambda: form.job_id)
    assert len(running.client.fine_tuning.jobs.list().data) == 1


def test_a_new_form_shows_the_job_that_is_still_running(running):
    first = started(running)
    assert job_form(running.client).job_id == first.job_id


def test_a_job_that_is_started_while_another_is_watched_takes_its_place(running):
    form = started(running)
    first, panel = form.job_id, form.live.children[0]
    form.go.click()
    until(lambda: form.job_id != first and "running" not in form.live.children[0].children[0].value)
    until(lambda: panel.layout.display == "none")
    assert len(form.live.children) == 1 and form.live.children[0].layout.display != "none"
    running.clock.now += 60
    until(lambda: form.job_id in form.end.value)
    assert first not in form.end.value


@pytest.mark.parametrize("why", ["a key that was revoked", "a job that is gone"])
def test_a_job_that_cannot_be_watched_any_more_is_said_and_can_be_watched_again(running, why):
    form = started(running)
    key = running.client.api_key
    if why == "a key that was revoked":
        running.client.api_key = "practice-revoked"
        until(lambda: "does not accept the key" in form.message.value)
    else:
        running.transport.gone = True
        until(lambda: "does not know this id" in form.message.value)
    assert f"{form.job_id} was started, but the form cannot watch it" in form.message.value and not form.live.children
    assert "course-watch" not in [thread.name for thread in threading.enumerate()]
    assert form.stop.layout.display == "" and not form.stop.disabled, "the job may still run, and cost money"
    running.client.api_key, running.transport.gone = key, False
    form.refresh.click()
    until(lambda: form.live.children)
    running.clock.now += 60
    until(lambda: "The job has ended: succeeded." in form.message.value)


def test_a_job_that_was_started_and_cannot_be_looked_at_is_said_to_be_started(running):
    form = job_form(running.client)
    running.transport.gone = True
    form.go.click()
    until(lambda: "was started, but the form cannot watch it" in form.message.value)
    running.transport.gone = False
    assert [job.id for job in running.client.fine_tuning.jobs.list()] == [form.job_id]
    assert form.stop.layout.display == ""
    until(lambda: not form.go.busy)
    form.refresh.click()
    until(lambda: form.live.children)


def test_a_host_that_is_away_for_a_moment_is_asked_again(running):
    form = started(running)
    root = running.server.base_url.removesuffix("/v1")
    panel = form.live.children[0].children[0]
    said = []
    panel.observe(lambda change: said.append(change["new"]), "value")
    running.client.post(f"{root}/practice/faults", cast_to=object, body={"fault": "server_error", "times": 2})
    until(lambda: sum("trying again in" in each for each in said) == 2)
    running.clock.now += 60
    until(lambda: "The job has ended: succeeded." in form.message.value)


def test_a_new_form_shows_how_the_last_job_has_ended(client, mattress):
    upload_file(client, mattress)
    first = job_form(client)
    first.go.click()
    until(lambda: "succeeded" in first.message.value)
    again = job_form(client)
    assert first.job_id in again.end.value and "<figure" in again.end.value and again.stop.layout.display == "none"
    assert "The job has ended: succeeded." in again.message.value


def test_on_a_paid_host_the_amount_must_be_ticked(client, mattress, monkeypatch):
    upload_file(client, mattress)
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)
    form = job_form(client)
    form.go.click()
    until(lambda: "Tick the line with the amount" in form.message.value and not form.go.disabled)
    assert client.fine_tuning.jobs.list().data == [] and "I agree to pay up to $0.0" in form.agree.description
    form.agree.value = True
    form.go.click()
    until(lambda: form.job_id)
    assert len(client.fine_tuning.jobs.list().data) == 1 and not form.agree.value


def test_a_job_that_is_made_dearer_while_it_is_started_is_not_the_one_that_was_agreed_to(client, mattress, monkeypatch):
    upload_file(client, mattress)
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)
    form = job_form(client)
    form.epochs.value, form.agree.value = "1", True
    agreed_to = form.agree.description
    while_working(monkeypatch, helpers.forms.job, "estimate", lambda: setattr(form.epochs, "value", "50"))
    form.go.click()
    until(lambda: "Tick the line with the amount" in form.message.value and not form.go.disabled)
    assert client.fine_tuning.jobs.list().data == []
    assert form.agree.description != agreed_to and not form.agree.value, "the amount of now can be ticked"
    form.agree.value = True
    form.go.click()
    until(lambda: form.job_id)
    assert client.fine_tuning.jobs.retrieve(form.job_id).hyperparameters.n_epochs == 50


def test_a_job_starts_with_what_the_fields_said_when_the_button_was_pressed(client, mattress, monkeypatch):
    upload_file(client, mattress)
    form = job_form(client)
    form.epochs.value = "2"
    while_working(monkeypatch, helpers.forms.job, "estimate", lambda: setattr(form.epochs, "value", "50"))
    form.go.click()
    until(lambda: form.job_id)
    assert client.fine_tuning.jobs.retrieve(form.job_id).hyperparameters.n_epochs == 2


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("epochs", "many", "Epochs: found &quot;many&quot;; expected auto, or 1 to 50"),
        ("epochs", "99", "Epochs: found &quot;99&quot;; expected auto, or 1 to 50"),
        ("batch", "0", "Batch size: found &quot;0&quot;; expected auto, or 1 to 256"),
        ("rate", "inf", "Learning rate: found &quot;inf&quot;; expected auto, or a multiplier above 0"),
        ("rate", "nan", "Learning rate: found &quot;nan&quot;; expected auto, or a multiplier above 0"),
        ("seed", "seven", "Seed: found &quot;seven&quot;; expected auto, or a whole number"),
    ],
)
def test_a_setting_that_cannot_be_is_named_in_the_words_of_its_field(client, mattress, field, written, said):
    upload_file(client, mattress)
    form = job_form(client)
    getattr(form, field).value = written
    form.go.click()
    until(lambda: said in form.message.value and not form.go.disabled)
    assert "None" not in form.message.value and client.fine_tuning.jobs.list().data == []


@pytest.mark.parametrize("written", ["auto", "AUTO ", ""])
def test_auto_and_an_empty_field_leave_a_setting_to_the_host(client, mattress, written):
    upload_file(client, mattress)
    form = job_form(client)
    for field in (form.epochs, form.batch, form.rate, form.seed):
        field.value = written
    form.go.click()
    until(lambda: "succeeded" in form.message.value)


def test_a_form_says_what_it_has_made_and_could_not_note(client, mattress, workspace, monkeypatch):
    monkeypatch.setattr(kept_json, "LOCK_SECONDS", 0.1)
    upload_file(client, mattress)
    jobs, uploads = job_form(client), upload_form(client)
    uploads.file.value = next(value for label, value in uploads.file.options if "validation" in label)
    until(lambda: uploads.send.allowed and not uploads.send.disabled)
    with FileLock(workspace / ".notes.lock"):
        jobs.go.click()
        until(lambda: "The job has ended: succeeded." in jobs.message.value)
        [job] = client.fine_tuning.jobs.list()
        assert "could not be noted" in jobs.message.value and f"Write down: {job.id}" in jobs.message.value
        uploads.send.click()
        until(lambda: "is on the host" in uploads.message.value)
    assert "could not be noted" in uploads.message.value and "It is in your notes" not in uploads.message.value


def test_files_are_listed_by_name_and_time_and_the_newest_is_marked(client, mattress, tmp_path):
    older = upload_file(client, mattress)
    mine = tmp_path / "我的 examples.jsonl"
    mine.write_bytes(mattress.read_bytes() + b"\n")
    newest = upload_file(client, mine)
    notes.add(host_name(client), "file", "file-that-was-deleted")
    listed = job_form(client).training.options
    day = datetime.now().strftime("%Y-%m-%d")
    assert [value for _, value in listed] == [newest.id, older.id]
    assert re.fullmatch(rf"我的 examples.jsonl, {day} \d\d:\d\d, your newest \({newest.id}\)", listed[0][0])
    assert re.fullmatch(rf"mydata.jsonl, {day} \d\d:\d\d \({older.id}\)", listed[1][0])


def test_a_validation_file_is_proposed_as_soon_as_there_is_one_and_none_stays_none(client, mattress):
    upload_file(client, mattress)
    form = job_form(client)
    assert not form.validation.value and [label for label, _ in form.validation.options] == ["none"]
    checked = upload_file(client, DATA / "validation.jsonl", note_as="validation")
    form.refresh.click()
    until(lambda: form.validation.value == checked.id)
    assert job_form(client).validation.value == checked.id
    form.validation.value = NO_VALIDATION
    until(lambda: not form.refresh.disabled)
    form.refresh.click()
    until(lambda: not form.refresh.disabled)
    assert form.validation.value == NO_VALIDATION
    form.go.click()
    until(lambda: "succeeded" in form.message.value)
    assert client.fine_tuning.jobs.list().data[0].validation_file is None


def test_a_training_file_that_came_since_is_chosen_and_one_that_was_chosen_stays(client, mattress, tmp_path):
    older = upload_file(client, mattress)
    form = job_form(client)
    mine = tmp_path / "mine.jsonl"
    mine.write_bytes(mattress.read_bytes() + b"\n")
    newest = upload_file(client, mine)
    form.refresh.click()
    until(lambda: form.training.value == newest.id and not form.refresh.disabled)
    form.training.value = older.id
    form.refresh.click()
    until(lambda: not form.refresh.disabled)
    assert form.training.value == older.id


def test_without_a_training_file_the_form_says_where_to_get_one(client):
    assert "Upload one in notebook 02" in job_form(client).message.value


def test_a_host_that_is_away_leaves_a_form_that_says_so(client, mattress, server, monkeypatch):
    upload_file(client, mattress)
    monkeypatch.setenv("COURSE_BASE_MODEL", "gpt-4.1-mini-2025-04-14")
    server.stop()
    assert "could not be reached" in job_form(client).message.value


# --- playground ---------------------------------------------------------------------------------------------------


def test_base_and_tuned_answer_side_by_side_and_as_python(client, tuned):
    notes.remember(client, tuned)
    form = playground_form(client)
    form.beside.value = "gpt-4.1-mini-2025-04-14"
    form.ask.click()
    until(lambda: form.turns.children and form.turns.children[0].answers.value.count("tokens in") == 2)
    shown = form.turns.children[0].answers.value
    assert "10-year" in shown and "Simulated answer" in shown


def test_a_simulated_answer_is_marked_also_when_it_repeats_a_training_example(client, tuned):
    notes.add(host_name(client), "model", tuned)
    form = playground_form(client)
    form.beside.value = "gpt-4.1-mini-2025-04-14"
    form.ask.click()
    until(lambda: form.turns.children and form.turns.children[0].answers.value.count("tokens in") == 2)
    answers = form.turns.children[0].shown
    assert "10-year" in answers[tuned] and all("simulated: no model was asked" in each for each in answers.values())


def test_the_answer_of_a_real_model_carries_no_mark():
    answer = Answer("Ten years.", "smollm2", 1, 1, 0.5, "stop", Decimal(0), None, simulated=False)
    assert footer(answer) == "1 token in, 1 out, 0.5 s, $0.00"
    assert footer(replace(answer, simulated=True)).endswith("$0.00, simulated: no model was asked")


def test_own_models_are_listed_by_name_and_time_and_the_newest_is_marked(client, tuned):
    notes.add(host_name(client), "model", "ft:gpt-4.1-mini-2025-04-14:personal::abc")
    notes.add(host_name(client), "model", tuned)
    form = playground_form(client)
    labels = {value: label for label, value in form.model.options}
    assert re.fullmatch(rf"mattress, .{{16}}, your newest \({tuned}\)", labels[tuned])
    assert labels["ft:gpt-4.1-mini-2025-04-14:personal::abc"].startswith("gpt-4.1-mini-2025-04-14, 20")
    assert labels["gpt-4.1-mini-2025-04-14"] == "gpt-4.1-mini-2025-04-14" and form.model.value == tuned


def test_a_new_model_is_chosen_and_nobody_stays_beside_it(client, tuned):
    form = playground_form(client)
    notes.add(host_name(client), "model", tuned)
    form.refresh.click()
    until(lambda: form.model.value == tuned)
    assert form.beside.value == "(nobody)"


def test_the_python_of_the_playground_gives_the_same_answer(client, tuned, server, monkeypatch, capsys):
    notes.remember(client, tuned)
    form = playground_form(client)
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", server.key)
    exec(form.request().as_python(server.base_url), {})
    assert "10-year" in capsys.readouterr().out


def test_an_error_of_the_host_is_told_and_the_question_stays(client, tuned):
    form = playground_form(client)
    root = str(client.base_url).removesuffix("/v1/")
    form.question.value = "My long question"
    client.post(f"{root}/practice/faults", cast_to=object, body={"fault": "rate_limit", "times": 1})
    form.ask.click()
    until(lambda: "Too many requests" in form.message.value and not form.ask.disabled)
    assert form.question.value == "My long question" and not form.turns.children


def test_earlier_questions_stay_below_with_their_own_code(client, tuned):
    notes.remember(client, tuned)
    form = playground_form(client)
    for question in ("How firm is it?", "How long is the warranty?"):
        form.question.value = question
        form.ask.click()
        until(lambda asked=question: form.turns.children and asked in form.turns.children[0].code.code)
        until(lambda: not form.ask.disabled)
    assert [turn.request.question for turn in form.turns.children] == ["How long is the warranty?", "How firm is it?"]
    assert "How firm is it?" in form.turns.children[1].code.code


# --- cost ---------------------------------------------------------------------------------------------------------


def test_moving_a_number_changes_the_sentence_and_the_figure():
    form = cost_form()
    before = form.result.value
    form.calls.value = 20_000
    assert form.result.value != before and "paid off after" in form.result.value and "<figure" in form.result.value
    form.short.value, form.long.value = 2_000, 50
    assert "never pays for itself" in form.result.value
