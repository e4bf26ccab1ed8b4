"""Files as people have them: what comes out of each, or why nothing does and what to do."""

import json
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from helpers import check, examples_from, split, write
from helpers.course_data.paths import ROOT
from helpers.examples_from import AmbiguousFile, UnreadableFile
from helpers.own_file.to_examples.simple_example import chat_example

OWN = ROOT / "tests" / "own_files"


def own(number: str) -> Path:
    [path] = OWN.glob(f"{number}_*")
    return path


def pairs(examples):
    """The last question and the answer of each."""
    return [(example["messages"][-2]["content"], example["messages"][-1]["content"]) for example in examples]


def systems(examples):
    return [each["messages"][0]["content"] for each in examples if each["messages"][0]["role"] == "system"]


def reasons(examples):
    return [(each.place, each.reason) for each in examples.skipped]


# --- the twenty files


def test_a_table_with_names_that_say_nothing_asks_which_column_is_which():
    with pytest.raises(AmbiguousFile, match="question='Satz vom Kind', answer='Meine Rückmeldung'") as asked:
        examples_from(own("01"))
    assert asked.value.columns == ["Lfd.Nr.", "Kl.", "Satz vom Kind", "Meine Rückmeldung", "Name", "erl. (x)"]
    found = examples_from(own("01"), question="Satz vom Kind", answer="Meine Rückmeldung")
    assert len(found) == 12 and found.encoding == "utf-8"
    assert pairs(found)[8] == (
        "Papa kauft Brot; Milch und Eier.",
        "Bei Aufzählungen steht ein Komma, kein Strichpunkt. Sonst alles richtig!",
    )


def test_a_chat_export_asks_who_the_assistant_is_and_names_what_is_no_text():
    with pytest.raises(AmbiguousFile, match="assistant='Reception'") as asked:
        examples_from(own("02"))
    assert asked.value.speakers[:2] == ["Patient A", "Reception"]
    found = examples_from(own("02"), assistant="Reception")
    assert len(found) == 12
    assert pairs(found)[3][0] == "How long is the sick note valid\nand do I have to send it to my boss myself??"
    assert [each.place for each in found.skipped] == ["line 1", "line 6", "line 26"]
    assert pairs(found)[5] == (
        "my mother fell and can't stand up",
        "Please call 112 right now. We will inform the doctor as well.",
    )


def test_who_speaks_goes_into_the_system_message_and_a_line_to_do_is_named():
    found = examples_from(own("03"), question="player", system="You are {npc}, the {role}.")
    assert found.mapping["answer"] == "line" and len(found) == 11
    assert systems(found)[-1] == "You are Pim, the street child."
    assert reasons(found) == [("item 9", 'the answer is still to be written ("TODO")')]


def test_a_chinese_table_in_gbk_needs_no_argument():
    found = examples_from(own("05"))
    assert found.encoding == "gb18030" and found.mapping["question"] == "顾客问" and len(found) == 12
    assert pairs(found)[0] == ("绿茶怎么保存？", "密封好放冰箱冷藏，半年内喝完味道最好。")


def test_headings_that_ask_are_questions_and_the_text_below_stays_markdown():
    found = examples_from(own("06"))
    assert len(found) == 12
    assert "**before 7:45**" in pairs(found)[0][1] and pairs(found)[0][0] == "My child is ill. What should I do?"
    assert [each.place for each in found.skipped] == ["line 3"]


def test_where_two_columns_may_be_the_answer_the_learner_says_which():
    with pytest.raises(AmbiguousFile, match=r"which is the answer.*answer='categoria'"):
        examples_from(own("07"))
    found = examples_from(own("07"), answer="derivar_a")
    assert len(found) == 11 and found.mapping["question"] == "mensaje"
    assert reasons(found) == [("line 10", "no answer")]


def test_alpaca_joins_the_instruction_and_its_input():
    found = examples_from(own("09"))
    assert len(found) == 12 and found.format.startswith("Alpaca")
    assert pairs(found)[0][0] == "Suggest a replacement for the ingredient.\n\nbuttermilk"
    assert pairs(found)[8][0] == "Why did my meringue collapse?"


