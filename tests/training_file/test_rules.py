"""The rule book: what is legal passes, and everything else is named with its place."""

import json
import os
import subprocess
import sys

import pytest

from helpers.course_data.paths import ROOT
from helpers.tokens import load_encoding
from helpers.training_file.content_rules import SPECIAL_TOKENS
from helpers.training_file.rules import check_example, check_line, kind_of, whole_file

USER = {"role": "user", "content": "How long is the warranty?"}
ANSWER = {"role": "assistant", "content": "10 years."}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/bed.png", "detail": "low"}}
TOOL = {"type": "function", "function": {"name": "stock", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "stock", "arguments": "{}"}}
CALLING = {"role": "assistant", "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "12"}
DPO = {
    "input": {"messages": [USER]},
    "preferred_output": [ANSWER],
    "non_preferred_output": [{**ANSWER, "content": "?"}],
}


def chat(*messages, **more) -> dict:
    return {"messages": list(messages), **more}


def found(example) -> list[tuple[str, str]]:
    """The code and the place of every problem."""
    return [(problem.code, problem.where) for problem in check_example(example, 1)]


LEGAL = {
    "three roles": chat({"role": "system", "content": "Be brief."}, USER, ANSWER),
    "several turns": chat(USER, ANSWER, USER, ANSWER),
    "weight": chat(USER, {**ANSWER, "weight": 0}, USER, {**ANSWER, "weight": 1}),
    "name": chat({**USER, "name": "anna"}, ANSWER),
    "content parts": chat({"role": "user", "content": [{"type": "text", "text": "What is this?"}, PICTURE]}, ANSWER),
    "tools": chat(USER, CALLING, RESULT, ANSWER, tools=[TOOL], parallel_tool_calls=False),
    "a call at the end": chat(USER, {**CALLING, "content": None}, tools=[TOOL]),
    "functions": chat(
        USER,
        {"role": "assistant", "function_call": {"name": "stock", "arguments": '{"size": "queen"}'}},
        {"role": "function", "name": "stock", "content": "12"},
        ANSWER,
        functions=[{"name": "stock", "parameters": {}}],
    ),
    "preferences": DPO,
    "preferences with tools": {
        **DPO,
        "input": {"messages": [USER], "tools": [], "parallel_tool_calls": True},
    },
}


@pytest.mark.parametrize("name", LEGAL)
def test_a_legal_example_has_no_problems(name):
    assert check_example(LEGAL[name]) == []


ILLEGAL = {
    "not a message": (chat(USER, "Hello"), [("not_a_message", "messages[1]")]),
    "no messages": ({"message": []}, [("missing_messages", "the example")]),
    "messages are text": (chat() | {"messages": "hello"}, [("empty_messages", "messages")]),
    "empty messages": (chat(), [("empty_messages", "messages")]),
    "no role": (chat({"content": "hi"}, ANSWER), [("missing_role", "messages[0].role")]),
    "unknown role": (chat(USER, {**ANSWER, "role": "bot"}), [("unknown_role", "messages[1].role")]),
    "role is a list": (chat({**USER, "role": ["user"]}, ANSWER), [("unknown_role", "messages[0].role")]),
    "no assistant": (chat(USER), [("no_assistant", "messages")]),
    "nothing to learn": (chat(USER, {**ANSWER, "weight": 0}), [("nothing_to_learn", "messages")]),
    "last from the user": (chat(USER, ANSWER, USER), [("last_not_assistant", "messages[2].role")]),
    "empty answer": (chat(USER, {**ANSWER, "content": " "}), [("empty_content", "messages[1].content")]),
    "no content": (chat({"role": "user"}, ANSWER), [("no_content", "messages[0].content")]),
    "content is a number": (chat(USER, {**ANSWER, "content": 899}), [("bad_content", "messages[1].content")]),
    "unknown part": (
        chat({**USER, "content": [{"type": "video"}]}, ANSWER),
        [("bad_part", "messages[0].content[0]")],
    ),
    "eleven images": (
        chat({**USER, "content": [PICTURE] * 11}, ANSWER),
        [("too_many_images", "messages[0].content")],
    ),
    "image of the assistant": (
        chat(USER, {**ANSWER, "content": [PICTURE]}),
        [("image_not_allowed", "messages[1].content[0]")],
    ),
    "weight of the user": (chat({**USER, "weight": 1}, ANSWER), [("extra_key", "messages[0].weight")]),
    "weight two": (chat(USER, {**ANSWER, "weight": 2}), [("bad_weight", "messages[1].weight")]),
    "weight true": (chat(USER, {**ANSWER, "weight": True}), [("bad_weight", "messages[1].weight")]),
    "empty name": (chat({**USER, "name": ""}, ANSWER), [("bad_name", "messages[0].name")]),
    "extra keys": (
        chat({**USER, "time": 1}, ANSWER, topic="price"),
        [("extra_key", "topic"), ("extra_key", "messages[0].time")],
    ),
    "tools are no list": (chat(USER, ANSWER, tools={}), [("bad_tools", "tools")]),
    "no functions": (chat(USER, ANSWER, functions=[]), [("bad_tools", "functions")]),
    "129 functions": (chat(USER, ANSWER, functions=[{"name": "f"}] * 129), [("bad_tools", "functions")]),
    "tool without a name": (chat(USER, ANSWER, tools=[{"type": "function"}]), [("bad_tools", "tools[0]")]),
    "parallel as text": (
        chat(USER, ANSWER, parallel_tool_calls="no"),
        [("bad_tools", "parallel_tool_calls")],
    ),
    "call by the user": (
        chat({**USER, "tool_calls": [CALL]}, RESULT, ANSWER),
        [("call_not_allowed", "messages[0].tool_calls")],
    ),
    "arguments as an object": (
        chat(USER, {"role": "assistant", "function_call": {"name": "stock", "arguments": {}}}),
        [("bad_arguments", "messages[1].function_call.arguments")],
    ),
    "arguments that are no JSON": (
        chat(USER, {"role": "assistant", "function_call": {"name": "stock", "arguments": "{size}"}}),
        [("bad_arguments", "messages[1].function_call.arguments")],
    ),
    "call without an id": (
        chat(USER, {"role": "assistant", "tool_calls": [{**CALL, "id": None}]}),
        [("bad_call", "messages[1].tool_calls[0]")],
    ),
    "call without an answer": (
        chat(USER, CALLING, ANSWER),
        [("call_without_answer", "messages[1].tool_calls")],
    ),
    "answer without a call": (
        chat(USER, RESULT, ANSWER),
        [("answer_without_call", "messages[1].tool_call_id")],
    ),
    "answer without an id": (
        chat(USER, CALLING, {"role": "tool", "content": "12"}, ANSWER),
        [("no_call_id", "messages[2].tool_call_id")],
    ),
    "function without a name": (
        chat(USER, {"role": "function", "content": "12"}, ANSWER),
        [("no_name", "messages[1].name")],
    ),
    "prompt and completion": ({"prompt": "a", "completion": "b"}, [("old_format", "the example")]),
    "not an object": ([USER], [("not_an_object", "the line")]),
    "preference with the other name": (
        {
            "input": {"messages": [USER]},
            "preferred_completion": [ANSWER],
            "non_preferred_output": [{**ANSWER, "content": "?"}],
        },
        [("dpo_name", "preferred_completion")],
    ),
    "preference without a question": ({**DPO, "input": "Why?"}, [("empty_messages", "input.messages")]),
    "preference with two answers in one": (
        {**DPO, "preferred_output": [ANSWER, ANSWER]},
        [("bad_answer", "preferred_output")],
    ),
    "preference of two turns": (
        {**DPO, "input": {"messages": [USER, ANSWER, USER]}},
        [("not_one_turn", "input.messages[1].role")],
    ),
    "preference with an image": (
        {**DPO, "input": {"messages": [{"role": "user", "content": [PICTURE]}]}},
        [("image_not_allowed", "input.messages[0].content")],
    ),
    "equal answers": ({**DPO, "non_preferred_output": [ANSWER]}, [("same_answers", "non_preferred_output")]),
}


@pytest.mark.parametrize("name", ILLEGAL)
def test_a_mistake_is_found_with_its_place_and_nothing_else_is(name):
    example, expected = ILLEGAL[name]
    assert found(example) == expected


def test_one_problem_never_hides_another_in_the_same_example():
    example = chat({"role": "human", "content": ""}, {"role": "assistant", "weight": 3, "topic": "x"}, tools="none")
    assert {code for code, _ in found(example)} == {
        "bad_tools", "unknown_role", "empty_content", "extra_key", "bad_weight", "no_content",
    }  # fmt: skip


def test_a_role_that_nobody_has_confirmed_is_a_warning_that_says_so():
    [problem] = check_example(chat({"role": "developer", "content": "Be brief."}, USER, ANSWER))
    assert problem.severity == "warning" and "confirmed" in problem.fix


def test_what_no_source_calls_an_error_is_a_warning():
    for example in (chat(USER, ANSWER, USER), {**DPO, "non_preferred_output": [ANSWER]}):
        assert [problem.severity for problem in check_example(example)] == ["warning"]


LINES = {
    "trailing comma": (b'{"messages": [],}', "not_json", "no comma before a closing bracket"),
    "bent quotation marks": ("{“messages”: []}".encode(), "not_json", "straight quotation marks"),
    "Python's quotation marks": (b"{'messages': []}", "not_json", "double quotation marks"),
    "several lines": (b"{", "not_json", "a whole example on one line"),
    "the rest of several lines": (b'"messages": [', "not_json", "a whole example on one line"),
    "cut off": (b'{"messages": [{"role": "us', "not_json", "valid JSON"),
    "not a number": (b'{"messages": NaN}', "not_json", "JSON, which has no such thing"),
    "a number of 5000 digits": (
        b'{"messages": ' + b"1" * 5000 + b"}",
        "not_json",
        "JSON, which has no such thing",
    ),
    "brackets without end": (b"[" * 200_000, "not_json", "valid JSON"),
    "a mark inside the file": (b'\xef\xbb\xbf{"messages": []}', "not_json", "no byte order mark"),
    "not UTF-8": ('{"messages": "café"}'.encode("latin-1"), "not_utf8", "UTF-8 text"),
    "a list": (b"[1]", "not_an_object", "an object"),
    "half an emoji": (
        b'{"messages": [{"role": "user", "content": "\\ud83d"}]}',
        "half_character",
        "whole characters",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_cannot_be_read_says_why(name):
    raw, code, expected = LINES[name]
    _, problems = check_line(raw, 7)
    assert (problems[0].code, problems[0].line) == (code, 7)
    assert problems[0].expected.startswith(expected)


def test_every_problem_can_be_printed():
    for raw, _, _ in LINES.values():
        for problem in check_line(raw, 1)[1]:
            str(problem).encode("utf-8")


def test_a_good_line_gives_its_example():
    example, problems = check_line(json.dumps(chat(USER, ANSWER)).encode() + b"\r\n", 1)
    assert example == chat(USER, ANSWER) and problems == []


def test_ten_examples_are_enough_and_nine_are_not():
    assert whole_file(10, ["chat"]) == []
    assert [problem.code for problem in whole_file(9, ["chat"])] == ["too_few"]


def test_mixed_kinds_are_named_and_a_line_that_is_no_example_is_not_a_kind():
    [problem] = whole_file(12, ["chat", "dpo", "chat"])
    assert problem.found == "chat and dpo"
    assert whole_file(12, ["chat", "unknown"]) == []


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        ({"messages": []}, "chat"),
        (DPO, "dpo"),
        ({"preferred_completion": []}, "dpo"),
        ({"prompt": ""}, "completions"),
        ({"instruction": "Translate", "input": "Hallo", "output": "Hello"}, "unknown"),
    ],
)
def test_the_kind_of_an_example_is_recognised(example, kind):
    assert kind_of(example) == kind


def test_the_order_of_problems_does_not_depend_on_the_run():
    code = (
        "from helpers.training_file.rules import check_example as c;"
        "example = {'messages': [], **dict.fromkeys('qwertzuiop')};"
        "print([problem.where for problem in c(example)])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1


# --- what a message says


def test_special_tokens_are_those_of_the_encodings():
    for name in ("o200k_base", "cl100k_base"):
        assert load_encoding(name).special_tokens_set <= SPECIAL_TOKENS


@pytest.mark.parametrize("token", ["<|endoftext|>", "<|fim_suffix|>", "<|im_start|>"])
def test_a_special_token_in_a_text_is_an_error_wherever_it_stands(token):
    text = f"Bye.{token}"
    call = {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "stock", "arguments": f'"{token}"'}}]}
    for example, where in (
        (chat(USER, {**ANSWER, "content": text}), "messages[1].content"),
        (chat({**USER, "content": [{"type": "text", "text": text}]}, ANSWER), "messages[0].content[0].text"),
        ({**DPO, "preferred_output": [{**ANSWER, "content": text}]}, "preferred_output[0].content"),
        (chat(USER, call), "messages[1].tool_calls[0].function.arguments"),
    ):
        [problem] = check_example(example)
        assert (problem.code, problem.where) == ("special_token", where) and token in problem.found


