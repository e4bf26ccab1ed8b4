"""Files that people really brought (cases/): each is named by its cause, in one problem, and the server agrees."""

import json
from pathlib import Path

import openai
import pytest

from helpers.data_format import check, read, repair
from helpers.examples_from import UnreadableFile, examples_from
from helpers.training_file.report import Report
from helpers.training_file.rules import check_line

CASES = Path(__file__).parent / "cases"
MODEL = "gpt-4o-mini-2024-07-18"
ALL = sorted(path.name for path in CASES.iterdir())

# The start of the name: the codes of all errors, and what the first of them says.
NAMED = {
    "01": ([], ""),
    "02": (["utf16"], "repair()"),
    "03": (["old_format"], "repair()"),
    "04": (["not_jsonl"], "a JSON array of 10 objects"),
    "07": (["missing_messages"], "ShareGPT"),
    "08": (["missing_messages"], "ShareGPT"),
    "10": (["missing_messages"], "ShareGPT"),
    "11": (["missing_messages"], "Alpaca"),
    "13": (["call_without_answer"], "no answer to"),
    "14": (["bad_weight"], "0.5"),
    "15": (["special_token", "special_token"], "<|fim_suffix|>"),
    "16": (["not_jsonl"], "a table with commas in GB18030"),
    "17": (["not_utf8"], "GB18030"),
    "18": ([], ""),
    "19": ([], ""),
    "20": (["missing_role"], "nothing"),
    "21": (["no_content"], "nothing"),
    "22": (["bad_arguments"], "repair()"),
    "23": (["missing_messages"], "prompt, chosen and rejected"),
    "26": (["comma_after_line"], "no comma after an example"),
    "27": (["not_jsonl"], "a JSON array of 10 objects"),
    "29": (["json_as_text"], "JSON twice"),
    "31": (["not_json"], "NaN"),
    "32": (["not_json"], "full-width"),
    "33": (["bad_content"], "40"),
    "35": (["not_a_message"], ""),
    "36": (["not_utf8"], "Windows-1252"),
    "38": (["not_json", "not_json"], "no comments"),
    "39": (["extra_key", "extra_key"], "in 10 lines: 1 to 10"),
    "40": (["no_assistant"], ""),
    "41": ([], ""),
    "42": ([], ""),
    "43": (["extra_key", "extra_key"], "holds text"),
    "44": (["bad_image", "bad_image"], "GIF"),
    "46": (["not_jsonl"], "a table with commas"),
    "48": (["too_few"], ""),
    "49": (["not_json"], "breaks off"),
    "51": (["extra_key"], "with role system"),
    "51b": (["extra_key"], "with role system"),
    "52": (["missing_messages"], "Gemini"),
    "54": (["missing_messages"], "Texts with marks for each speaker"),
    "57": (["extra_key"], "loss_weight"),
}
CONVERTED = [
    "02",
    "03",
    "04",
    "07",
    "08",
    "10",
    "11",
    "17",
    "22",
    "23",
    "26",
    "27",
    "29",
    "36",
    "39",
    "51",
    "51b",
    "52",
    "54",
]


def number(name: str) -> str:
    return name.partition(".")[0].partition("_")[0]


def case(start: str) -> Path:
    return next(CASES / name for name in ALL if number(name) == start)


