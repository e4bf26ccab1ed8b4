"""A decision from what was measured."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from helpers.decide import decide
from helpers.evaluate import Way, evaluate
from helpers.evaluation.scores import Score

BASE, TUNED = "gpt-4.1-mini-2025-04-14", "ft:gpt-4.1-mini-2025-04-14:personal::abc"
CASE = {"calls_per_month": 30_000, "training_tokens": 5_000, "epochs": 3}


def result(**shares):
    """Ways with a share of 100 questions right, and the tokens of a call: `search=(0.8, 300)`."""
    scores = []
    for way, (share, tokens) in shares.items():
        marks = (True,) * round(share * 100) + (False,) * round(100 - share * 100)
        scores.append(Score(way, TUNED if way == "tuned" else BASE, marks, tokens * 100, 2000, Decimal(0), 1))
    return SimpleNamespace(scores=scores)


def test_the_best_is_proposed_where_it_is_really_better():
    found = decide(result(base=(0.1, 50), search=(0.6, 300), tuned=(0.9, 60)), **CASE)
    assert found.way == "tuned" and "it is really better than every other way" in str(found)


def test_where_no_difference_is_real_the_cheaper_one_is_proposed():
    found = decide(result(prompt=(0.81, 2000), tuned=(0.8, 60)), **CASE)
    assert found.way == "tuned" and "there is no real difference to prompt, and it costs least" in str(found)
    assert decide(result(prompt=(0.8, 60), tuned=(0.81, 60)), **CASE).way == "prompt"


def test_it_names_the_break_even_in_calls_a_month():
    found = decide(result(prompt=(0.8, 2000), tuned=(0.8, 60)), **CASE)
    assert found.break_even.calls and f"the break-even is {found.break_even.calls:,} calls in the first month" in str(
        found
    )


def test_a_training_that_never_pays_is_said_to_never_pay():
    found = decide(result(prompt=(0.3, 60), tuned=(0.9, 60)), **CASE)
    assert found.break_even.calls is None and "Against prompt that is never paid back in money" in str(found)


def test_what_changes_daily_is_not_trained_into_a_model():
    found = decide(result(search=(0.8, 300), tuned=(0.8, 60)), **CASE, facts_change="daily")
    assert found.way == "search" and "What changes daily stays out of the model" in str(found)


def test_where_nothing_is_good_enough_nothing_is_praised():
    found = decide(result(base=(0.0, 50), search=(0.2, 300), tuned=(0.4, 60)), **CASE)
    assert found.way == "tuned" and "None of these is good enough to be used yet; tuned is the one" in str(found)


def test_few_questions_are_named():
    few = SimpleNamespace(scores=[Score("a", BASE, (True, False), 10, 10, Decimal(0), 1)])
    assert str(decide(few, **CASE)).startswith("[Only 2 questions: ask 50 or more before you decide.]")


def test_a_simulated_result_makes_a_pattern_and_not_a_result(client, tuned):
    rows = [{"question": "How long is the warranty?", "expected": "10-year"}]
    measured = evaluate(client, {"base": BASE, "prompt": Way(BASE, context="10-year"), "tuned": tuned}, rows)
    assert str(decide(measured, **CASE)).startswith("[A PATTERN, NOT A RESULT")


def test_without_a_measurement_there_is_no_decision():
    with pytest.raises(ValueError, match="found no measurement"):
        decide(SimpleNamespace(scores=[]), **CASE)
