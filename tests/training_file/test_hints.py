"""Hints: sentences about what could be better, beside the problems and never among them."""

from helpers.connection.catalogue import LOCAL_DEFAULT
from helpers.course_data.paths import DATA
from helpers.data_format import check

GPT = "gpt-4o-mini-2024-07-18"


def examples(*answers: str) -> list[dict]:
    return [
        {"messages": [{"role": "user", "content": f"Question {i}?"}, {"role": "assistant", "content": answer}]}
        for i, answer in enumerate(answers)
    ]


def plain(count: int) -> list[str]:
    return [f"The lamp number {i} costs {i + 10} euros." for i in range(count)]


def test_answers_that_begin_with_yes_or_no_are_counted():
    report = check(examples("Yes. It is sold out.", "No, we do not.", "Yes, on a lead.", "no: closed today", *plain(8)))
    [hint] = report.hints
    assert hint.startswith("4 answers begin with Yes or No") and report.problems == []
    assert hint in str(report) and "4 answers begin with Yes or No" in report._repr_html_()


def test_an_answer_that_names_its_subject_and_a_label_are_no_reason_for_a_hint():
    assert check(DATA / "mydata.jsonl").hints == []
    assert check(examples("Yes, the CloudRest has a cover.", *["Yes", "No"] * 4, *plain(8))).hints == []


def test_a_model_that_was_trained_on_english_says_so_for_chinese_texts():
    chinese = examples(*["我们九点开门, 欢迎光临."] * 12)
    assert any("trained on English" in hint for hint in check(chinese, model=LOCAL_DEFAULT).hints)
    assert check(chinese, model=GPT).hints == [] and check(chinese).hints == []


def test_few_examples_and_long_answers_are_named_for_the_local_model():
    few = check(examples(*plain(3)), model=LOCAL_DEFAULT).hints
    assert len(few) == 1 and few[0].startswith("From 3 examples")
    [long] = check(examples("word " * 800, *plain(12)), model=LOCAL_DEFAULT).hints
    assert (long.startswith("1 answer of more than 400 tokens") and "800" in long) or "801" in long
    assert check(examples("word " * 800, *plain(12)), model=GPT).hints == []