def test_a_text_with_q_and_a_needs_no_argument():
    found = examples_from(own("10"))
    assert len(found) == 12 and not found.skipped
    assert pairs(found)[3] == (
        'what does "Copper Moon" mean',
        "It's the street lamp in front of my first flat. I was lonely and short-sighted.",
    )


def test_tickets_in_windows_1252_have_their_entities_decoded_and_two_columns_joined():
    found = examples_from(own("12"), question=["Subject", "Description"])
    assert len(found) == 12 and found.encoding == "cp1252" and found.mapping["answer"] == "Resolution"
    assert pairs(found)[0][0] == 'Printer\nThe printer on the 2nd floor says "tray empty" but it isn\'t'
    assert "89 €" in pairs(found)[9][1] and "„Übergabe“" in pairs(found)[3][1]
    assert any('"Status"' in note for note in found.notes) and any("entities" in note for note in found.notes)
    assert len(examples_from(own("12"), question="Description", only={"Status": "Closed"})) == 10


def test_a_question_that_may_stand_in_two_columns_is_said():
    found = examples_from(own("12"))
    assert any("question=['Subject', 'Description']" in note for note in found.notes)


def test_a_download_of_a_social_network_is_turned_round_and_its_letters_put_right():
    with pytest.raises(AmbiguousFile, match="Salon Föhnwind"):
        examples_from(own("13"))
    found = examples_from(own("13"), assistant="Salon Föhnwind")
    assert len(found) == 12
    assert pairs(found)[0] == (
        "Hallo, habt ihr Samstag noch was frei? 😊",
        "Samstag um 11:15 wär noch was, soll ich dich eintragen?",
    )


def test_notes_with_arrows_need_no_argument():
    found = examples_from(own("14"))
    assert len(found) == 12 and [each.place for each in found.skipped] == ["line 1"]
    assert pairs(found)[7] == ("frozen pipe", "hairdryer, slowly, from the tap backwards. never a flame")


def test_a_reply_is_the_answer_to_what_it_quotes_and_what_all_begin_with_is_left_out():
    found = examples_from(own("16"))
    assert pairs(found)[1] == (
        "I can't read music, may I join?",
        "You may. Half of the basses can't either, and they are our pride.",
    )
    assert len(found) == 12 and not any("@" in text for pair in pairs(found) for text in pair)
    assert any('"Hello,"' in note for note in found.notes)


def test_terms_and_definitions_of_a_page_are_questions_and_answers():
    found = examples_from(own("17"))
    assert pairs(found)[1] == (
        "Why is my honey hard?",
        "That's natural. Put the jar in warm water, never above 40 °C.",
    )
    assert len(found) == 12 and "Hof Immenrain" in found.skipped[0].text


def test_separators_of_old_guides_are_not_learned():
    found = examples_from(own("19"))
    assert pairs(found)[1] == ("how often should i train", "Three times a week is plenty for the first half year.")
    assert len(found) == 12 and any("' END'" in note for note in found.notes)


def test_a_messy_chat_file_keeps_what_is_sound_and_says_that_system_messages_differ():
    found = examples_from(own("20"))
    assert len(found) == 11 and [each.place for each in found.skipped] == ["line 12"]
    assert any("system messages differ" in note for note in found.notes)
    assert len(found[8]["messages"]) == 5
    alike = examples_from(own("20"), system="You are the waiter of Zur Gabel.")
    assert set(systems(alike)) == {"You are the waiter of Zur Gabel."} and len(systems(alike)) == 11
    assert any("replaced by yours" in note for note in alike.notes)


def test_xml_gives_its_parts_as_columns_by_which_rows_can_be_chosen():
    assert len(examples_from(own("21"))) == 12
    found = examples_from(own("21"), only={"a@by": "ar"})
    assert len(found) == 6 and len(found.skipped) == 6
    assert pairs(found)[1] == ("Can I photograph documents?", "Yes, without flash & after signing form B.")


def test_a_text_of_excel_in_utf16_needs_no_argument():
    found = examples_from(own("23"))
    assert len(found) == 12 and found.encoding == "utf-16-le"
    assert found.mapping["answer"] == "Antwort (intern abgestimmt)"


