"""Repair changes what is safe to change, into a new file, and says what it changed and what is left."""

import json
import tracemalloc
from pathlib import Path

import pytest

from helpers.course_data.paths import DATA
from helpers.data_format import check, read, repair
from helpers.examples_from import examples_from

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


# --- nothing is spoilt, and nothing is lost


def raw(i: int) -> bytes:
    return json.dumps(chat(i), ensure_ascii=False).encode()


def test_a_zero_byte_does_not_make_a_file_utf16(tmp_path):
    damaged = b'{\0"messages": []}'
    source, target = tmp_path / "source.jsonl", tmp_path / "target.jsonl"
    source.write_bytes(b"\n".join([damaged, *map(raw, range(10))]) + b"\n")
    done = repair(source, target)
    assert target.read_bytes() == source.read_bytes() and done.changes == []
    [problem] = done.left.errors
    assert problem.line == 1 and "zero bytes" in problem.expected


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_tail_of_utf8_behind_utf16_is_kept(tmp_path, encoding, end):
    source, target = tmp_path / "source.jsonl", tmp_path / "target.jsonl"
    first = "\n".join(json.dumps({**chat(i), "messages": chat(i)["messages"]}) for i in range(9)) + end
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[encoding]
    source.write_bytes(mark + first.encode(encoding) + raw(9) + b"\n" + raw(10) + b"\n")
    assert repair(source, target).left.ok and read(target) == [chat(i) for i in range(11)]


def test_half_a_character_at_the_end_of_utf16_is_left_as_it_is_and_named(tmp_path):
    source, target = tmp_path / "source.jsonl", tmp_path / "target.jsonl"
    source.write_bytes(("\n".join(json.dumps(chat(i)) for i in range(10)) + "\n{").encode("utf-16") + b"\x3d\xd8")
    done = repair(source, target)
    assert [problem.line for problem in done.left.errors] == [11]
    assert target.read_bytes().endswith("{".encode("utf-16-le") + b"\x3d\xd8\n")


@pytest.mark.parametrize("before", [b"", json.dumps(chat(0)).encode() + b"\n"])
@pytest.mark.parametrize("content", [b"", b"\n", b"{", json.dumps(chat(1)).encode()])
def test_all_byte_order_marks_before_a_line_are_removed_at_once(tmp_path, before, content):
    (tmp_path / "source.jsonl").write_bytes(before + b"\xef\xbb\xbf" * 3 + content)
    repair(tmp_path / "source.jsonl", tmp_path / "once.jsonl")
    assert (tmp_path / "once.jsonl").read_bytes().strip() == (before + content).strip()
    assert repair(tmp_path / "once.jsonl", tmp_path / "twice.jsonl").changes == []


def test_an_example_over_several_lines_between_duplicates_is_joined_at_once(tmp_path):
    broken = json.dumps(chat(1)).replace(', "content"', ',\n"content"', 1)
    (tmp_path / "source.jsonl").write_text("\n".join([broken, *[json.dumps(chat(2))] * 10]), encoding="utf-8")
    repair(tmp_path / "source.jsonl", tmp_path / "once.jsonl")
    assert read(tmp_path / "once.jsonl") == [chat(1), chat(2)]
    assert repair(tmp_path / "once.jsonl", tmp_path / "twice.jsonl").changes == []


def test_a_key_of_many_brackets_is_looked_at_in_a_moment(tmp_path):
    """Without a bound this takes hours: from each bracket, the one that closes it is looked for to the end."""
    done, _ = repaired(tmp_path, {"[" * 300_000: "Question 11?", "b" * 300_000: "Answer 11."})
    assert done.changes == [] and not done.left.ok


@pytest.mark.parametrize(("line", "ends"), [(1, b"\n"), (6, b"\n"), (0, b"\n"), (0, b"\r\n")])
def test_utf16_that_cannot_be_decoded_from_a_line_on_stays_the_same_in_every_later_repair(tmp_path, line, ends):
    """A byte too many, or line ends changed as if it were UTF-8, displaces all characters that follow."""
    texts = [json.dumps(chat(i)) + "\n" for i in range(12)]
    place = len("".join(texts[:line]).encode("utf-16")) + 20
    content = "".join(texts).encode("utf-16")
    source, once, twice = (tmp_path / f"{name}.jsonl" for name in ("source", "once", "twice"))
    source.write_bytes(content[:place] + b"\r" + content[place:].replace(b"\n", ends))
    repair(source, once)
    assert repair(once, twice).changes == []
    assert twice.read_bytes() == once.read_bytes()
    assert line == 0 or once.read_bytes().startswith(texts[0].encode())


def test_other_bytes_behind_a_byte_order_mark_are_read_at_once_and_not_by_a_second_repair(tmp_path):
    source, once = tmp_path / "source.jsonl", tmp_path / "once.jsonl"
    source.write_bytes(
        b"\xef\xbb\xbf"
        + raw(0).replace(b"Answer", "Größe".encode("cp1252"))
        + b"\n"
        + b"\n".join(map(raw, range(1, 9)))
    )
    assert len(repair(source, once).changes) == 2
    assert repair(once, tmp_path / "twice.jsonl").changes == []


