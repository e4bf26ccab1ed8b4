"""Step 5: ways to answer, measured on the same questions."""

import json

import openai
import pytest

from helpers.course_data.paths import DATA
from helpers.data_format import read
from helpers.evaluate import Way, evaluate
from helpers.graders import Judge, contains, exact
from helpers.hosts import NotConfirmedError
from helpers.passages import Passages
from helpers.usage import ledger

MODEL = "gpt-4.1-mini-2025-04-14"
QUESTIONS = [
    {"question": "How long is the warranty?", "expected": ["10-year"]},
    {"question": "What does the queen size cost?", "expected": "899"},
    {"question": "How long is the delivery time?", "expected": ["three working days"]},
]


def plant(client, fault, times):
    faults = f"{str(client.base_url).removesuffix('/v1/')}/practice/faults"
    client.post(faults, cast_to=object, body={"fault": fault, "times": times})


def test_it_counts_what_each_way_got_right(client, tuned):
    result = evaluate(client, {"base": MODEL, "tuned": tuned}, QUESTIONS)
    base, own = result.scores
    assert (base.right, own.right, own.answered) == (0, 3, 3)
    assert own.share == 1 and own.interval[0] == pytest.approx(0.44, abs=0.01)
    assert "0 of 3" in str(result) and "3 of 3" in str(result)


def test_the_questions_can_lie_in_a_file(client, tuned):
    result = evaluate(client, {"tuned": tuned}, DATA / "independent_questions.jsonl")
    assert len(result.rows) == 72 and result.scores[0].answered == 72


def test_the_answers_stand_side_by_side_marked_in_words(client, tuned):
    result = evaluate(client, {"base": MODEL, "tuned": tuned}, QUESTIONS)
    assert len(result.answers) == 3 and len(result.answers[:1]) == 1
    assert "wrong: [Simulated answer" in str(result.answers) and "right: The warranty" in str(result.answers)
    html = result.answers._repr_html_()
    assert html.index("wrong: [Simulated") < html.index("right: The warranty") and "color" not in html


def test_the_wrong_answers_of_a_way_can_be_read_alone(client, tuned):
    rows = [*QUESTIONS, {"question": "How long is the warranty?", "expected": "five years"}]
    result = evaluate(client, {"tuned": tuned}, rows)
    assert [question for question, _ in result.wrong("tuned")] == ["How long is the warranty?"]
    assert str(result.wrong("tuned")[:0]) == "No answer."


def test_whether_a_difference_is_real_is_said_in_one_sentence(client, tuned):
    result = evaluate(client, {"base": MODEL, "tuned": tuned}, QUESTIONS * 3)
    said = str(result.compare("base", "tuned"))
    assert said.startswith("Of 9 questions, base got 0 right and tuned 9") and "this difference is real" in said
    few = evaluate(client, {"base": MODEL, "tuned": tuned}, QUESTIONS)
    assert "may be chance" in str(few.compare("base", "tuned"))


def test_a_way_that_was_not_measured_is_named(client, tuned):
    result = evaluate(client, {"tuned": tuned}, QUESTIONS)
    with pytest.raises(KeyError, match="found 'base'; expected one of tuned"):
        result.compare("tuned", "base")


def test_a_simulated_result_says_that_it_says_nothing_about_a_model(client, tuned):
    result = evaluate(client, {"tuned": tuned}, QUESTIONS)
    assert result.simulated and "say nothing about a model" in str(result)
    assert "say nothing about a model" in result._repr_html_()


def test_the_figure_has_the_numbers_as_alternative_text(client, tuned):
    html = evaluate(client, {"base": MODEL, "tuned": tuned}, QUESTIONS)._repr_html_()
    assert 'alt="Dots with lines: the share of right answers. base 0% (between 0% and 56%); tuned 100%' in html


def test_the_numbers_come_as_a_table_too(client, tuned):
    table = evaluate(client, {"base": MODEL, "tuned": tuned}, QUESTIONS).table
    assert list(table.index) == ["base", "tuned"] and list(table["right"]) == [0, 3]
    assert (table["cost"] == 0).all() and (table["tokens_in"] > 0).all()


def test_two_runs_show_the_same_but_for_the_seconds(client, tuned):
    one, other = (evaluate(client, {"base": MODEL, "tuned": tuned}, QUESTIONS) for _ in range(2))
    without = [[line.rpartition("  ")[0] for line in str(result).splitlines()] for result in (one, other)]
    assert without[0] == without[1] and str(one.answers) == str(other.answers)


# --- ways -----------------------------------------------------------------------------------------------------------


def test_a_way_is_told_its_system_message_and_its_context():
    passages = Passages(read(DATA / "mydata.jsonl"), best=1)
    assert Way(MODEL).told("?", "Be brief.") == "Be brief."
    assert Way(MODEL).told("?", None) is None
    assert Way(MODEL, system="").told("?", "Be brief.") is None
    assert Way(MODEL, system="Be long.", context="A fact.").told("?", "Be brief.") == "Be long.\n\nA fact."
    found = Way(MODEL, context=passages.find).told("How long is the warranty?", "Be brief.")
    assert found.startswith("Be brief.\n\nUse these facts:\n- ") and "10-year" in found and "899" not in found


