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
        asked.choices[letter].button.click()
        assert words in asked.said.value
    assert form.questions[1].said.value == ""
    assert record.load()["quizzes"]["03"]["1"] == {"first": False, "right": True}


def test_the_verdict_stands_there_once():
    asked = quiz_form("03").questions[0]
    for letter, word in {"a": "Not right", "b": "Right"}.items():
        asked.choices[letter].button.click()
        assert asked.said.value.count(word) == 1 and "Not yet" not in asked.said.value


def test_each_button_says_for_which_choice_it_is():
    buttons = [choice.button for asked in quiz_form("00").questions for choice in asked.choices.values()]
    assert len({button.tooltip for button in buttons}) == len(buttons)
