"""Pairs from what a learner has at hand."""

import json

import pytest

from helpers.training_file.spreadsheet import chat_example, pair_of, pairs_from_bytes, pairs_from_text


@pytest.mark.parametrize(
    "text",
    [
        "How firm?\tMedium.\nHow long?\tTen, years.",
        "question\tanswer\r\nHow firm?\tMedium.\r\nHow long?\tTen, years.\r\n",
        'How firm?,Medium.\nHow long?,"Ten, years."',
        "id;Answer;Question\n1;Medium.;How firm?\n2;Ten, years.;How long?",
        '{"question": "How firm?", "answer": "Medium."}\n{"prompt": "How long?", "completion": "Ten, years."}',
    ],
)
def test_every_usual_form_is_understood(text):
    assert pairs_from_text(text).pairs == [("How firm?", "Medium."), ("How long?", "Ten, years.")]


def test_chinese_column_names_and_a_mark_at_the_beginning_are_understood():
    found = pairs_from_bytes("\ufeff问题,答案\n多硬,中等\n".encode())
    assert found.pairs == [("多硬", "中等")]
    assert pairs_from_bytes("多硬\t中等".encode("utf-16")).pairs == [("多硬", "中等")]


def test_what_is_no_pair_is_named_by_its_line():
    chat = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    weighed = {"messages": [chat["messages"][0], {**chat["messages"][1], "weight": 0}]}
    lines = [json.dumps(chat), "{broken", json.dumps(weighed), json.dumps({"tools": []})]
    found = pairs_from_text("\n".join(lines))
    assert found.pairs == [("Hi", "Hello")]
    assert [line.split(":")[0] for line in found.left_out] == ["line 2", "line 3", "line 4"]
    assert pairs_from_text("one column\nonly").left_out == ["row 1: one column only", "row 2: one column only"]


def test_examples_with_another_system_message_are_not_mixed_in():
    def example(system):
        return json.dumps(
            {
                "messages": [
                    {"role": "system", "content": system},
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": "Hello"},
                ]
            }
        )

    found = pairs_from_text("\n".join([example("A parrot."), example("A pirate.")]))
    assert found.system == "A parrot." and found.left_out == ["line 2: another system message"]


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85"])
def test_a_line_ends_only_where_the_line_of_a_jsonl_file_ends(sign):
    example = chat_example(f"How{sign}firm?", "Medium.", "Be brief.")
    found = pairs_from_text(json.dumps(example, ensure_ascii=False) + "\r\n\n{}\n")
    assert found.pairs == [(f"How{sign}firm?", "Medium.")]
    assert found.left_out == ["line 3: more than one question with one answer"]


@pytest.mark.parametrize("system", ["Be brief.", None])
def test_a_pair_becomes_an_example_and_the_example_the_pair(system):
    assert pair_of(chat_example("How firm?", "Medium.", system)) == ("How firm?", "Medium.", system)


def test_nothing_gives_nothing():
    assert pairs_from_text(" \n").pairs == []