def test_a_file_that_is_utf8_but_for_one_damaged_line_is_not_read_in_another_encoding(tmp_path):
    good = [chat(i) for i in range(10)]
    for example in good:
        example["messages"][1]["content"] += " Grüße, schönes Café"
    lines = [json.dumps(example, ensure_ascii=False).encode() for example in good]
    damaged = lines[4].replace("ß".encode(), b"\xc3")
    source, target = tmp_path / "source.jsonl", tmp_path / "target.jsonl"
    source.write_bytes(b"\n".join([*lines[:4], damaged, *lines[5:]]) + b"\n")
    done = repair(source, target)
    assert target.read_bytes() == source.read_bytes() and [p.code for p in done.left.errors] == ["not_utf8"]


@pytest.mark.parametrize(
    "line",
    [
        "{'messages': [], 1: 'a', None: 'b'}",
        '{"messages": [{"role": "user", "content": "a", "weight": 1e999}], "topic": "x"}',
        "{'messages': [], 'x': 1e999}",
        "{'messages': ({'role': 'bot', 'content': 'a'},)}",
        "{'messages': {1, 2}}",
        "{'messages': [], (1, 2): 3}",
        "{'messages': [], '1': 1, 1: 2}",
        '{"messages": [{"role": "bot", "content": "first"}], "messages": [{"role": "bot", "content": "second"}]}',
        "{'messages': 'first', 'messages': 'second'}",
        '{"messages": [{"role": "assistant", "content": "a", "content": "b", "time": 1}]}',
        '{"conversations": [null, 7], "system": {"a": 1}}',
        '{"conversations": [{"from": "function_call", "value": "no json"}], "tools": "no json"}',
        '{"instruction": 7, "input": [], "output": {}}',
        '{"contents": [7], "systemInstruction": 7}',
        '{"chosen": [], "rejected": "x"}',
        '{"prompt": [], "completion": []}',
        '{"messages": "[{\\"role\\": \\"user\\"}]"}',
        '"{\\"messages\\": 7}"',
        '{"messages": [{"role": "user", "content": "a\tb"}]},',
    ],
)
def test_a_strange_line_neither_stops_the_repair_nor_needs_a_second_one(tmp_path, line):
    _, target = repaired(tmp_path, line)
    text = target.read_text(encoding="utf-8")
    assert "Infinity" not in text and "NaN" not in text
    again = repair(target, tmp_path / "again.jsonl")
    assert again.changes == [] and (tmp_path / "again.jsonl").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("twice", ["messages", "content"])
def test_a_key_that_stands_twice_is_named_and_neither_is_lost(tmp_path, twice):
    line = {
        "messages": '{"messages": [{"role": "bot", "content": "1st"}], "messages": [{"role": "bot", "content": "2"}]}',
        "content": '{"messages": [{"role": "bot", "content": "first", "content": "2nd"}]}',
    }[twice]
    done, target = repaired(tmp_path, line)
    assert target.read_text(encoding="utf-8").splitlines()[-1] == line
    [problem] = [problem for problem in done.left.warnings if problem.code == "duplicate_key"]
    assert problem.line == 11 and f'"{twice}"' in problem.found


@pytest.mark.parametrize(
    "more",
    [
        {"context": "The shop is closed in August."},
        {"note": "请像海盗一样回答"},
        {"documents": [{"title": "Terms", "text": "Two years of warranty."}]},
        {"output": "Yes"},
    ],
)
def test_a_key_that_holds_text_is_left_and_named(tmp_path, more):
    done, target = repaired(tmp_path, {**chat(11), **more, "id": 7})
    assert read(target)[-1] == {**chat(11), **more}
    assert [problem.code for problem in done.left.errors] == ["extra_key"] and "holds text" in done.left.errors[0].fix


def test_what_is_removed_is_shown(tmp_path):
    done, _ = repaired(tmp_path, {**chat(11), "topic": "price"})
    assert done.changes == [(11, 'removed the key "topic" ("price")')]


def test_a_format_that_cannot_be_converted_whole_is_left_as_it_was(tmp_path):
    for other in (
        {"instruction": "Look.", "input": "", "output": ["a", "b"]},
        {"conversations": [{"from": "observation", "value": "{}"}, {"from": "gpt", "value": "?"}]},
        {"contents": [{"role": "user", "parts": [{"inline_data": {"data": "..."}}]}]},
        {"prompt": "Why?", "chosen": [{"role": "assistant", "content": "a"}] * 2, "rejected": "b"},
    ):
        done, target = repaired(tmp_path, other)
        assert read(target)[-1] == other and done.changes == [] and not done.left.ok
        target.unlink()


