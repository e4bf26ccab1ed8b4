"""Records of training data, as other programs and hosts write them."""

import json

import pytest

from helpers import check, examples_from
from helpers.examples_from import UnreadableFile, recognise
from tests.own_file.reading import pairs

TWO = [("When?", "At nine."), ("Where?", "Here.")]
WITH_SYSTEM = [("Be brief.", *pair) for pair in TWO]


def lines(records):
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records)


def chat(asked, said, role="role", text="content", user="user", assistant="assistant"):
    return [{role: user, text: asked}, {role: assistant, text: said}]


DIALECTS = {
    "OpenAI chat": lambda q, a: {"messages": chat(q, a)},
    "ShareGPT": lambda q, a: {"id": q, "conversations": chat(q, a, "from", "value", "human", "gpt")},
    "Gemini contents": lambda q, a: {
        "contents": [{"role": "user", "parts": [{"text": q}]}, {"role": "model", "parts": [{"text": a}]}]
    },
    "Alpaca": lambda q, a: {"instruction": q, "input": "", "output": a},
    "Query and response": lambda q, a: {"query": q, "response": a, "history": []},
    "Prompt and completion": lambda q, a: {"prompt": q, "completion": a},
    "Requests and answers of the API (Batch)": lambda q, a: {
        "custom_id": "1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "m", "messages": chat(q, a)},
    },
    "Texts with marks for each speaker": lambda q, a: {
        "text": f"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n{a}<|im_end|>"
    },
}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    "form", ["lines", "array", "pretty", "below a key", "dumped twice", "commas", "one after the other"]
)
def test_every_dialect_is_recognised_in_every_form_of_json(name, form):
    records = [DIALECTS[name](*pair) for pair in TWO]
    text = {
        "lines": lines(records),
        "array": json.dumps(records),
        "pretty": json.dumps(records, indent=2),
        "below a key": json.dumps({"version": 1, "train": {"data": records}}, indent=1),
        "dumped twice": "\n".join(json.dumps(json.dumps(record)) for record in records),
        "commas": ",\n".join(map(json.dumps, records)),
        "one after the other": "\n".join(json.dumps(record, indent=2) for record in records),
    }[form]
    assert pairs(text) == TWO
    found = recognise(text)
    assert found is not None and found.name == name and examples_from(text).format.startswith(name)


@pytest.mark.parametrize(
    "record",
    [
        lambda q, a: {"system": "Be brief.", "messages": chat(q, a)},
        lambda q, a: {
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": q}]},
                {"role": "assistant", "content": [{"type": "text", "text": a}]},
            ],
        },
        lambda q, a: {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": "Be brief."}],
            "messages": [{"role": "user", "content": [{"text": q}]}, {"role": "assistant", "content": [{"text": a}]}],
        },
        lambda q, a: {
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "contents": [{"role": "user", "parts": [{"text": q}]}, {"role": "model", "parts": [{"text": a}]}],
        },
        lambda q, a: {"system": "Be brief.", "conversations": chat(q, a, "from", "value", "USER", "ASSISTANT")},
        lambda q, a: {
            "conversations": [{"from": "system", "value": "Be brief."}, *chat(q, a, "from", "value", "human", "gpt")]
        },
        lambda q, a: {"instruction": q, "input": "", "output": a, "system": "Be brief."},
        lambda q, a: {"system": "Be brief.", "query": q, "response": a},
        lambda q, a: {
            "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": q}],
            "completion": [{"role": "assistant", "content": a}],
        },
        lambda q, a: {
            "messages": [
                {"role": "System", "content": "Be brief."},
                {"role": "User", "content": q},
                {"role": "Chatbot", "content": a},
            ]
        },
        lambda q, a: {"text": f"<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n{q} [/INST] {a} </s>"},
        lambda q, a: {"text": f"Be brief.\n\n### Instruction:\n{q}\n\n### Response:\n{a}"},
        lambda q, a: {
            "request": {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": q}]},
            "response": {"choices": [{"message": {"role": "assistant", "content": a}}]},
        },
    ],
)
def test_a_system_message_is_never_lost(record):
    assert pairs(lines([record(*pair) for pair in TWO])) == WITH_SYSTEM


