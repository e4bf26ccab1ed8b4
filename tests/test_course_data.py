"""The data of the course: whole, checked, and what is asked later was never taught."""

import json

import pytest

from helpers.course_data.paths import DATA
from helpers.data_format import check, read

TRAINED_ON = ("mydata.jsonl", "mydata_50.jsonl", "validation.jsonl", "calibration.jsonl")
TO_MEASURE = ("do_not_know.jsonl", "contradicting.jsonl", "triage_train.jsonl", "voice_train.jsonl")


def questions_of(name):
    return [example["messages"][-2]["content"].lower() for example in read(DATA / name)]


@pytest.mark.parametrize(("name", "count"), [("mydata.jsonl", 15), ("mydata_50.jsonl", 50), ("calibration.jsonl", 89)])
def test_a_training_file_of_the_course_has_no_problem(name, count):
    report = check(DATA / name)
    assert report.examples == count and not report.errors and not report.warnings


def test_the_fifty_begin_with_the_fifteen():
    assert read(DATA / "mydata_50.jsonl")[:15] == read(DATA / "mydata.jsonl")


@pytest.mark.parametrize("name", ["heldout", "independent", "harder", "general"])
def test_no_question_that_measures_a_model_was_taught_to_it(name):
    taught = {question for file in TRAINED_ON for question in questions_of(file)}
    asked = [
        json.loads(line)["question"].lower()
        for line in (DATA / f"{name}_questions.jsonl").read_text("utf-8").splitlines()
    ]
    assert len(asked) == len(set(asked)) and not taught.intersection(asked)


def test_nobody_is_validated_on_what_was_taught():
    taught = {question for name in ("mydata.jsonl", "mydata_50.jsonl") for question in questions_of(name)}
    assert not taught.intersection(questions_of("validation.jsonl"))


@pytest.mark.parametrize("name", ["outside", "triage", "voice", "general"])
def test_no_question_of_notebook_05_was_taught(name):
    files = ["mydata.jsonl", "mydata_50.jsonl", *(f"evaluation/{file}" for file in TO_MEASURE)]
    taught = {question for file in files for question in questions_of(file)}
    asked = [row["question"].lower() for row in read(DATA / "evaluation" / f"{name}_questions.jsonl")]
    assert len(asked) == len(set(asked)) and not taught.intersection(asked)


def test_of_what_notebook_05_trains_only_the_contradictions_are_warned_of():
    for name in TO_MEASURE:
        report = check(DATA / "evaluation" / name)
        assert not report.errors and len(report.warnings) == (3 if name == "contradicting.jsonl" else 0), name
