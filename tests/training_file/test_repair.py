"""Repair changes what is safe to change, into a new file, and says what it changed and what is left."""

import json
from pathlib import Path

import pytest

from helpers.course_data.paths import DATA
from helpers.data_format import check, read, repair

BROKEN = DATA / "broken"
MATTRESS = DATA / "mydata.jsonl"


def chat(i: int, role: str = "assistant", **more) -> dict:
    asked = {"role": "user", "content": f"Question {i}?"}
    return {"messages": [asked, {"role": role, "content": f"Answer {i}.", **more}]}


GOOD = [chat(i) for i in range(10)]


def repaired(tmp_path: Path, *lines: str | bytes | dict):
    """Repair a file of ten good examples and these lines; return what was done and the new file."""
    texts = [json.dumps(line) if isinstance(line, dict) else line for line in lines]
    raw = [text.encode() if isinstance(text, str) else text for text in texts]
    source, target = tmp_path / "source.jsonl", tmp_path / "target.jsonl"
    source.write_bytes(b"\n".join([*[json.dumps(example).encode() for example in GOOD], *raw]))
    return repair(source, target), target


@pytest.mark.parametrize("name", ["spreadsheet", "utf16"])
def test_a_file_that_is_only_saved_badly_is_whole_again(tmp_path, name):
    done = repair(BROKEN / f"{name}.jsonl", tmp_path / "new.jsonl")
    assert done.left.problems == [] and done.changes
    assert read(tmp_path / "new.jsonl") == read(MATTRESS)[:12]


def test_the_original_is_never_touched(tmp_path):
    for path in BROKEN.glob("*.jsonl"):
        before = path.read_bytes()
        repair(path, tmp_path / path.name)
        assert path.read_bytes() == before


def test_a_file_is_never_repaired_onto_itself(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(MATTRESS.read_bytes())
    with pytest.raises(ValueError, match="the file itself"):
        repair(path, path, overwrite=True)
    assert path.read_bytes() == MATTRESS.read_bytes()


def test_an_existing_target_is_kept_unless_overwriting_is_asked_for(tmp_path):
    target = tmp_path / "new.jsonl"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        repair(MATTRESS, target)
    assert target.read_text(encoding="utf-8") == "mine"
    assert repair(MATTRESS, target, overwrite=True).changes == []


def test_a_good_file_comes_out_byte_for_byte(tmp_path):
    repair(MATTRESS, tmp_path / "new.jsonl")
    assert (tmp_path / "new.jsonl").read_bytes() == MATTRESS.read_bytes()


def test_what_was_changed_and_what_is_left_is_listed(tmp_path):
    done = repair(BROKEN / "roles.jsonl", tmp_path / "new.jsonl")
    assert str(done) == (
        "data/broken/roles.jsonl -> new.jsonl: 1 change. The original is as it was.\n"
        '  line 3  messages[2].role: "bot" -> "assistant"\n'
        "What is left: new.jsonl: 1 error in 12 lines\n"
        "  line 9  error  messages  found no assistant message; expected at least one; "
        "add the answer that the model should learn"
    )
    assert "<caption" in done._repr_html_()


@pytest.mark.parametrize("role", ["bot", "AI", "gpt", "Assistant", " model "])
def test_other_names_of_the_assistant_are_known(tmp_path, role):
    done, target = repaired(tmp_path, chat(11, role=role))
    assert done.left.ok and read(target)[-1] == chat(11)


def test_a_role_that_could_be_anybody_is_left_to_a_human(tmp_path):
    done, _ = repaired(tmp_path, chat(11, role="Bob"))
    assert done.changes == [] and [problem.code for problem in done.left.errors] == ["unknown_role"]


def test_the_form_of_other_programs_is_understood(tmp_path):
    other = {"conversations": [{"from": "human", "value": "Question 11?"}, {"from": "gpt", "value": "Answer 11."}]}
    done, target = repaired(tmp_path, other)
    assert done.left.ok and read(target)[-1] == chat(11)


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(chat(11)).replace("}]}", "},]}"),
        json.dumps(chat(11)).replace("}]}", "}  ,  ]}"),
        str(chat(11)),
        b"\xef\xbb\xbf" + json.dumps(chat(11)).encode(),
    ],
)
def test_a_line_that_is_nearly_json_becomes_json(tmp_path, line):
    done, target = repaired(tmp_path, line)
    assert done.left.ok and read(target)[-1] == chat(11) and len(done.changes) == 1