def test_what_only_looks_like_a_special_token_is_text():
    assert check_example(chat(USER, {**ANSWER, "content": "<|nobody|> <|> <| endoftext |>"})) == []


def picture(url) -> dict:
    return chat({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}, ANSWER)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("data:image/gif;base64,R0lGODlhAQABAAAAACw=", "a GIF"),
        ("data:image/png;base64,R0lGODlhAQABAAAAACw=", "a GIF"),
        ("https://example.com/lamp.GIF?size=2", "the address of a GIF"),
        ("lamp.png", "cannot reach"),
        ("file:///home/me/lamp.png", "cannot reach"),
        ("data:image/svg+xml;base64,PHN2Zz4=", "image/svg+xml"),
        ("data:image/png,iVBORw0KGgo", "image/png"),
        ("data:image/png;base64," + "iVBORw0KGgoA" * 1_200_000, "MB"),
        (7, "7"),
    ],
)
def test_an_image_that_no_host_reads_is_named(url, said):
    [problem] = check_example(picture(url))
    assert problem.code == "bad_image" and said in problem.found


@pytest.mark.parametrize("url", ["https://example.com/lamp.png", "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQ=="])
def test_an_image_that_can_be_read_is_no_problem(url):
    assert check_example(picture(url)) == []


OTHER = {
    "ShareGPT": {"conversations": []},
    "Alpaca": {"instruction": "a", "input": "", "output": "b"},
    "Gemini": {"contents": []},
    "TRL": {"prompt": "a", "chosen": "b", "rejected": "c"},
    "a question and an answer": {"question": "a", "answer": "b"},
    "Batch": {"custom_id": "1", "method": "POST", "body": {"messages": []}},
    "one text": {"text": "### Question: a"},
    "one message": {"role": "user", "content": "a"},
}