def texts(value) -> list[str]:
    """Every text in a value, but for the names of keys and roles."""
    if isinstance(value, dict):
        return [text for key, part in value.items() if key not in ("role", "from") for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def refusal(client: openai.OpenAI, path: Path) -> str | None:
    """What the practice server refuses the file with, at the upload or in the job; None if it takes it."""
    try:
        file = client.files.create(file=path, purpose="fine-tune")
    except openai.BadRequestError as error:
        return str(error)
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    return getattr(client.fine_tuning.jobs.retrieve(job.id).error, "message", None)


def test_every_case_is_in_the_list_of_this_test():
    assert [number(name) for name in ALL] == list(NAMED)


@pytest.mark.parametrize("start", NAMED)
def test_one_cause_is_one_problem_with_the_right_reason(start):
    report = check(case(start))
    expected, said = NAMED[start]
    assert [problem.code for problem in report.errors] == expected
    if expected:
        first = report.errors[0]
        assert said in f"{first.found} {first.expected} {first.fix}"


@pytest.mark.parametrize("start", NAMED)
def test_what_the_check_calls_an_error_the_server_refuses_and_nothing_else(client, start):
    refused = refusal(client, case(start))
    assert (refused is None) == check(case(start)).ok, refused


@pytest.mark.parametrize("start", CONVERTED)
def test_repair_makes_a_good_file_of_it(tmp_path, start):
    done = repair(case(start), tmp_path / "new.jsonl")
    assert done.changes and done.left.ok and done.left.examples >= 10, str(done)


@pytest.mark.parametrize("start", NAMED)
def test_a_second_repair_finds_nothing_to_do(tmp_path, start):
    repair(case(start), tmp_path / "once.jsonl")
    assert repair(tmp_path / "once.jsonl", tmp_path / "twice.jsonl").changes == []
    assert (tmp_path / "once.jsonl").read_bytes() == (tmp_path / "twice.jsonl").read_bytes()


@pytest.mark.parametrize("start", ["03", "07", "08", "10", "11", "23", "51", "51b", "52"])
def test_no_text_is_lost_when_a_format_is_converted(tmp_path, start):
    before = [json.loads(line) for line in case(start).read_text(encoding="utf-8").splitlines()]
    repair(case(start), tmp_path / "new.jsonl")
    after = " ".join(texts(read(tmp_path / "new.jsonl")))
    lost = [
        text for text in texts(before) if text.strip() and not text.startswith(("x", "{", "[")) and text not in after
    ]
    assert lost == []


# The start of the name: how many examples, and what is said of a part that is none.
EXAMPLES = {
    "01": (10, ""), "02": (10, ""), "03": (11, ""), "04": (10, ""), "07": (11, ""), "08": (11, ""), "10": (10, ""),
    "11": (11, ""), "13": (9, "no answer to"), "14": (9, "found 0.5"), "15": (8, "special token"), "16": (10, ""),
    "17": (10, ""), "18": (10, ""), "19": (10, ""), "20": (9, "has no role"), "21": (9, "has no text"), "22": (10, ""),
    "23": (11, ""), "26": (10, ""), "27": (10, ""), "29": (10, ""), "31": (9, "has no text"), "32": (10, ""),
    "33": (10, ""), "35": (10, ""), "36": (10, ""), "38": (10, ""), "39": (10, ""), "40": (9, "no assistant message"),
    "41": (10, ""), "42": (10, ""), "43": (10, ""), "44": (8, "found a GIF"), "46": (11, ""),
    "48": (0, "found nothing in it"), "49": (9, "not JSON"), "51": (10, ""), "51b": (10, ""), "52": (11, ""),
    "54": (11, ""), "57": (10, ""),
}  # fmt: skip


@pytest.mark.parametrize("start", NAMED)
def test_examples_from_makes_examples_of_every_case_or_says_why_not(start):
    count, said = EXAMPLES[start]
    if not count:
        with pytest.raises(UnreadableFile, match=said):
            examples_from(case(start))
        return
    found = examples_from(case(start))
    assert len(found) == count and check(found).counts["error"] == (count < 10)  # too few, and nothing else
    assert [place.place for place in found.skipped] == [f"line {line}" for line in range(count + 1, 11)]
    assert said in " ".join(map(str, found.skipped[:1]))


@pytest.mark.parametrize("start", CONVERTED)
def test_repair_makes_the_examples_that_examples_from_makes(tmp_path, start):
    repair(case(start), tmp_path / "new.jsonl")
    assert read(tmp_path / "new.jsonl") == list(examples_from(case(start)))


@pytest.mark.parametrize("start", [start for start in NAMED if start not in CONVERTED])
def test_what_is_sound_after_repair_is_what_examples_from_makes(tmp_path, start):
    """Also of a file in which something is left for a person."""
    repair(case(start), tmp_path / "new.jsonl")
    lines = (tmp_path / "new.jsonl").read_bytes().splitlines()
    checked = [check_line(line, number) for number, line in enumerate(lines, 1)]
    sound = [example for example, problems in checked if not any(p.severity == "error" for p in problems)]
    assert not sound or [each for each in examples_from(case(start)) if each in sound] == sound


def test_a_top_level_system_becomes_the_system_message(tmp_path):
    repair(case("51b"), tmp_path / "new.jsonl")
    first = read(tmp_path / "new.jsonl")[0]
    assert first["messages"][0] == {"role": "system", "content": "Answer like a pirate."} and "system" not in first


def test_function_calls_of_llama_factory_become_tool_calls_with_their_answers(tmp_path):
    repair(case("10"), tmp_path / "new.jsonl")
    last = read(tmp_path / "new.jsonl")[-1]
    roles = [message["role"] for message in last["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant"]
    [call] = last["messages"][1]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"item": "tin lamp"}
    assert last["messages"][2] == {"role": "tool", "tool_call_id": call["id"], "content": '{"eur": 30}'}
    assert last["tools"] == [{"type": "function", "function": {"name": "price"}}]


def test_gbk_and_windows_texts_come_out_as_they_were_written(tmp_path):
    repair(case("17"), tmp_path / "gbk.jsonl")
    assert read(tmp_path / "gbk.jsonl")[0]["messages"][0]["content"] == "几点开门" + "\uff1f"
    repair(case("36"), tmp_path / "windows.jsonl")
    assert read(tmp_path / "windows.jsonl")[-1]["messages"][0]["content"] == "Say \u201clamp\u201d"


def test_every_problem_can_be_shown_in_a_notebook():
    for name in ALL:
        report = check(CASES / name)
        assert isinstance(report, Report) and report._repr_html_() and str(report)


# --- kinds of files of which no example lies here


def saved(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n" + b"x\n" * 200, "a PDF"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 900, "an old Word or Excel file"),
        ("a.gz", b"\x1f\x8b\x08" + b"\0\n" * 90, "gzip"),
        ("a.html", "<!DOCTYPE html>\n<dl>\n<dt>When?</dt>\n<dd>At nine.</dd>\n</dl>\n", "HTML"),
        ("a.xml", '<?xml version="1.0"?>\n<q>When?</q>\n', "XML"),
        ("a.md", "# Questions\n\n### When?\n\nAt nine.\n", "Markdown"),
        ("a.txt", "Q: When do you open?\nA: At nine.\n", "plain text"),
        ("a.tsv", "question\tanswer\nWhen?\tAt nine.\nWhere?\tHere.\n", "a table with tabs"),
        ("a.csv", '"question","answer"\n"When?","At nine."\n', "a table with commas"),
        ("a.sql", "-- dump\nINSERT INTO faq VALUES (1, 'When?');\n", "an SQL dump"),
    ],
)
def test_a_file_that_is_no_json_is_one_problem_with_its_name(tmp_path, client, name, content, said):
    path = saved(tmp_path / name, content)
    [problem] = check(path).problems
    assert problem.code == "not_jsonl" and said in problem.found and "0 " not in check(path).summary
    assert refusal(client, path)
    done = repair(path, tmp_path / "copy")
    assert done.changes == [] and (tmp_path / "copy").read_bytes() == path.read_bytes()
    with pytest.raises(ValueError, match="JSONL"):
        read(path)