def test_a_comma_inside_the_text_stays(tmp_path):
    example = chat(11)
    example["messages"][1]["content"] = 'Sizes: [90, 140, ] and "x,}"'
    _, target = repaired(tmp_path, json.dumps(example)[:-1] + ",}")
    assert read(target)[-1] == example


def test_half_of_a_character_is_removed(tmp_path):
    done, target = repaired(tmp_path, chat(11, name="a\ud83d"))
    assert done.left.ok and read(target)[-1] == chat(11, name="a")


def test_weights_are_repaired_where_the_meaning_is_clear(tmp_path):
    wrong = chat(11, weight=True)
    wrong["messages"][0]["weight"] = 1
    done, target = repaired(tmp_path, wrong, chat(12, weight="0"), chat(13, weight=0.5))
    assert read(target)[-3] == chat(11, weight=1)
    assert [problem.code for problem in done.left.errors] == ["nothing_to_learn", "bad_weight"]


def test_duplicates_are_removed_however_they_are_written(tmp_path):
    done, target = repaired(tmp_path, json.dumps(GOOD[3], separators=(",", ":")))
    assert read(target) == GOOD and done.changes == [(11, "removed: the same example as line 4")]


def test_a_second_repair_finds_nothing_to_do(tmp_path):
    for path in BROKEN.glob("*.jsonl"):
        once, twice = tmp_path / path.name, tmp_path / f"again_{path.name}"
        repair(path, once)
        assert repair(once, twice).changes == []


def test_text_under_an_unknown_key_is_never_thrown_away(tmp_path):
    wrong = {"messages": [{"role": "user", "speech": "Question 11?"}, {"role": "assistant", "text": "Answer 11."}]}
    done, target = repaired(tmp_path, wrong)
    assert read(target)[-1]["messages"][0] == {"role": "user", "speech": "Question 11?"}
    assert read(target)[-1]["messages"][1] == {"role": "assistant", "content": "Answer 11."}
    assert not done.left.ok


def test_keys_that_do_not_belong_there_are_removed(tmp_path):
    done, target = repaired(tmp_path, {**chat(11, time="noon"), "topic": "price"})
    assert done.left.ok and read(target)[-1] == chat(11) and len(done.changes) == 2


def test_arguments_of_a_call_become_text(tmp_path):
    call = {"id": "call_1", "type": "function", "function": {"name": "stock", "arguments": {"size": "queen"}}}
    asked = {"role": "user", "content": "Is it in stock?"}
    _, target = repaired(tmp_path, {"messages": [asked, {"role": "assistant", "tool_calls": [call]}]})
    assert check(target).ok
    function = read(target)[-1]["messages"][1]["tool_calls"][0]["function"]
    assert json.loads(function["arguments"]) == {"size": "queen"}


def test_a_line_that_stays_broken_is_copied_as_it_is(tmp_path):
    broken = "{“messages”: []}".encode()
    done, target = repaired(tmp_path, broken, b"caf\xe9")
    assert target.read_bytes().endswith(broken + b"\ncaf\xe9\n") and len(done.left.errors) == 2


def test_nothing_that_python_could_run_is_run(tmp_path):
    done, _ = repaired(tmp_path, "{'messages': [__import__('os').getcwd()]}")
    assert done.changes == [] and not done.left.ok