@pytest.mark.parametrize("name", OTHER)
def test_another_programs_format_is_named_with_the_way_out(name):
    [problem] = check_example(OTHER[name])
    assert name in problem.found and "examples_from" in problem.fix


WHY_NOT = {
    "a comma at the end": (b'{"messages": []},', "comma_after_line", "remove the comma"),
    "written as JSON twice": (json.dumps(json.dumps(chat(USER, ANSWER))).encode(), "json_as_text", "once"),
    "full-width signs": ("{“messages”\uff1a[]}".encode(), "not_json", "full-width"),
    "only the colon is full-width": ('{"messages"\uff1a []}'.encode(), "not_json", "full-width"),
    "a tab": (b'{"messages": "a\tb"}', "not_json", "a tab stands inside a text"),
    "a bare quotation mark": (b'{"content": "Say "lamp" to it"}', "not_json", "quotation mark inside a text"),
    "a row of a table": (b'"When do you open?","At nine."', "not_json", "a row of a table"),
    "cut off": (b'{"messages": [{"role": "us', "not_json", "breaks off"),
    "a zero byte": (b'{\x00"messages": []}', "not_json", "damaged"),
    "a comment": (b"# mine", "not_json", "no comments"),
    "a number without end": (b'{"messages": 1e999}', "not_json", "another value"),
}


@pytest.mark.parametrize("name", WHY_NOT)
def test_the_reason_is_the_cause_and_not_where_the_parser_stumbled(name):
    raw, code, said = WHY_NOT[name]
    [problem] = check_line(raw, 1)[1]
    assert problem.code == code and said in problem.fix


def test_messages_as_text_say_so():
    [problem] = check_example({"messages": json.dumps([USER, ANSWER])})
    assert problem.found == "a list written as text"


def test_a_key_that_stands_twice_is_named():
    line = b'{"messages": [], "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
    [problem] = check_line(line, 1)[1]
    assert (problem.code, problem.severity) == ("duplicate_key", "warning") and '"messages"' in problem.found