def test_a_dump_of_a_database_gives_its_rows_and_names_the_column_of_those_withdrawn():
    found = examples_from(own("26"))
    assert pairs(found)[2] == (
        "What's the luggage limit on the coach?",
        "One suitcase up to 20 kg and one bag you can hold on your knees.",
    )
    assert len(found) == 12 and any('"active"' in note for note in found.notes)
    assert len(examples_from(own("26"), only={"active": 1})) == 10


def test_texts_without_questions_say_what_is_missing():
    with pytest.raises(UnreadableFile, match=r"12 texts separated by \"\*\*\*\", and no questions.*write the question"):
        examples_from(own("27"))


def test_cards_of_anki_are_asked_from_the_front():
    found = examples_from(own("28"))
    assert len(found) == 12 and pairs(found)[0] == ("il cane", "the dog")
    backwards = examples_from(own("28"), question="back", answer="field 3")
    assert pairs(backwards)[2] == ("to eat", "Mangio una mela.\nMangi con noi?") and len(backwards) == 11


@pytest.mark.parametrize("path", sorted(OWN.glob("[0-9]*")), ids=lambda path: path.name)
def test_a_file_is_never_changed(path):
    before = path.read_bytes()
    with suppress(ValueError):
        examples_from(path)
    assert path.read_bytes() == before


# --- what a learner does with them


def test_examples_are_a_list_that_can_be_checked_split_and_written(tmp_path):
    found = examples_from(own("10"))
    assert check(found).ok
    training, validation = split(found, seed=1)
    assert len(training) + len(validation) == 12
    write(found, tmp_path / "mine.jsonl")
    assert json.loads((tmp_path / "mine.jsonl").read_text("utf-8").split("\n")[0]) == found[0]


def test_an_example_with_half_of_an_emoji_is_named_and_the_others_can_be_written(tmp_path):
    rows = [{"question": f"q{n}?", "answer": "Yes. \ud83d" if n == 3 else "Yes."} for n in range(5)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    for given in (tmp_path / "a.jsonl", rows):
        found = examples_from(given)
        [left] = found.skipped
        assert left.place.endswith(" 4") and "whole characters" in left.reason
        assert write(found, tmp_path / "b.jsonl", overwrite=True).examples == 4
    assert [p.code for p in check([chat_example("How?", "So. \ud83d")] * 10).errors] == ["half_character"] * 10


def test_they_show_the_first_five_and_what_was_left_out():
    found = examples_from(own("02"), assistant="Reception")
    assert "12 examples from Chat export, UTF-8; 3 skipped" in repr(found) and "line 6" in repr(found)
    html = found._repr_html_()
    assert html.count("<tr>") == 6 and "my ear hurts" in html and "&lt;Media omitted&gt;" in html


def test_a_table_of_pandas_a_list_of_dicts_and_a_list_of_pairs_are_read_as_well():
    rows = [{"Frage": "Wie groß?", "Antwort": "Groß."}, {"Frage": "Wie schwer?", "Antwort": "Leicht."}]
    expected = [("Wie groß?", "Groß."), ("Wie schwer?", "Leicht.")]
    assert pairs(examples_from(pd.DataFrame(rows))) == pairs(examples_from(rows)) == expected
    assert pairs(examples_from(expected)) == expected


@pytest.mark.parametrize("given", [None, 5, [], ["text"], pd.DataFrame()])
def test_what_is_neither_a_file_nor_a_table_says_what_was_expected(given):
    with pytest.raises(UnreadableFile, match="expected"):
        examples_from(given)


def test_one_example_is_taken_as_a_list_of_one():
    assert pairs(examples_from({"question": "When?", "answer": "At nine."})) == [("When?", "At nine.")]


def test_a_path_that_leads_nowhere_and_an_unknown_encoding_say_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"mine\.csv: found no file"):
        examples_from(tmp_path / "mine.csv")
    with pytest.raises(FileNotFoundError, match="expected a file, or the text itself"):
        examples_from("mine.csv")
    with pytest.raises(ValueError, match="encoding: found 'gbkk'"):
        examples_from(own("05"), encoding="gbkk")
