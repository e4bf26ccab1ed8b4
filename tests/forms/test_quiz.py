"""The quiz as a form, without a browser."""

import pytest

from helpers.exercises import record
from helpers.exercises.catalogue import load_quiz, quiz_numbers
from helpers.forms import quiz_form


@pytest.mark.parametrize("notebook", quiz_numbers())
def test_where_no_widget_lives_a_sentence_names_the_plain_call(notebook):
    text = quiz_form(notebook)._repr_mimebundle_()["text/plain"]
    assert text.endswith(f'The plain call that does the same: quiz("{notebook}")')


def test_each_choice_is_answered_beside_its_question():
    form = quiz_form("03")
    asked, question = form.questions[0], load_quiz("03")[0]
    for letter, words in {**question.why_not, question.right: question.why}.items():
        asked.choice.value = letter
        asked.button.click()
        assert words in asked.said.value
    assert form.questions[1].said.value == ""
    assert record.load()["quizzes"]["03"]["1"] == {"first": False, "right": True}


def test_without_a_choice_it_asks_for_one():
    form = quiz_form("03")
    form.questions[0].button.click()
    assert "Choose one first." in form.questions[0].said.value
    assert record.load()["quizzes"] == {}


def test_nothing_is_chosen_at_first_and_each_button_says_for_what_it_is():
    form = quiz_form("00")
    assert [asked.choice.value for asked in form.questions] == [None] * len(form.questions)
    assert len({asked.button.tooltip for asked in form.questions}) == len(form.questions)
