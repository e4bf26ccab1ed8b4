"""Prices and estimates: exact, dated, and never nothing where the price is unknown."""

import json
from decimal import Decimal

import pytest

from helpers.connection.catalogue import base_models
from helpers.cost import (
    UnknownPriceError,
    call_cost,
    cents,
    compare_prices,
    default_epochs,
    dollars,
    estimate,
    monthly_cost,
    price_of,
    prices,
    training_cost,
)
from helpers.course_data.paths import DATA
from helpers.tokens import count_tokens

MATTRESS = [json.loads(line) for line in (DATA / "mydata.jsonl").read_text(encoding="utf-8").splitlines()]
MINI = "gpt-4.1-mini-2025-04-14"
LONG = {"messages": [{"role": "user", "content": "word " * 70_000}, {"role": "assistant", "content": "yes"}]}


def test_the_worked_example_of_2023_comes_out_exactly():
    cost = training_cost(100_000, 3, price_of("gpt-3.5-turbo-0613"))
    assert cost == Decimal("2.40") and str(cost) == "2.40"


def test_a_tuned_model_cost_eight_times_its_base_in_2023():
    compared = compare_prices("ft:gpt-3.5-turbo", "gpt-3.5-turbo-0613", as_of="2023-08-22")
    assert compared.input_ratio == compared.output_ratio == 8
    assert "costs 8 times as much" in str(compared)


def test_today_it_costs_twice_as_much():
    assert compare_prices(f"ft:{MINI}", MINI).output_ratio == 2


@pytest.mark.parametrize(
    ("examples", "epochs"),
    [
        (1, 25),
        (4, 25),
        (10, 10),
        (15, 6),
        (33, 3),
        (34, 3),
        (8_333, 3),
        (8_334, 2),
        (20_000, 1),
        (100_000, 1),
    ],
)
def test_the_host_chooses_epochs_by_the_number_of_examples(examples, epochs):
    assert default_epochs(examples) == epochs


def test_no_examples_have_no_epochs():
    with pytest.raises(ValueError, match="examples: found 0"):
        default_epochs(0)


def test_a_price_is_found_by_the_day():
    assert price_of("ft:gpt-3.5-turbo", "2023-08-22").input == 12
    assert price_of("ft:gpt-3.5-turbo").input == 3


def test_a_tuned_model_is_priced_by_its_base_whatever_its_name():
    assert price_of(f"ft:{MINI}:personal:shop:abc12345").input == Decimal("0.8")
    assert price_of("ft:gpt-3.5-turbo-0613:personal::abc12345", "2023-08-22").output == 16


def test_a_cheaper_way_of_use_is_not_taken_for_the_price():
    assert price_of("ft:gpt-4.1-2025-04-14").input == 3  # and not the batch price


def test_an_unknown_price_is_an_error_and_not_nothing():
    with pytest.raises(UnknownPriceError, match="glm-4-flash"):
        price_of("glm-4-flash")
    with pytest.raises(UnknownPriceError, match="training"):
        training_cost(1_000, 3, price_of("gpt-6-luna"))


def test_every_model_that_can_be_tuned_has_a_price():
    for model in base_models():
        if model.fine_tunable:
            assert price_of(model.id).train is not None


def test_every_price_has_a_date_and_a_source():
    assert len(prices()) >= 38
    assert all(price.as_of and price.source for price in prices())


def test_a_call_and_a_month_are_exact():
    price = price_of(f"ft:{MINI}")
    assert call_cost(1_000, 500, price) == Decimal("0.0024")
    assert monthly_cost(1_000, input_tokens=1_000, output_tokens=500, price=price) == 72


def test_an_estimate_has_a_lower_and_an_upper_end():
    estimated = estimate(MATTRESS, MINI)
    tokens = count_tokens(MATTRESS, MINI).total
    assert estimated.epochs == 6 and estimated.epochs_chosen_by_host
    assert estimated.expected == training_cost(tokens, 6, price_of(f"ft:{MINI}"))
    assert 0 < estimated.low < estimated.expected < estimated.high


def test_an_estimate_names_the_price_and_the_day_of_it():
    assert "$5 per million tokens, 2026-10" in str(estimate(MATTRESS, MINI))


def test_epochs_of_ones_own_are_used():
    assert estimate(MATTRESS, MINI, epochs=2).expected * 3 == estimate(MATTRESS, MINI, epochs=6).expected
    assert "chosen by the host" not in str(estimate(MATTRESS, MINI, epochs=2))


@pytest.mark.parametrize("epochs", [0, 51])
def test_epochs_that_no_host_accepts_are_refused(epochs):
    with pytest.raises(ValueError, match="expected 1 to 50"):
        estimate(MATTRESS, MINI, epochs=epochs)


def test_what_is_cut_off_is_not_billed():
    estimated = estimate([LONG], "gpt-4o-mini-2024-07-18", epochs=1)
    assert estimated.tokens == 65_536
    assert estimated.low == estimated.expected == training_cost(65_536, 1, price_of("ft:gpt-4o-mini-2024-07-18"))
    assert "1 example cut" in str(estimated)


def test_the_local_model_costs_nothing_and_the_estimate_says_what_openai_would_take():
    local, there = estimate(MATTRESS, "smollm2-135m-instruct"), estimate(MATTRESS, MINI)
    assert local.low == local.expected == local.high == 0
    assert local.on_openai == there.expected
    assert "nothing" in str(local) and MINI in str(local)


def test_tuning_a_tuned_model_further_costs_the_same():
    assert estimate(MATTRESS, f"ft:{MINI}:personal::abc12345").expected == estimate(MATTRESS, MINI).expected


def test_a_model_of_another_host_is_estimated_in_tokens_and_its_price_is_said_to_be_unknown():
    elsewhere = estimate(MATTRESS, "meta-llama/Llama-3.2-1B")
    assert elsewhere.tokens > 500 and elsewhere.epochs == 6
    assert elsewhere.low is elsewhere.expected is elsewhere.high is elsewhere.price is None
    assert "not known to this course" in str(elsewhere) and "not known" in elsewhere._repr_html_()


def test_an_estimate_shows_itself_as_an_accessible_table():
    shown = estimate(MATTRESS, MINI)._repr_html_()
    assert "<caption" in shown and 'scope="col"' in shown and "color" not in shown


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("2.4", "$2.40"),
        ("0", "$0.00"),
        ("0.031710", "$0.032"),
        ("0.00004", "$0.00004"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_money_is_written_for_people(amount, text):
    assert dollars(Decimal(amount)) == text


def test_exact_amounts_keep_all_their_digits():
    assert str(cents(Decimal("0.0453000"))) == "0.0453" and str(cents(Decimal("1E+3"))) == "1000.00"