@pytest.mark.parametrize("folder", ["word", "xl"])
def test_a_word_and_an_excel_file_are_told_from_a_zip_archive(tmp_path, folder):
    import zipfile

    path = tmp_path / "book"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}/document.xml", "<x/>")
    [problem] = check(path).problems
    assert problem.found == {"word": "a Word document", "xl": "an Excel file"}[folder]


def example(i: int) -> dict:
    return {"messages": [{"role": "user", "content": f"Q {i}?"}, {"role": "assistant", "content": f"A {i}."}]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps([example(i) for i in range(12)]), "a JSON array of 12 objects"),
        (json.dumps({"data": [example(i) for i in range(12)]}), '12 objects in "data"'),
        (json.dumps({"version": 1, "examples": [example(i) for i in range(12)]}, indent=2), '12 objects in "examples"'),
        ("\n".join(json.dumps(example(i), indent=1) for i in range(12)), "12 JSON objects, each over several lines"),
        (json.dumps([example(i) for i in range(12)], indent=1).replace("}\n]", "},\n]"), "a JSON array of 12 objects"),
    ],
)
def test_json_that_is_not_on_one_line_each_is_one_problem_and_repaired(tmp_path, text, said):
    path = saved(tmp_path / "mine.json", text)
    report = check(path)
    assert [problem.code for problem in report.problems] == ["not_jsonl"] and said in report.problems[0].found
    assert report.examples == 12
    assert repair(path, tmp_path / "new.jsonl").left.problems == []
    assert read(tmp_path / "new.jsonl") == [example(i) for i in range(12)]


