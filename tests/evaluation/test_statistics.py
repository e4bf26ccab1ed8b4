"""Intervals and the paired test."""

import pytest

from helpers.evaluation.statistics import difference, interval


@pytest.mark.parametrize(("right", "asked"), [(0, 10), (10, 10), (36, 72), (1, 1)])
def test_the_share_lies_within_its_interval_and_that_within_0_and_1(right, asked):
    low, high = interval(right, asked)
    assert 0 <= low <= right / asked <= high <= 1 and high > low


def test_more_questions_make_a_narrower_interval():
    assert interval(50, 100)[1] - interval(50, 100)[0] < interval(5, 10)[1] - interval(5, 10)[0]


def test_without_an_answer_anything_may_be_true():
    assert interval(0, 0) == (0, 1)


def test_only_the_questions_that_one_alone_got_right_decide():
    """The exact McNemar test: 1 against 9 has p = 2 x (1 + 10) / 2^10, however many both got right."""
    first = [True] * 1 + [False] * 9 + [True] * 50
    second = [False] * 1 + [True] * 9 + [True] * 50
    found = difference("a", first, "b", second)
    assert (found.only_first, found.only_second, found.both) == (1, 9, 50)
    assert found.p == pytest.approx(22 / 1024) and found.better == "b"
    assert "this difference is real, because chance alone makes one like it once in 47 times" in str(found)


def test_a_small_difference_may_be_chance():
    found = difference("a", [True, False, False], "b", [False, True, True])
    assert found.better is None and "may be chance" in str(found) and "most of the time" in str(found)


def test_two_ways_that_never_differ_are_said_not_to():
    assert "they never differ" in str(difference("a", [True, False], "b", [True, False]))


def test_questions_that_one_did_not_answer_are_left_out():
    assert difference("a", [None, True, True], "b", [True, True, None]).asked == 1


def test_without_a_question_that_both_answered_there_is_nothing_to_compare():
    with pytest.raises(ValueError, match="a and b: no question was answered by both"):
        difference("a", [None], "b", [True])
