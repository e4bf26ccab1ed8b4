"""When an answer is right."""

import json

import pytest

from helpers.course_data.paths import DATA
from helpers.data_format import read
from helpers.graders import (
    Judge,
    NoVerdictError,
    contains,
    exact,
    expected_of,
    json_fields,
    judge_pairs,
    likeness,
    similar,
)
from helpers.hosts import NotConfirmedError

MODEL = "gpt-4.1-mini-2025-04-14"


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [
        ("It comes with a 10-year warranty.", ["ten years", "10-year"], True),
        ("It comes with a 110-year warranty.", "10-year", False),
        ("It costs $899, delivery included.", "899", True),
        ("It costs $8990.", "899", False),
        ("The capital is paris.", "Paris", True),
        ("A comparison.", "Paris", False),
        ("我们早上七点半开门晚上八点关门。", "七点半", True),
        ("我们早上7:30开门。", "7:30", True),
        ("我们早上17:30开门。", "7:30", False),
        ("C++ (fast)", "C++", True),
        ("", "x", False),
    ],
)
def test_contains_finds_words_and_not_parts_of_them(answer, expected, right):
    assert contains(answer, {"expected": expected}) is right


@pytest.mark.parametrize("answer", ["positive", " Positive. ", "POSITIVE\n", "positive。"])
def test_exact_forgives_blanks_case_and_a_full_stop(answer):
    assert exact(answer, {"expected": ["positive"]})


def test_exact_forgives_nothing_else():
    assert not exact("It is positive", {"expected": ["positive"]})


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ('{"topic": "delivery", "urgency": "high", "summary": "x"}', True),
        ('{"topic": "delivery", "urgency": "low"}', False),
        ('{"topic": "delivery"}', False),
        ('Here it is: {"topic": "delivery", "urgency": "high"}', False),
        ('["delivery", "high"]', False),
        ("delivery", False),
    ],
)
def test_json_fields_wants_json_alone_with_the_right_values(answer, right):
    assert json_fields(answer, {"expected_json": {"topic": "delivery", "urgency": "high"}}) is right


def test_similar_compares_letters_and_not_meanings():
    """Its limit, which its docstring and notebook 05 tell."""
    row = {"expected": "The warranty is 10 years."}
    assert similar("the warranty is 10 years", row)
    assert similar("The warranty is 1 year.", row)  # wrong in fact
    assert not similar("You are covered for a decade.", row)  # right in fact
    assert likeness("abc", "abc") == 100


def test_one_expected_text_is_a_list_of_one():
    assert expected_of({"expected": "a"}) == ["a"] and expected_of({"expected": ["a", "b"]}) == ["a", "b"]


@pytest.fixture
def judge_of(client, tmp_path):
    """A simulated model that replies to one request with what it was taught, whatever else stands in the request."""

    def trained(request, reply):
        pairs = [(request, reply), *((f"filler number {n}", "nothing") for n in range(10))]
        lines = [
            json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]})
            for q, a in pairs
        ]
        path = tmp_path / "judge.jsonl"
        path.write_text("\n".join(lines), encoding="utf-8")
        file = client.files.create(file=path, purpose="fine-tune")
        job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
        return client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model

    return trained


def test_a_judge_says_yes_or_no(client, judge_of):
    always_yes = judge_of("Does the answer to grade say the same?", "Yes.")
    assert Judge(client, always_yes)("Rome", {"question": "What is the capital?", "expected": "Milan"}) is True
    always_no = judge_of("Does the answer to grade say the same?", "No, it does not.")
    assert Judge(client, always_no)("Rome", {"question": "What is the capital?", "expected": "Rome"}) is False


def test_a_judge_that_says_something_else_has_no_verdict(client):
    with pytest.raises(NoVerdictError, match=r"the judge said .*; expected yes or no"):
        Judge(client, MODEL)("Rome", {"question": "What is the capital of Italy?", "expected": "Rome"})


def test_a_judge_that_always_takes_the_first_is_found_out(client, judge_of):
    """Position: whoever stands first wins, so that neither answer was judged."""
    pairs = read(DATA / "evaluation" / "judge_pairs.jsonl")[:3]
    always_a = judge_of("Which answer is correct?", "A")
    found = judge_pairs(client, always_a, pairs)
    assert (found.first_place, found.for_a, found.for_b, found.pairs) == (3, 0, 0, 3)
    assert "whichever stood first" in str(found) and "whichever stood first" in found._repr_html_()


def test_pairs_without_a_verdict_are_counted(client):
    pairs = read(DATA / "evaluation" / "judge_pairs.jsonl")[:2]
    assert judge_pairs(client, MODEL, pairs).no_verdict == 2


def test_judging_pairs_on_a_paid_host_has_to_be_agreed_to(client, monkeypatch):
    monkeypatch.setattr("helpers.hosts.is_openai", lambda _: True)
    with pytest.raises(NotConfirmedError):
        judge_pairs(client, MODEL, read(DATA / "evaluation" / "judge_pairs.jsonl"), limit_usd="0")