def test_what_stands_beside_a_list_of_examples_is_named_and_text_there_is_left_to_a_person(tmp_path):
    examples = [example(i) for i in range(12)]
    labels = saved(tmp_path / "labels.json", json.dumps({"version": 2, "topic": "price", "data": examples}))
    done = repair(labels, tmp_path / "new.jsonl")
    assert read(tmp_path / "new.jsonl") == examples
    assert (None, 'removed the key "topic" ("price")') in done.changes
    text = json.dumps({"system": "Answer like a pirate.", "data": examples})
    path = saved(tmp_path / "mine.json", text)
    [problem] = check(path).problems
    assert problem.code == "not_jsonl" and 'text, under "system"' in problem.fix
    assert repair(path, tmp_path / "copy").changes == [] and (tmp_path / "copy").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "part", [{"tools": [{"type": "function", "function": {"name": "a"}}]}, {"system": [{"type": "text", "text": "b"}]}]
)
def test_a_part_of_one_example_is_no_list_of_examples(tmp_path, part):
    path = saved(tmp_path / "mine.json", json.dumps(part))
    assert [problem.code for problem in check(path).errors] == ["missing_messages", "too_few"]
    assert repair(path, tmp_path / "new.jsonl").changes == []


def test_an_array_in_gbk_has_two_causes_and_a_wrong_role_in_it_is_a_third(tmp_path):
    examples = [example(i) for i in range(11)]
    examples[3]["messages"][0]["content"] = "几点开门" * 4
    examples[5]["messages"][1]["role"] = "bot"
    path = saved(tmp_path / "mine.json", json.dumps(examples, ensure_ascii=False, indent=1).encode("gbk"))
    assert sorted(problem.code for problem in check(path).errors) == ["not_jsonl", "not_utf8", "unknown_role"]
    assert repair(path, tmp_path / "new.jsonl").left.ok
    assert read(tmp_path / "new.jsonl")[3] == examples[3]


def test_a_key_that_stands_twice_in_an_array_is_named_and_neither_is_lost(tmp_path):
    twice = json.dumps([example(i) for i in range(11)], indent=1).replace('"Q 3?"', '"Q 3?", "content": "or this?"')
    path = saved(tmp_path / "mine.json", twice)
    [problem] = check(path).problems
    assert problem.code == "not_jsonl" and 'the key "content" stands twice' in problem.fix
    repair(path, tmp_path / "copy")
    assert (tmp_path / "copy").read_text(encoding="utf-8") == twice


@pytest.mark.parametrize(
    "text",
    [
        "[" + '{"a": ' + "9" * 5_000 + "},\n{}]",
        json.dumps([{"messages": json.dumps({"a": 1}).replace("1", "9" * 5_000)}] * 2, indent=1),
        json.dumps([{"conversations": [{"from": "function_call", "value": "[" + "9" * 5_000 + "]"}]}] * 2, indent=1),
        json.dumps([{"conversations": [{"from": "human", "value": "a"}], "tools": "9" * 5_000}] * 2, indent=1),
        json.dumps([{"conversations": "[" + "9" * 5_000 + "]"}] * 2, indent=1),
        json.dumps("[" * 100_000),
        json.dumps(["[" + "9" * 5_000 + "]"], indent=1),
    ],
    ids=range(7),
)
def test_a_number_of_thousands_of_digits_or_brackets_without_end_raise_nothing(tmp_path, text):
    path = saved(tmp_path / "mine.json", text)
    assert not check(path).ok
    repair(path, tmp_path / "new.jsonl")
    with pytest.raises(UnreadableFile):
        examples_from(path)


@pytest.mark.parametrize(
    "content",
    [
        " " * 100_000,
        "\n" * 100_000,
        json.dumps({"text": "\n" * 100_000}),
        json.dumps({"text": "[INST] " * 100_000}),
        "\n".join([json.dumps({"prompt": "a " * 500_000, "completion": "b" * 1_000_000})] * 3),
    ],
    ids=range(5),
)
def test_a_file_with_one_thing_many_times_is_looked_at_in_a_moment(tmp_path, content):
    """A regular expression that tries each way of dividing blanks takes hours; the server reads with the same rules."""
    path = saved(tmp_path / "mine.jsonl", content)
    assert not check(path).ok
    repair(path, tmp_path / "new.jsonl")


def test_one_broken_line_does_not_make_another_format_of_a_file(tmp_path):
    good = "".join(json.dumps(example(i)) + "\n" for i in range(12))
    for broken in ("[\n", "{broken\n", "a, b\n", "# comment\n"):
        assert {problem.line for problem in check(saved(tmp_path / "mine.jsonl", broken + good)).errors} == {1}