def test_what_a_way_is_given_to_read_is_counted_in_its_tokens(client):
    passages = Passages(read(DATA / "mydata.jsonl"))
    ways = {"base": MODEL, "search": Way(MODEL, context=passages.find), "all": Way(MODEL, context=passages.all)}
    base, search, everything = evaluate(client, ways, QUESTIONS).scores
    assert base.tokens_in < search.tokens_in < everything.tokens_in
    assert base.call_on_openai < search.call_on_openai < everything.call_on_openai


# --- what is missing, and what fails ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "found no question"),
        ([{"question": "a"}, QUESTIONS[0], {"expected": "b"}], r"2 of 3 rows .*\n  row 1  found no expected"),
        (["How long is the warranty?"], "row 1  found str"),
    ],
)
def test_rows_that_cannot_be_graded_are_all_named_before_anything_is_asked(client, tuned, rows, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        evaluate(client, {"tuned": tuned}, rows)
    assert ledger(client).rows == []


def test_a_line_that_is_no_json_is_named(client, tuned, tmp_path):
    path = tmp_path / "questions 问题.jsonl"
    path.write_text(f"{json.dumps(QUESTIONS[0])}\nnothing\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2  found no JSON"):
        evaluate(client, {"tuned": tuned}, path)


def test_without_a_way_there_is_nothing_to_measure(client):
    with pytest.raises(ValueError, match="ways: found none"):
        evaluate(client, {}, QUESTIONS)


def test_a_call_that_fails_is_named_and_counts_neither_as_right_nor_as_wrong(client, tuned):
    plant(client, "rate_limit", 1)
    result = evaluate(client, {"tuned": tuned}, QUESTIONS)
    assert (result.scores[0].right, result.scores[0].answered) == (2, 2)
    assert "no answer: RateLimitError" in str(result.answers)
    assert "Of tuned, 1 answer could not be counted, neither as right nor as wrong: RateLimitError" in str(result)


def test_a_call_that_failed_is_tried_again_by_the_library(client, tuned):
    plant(client, "rate_limit", 1)
    result = evaluate(client.with_options(max_retries=2), {"tuned": tuned}, QUESTIONS)
    assert result.scores[0].answered == 3


def test_after_three_failures_in_a_row_the_rest_is_not_asked(client, tuned):
    plant(client, "server_error", 3)
    result = evaluate(client, {"tuned": tuned}, QUESTIONS * 2)
    assert result.scores[0].answered == 0 and result.scores[0].share == 0
    assert str(result.answers).count("not asked after three failures in a row") == 3


def test_a_model_that_does_not_exist_is_an_error_at_once(client):
    with pytest.raises(openai.NotFoundError):
        evaluate(client, {"gone": "ft:gpt-4.1-mini-2025-04-14:personal::gone"}, QUESTIONS)


def test_a_judge_without_a_verdict_is_named(client, tuned):
    """The simulator stands in for the judge here, and says neither yes nor no."""
    result = evaluate(client, {"tuned": tuned}, QUESTIONS[:1], grader=Judge(client, MODEL))
    assert result.scores[0].answered == 0
    assert "no answer: the judge said '[Simulated answer" in str(result.answers)
    assert f"graded by the judge {MODEL}" in str(result)


# --- money ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def on_openai(monkeypatch):
    monkeypatch.setattr("helpers.hosts.is_openai", lambda _: True)  # as on OpenAI; nothing is sent there


def test_on_a_paid_host_nothing_is_asked_before_the_price_is_agreed_to(client, tuned, on_openai):
    with pytest.raises(NotConfirmedError, match=r"up to \$0\.00\d+ on openai; your limit is \$0\."):
        evaluate(client, {"tuned": tuned}, QUESTIONS, limit_usd="0")
    assert ledger(client).rows == []
    assert evaluate(client, {"tuned": tuned}, QUESTIONS, limit_usd="0.01").scores[0].cost > 0


def test_a_judge_is_paid_only_when_its_price_was_agreed_to(client, tuned, on_openai):
    with pytest.raises(NotConfirmedError):
        evaluate(client, {"tuned": tuned}, QUESTIONS, grader=Judge(client, MODEL), limit_usd="0.0005")
    assert ledger(client).rows == []


def test_a_grader_of_your_own_is_a_plain_function(client, tuned):
    def is_short(answer, row):
        return len(answer) < 100

    result = evaluate(client, {"tuned": tuned}, [{"question": "How long is the delivery time?"}], grader=is_short)
    assert result.scores[0].right == 1 and "graded by is_short" in str(result)
    assert evaluate(client, {"tuned": tuned}, QUESTIONS, grader=exact).scores[0].right == 0
    assert contains("$899.", QUESTIONS[1])
