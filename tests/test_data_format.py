"""Step 1: every problem of a file is found and named; examples are read, split, drawn and written safely."""

import json
import tracemalloc
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from helpers.cost import estimate
from helpers.course_data.paths import DATA
from helpers.data_format import check, from_rows, read, sample, split, write
from helpers.tokens import count_tokens

MATTRESS = DATA / "mydata.jsonl"
GPT = "gpt-4o-mini-2024-07-18"


def chat(question: str, answer: str = "Yes.", system: str = "Be brief.") -> dict:
    roles = (("system", system), ("user", question), ("assistant", answer))
    return {"messages": [{"role": role, "content": content} for role, content in roles]}


def questions(count: int) -> list[dict]:
    return [chat(f"Question {i}?", f"Answer {i}.") for i in range(count)]


def saved(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def as_jsonl(examples) -> str:
    return "".join(json.dumps(example) + "\n" for example in examples)


def codes(report) -> list[tuple[int | None, str]]:
    return sorted(((p.line, p.code) for p in report.problems), key=lambda pair: (pair[0] or 0, pair[1]))


# --- the files of the course


def test_the_mattress_examples_have_no_problems():
    report = check(MATTRESS, model=GPT, validation=DATA / "validation.jsonl")
    assert report.ok and report.problems == [] and report.examples == 15 and report.kind == "chat"
    assert str(report) == "data/mydata.jsonl: no problems in 15 lines, 1,036 tokens"


BROKEN = {
    "conversation": [
        (2, "empty_messages"), (4, "last_not_assistant"), (6, "empty_content"), (7, "no_assistant"),
        (10, "no_content"),
    ],
    "duplicates": [(None, "systems_differ"), (5, "duplicate"), (8, "contradiction")],
    "fields": [
        (2, "missing_messages"), (4, "extra_key"), (4, "no_content"), (6, "missing_role"), (7, "extra_key"),
        (9, "bad_content"), (10, "not_a_message"),
    ],
    "json": [
        (2, "not_json"), (5, "not_json"), (7, "not_json"), (8, "not_an_object"), (10, "not_json"),
        *[(line, "not_json") for line in range(12, 18)],
    ],
    "latin1": [(6, "not_utf8")],
    "mixed_kinds": [(None, "mixed_kinds"), (10, "old_format")],
    "preferences": [
        (3, "dpo_name"), (5, "bad_answer"), (7, "same_answers"), (9, "empty_messages"), (11, "bad_answer"),
    ],
    "roles": [(3, "unknown_role"), (9, "no_assistant")],
    "spreadsheet": [(None, "blank"), (None, "bom"), (None, "crlf")],
    "too_few": [(None, "too_few")],
    "tools": [
        (2, "bad_arguments"), (4, "call_without_answer"), (6, "answer_without_call"),
        (6, "call_without_answer"), (7, "no_call_id"), (9, "unknown_function"), (11, "bad_call"),
    ],
    "utf16": [(None, "utf16")],
    "weight": [
        (2, "extra_key"), (4, "bad_weight"), (7, "bad_weight"), (9, "nothing_to_learn"), (11, "bad_weight"),
    ],
}  # fmt: skip


def test_every_broken_file_is_in_the_list_of_this_test():
    assert {path.stem for path in (DATA / "broken").glob("*.jsonl")} == set(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_every_problem_of_a_broken_file_is_found_and_no_other(name):
    assert codes(check(DATA / "broken" / f"{name}.jsonl")) == BROKEN[name]


def test_a_report_reads_as_where_found_expected_and_what_to_do():
    assert str(check(DATA / "broken" / "roles.jsonl")) == (
        "data/broken/roles.jsonl: 2 errors in 12 lines\n"
        '  line 3  error  messages[2].role  found "bot"; expected one of system, user, assistant, '
        "tool (or the older function); use the role that fits; repair() knows the common mix-ups\n"
        "  line 9  error  messages          found no assistant message; expected at least one; "
        "add the answer that the model should learn"
    )


def test_a_report_is_an_accessible_table_in_a_notebook():
    shown = check([chat("<b>bold</b>"), *questions(9), {"<i>": 1}])._repr_html_()
    assert "<caption" in shown and 'scope="col"' in shown and ">error<" in shown
    assert "<i>" not in shown and "color" not in shown and "background" not in shown


# --- how the file is saved


@pytest.mark.parametrize(
    ("encoding", "code"),
    [
        ("utf-8-sig", "bom"),
        ("utf-16", "utf16"),
        ("utf-16-le", "utf16"),
        ("utf-16-be", "utf16"),
        ("utf-8", None),
    ],
)
def test_the_encoding_is_recognised_with_and_without_a_mark(tmp_path, encoding, code):
    path = saved(tmp_path / "file.jsonl", as_jsonl([chat("Café?"), *questions(9)]), encoding)
    assert codes(check(path)) == ([(None, code)] if code else [])
    assert read(path)[0] == chat("Café?")


def test_windows_line_ends_and_blank_lines_are_warnings_and_lines_keep_their_numbers(tmp_path):
    path = saved(tmp_path / "file.jsonl", "\r\n" + as_jsonl([*questions(10), {}]).replace("\n", "\r\n"))
    report = check(path)
    assert codes(report) == [(None, "blank"), (None, "crlf"), (12, "missing_messages")]
    assert report.examples == 11


def test_a_file_without_a_last_line_end_is_complete(tmp_path):
    assert check(saved(tmp_path / "file.jsonl", as_jsonl(questions(10)).rstrip())).examples == 10


def test_an_empty_file_is_too_short_and_no_more(tmp_path):
    assert codes(check(saved(tmp_path / "file.jsonl", ""))) == [(None, "too_few")]


def test_a_path_with_spaces_and_chinese_characters_works_and_is_never_shown_whole(tmp_path):
    path = saved(tmp_path / "我的 数据.jsonl", as_jsonl(questions(10)))
    assert str(check(path)) == "我的 数据.jsonl: no problems in 10 lines"


# --- one problem never hides another


def test_forty_broken_lines_are_forty_problems(tmp_path):
    path = saved(tmp_path / "file.jsonl", "{broken\n" * 40 + as_jsonl(questions(10)))
    assert [line for line, _ in codes(check(path))] == list(range(1, 41))


def test_an_error_behind_ten_thousand_warnings_is_still_named():
    examples = [chat("The same?")] * 10_050 + [{"no": "messages"}]
    report = check(examples)
    assert not report.ok and [problem.line for problem in report.errors] == [10_051]
    assert "example 10051" in str(report) and report.counts["warning"] == 10_049
    assert "and 10,000 more" in str(report) and len(report.warnings) == 10_000


STRANGE = [
    None,
    7,
    "text",
    [],
    {},
    {"messages": 7},
    {"messages": {"role": "user"}},
    {"messages": [None, 1, [], "x"]},
    {"messages": [{"role": {}, "content": {}, "weight": [], "name": 0, "tool_calls": {}, "function_call": 1}]},
    {"instruction": "Translate", "input": "Hi", "output": "Hallo"},
    {"input": 7, "preferred_output": 7},
    {"input": {"messages": [None]}, "preferred_output": [None], "non_preferred_output": {}},
    {"messages": [{"role": "assistant", "tool_calls": [None, {"id": 1}, {"id": "a", "type": "function"}]}]},
    {
        "messages": [{"role": "user", "content": [None, {"type": "image_url"}]}],
        "tools": [None],
        "functions": 3,
    },
    {"messages": [{"role": "user", "content": "\ud83d"}]},
    {1: 2, "messages": []},
]


@pytest.mark.parametrize("example", STRANGE, ids=range(len(STRANGE)))
def test_no_example_is_too_strange_to_be_reported(example, tmp_path):
    report = check([example], model=GPT, validation=[example])
    assert not report.ok and str(report).encode("utf-8") and report._repr_html_()
    if not isinstance(example, dict) or 1 not in example:
        assert not check(saved(tmp_path / "file.jsonl", as_jsonl([example])), model=GPT).ok


ITSELF: dict = {"role": "user"}
ITSELF["content"] = ITSELF
UNSOUND = [
    *STRANGE,
    {"messages": [{"role": "user", "content": {(1, 2): 3}}], "tools": [{None: {1}}]},
    {"messages": [ITSELF]},
]


@pytest.mark.parametrize("example", UNSOUND, ids=range(len(UNSOUND)))
def test_no_example_is_too_strange_to_be_counted_or_left_out(example):
    """Whoever counts before they check gets a number, and is told what was left out."""
    good = questions(10)
    counted, estimated = count_tokens([*good, example], GPT), estimate([*good, example], GPT)
    alone = count_tokens(good, GPT).total
    assert counted.total == estimated.tokens >= alone and counted.left_out == estimated.left_out <= 1
    assert str(counted) and str(estimated) and counted._repr_html_() and estimated._repr_html_()
    if counted.left_out:
        assert counted.total == alone and "1 example that cannot be read; check() says why" in str(estimated)


# --- what no host refuses


def test_the_same_example_is_found_however_it_is_written(tmp_path):
    again = json.dumps(chat("Question 3?", "Answer 3."), indent=None, separators=(",", ":"), sort_keys=True)
    report = check(saved(tmp_path / "file.jsonl", as_jsonl(questions(10)) + again))
    assert codes(report) == [(11, "duplicate")] and report.problems[0].found == "the same as line 4"


def test_two_answers_to_one_question_are_a_contradiction_whatever_the_case_and_the_spaces():
    report = check([*questions(10), chat("question  3?", "No.")])
    assert codes(report) == [(11, "contradiction")] and "example 4" in report.problems[0].found


def test_another_scene_may_have_another_answer():
    report = check([*questions(10), chat("Question 3?", "Arr.", system="Talk like a sailor.")])
    assert codes(report) == [(None, "systems_differ")]


def test_two_bad_answers_to_one_question_are_no_contradiction_between_preferences():
    message = {"role": "assistant", "content": "Good."}
    preferences = [
        {
            "input": {"messages": [{"role": "user", "content": "Why?"}]},
            "preferred_output": [message],
            "non_preferred_output": [{**message, "content": f"Bad {i}."}],
        }
        for i in range(10)
    ]
    report = check(preferences)
    assert report.problems == [] and report.kind == "dpo"


def test_a_question_that_is_in_the_validation_file_too_is_named(tmp_path):
    validation = saved(tmp_path / "validation.jsonl", as_jsonl([chat("QUESTION 4?", "Other.")]))
    assert codes(check(questions(10), validation=validation)) == [(5, "overlap")]


def test_a_different_system_message_is_named_once_with_its_first_line():
    report = check([*questions(9), chat("a"), chat("b", system="Be long."), chat("c", system="Be longer.")])
    assert codes(report) == [(None, "systems_differ")]
    assert report.problems[0].found == "3 different ones (example 11 is the first unusual one)"


def test_an_example_too_long_for_the_model_is_a_warning_with_its_length():
    report = check([chat("word " * 70_000), *questions(9)], model=GPT)
    assert report.ok and codes(report) == [(1, "too_long")] and report.tokens.truncated == 1
    assert "1 example cut" in str(report)


def test_where_no_limit_is_confirmed_none_is_applied():
    assert check([chat("word " * 70_000), *questions(9)], model="gpt-4.1-mini-2025-04-14").problems == []


# --- long files


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(count: int) -> int:
        path = saved(tmp_path / f"{count}.jsonl", as_jsonl(chat(f"Question {i}?", f"{i} " * 300) for i in range(count)))
        tracemalloc.start()
        check(path)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(4_000) < peak(400) + 200_000  # bytes; the larger file has 5 MB more


def test_only_a_long_file_shows_progress(tmp_path, monkeypatch, capsys):
    path = saved(tmp_path / "file.jsonl", as_jsonl(questions(20)))
    check(path)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("helpers.training_file.jsonl.LONG_FILE", 100)
    check(path)
    assert "file.jsonl" in capsys.readouterr().err
    check(path, progress=False)
    assert capsys.readouterr() == ("", "")


# --- reading and writing


def test_what_is_written_is_read_again(tmp_path):
    examples = [*questions(3), chat("保修多久?")]
    written = write(examples, tmp_path / "new folder" / "mine.jsonl")
    assert read(written) == examples and "保修多久" in written.path.read_text(encoding="utf-8")
    assert str(written) == "mine.jsonl: 4 examples" and written.path.read_bytes().count(b"\n") == 4


def test_an_existing_file_is_kept_unless_overwriting_is_asked_for(tmp_path):
    path = tmp_path / "mine.jsonl"
    write(questions(3), path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write(questions(5), path)
    assert len(read(path)) == 3
    write(questions(5), path, overwrite=True)
    assert len(read(path)) == 5


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "mine.jsonl"
    write(questions(3), path)
    with pytest.raises(ValueError, match="example 2 cannot be written"):
        write([chat("a"), {"messages": {1, 2}}], path, overwrite=True)
    assert len(read(path)) == 3 and list(tmp_path.glob("*.part")) == []


def test_reading_a_broken_file_names_every_line_that_cannot_be_read(tmp_path):
    path = saved(tmp_path / "file.jsonl", "{\n" + as_jsonl(questions(2)) + "[1]\n")
    with pytest.raises(ValueError, match=r"(?s)2 errors in 4 lines.*line 1 .*line 4 "):
        read(path)


# --- from rows


def test_rows_become_chat_examples_from_a_table_a_list_or_a_file(tmp_path):
    rows = [{"question": "a", "answer": "1"}, {"question": "b, c", "answer": "2"}]
    expected = [chat("a", "1"), chat("b, c", "2")]
    pd.DataFrame(rows).to_csv(tmp_path / "rows.csv", index=False)
    for source in (rows, pd.DataFrame(rows), tmp_path / "rows.csv", str(tmp_path / "rows.csv")):
        assert from_rows(source, system="Be brief.") == expected


def test_without_a_system_message_there_is_none():
    [example] = from_rows([{"question": "a", "answer": "b"}])
    assert [message["role"] for message in example["messages"]] == ["user", "assistant"]


def test_columns_may_have_other_names():
    assert from_rows([{"q": "a", "a": 899}], question="q", answer="a")[0]["messages"][1]["content"] == "899"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("question;answer\na, b;1\n", "utf-8-sig"),
        ("question\tanswer\na, b\t1\n", "utf-8"),
        ('question,answer\n"a, b",1\n', "utf-8-sig"),
    ],
)
def test_the_csv_of_every_spreadsheet_is_read(tmp_path, text, encoding):
    [example] = from_rows(saved(tmp_path / "rows.csv", text, encoding))
    assert [message["content"] for message in example["messages"]] == ["a, b", "1"]


def test_an_answer_that_says_none_is_text(tmp_path):
    path = saved(tmp_path / "rows.csv", "question,answer\nIs there a fee?,None\nWhich size?,N/A\n")
    assert [example["messages"][1]["content"] for example in from_rows(path)] == ["None", "N/A"]


def test_a_csv_in_another_encoding_is_read(tmp_path):
    [example] = from_rows(saved(tmp_path / "rows.csv", "question,answer\n保修?,十年\n", "gbk"))
    assert [message["content"] for message in example["messages"]] == ["保修?", "十年"]
    assert sample(tmp_path / "rows.csv", 1) == [{"question": "保修?", "answer": "十年"}]


def test_a_quotation_mark_that_is_never_closed_swallows_no_rows(tmp_path):
    rows = 'question,answer\nq0,"a\n' + "".join(f"q{n},a{n}\n" for n in range(1, 20))
    with pytest.raises(ValueError, match="line 2: a quotation mark opens a cell here and is never closed"):
        from_rows(saved(tmp_path / "rows.csv", rows))


def test_rows_that_a_cell_may_have_swallowed_are_named(tmp_path):
    rows = from_rows(saved(tmp_path / "rows.csv", 'question,answer\nq0,"a\nq1,b"\nq2,c\n'))
    assert len(rows) == 2 and "looks like a row" in str(rows) and "line 2" in str(rows)


def test_a_cell_of_any_length_is_read(tmp_path):
    long = "word " * 40_000
    [example] = from_rows(saved(tmp_path / "rows.csv", f"question,answer\nTell me all,{long}\n"))
    assert example["messages"][1]["content"] == long.strip()


def test_every_row_without_a_question_or_an_answer_is_named():
    rows = pd.DataFrame({"question": ["a", None, "c", " "], "answer": ["1", "2", float("nan"), "4"]})
    with pytest.raises(ValueError, match=r"answer: 2, 3, 4;"):
        from_rows(rows)


@pytest.mark.parametrize("rows", [[], [{"frage": "a"}], ["text"], {"question": "a", "answer": "b"}])
def test_rows_that_are_none_say_what_was_expected(rows):
    with pytest.raises(ValueError, match="expected"):
        from_rows(rows)


def test_the_records_of_the_shop_make_good_examples():
    examples = from_rows(DATA / "records.csv", system="Be brief.")
    assert len(examples) == 60
    assert [problem.code for problem in check(examples).problems] == ["duplicate"]


# --- split and sample


def test_a_split_keeps_every_example_once_and_the_same_question_on_one_side():
    examples = [*questions(40), chat("QUESTION 3?", "Other."), chat("Question  3?", "Third.")]
    training, validation = split(examples, validation=0.25, seed=2)
    assert Counter(map(str, training + validation)) == Counter(map(str, examples))
    assert len(validation) == 10
    assert "overlap" not in {problem.code for problem in check(training, validation=validation).problems}


def test_no_more_is_held_back_than_was_asked_for():
    same = [chat("The same?", f"Answer {i}.") for i in range(5)]
    for seed in range(20):
        training, validation = split([*same, *questions(5)], validation=0.3, seed=seed)
        assert len(validation) <= 3 and len(training) + len(validation) == 10


def test_the_same_seed_splits_and_draws_the_same():
    examples = questions(30)
    assert split(examples, seed=5) == split(examples, seed=5) != split(examples, seed=6)
    assert sample(examples, 10, seed=5) == sample(examples, 10, seed=5) != sample(examples, 10, seed=6)


def test_something_is_always_left_to_learn_from():
    training, validation = split(questions(3), validation=0.99)
    assert len(training) == 1 and len(validation) == 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_split_that_would_hold_nothing_back_says_so(count):
    with pytest.raises(ValueError, match=f"found {count}, too few to hold back a share of 0.2; .* larger share"):
        split(questions(count))
    assert [len(part) for part in split(questions(3))] == [2, 1]


def test_a_split_where_no_question_fits_into_what_is_held_back_says_so():
    same = [chat(f"Question {i % 2}?", f"Answer {i}.") for i in range(10)]
    with pytest.raises(ValueError, match="2 questions in 10 examples, each in more of them than the 2 to be held back"):
        split(same)
    assert [len(part) for part in split(same, validation=0.5)] == [5, 5]


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.1])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        split(questions(10), validation=share)


def test_a_sample_is_drawn_from_a_file_a_table_or_anything_that_can_be_gone_through(tmp_path):
    path = write(questions(30), tmp_path / "file.jsonl")
    rows = pd.DataFrame({"question": [f"q{i}" for i in range(30)], "answer": "a"})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    for source in (path, questions(30), iter(questions(30)), rows, tmp_path / "rows.csv"):
        assert len(sample(source, 10)) == 10
    assert sample(rows, 10) == sample(tmp_path / "rows.csv", 10)


def test_every_item_has_the_same_chance():
    drawn = Counter(item for seed in range(2_000) for item in sample(range(10), 3, seed=seed))
    assert all(500 < drawn[item] < 700 for item in range(10))  # 600 are expected


def test_a_sample_larger_than_the_source_is_the_source():
    assert sample(range(3), 10) == [0, 1, 2]


def test_a_sample_of_nothing_is_refused():
    with pytest.raises(ValueError, match="expected 1 or more"):
        sample(range(3), 0)
