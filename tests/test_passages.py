"""Search over the training examples."""

import json

import pytest

from helpers.course_data.paths import DATA, ROOT
from helpers.data_format import read
from helpers.graders import contains
from helpers.passages import Passages, shots, terms

EVAL = ROOT / "tests" / "benchmarks" / "eval"


def test_all_holds_every_fact_once():
    both = Passages(read(DATA / "mydata.jsonl") * 2).all
    assert both.startswith("Use these facts:\n- ") and both.count("10-year") == 1 and "899" in both


def test_search_finds_the_passage_with_the_words_of_the_question():
    passages = Passages(read(DATA / "mydata.jsonl"), best=1)
    assert "10-year" in passages.find("Tell me about your warranty")
    assert "slatted" in passages.find("Does it fit on slats?")
    assert passages.find("warranty").count("\n- ") == 1


def test_search_works_in_chinese():
    passages = Passages(read(EVAL / "zh_bakery_train.jsonl"), best=1)
    assert "七点半" in passages.find("几点开门呢")


@pytest.mark.parametrize(
    ("training", "asked", "share"),
    [
        (DATA / "mydata.jsonl", DATA / "heldout_questions.jsonl", 0.8),
        (DATA / "mydata.jsonl", DATA / "independent_questions.jsonl", 0.6),
        (EVAL / "zh_bakery_train.jsonl", EVAL / "zh_bakery_heldout.jsonl", 0.6),
    ],
)
def test_search_finds_most_of_what_is_asked_in_other_words(training, asked, share):
    """It is a fair rival: notebook 05 shows the number."""
    passages = Passages(read(training))
    rows = [json.loads(line) for line in asked.read_text("utf-8").splitlines()]
    assert sum(contains(passages.find(row["question"]), row) for row in rows) >= share * len(rows)


def test_a_question_that_resembles_nothing_still_gets_the_first_passages():
    assert Passages(read(DATA / "mydata.jsonl")).find("???").count("\n- ") == 3


def test_without_an_answer_there_is_nothing_to_search():
    with pytest.raises(ValueError, match="found none with an answer"):
        Passages([{"messages": [{"role": "user", "content": "Hello"}]}])


def test_terms_of_short_words_are_the_words():
    assert terms("Is it 10?") == ["is", "it", "10"]


def test_shots_are_the_first_examples():
    text = shots(read(DATA / "evaluation" / "triage_train.jsonl"), 2)
    assert text.startswith("Examples:\n\nMessage: ") and text.count('Reply: {"topic"') == 2
