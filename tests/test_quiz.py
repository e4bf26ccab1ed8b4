"""The quizzes: every choice has its own words, and the first answer is the one that counts."""

import pytest

from helpers import quiz, workspace
from helpers.exercises import record
from helpers.exercises.catalogue import NOTEBOOKS, load_quiz, quiz_numbers

ASKED = [(number, place) for number in quiz_numbers() for place in range(len(load_quiz(number)))]


def test_each_notebook_has_one():
    assert quiz_numbers() == list(NOTEBOOKS)


@pytest.mark.parametrize("number, place", ASKED)
def test_every_wrong_choice_has_an_explanation_of_its_own(number, place):
    question = load_quiz(number)[place]
    assert question.right in question.choices
    assert set(question.why_not) == set(question.choices) - {question.right}
    words = [question.why, *question.why_not.values()]
    assert len(set(words)) == len(words) and all(words)


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_the_right_letter_is_not_always_the_same(number):
    assert len({question.right for question in load_quiz(number)}) > 1


def test_a_choice_is_answered_with_why_or_why_not():
    assert str(quiz("03").answer(1, "b")).startswith("Right. ")
    assert (
        str(quiz("03").answer(1, " A ")) == "Not yet. That is a step. An epoch has as many steps as there are batches."
    )


@pytest.mark.parametrize("question, choice", [(0, "a"), (9, "a"), ("1", "a"), (True, "a"), (1, "z"), (1, None), (1, 2)])
def test_a_question_or_a_choice_that_there_is_not_is_said_to_be_so(question, choice):
    with pytest.raises(ValueError, match="expected"):
        quiz("03").answer(question, choice)


def test_a_quiz_that_there_is_not_is_answered_with_those_that_there_are():
    with pytest.raises(LookupError, match="00, 01, 02, 03, 04, 05"):
        quiz("3")


def test_shown_it_is_all_questions_and_gives_nothing_away():
    text = str(quiz("00"))
    assert text.endswith('Answer with `quiz("00").answer(1, "a")`.')
    assert all(question.text in text and question.why not in text for question in load_quiz("00"))


def test_the_first_answer_counts():
    quiz("03").answer(1, "a")
    quiz("03").answer(1, "b")
    quiz("03").answer(2, "a")
    assert record.load()["quizzes"]["03"] == {"1": {"first": False, "right": True}, "2": {"first": True, "right": True}}


def test_an_answer_is_whole_when_nothing_can_be_noted():
    (workspace() / "progress.json").write_text("[]", encoding="utf-8")
    assert "could not be noted" in str(quiz("03").answer(1, "b"))
