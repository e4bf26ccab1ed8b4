"""When a tuned model pays for itself."""

from decimal import Decimal

import pytest

from helpers.break_even import break_even
from helpers.cost import UnknownPriceError, call_cost, price_of, training_cost

MODEL = "gpt-4.1-mini-2025-04-14"
CASE = {"training_tokens": 5000, "epochs": 3, "calls_per_day": 1000, "answer_tokens": 80}


def test_the_numbers_are_those_of_the_price_list():
    found = break_even(MODEL, tuned_prompt_tokens=100, base_prompt_tokens=2000, **CASE)
    tuned, base = price_of(f"ft:{MODEL}"), price_of(MODEL)
    assert found.training == training_cost(5000, 3, base)
    assert (found.tuned_call, found.base_call) == (call_cost(100, 80, tuned), call_cost(2000, 80, base))
    assert (found.tuned_month, found.base_month) == (Decimal("10.08"), Decimal("27.84"))


def test_it_is_paid_off_with_the_call_that_saves_the_last_cent():
    found = break_even(MODEL, tuned_prompt_tokens=100, base_prompt_tokens=2000, **CASE)
    saved = found.base_call - found.tuned_call
    assert saved * found.calls >= found.training > saved * (found.calls - 1)
    assert f"after {found.calls} calls, which is less than a day" in str(found)


def test_a_prompt_that_is_no_shorter_never_pays():
    found = break_even(MODEL, tuned_prompt_tokens=500, base_prompt_tokens=500, **CASE)
    assert found.calls is None and found.days is None and "never pays for itself" in str(found)


@pytest.mark.parametrize("calls_per_day", [10, 260, 5000])
def test_the_crossing_lies_within_the_figure_and_not_at_its_edge(calls_per_day):
    case = CASE | {"training_tokens": 100_000, "calls_per_day": calls_per_day}
    found = break_even(MODEL, tuned_prompt_tokens=100, base_prompt_tokens=2000, **case)
    share = found.days / found.lines()[0][-1]
    assert 0.2 < share < 0.8


def test_the_figure_shows_where_the_lines_cross():
    found = break_even(MODEL, tuned_prompt_tokens=100, base_prompt_tokens=1000, **CASE | {"training_tokens": 900_000})
    days, tuned, base = found.lines()
    assert tuned[0] == float(found.training) and base[0] == 0 and days[-1] > found.days
    assert (tuned[-1] < base[-1]) and "<figure" in found._repr_html_()


def test_a_model_without_a_price_is_never_taken_for_free():
    with pytest.raises(UnknownPriceError):
        break_even("some-model", tuned_prompt_tokens=1, base_prompt_tokens=2, **CASE)
