"""The form for a file of one's own, without a browser."""

from datetime import datetime

import pytest

from helpers.course_data.paths import ROOT
from helpers.data_format import read, write
from helpers.forms import own_file_form
from helpers.own_file.to_examples.simple_example import chat_example
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("quick_forms")


@pytest.fixture
def form(tmp_path):
    return own_file_form(tmp_path / "my_examples.jsonl")


def choose(form, path, name=None):
    content = path.read_bytes() if hasattr(path, "read_bytes") else path
    form.file.value = (
        {"name": name or path.name, "type": "", "size": len(content), "content": memoryview(content),
         "last_modified": datetime.now()},
    )  # fmt: skip


def own(number):
    [path] = (ROOT / "tests" / "own_files").glob(f"{number}_*")
    return path


def shown(widget):
    return widget.layout.display != "none"


def test_a_bakers_table_in_gbk_is_recognised_shown_and_kept(form):
    choose(form, own("05"))
    assert "recognised as Table (CSV)" in form.message.value and "GBK" in form.preview.value
    assert "绿茶怎么保存？" in form.first_rows.value and "陈姐改过" in form.first_rows.value
    form.system.value = "你是茶店的店员。"
    form.keep.click()
    until(lambda: "Saved 12 examples" in form.message.value)
    kept = read(form.path)
    assert kept[0]["messages"][0]["content"] == "你是茶店的店员。" and len(kept) == 12


def test_columns_that_say_nothing_are_chosen_beside_the_first_rows(form):
    choose(form, own("01"))
    assert form.found is None and not shown(form.keep) and "Der Hunt bellt laut." in form.first_rows.value
    form.question.value, form.answer.value = "Satz vom Kind", "Meine Rückmeldung"
    assert len(form.found) == 12 and shown(form.keep)


def test_a_question_of_two_columns_and_a_system_message_of_a_column_are_chosen(form):
    choose(form, own("12"))
    form.question.value, form.more.value = "Subject", "Description"
    assert form.found[0]["messages"][0]["content"].startswith("Printer\nThe printer")
    form.system_column.value = "Status"
    assert form.found[0]["messages"][0] == {"role": "system", "content": "Closed"}


def test_a_template_puts_the_character_into_the_system_message(form):
    choose(form, own("03"))
    form.question.value = "player"
    form.system.value = "You are {npc}."
    assert form.found[0]["messages"][0]["content"] == "You are Brakka."


def test_in_a_chat_the_assistant_is_chosen(form):
    choose(form, own("13"))
    assert shown(form.assistant) and not shown(form.question)
    form.assistant.value = "Salon Föhnwind"
    assert len(form.found) == 12 and shown(form.assistant)
    form.assistant.value = "kundin"
    assert form.found[0]["messages"][1]["content"].startswith("Was kostet")


def test_another_file_forgets_what_was_chosen_for_the_one_before(form):
    choose(form, own("01"))
    form.question.value, form.answer.value = "Satz vom Kind", "Meine Rückmeldung"
    choose(form, own("10"))
    assert len(form.found) == 12 and form.arguments() == {}
    choose(form, own("27"))
    assert form.found is None and "no questions" in form.message.value and not shown(form.keep)


def test_a_text_that_is_pasted_is_read_too(form):
    form.pasted.value = own("10").read_text(encoding="utf-8")
    form.take.click()
    assert len(form.found) == 12


def test_a_wrong_encoding_can_be_overruled(form):
    choose(form, "question,answer\nHow?,Größe\n".encode("cp1250"), "a.csv")
    form.encoding.value = "cp1251"
    assert form.found[0]["messages"][1]["content"] == "GrцЯe"


def test_a_file_that_is_there_is_only_replaced_when_the_learner_says_so(form):
    write([chat_example("When?", "At nine.")], form.path)
    choose(form, own("10"))
    form.keep.click()
    until(lambda: "Add to it, or replace it?" in form.message.value)
    assert len(read(form.path)) == 1
    form.add.click()
    until(lambda: "Saved 13 examples" in form.message.value and not form.keep.disabled)
    form.keep.click()
    until(lambda: shown(form.replace))
    form.replace.click()
    until(lambda: "Saved 12 examples" in form.message.value)
