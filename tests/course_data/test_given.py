"""The wrong thing is taken as it was meant where that is clear; else an error says what was found and what to give."""

import json

import pandas as pd
import pytest

from helpers.cost import estimate
from helpers.data_format import check, from_rows, read
from helpers.tokens import count_tokens

GPT = "gpt-4o-mini-2024-07-18"
ONE = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
TAKERS = {
    "check": check,
    "count_tokens": lambda given: count_tokens(given, GPT),
    "estimate": lambda given: estimate(given, GPT),
}


@pytest.mark.parametrize("given", [ONE, ONE["messages"], pd.DataFrame([ONE]), (ONE,), iter([ONE])])
def test_one_example_its_messages_and_a_table_of_examples_are_taken_as_meant(given):
    assert check(given).examples == 1 and check([ONE]).kind == "chat"


@pytest.mark.parametrize("given", [ONE, ONE["messages"], pd.DataFrame([ONE])])
def test_counting_takes_them_too(given):
    assert count_tokens(given, GPT).total == count_tokens([ONE], GPT).total
    assert estimate(given, GPT).tokens == estimate([ONE], GPT).tokens


@pytest.mark.parametrize("name", TAKERS)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pd.DataFrame({"question": ["a"], "answer": ["b"]}), "a DataFrame with the columns question, answer"),
        ({"question": ["a"], "answer": ["b"]}, "a dict with the keys question, answer"),
        (None, "None"),
        (7, "type int"),
        (b"{}", "bytes"),
        (json.dumps(ONE), "the text of a training file"),
    ],
)
def test_what_cannot_be_meant_is_named(name, given, said):
    with pytest.raises(ValueError, match=rf"found .*{said}.*expected a list of examples"):
        TAKERS[name](given)


@pytest.mark.parametrize("name", [*TAKERS, "from_rows", "read"])
def test_a_missing_file_and_a_folder_are_named_with_the_files_that_are_there(name, tmp_path):
    take = {**TAKERS, "from_rows": from_rows, "read": read}[name]
    (tmp_path / "mydata.jsonl").write_text("{}", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"mydatta\.jsonl: found no such file.*mydata\.jsonl"):
        take(tmp_path / "mydatta.jsonl")
    with pytest.raises(IsADirectoryError, match=r"found a folder.*mydata\.jsonl"):
        take(str(tmp_path))
    with pytest.raises(FileNotFoundError, match="The folder nowhere is not there either"):
        take(tmp_path / "nowhere" / "x.jsonl")


def test_a_list_of_texts_is_one_problem_and_texts_that_are_json_say_so():
    [problem] = [problem for problem in check(["a", "b", "c"] * 4).errors]
    assert problem.code == "not_an_object" and "in 12 examples" in problem.found
    [problem] = check([json.dumps(ONE)] * 12).errors
    assert problem.code == "json_as_text"


def test_the_tokens_of_a_file_are_those_of_its_examples(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text((json.dumps(ONE) + "\n") * 12, encoding="utf-8-sig")
    assert count_tokens(path, GPT).total == count_tokens([ONE] * 12, GPT).total
    assert estimate(str(path), GPT).examples == 12


def test_a_file_without_examples_points_to_the_check(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("question,answer\na,b\n", encoding="utf-8")
    for take in (count_tokens, estimate):
        with pytest.raises(ValueError, match=r"mine\.csv: found no examples.*check\("):
            take(path, GPT)
    path.write_bytes("问,答\n".encode("gbk"))
    with pytest.raises(ValueError, match="not UTF-8"):
        count_tokens(path, GPT)


UNSOUND = [
    None, 7, "text", [], {}, {"messages": 7}, {"messages": [None]}, {"input": 7, "preferred_output": 7},
    {"prompt": "a", "completion": "b"},
]  # fmt: skip


def test_unsound_examples_are_left_out_of_the_count_and_named():
    counted = count_tokens([ONE, *UNSOUND], GPT)
    assert counted.per_example == count_tokens([ONE], GPT).per_example and counted.left_out == len(UNSOUND)
    assert "9 examples that cannot be read" in str(counted)
    cost = estimate([ONE, *UNSOUND], GPT)
    assert cost.examples == 1 and cost.left_out == 9 and "9 examples that cannot be read" in cost._repr_html_()
    with pytest.raises(ValueError, match="found 0"):
        estimate(UNSOUND, GPT)


def test_strange_values_in_an_example_are_counted_without_an_error():
    strange = {"messages": [{"role": {}, "content": [None, {"text": 7}], "weight": [], 1: 2}, "x"], "tools": 3}
    assert count_tokens([strange], GPT).total > 0 and estimate([strange], GPT).tokens > 0


# --- from_rows


def test_a_dict_of_columns_and_a_file_of_rows_are_tables(tmp_path):
    expected = [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}]
    assert from_rows({"question": ["a"], "answer": ["b"]}) == expected
    for text in ('{"question": "a", "answer": "b"}\n', '[\n {"question": "a",\n "answer": "b"}\n]'):
        path = tmp_path / "rows.jsonl"
        path.write_text(text, encoding="utf-8")
        assert from_rows(path) == expected


@pytest.mark.parametrize("rows", [None, 7, b"a,b", {"question": "a", "answer": "b"}, {}])
def test_rows_that_are_no_table_say_what_they_are(rows):
    with pytest.raises(ValueError, match=r"rows: found .*; expected a table"):
        from_rows(rows)


def test_columns_with_other_names_point_to_the_way_on(tmp_path):
    path = tmp_path / "alpaca.jsonl"
    path.write_text('{"instruction": "a", "output": "b"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"columns instruction, output; expected also question, answer.*examples_from"):
        from_rows(path)
    with pytest.raises(ValueError, match="These are examples already"):
        from_rows([ONE])


@pytest.mark.parametrize(
    "text",
    [
        'question,answer\nq0,"a\n' + "".join(f"q{i},a{i}\n" for i in range(1, 20)),
        'question,answer\nq0,"a\n' + "".join(f"q{i},a{i}\n" for i in range(1, 20)) + 'q20,"b"\n',
        'question,answer\nq0,a0\nq1,"a\n',
    ],
)
def test_a_quotation_mark_that_is_not_closed_swallows_no_rows(tmp_path, text):
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"rows\.csv: .*closing"):
        from_rows(path)


def test_a_long_cell_over_many_lines_is_an_answer_and_an_endless_one_is_named(tmp_path):
    path = tmp_path / "rows.csv"
    poem = "\n".join(f"Verse {i} of the song" for i in range(40))
    path.write_text(f'question,answer\nSing!,"{poem}"\n', encoding="utf-8")
    assert from_rows(path)[0]["messages"][1]["content"] == poem
    path.write_text("question,answer\nq," + "a" * 200_000 + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"rows\.csv: .*line 2: field larger than field limit"):
        from_rows(path)