def test_alpaca_keeps_its_input_its_system_and_its_history(tmp_path):
    alpaca = {
        "instruction": "Translate.", "input": "Hallo", "output": "Hello", "system": "Be exact.", "history": [["a", "b"]]
    }  # fmt: skip
    _, target = repaired(tmp_path, alpaca)
    said = [(message["role"], message["content"]) for message in read(target)[-1]["messages"]]
    assert said == [
        ("system", "Be exact."), ("user", "a"), ("assistant", "b"), ("user", "Translate.\n\nHallo"),
        ("assistant", "Hello"),
    ]  # fmt: skip


def test_preferences_of_trl_without_a_prompt_share_their_beginning(tmp_path):
    asked = {"role": "user", "content": "Why?"}
    good, bad = ({"role": "assistant", "content": text} for text in ("Because.", "No idea."))
    source = tmp_path / "trl.jsonl"
    source.write_text(json.dumps({"chosen": [asked, good], "rejected": [asked, bad]}), encoding="utf-8")
    repair(source, tmp_path / "new.jsonl")
    expected = {"input": {"messages": [asked]}, "preferred_output": [good], "non_preferred_output": [bad]}
    assert read(tmp_path / "new.jsonl") == [expected]


def test_older_function_calls_are_repaired_too(tmp_path):
    asked = {"role": "user", "content": "Is it in stock?"}
    call = {"role": "assistant", "function_call": {"name": "stock", "arguments": {"size": "queen"}}}
    done, target = repaired(tmp_path, {"messages": [asked, call]})
    assert done.left.ok
    assert json.loads(read(target)[-1]["messages"][1]["function_call"]["arguments"]) == {"size": "queen"}


# Three times the line are its bytes, its text and the value of that text, before anything is written.
@pytest.mark.parametrize(
    ("kind", "times"), [("good", 6), ("question", 7), ("cut off", 5), ("comma", 7), ("python", 6), ("escapes", 6)]
)
def test_a_long_line_takes_a_few_times_its_size(tmp_path, kind, times):
    text = '{"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "' + "word " * 600_000
    line = {
        "good": text + '"}]}',
        "question": text.replace("assistant", "user") + '"}]}',
        "python": text.replace('"', "'") + "'}]}",
        "cut off": text,
        "comma": text + '"},]}',
        "escapes": '{"a": "' + '\\"' * 1_500_000 + ",}",
    }
    source = tmp_path / "long.jsonl"
    source.write_text(line[kind], encoding="utf-8")
    tracemalloc.start()
    repair(source, tmp_path / "new.jsonl")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < times * source.stat().st_size


def test_half_a_character_in_the_name_of_a_key_hides_no_format_and_loses_no_key(tmp_path):
    other = '{"\\ud83dconversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}'
    same = '{"messages": [{"role": "user", "\\ud83dcontent": "first", "content": "second"}]}'
    done, target = repaired(tmp_path, other, same)
    assert read(target)[-2]["messages"][1] == {"role": "assistant", "content": "A"}
    assert target.read_text(encoding="utf-8").splitlines()[-1] == same and not done.left.ok


def test_marks_after_each_prompt_and_completion_are_left_out_and_named(tmp_path):
    source = tmp_path / "old.jsonl"
    old = [{"prompt": f"Question {i}?\n\n###\n\n", "completion": f" Answer {i}. END"} for i in range(10)]
    source.write_text("\n".join(map(json.dumps, old)), encoding="utf-8")
    done = repair(source, tmp_path / "new.jsonl")
    assert read(tmp_path / "new.jsonl") == GOOD == list(examples_from(source))
    assert any("after each prompt" in what and "###" in what for _, what in done.changes)


@pytest.mark.parametrize(
    "other",
    [
        {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A", "reasoning": "First I ..."}]},
        {"contents": [{"role": "user", "parts": [{"text": "Q"}]},
                      {"role": "model", "parts": [{"type": "thinking", "thinking": "A deep thought"}, {"text": "A"}]}]},
        {"text": "A preface of some words. [INST] Q [/INST] A"},
        {"question": "Q", "answer": "<b>A</b> and <i>so on</i>"},
    ],
)  # fmt: skip
def test_a_format_of_which_a_text_would_get_lost_is_left_as_it_was(tmp_path, other):
    done, target = repaired(tmp_path, other)
    assert read(target)[-1] == other and done.changes == []


def test_a_key_beside_another_format_that_holds_text_is_kept_and_named(tmp_path):
    done, target = repaired(tmp_path, {"instruction": "Q", "output": "A", "source": "The terms of May.", "id": 7})
    assert read(target)[-1]["messages"][1]["content"] == "A" and read(target)[-1]["source"] == "The terms of May."
    assert [problem.code for problem in done.left.errors] == ["extra_key"]


def test_two_texts_beside_the_messages_are_both_in_the_system_message(tmp_path):
    _, target = repaired(tmp_path, {**chat(11), "system": "Be brief.", "system_prompt": "Be kind."})
    assert read(target)[-1]["messages"][0] == {"role": "system", "content": "Be brief.\n\nBe kind."}