def test_alpaca_with_a_history_is_a_conversation():
    record = {"instruction": "And?", "input": "", "output": "Yes.", "history": [["Hi", "Hello"], ["Sure?", "Sure."]]}
    assert pairs(lines([record, record])) == [("Hi", "Hello", "Sure?", "Sure.", "And?", "Yes.")] * 2


def test_dolly_puts_its_context_below_the_instruction():
    assert (
        pairs(lines([{"instruction": "Sum up.", "context": "A long text.", "response": "Short.", "category": "x"}] * 2))
        == [("Sum up.\n\nA long text.", "Short.")] * 2
    )


PREFERENCE = {
    "input": {"messages": [{"role": "user", "content": "Hi"}]},
    "preferred_output": [{"role": "assistant", "content": "Hello."}],
    "non_preferred_output": [{"role": "assistant", "content": "What?"}],
}


@pytest.mark.parametrize(
    "record",
    [
        PREFERENCE,
        {"prompt": "Hi", "chosen": "Hello.", "rejected": "What?"},
        {"question": "Hi", "chosen": "Hello.", "rejected": "What?", "system": ""},
        {
            "prompt": [{"role": "user", "content": "Hi"}],
            "chosen": [{"role": "assistant", "content": "Hello."}],
            "rejected": [{"role": "assistant", "content": "What?"}],
        },
        {"chosen": chat("Hi", "Hello."), "rejected": chat("Hi", "What?")},
        {"prompt": "Hi", "chosen": chat("Hi", "Hello."), "rejected": chat("Hi", "What?"), "score_chosen": 5},
        {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello.", "rejected": "\n\nHuman: Hi\n\nAssistant: What?"},
        {
            "conversations": [{"from": "human", "value": "Hi"}],
            "chosen": {"from": "gpt", "value": "Hello."},
            "rejected": {"from": "gpt", "value": "What?"},
        },
    ],
)
def test_preferences_of_every_program_become_those_of_openai(record):
    found = examples_from(lines([record] * 10))
    assert list(found) == [PREFERENCE] * 10 and check(found).kind == "dpo"


def test_sharegpts_calls_and_observations_become_tool_calls():
    record = {
        "conversations": [
            {"from": "human", "value": "Price?"},
            {"from": "function_call", "value": '{"name": "price", "arguments": {"item": "lamp"}}'},
            {"from": "observation", "value": '{"eur": 30}'},
            {"from": "gpt", "value": "It costs 30 euros."},
        ],
        "tools": '[{"name": "price", "description": "A price", "parameters": {"type": "object", "properties": {}}}]',
        "system": "You sell lamps.",
    }
    [example] = examples_from(json.dumps(record))
    assert [message["role"] for message in example["messages"]] == ["system", "user", "assistant", "tool", "assistant"]
    assert example["messages"][2]["tool_calls"][0]["function"] == {"name": "price", "arguments": '{"item": "lamp"}'}
    assert example["messages"][3]["tool_call_id"] == example["messages"][2]["tool_calls"][0]["id"]
    assert example["tools"][0]["function"]["name"] == "price"


def test_anthropics_and_geminis_calls_become_tool_calls():
    anthropic = {
        "messages": [
            {"role": "user", "content": "Price?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Let me see."},
                    {"type": "tool_use", "id": "t1", "name": "price", "input": {"item": "lamp"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "30"}]},
            {"role": "assistant", "content": "30 euros."},
        ],
        "tools": [{"name": "price", "input_schema": {"type": "object", "properties": {}}}],
    }
    gemini = {
        "contents": [
            {"role": "user", "parts": [{"text": "Price?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "price", "args": {"item": "lamp"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "price", "response": {"eur": 30}}}]},
            {"role": "model", "parts": [{"text": "30 euros."}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "price", "parameters": {"type": "object", "properties": {}}}]}],
    }
    for record in (anthropic, gemini):
        [example] = examples_from([record])
        assert [message["role"] for message in example["messages"]] == ["user", "assistant", "tool", "assistant"]


def test_the_export_of_chatgpt_gives_the_conversation_that_was_on_the_screen():
    def node(name, parent, role=None, text=""):
        message = {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}} if role else None
        return {"id": name, "parent": parent, "children": [], "message": message}

    nodes = [
        node("root", None),
        node("a", "root", "user", "Hi"),
        node("b", "a", "assistant", "First try"),
        node("c", "a", "assistant", "Hello."),
        node("d", "c", "user", "Thanks"),
        node("e", "d", "assistant", "Bye."),
    ]
    conversation = {"title": "t", "mapping": {each["id"]: each for each in nodes}, "current_node": "e"}
    assert pairs(json.dumps([conversation])) == [("Hi", "Hello.", "Thanks", "Bye.")]


def test_what_is_no_example_is_named_with_its_line_and_the_others_are_kept():
    text = "\n".join(
        [
            json.dumps({"messages": chat("When?", "At nine.")}),
            "{broken",
            '{"tools": []}',
            "// a comment",
            "{'messages': [{'role': 'user', 'content': 'Where?'}, {'role': 'assistant', 'content': 'Here.'}]}",
            '{"messages": [{"role": "user", "content": "Who?"}]}',
        ]
    )
    found = examples_from(text)
    assert len(found) == 2 and [each.place for each in found.skipped] == ["line 2", "line 3", "line 6"]
    assert any("Python's notation" in note for note in found.notes) and any("comment" in note for note in found.notes)


def test_a_key_that_stands_twice_in_an_object_is_named():
    found = examples_from(
        '{"question": "a?", "question": "When?", "answer": "At nine."}\n{"question": "b?", "answer": "B."}'
    )
    assert found.skipped[0].reason == 'the key "question" stands twice in one object; the last counts'


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_within_a_text_is_text(sign):
    text = lines([{"question": f"How{sign}firm?", "answer": "Medium."}, {"question": "Long?", "answer": "Ten."}])
    assert pairs(text)[0] == (f"How{sign}firm?", "Medium.")


def test_json_that_is_a_table_in_another_shape_is_read():
    expected = [("When do you open?", "At nine."), ("Where are you?", "Here."), ("Why so?", "So.")]
    asked, said = zip(*expected, strict=True)
    for value in (
        dict(expected),
        {"question": asked, "answer": said},
        [list(pair) for pair in expected],
        {"faq": {str(n): {"q": q, "a": a} for n, (q, a) in enumerate(expected)}},
        {"question": {str(n): q for n, q in enumerate(asked)}, "answer": {str(n): a for n, a in enumerate(said)}},
        {"categories": [{"name": "Shop", "questions": [{"question": q, "answer": a} for q, a in expected]}]},
        [{"meta": {"id": 1}, "content": {"question": q, "answer": a}} for q, a in expected],
    ):
        assert pairs(json.dumps(value)) == expected, value


def test_squad_has_its_text_beside_each_question():
    squad = {
        "version": "2",
        "data": [
            {
                "title": "Lamps",
                "paragraphs": [
                    {
                        "context": "Lamps are bright.",
                        "qas": [
                            {
                                "id": "1",
                                "question": "What are lamps?",
                                "answers": [{"text": "bright", "answer_start": 10}],
                            },
                            {"id": "2", "question": "Are they?", "answers": [{"text": "yes", "answer_start": 0}]},
                        ],
                    }
                ],
            }
        ],
    }
    assert pairs(json.dumps(squad))[0] == ("What are lamps?", "bright")
    assert (
        pairs(json.dumps(squad), question="{context}\n{question}", answer="answers")[0][0]
        == "Lamps are bright.\nWhat are lamps?"
    )


def test_several_ways_to_ask_make_an_example_each():
    bot = {
        "intents": [
            {"tag": "hours", "patterns": ["When?", "Opening hours"], "responses": ["At nine.", "Nine."]},
            {"tag": "bye", "patterns": ["Bye"], "responses": ["See you."]},
        ]
    }
    assert pairs(json.dumps(bot)) == [("When?", "At nine."), ("Opening hours", "Nine."), ("Bye", "See you.")]


def test_rows_of_a_data_set_viewer_are_read():
    rows = [{"row_idx": n, "row": {"instruction": f"Q{n}?", "input": "", "output": f"A{n}."}} for n in range(3)]
    assert pairs(json.dumps({"features": [{"name": "instruction"}], "rows": rows}))[2] == ("Q2?", "A2.")


def test_a_table_may_hold_json_or_preferences_in_its_cells():
    cell = json.dumps(chat("Hi", "Hello.")).replace('"', '""')
    assert pairs(f'id,messages\n1,"{cell}"\n2,"{cell}"\n') == [("Hi", "Hello.")] * 2
    [first, _] = examples_from("prompt,chosen,rejected\nHi,Hello.,What?\nWhen?,At nine.,No.\n")
    assert first == PREFERENCE


def test_a_file_that_holds_texts_only_says_so():
    with pytest.raises(UnreadableFile, match=r"one column of text.*what was asked"):
        examples_from(lines([{"text": "It rained all day."}, {"text": "The end."}]))


def test_yaml_is_read_like_json():
    listed = "# our faq\n- question: When?\n  answer: At nine.\n- question: Where?\n  answer: |\n    Here.\n"
    assert pairs(listed) == TWO
    assert pairs("faq:\n  - q: When?\n    a: At nine.\n  - q: Where?\n    a: Here.\n") == TWO


def test_special_separators_are_only_left_out_where_every_record_has_them():
    records = [{"prompt": f"Q{n} ->", "completion": f" A{n}\n"} for n in range(4)]
    assert pairs(lines(records))[0] == ("Q0", "A0")
    records[1]["prompt"] = "Q1"
    assert pairs(lines(records))[0] == ("Q0 ->", "A0")


def test_a_line_above_the_objects_is_named_and_makes_no_table_of_them():
    found = examples_from("a, b\n" + lines({"question": f"Q{n}?", "answer": f"A{n}."} for n in range(4)))
    assert found.format == "JSON Lines" and len(found) == 4 and found.skipped[0].place == "line 1"


def test_tabs_and_line_ends_inside_a_text_are_text():
    assert (
        pairs('{"question": "One\ttwo?", "answer": "Three."}\n{"question": "b?", "answer": "B."}')[0][0] == "One\ttwo?"
    )


def test_an_instruction_with_several_answers_is_named():
    with pytest.raises(UnreadableFile, match="several texts where one is expected"):
        examples_from(lines([{"instruction": "Look.", "input": "", "output": ["a", "b"]}] * 2))


def test_texts_outside_of_the_marks_are_not_lost():
    with pytest.raises(UnreadableFile, match="text that no mark belongs to: preface"):
        examples_from(lines([{"text": "A preface. [INST] Q [/INST] A"}] * 2))


@pytest.mark.parametrize(
    "damaged",
    [
        {"contents": [{"role": "user", "parts": [{"text": "Q"}]}, {"role": "model", "parts": [{"functionCall": "x"}]}]},
        {"instruction": "Q", "output": "A", "history": 7},
        {"body": {"messages": chat("Q", "A")[:1]}, "response": {"body": "timeout"}},
        {"body": {"messages": chat("Q", "A")[:1]}, "response": {"body": {"choices": [{"text": "x"}]}}},
        {"body": {"messages": [*chat("Q", "A")[:1], {"a": 1}]}, "response": {"choices": [{"message": {}}]}},
        {"mapping": {"a": {"parent": "b", "message": ["x"]}, "b": {"parent": "a", "message": {"author": 7}}, "c": 7}},
    ],
)
def test_a_damaged_record_is_named_and_stops_nothing(damaged):
    found = examples_from([damaged, *({"messages": chat(f"Q{n}?", "A.")} for n in range(3))])
    assert len(found) == 3 and [each.place for each in found.skipped] == ["row 1"]
