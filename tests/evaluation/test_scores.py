"""What a way achieved, in numbers and in a figure."""

from decimal import Decimal

import pytest

from helpers.evaluation.scores import Plot, Score, call_on_openai, scores_table

TUNED = "ft:gpt-4.1-mini-2025-04-14:personal::abc"


def score(way="a", model=TUNED, marks=(True, True, False, None), **more):
    return Score(way, model, marks, 300, 60, Decimal(0), 1.5, **more)


def test_what_was_not_answered_is_not_counted():
    one = score()
    assert (one.right, one.answered, one.tokens_per_call) == (2, 3, (100, 20))
    assert one.row()[:3] == ("a", "2 of 3", "67%")


def test_of_several_trainings_the_mean_is_shown():
    one = score(marks=(True,) * 10, shares=(1.0, 0.5, 0.6))
    assert one.share == pytest.approx(0.7) and one.row()[1] == "7 of 10, mean of 3 trainings"


def test_a_model_of_this_computer_is_priced_as_a_gpt_and_a_tuned_one_as_a_tuned_gpt():
    assert call_on_openai("ft:smollm2-135m-instruct:practice::x", 1000, 0) == call_on_openai(TUNED, 1000, 0)
    assert call_on_openai(TUNED, 1000, 0) == 2 * call_on_openai("smollm2-135m-instruct", 1000, 0)
    assert call_on_openai("somebodys-model", 1, 1) is None


def test_an_unknown_price_is_never_shown_as_nothing():
    assert score(model="somebodys-model").row()[-2] == "price unknown"


def test_the_seconds_stand_last_so_that_no_other_column_moves_with_them():
    assert scores_table([score()]).splitlines()[1].endswith("  0.50 s")


def test_the_figure_says_what_to_see_in_words():
    plot = Plot([score("base", marks=(False, False)), score("tuned", marks=(True, True))])
    assert str(plot).startswith("Right answers, the most first: tuned 100%, base 0%.")
    assert "<figure" in plot._repr_html_() and "tuned 100% (between 34% and 100%)" in plot._repr_html_()
