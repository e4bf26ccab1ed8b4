"""An exercise as a learner meets it in a cell."""

import pytest
from IPython.core.formatters import DisplayFormatter

from helpers import exercise, workspace
from helpers.exercises import record


def shown(thing) -> dict[str, str]:
    return DisplayFormatter().format(thing)[0]


def test_it_shows_its_task_and_how_to_go_on():
    text = str(exercise("03.1"))
    assert "Exercise 03.1: Count the steps" in text
    assert 'exercise("03.1").hint()' in text


def test_a_dollar_sign_in_a_task_is_not_taken_for_a_formula():
    page = shown(exercise("04.2"))["text/markdown"]
    assert "<span>&#36;</span>3.00" in page and "$" not in page
    assert "A training cost $3.00." in str(exercise("04.2"))


def test_an_id_that_there_is_not_is_answered_with_those_that_there_are():
    for wrong in ("03.9", "3.2", 3.2, None, "../quizzes/q00"):
        with pytest.raises(LookupError, match=r"expected one of these, in quotation marks: 00\.1, 00\.2"):
            exercise(wrong)


def test_with_nothing_attempted_the_check_says_so_and_notes_nothing(workspace):
    for attempt in (..., [...], {"a": ...}):
        assert str(exercise("03.1").check(attempt)).startswith("Nothing was attempted yet.")
    assert str(exercise("03.1").check()).startswith("Nothing was attempted yet.")
    assert record.load()["exercises"] == {}


def test_a_verdict_is_marked_in_words_and_not_by_a_colour_only():
    assert str(exercise("03.1").check(39)).startswith("Right. ")
    assert str(exercise("03.1").check(13)).startswith("Not yet. ")
    assert exercise("03.1").check(39).right and not exercise("03.1").check(13).right


def test_what_somebody_wrote_never_becomes_part_of_the_page():
    page = shown(exercise("02.1").check("<script>alert(1)</script>"))["text/html"]
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_the_same_attempt_is_answered_in_the_same_words_each_time():
    assert str(exercise("03.1").check(13)) == str(exercise("03.1").check(13))
    assert shown(exercise("03.1").check(39)) == shown(exercise("03.1").check(39))


def test_there_are_two_hints_and_the_second_stays():
    hints = [str(exercise("00.1").hint()) for _ in range(3)]
    assert hints[0].startswith("Hint 1 of 2") and hints[1].startswith("Hint 2 of 2") and hints[2] == hints[1]


def test_an_exercise_without_material_has_none():
    assert exercise("00.1").material() is None


def test_a_check_is_whole_when_nothing_can_be_noted():
    (workspace() / "progress.json").write_text("{ broken", encoding="utf-8")
    said = str(exercise("03.1").check(39))
    assert said.startswith("Right. ") and "could not be noted: workspace/progress.json cannot be read" in said
    assert "could not be noted" in str(exercise("03.1").solution())
    assert (workspace() / "progress.json").read_text(encoding="utf-8") == "{ broken"
