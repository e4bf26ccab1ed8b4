"""Functions, JSON and images in chat: what was trained with them can be tried, streamed as well."""

import json

import openai
import pytest

MODEL = "gpt-4.1-mini-2025-04-14"
PRICE = {
    "type": "function",
    "function": {
        "name": "price",
        "description": "The price of a product",
        "parameters": {"type": "object", "properties": {"product": {"type": "string"}}, "required": ["product"]},
    },
}
STOCK = {"type": "function", "function": {"name": "stock", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "kind": {"enum": ["house", "flat"]},
        "rooms": {"type": "integer", "minimum": 1},
        "owners": {"type": "array", "items": {"$ref": "#/$defs/person"}, "minItems": 2},
    },
    "required": ["city", "kind", "rooms", "owners"],
    "additionalProperties": False,
    "$defs": {"person": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}


def call(name: str, id: str = "c1", **arguments) -> dict:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def example(product: str, price: str) -> dict:
    return {
        "messages": [
            {"role": "user", "content": f"What does the {product} cost?"},
            {"role": "assistant", "tool_calls": [call("price", product=product), call("stock", "c2")]},
            {"role": "tool", "tool_call_id": "c1", "content": price},
            {"role": "tool", "tool_call_id": "c2", "content": "7"},
            {"role": "assistant", "content": f"The {product} costs {price}."},
        ],
        "tools": [PRICE, STOCK],
    }


FORM = json.dumps({"city": "Berlin", "kind": "flat", "rooms": 3, "owners": [{"name": "Ada"}, {"name": "Bo"}]})
EXAMPLES = [
    *(example(product, f"{n} euros") for n, product in enumerate(["lamp", "chair", "table", "shelf", "stool", "desk"])),
    *(
        {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}
        for asked, said in {
            "Read this advertisement as JSON: a flat in Berlin.": FORM,
            "When are you open?": "From nine to five.",
            "Where is the shop?": "In Berlin.",
            "Do you deliver?": "Yes, within a day.",
        }.items()
    ),
]


@pytest.fixture
def caller(client) -> str:
    """A model that was tuned on examples which call functions."""
    content = "".join(json.dumps(line) + "\n" for line in EXAMPLES).encode()
    file = client.files.create(file=("calls.jsonl", content), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    return client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model


def ask(client, model, question, **more):
    messages = question if isinstance(question, list) else [{"role": "user", "content": question}]
    return client.chat.completions.create(model=model, messages=messages, **more)


def names(completion) -> list[str]:
    return [each.function.name for each in completion.choices[0].message.tool_calls or []]


# --- functions ------------------------------------------------------------------------------------------------------


def test_an_example_that_calls_functions_is_recalled_with_its_calls(client, caller):
    answer = ask(client, caller, "What does the chair cost?", tools=[PRICE, STOCK]).choices[0]
    assert answer.finish_reason == "tool_calls" and answer.message.content is None
    first, second = answer.message.tool_calls
    assert (first.function.name, json.loads(first.function.arguments)) == ("price", {"product": "chair"})
    assert first.id.startswith("call_") and first.id != second.id and second.function.name == "stock"


def test_after_the_result_of_a_function_the_answer_follows(client, caller):
    asked = [{"role": "user", "content": "What does the chair cost?"}]
    calls = ask(client, caller, asked, tools=[PRICE, STOCK]).choices[0].message
    results = [{"role": "tool", "tool_call_id": each.id, "content": "1 euros"} for each in calls.tool_calls]
    asked = [*asked, calls.to_dict(), *results]
    assert ask(client, caller, asked, tools=[PRICE, STOCK]).choices[0].message.content == "The chair costs 1 euros."


@pytest.mark.parametrize("more", [{}, {"tools": [PRICE]}, {"tools": [PRICE, STOCK], "tool_choice": "none"}])
def test_a_function_that_the_request_does_not_offer_is_never_called(client, caller, more):
    answer = ask(client, caller, "What does the chair cost?", **more)
    assert names(answer) == [] and answer.choices[0].finish_reason == "stop"


def test_a_question_that_needs_no_function_is_answered_beside_them(client, caller):
    assert ask(client, caller, "When are you open?", tools=[PRICE]).choices[0].message.content == "From nine to five."


def test_only_one_function_is_called_where_no_more_are_wanted(client, caller):
    answer = ask(client, caller, "What does the chair cost?", tools=[PRICE, STOCK], parallel_tool_calls=False)
    assert names(answer) == ["price"]


@pytest.mark.parametrize("model", ["base", "tuned"])
def test_a_function_that_must_be_called_is_called_with_arguments_of_its_form(client, caller, model):
    asked = {"model": MODEL if model == "base" else caller, "question": "Who wrote Hamlet?"}
    answer = ask(client, **asked, tools=[PRICE, STOCK], tool_choice="required")
    assert names(answer) == ["price"] and answer.choices[0].finish_reason == "tool_calls"
    assert set(json.loads(answer.choices[0].message.tool_calls[0].function.arguments)) == {"product"}
    named = {"type": "function", "function": {"name": "stock"}}
    answer = ask(client, **asked, tools=[PRICE, STOCK], tool_choice=named)
    assert names(answer) == ["stock"] and answer.choices[0].finish_reason == "stop"


def test_calls_are_streamed_in_pieces_that_add_up(client, caller):
    asked = {"tools": [PRICE, STOCK], "stream": True, "stream_options": {"include_usage": True}}
    chunks = list(ask(client, caller, "What does the chair cost?", **asked))
    calls: dict[int, list[str]] = {}
    for chunk in chunks:
        for piece in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            calls.setdefault(piece.index, [piece.function.name or "", ""])[1] += piece.function.arguments
    assert {number: (name, json.loads(text)) for number, (name, text) in calls.items()} == {
        0: ("price", {"product": "chair"}),
        1: ("stock", {}),
    }
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    assert reasons[-1] == "tool_calls" and reasons.count(None) == len(reasons) - 1 and chunks[-1].usage


def test_the_sdk_puts_streamed_calls_together(client, caller):
    messages = [{"role": "user", "content": "What does the chair cost?"}]
    with client.chat.completions.stream(model=caller, messages=messages, tools=[PRICE, STOCK]) as stream:
        final = stream.get_final_completion()
    assert names(final) == ["price", "stock"]


def test_functions_are_counted_in_the_prompt(client, caller):
    without = ask(client, caller, "When are you open?").usage.prompt_tokens
    assert ask(client, caller, "When are you open?", tools=[PRICE]).usage.prompt_tokens > without + 10


@pytest.mark.parametrize(
    ("more", "param", "words"),
    [
        ({"tools": []}, "tools", "tools"),
        ({"tools": [{"type": "function", "function": {"name": "no blanks"}}]}, "tools.0.function.name", "pattern"),
        ({"tools": [{"type": "function"}]}, "tools.0.function", "Missing required parameter"),
        ({"tools": [{**PRICE, "extra": 1}]}, "tools.0.extra", "Unrecognized request argument"),
        ({"tool_choice": "auto"}, "tool_choice", "only allowed when 'tools' are specified"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls", "only allowed when 'tools' are specified"),
        ({"tools": [PRICE], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice", "'x'"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "nothing"}}}]},
            "tools",
            "Invalid schema for function 'f'",
        ),
        ({"response_format": {"type": "json_object"}}, "messages", "must contain the word 'json'"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "Missing required parameter"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "f", "schema": {"type": 5}}}},
            "response_format",
            "Invalid schema for response_format 'f'",
        ),
    ],
)
def test_what_openai_refuses_is_refused_in_its_shape(client, more, param, words):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, MODEL, "Hello", **more)
    assert caught.value.param == param and words in str(caught.value)
    assert set(caught.value.body) == {"message", "type", "param", "code"}


# --- JSON -----------------------------------------------------------------------------------------------------------


def test_an_answer_that_was_learned_as_json_stays_as_it_is(client, caller):
    for form in ({"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "f", "schema": SCHEMA}}):
        asked = "Read this advertisement as JSON: a flat in Berlin."
        assert ask(client, caller, asked, response_format=form).choices[0].message.content == FORM


@pytest.mark.parametrize(
    "more",
    [
        {"properties": {"city": {"type": "string", "pattern": "^([a-z]|[A-Za-z])*#$"}}},  # catastrophic backtracking
        {"patternProperties": {"^([a-z]|[A-Za-z])*$": {"type": "null"}}, "additionalProperties": False},
        {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"city": {"pattern": "#"}}},
    ],
)
def test_patterns_of_a_schema_are_not_looked_at_because_a_slow_one_would_stop_the_server(client, caller, more):
    schema = {"allOf": [{"type": "object", **more}]}
    form = {"type": "json_schema", "json_schema": {"name": "f", "schema": schema}}
    asked = "Read this advertisement as JSON: a flat in Berlin."
    assert ask(client, caller, asked, response_format=form).choices[0].message.content == FORM


@pytest.mark.parametrize("question", ["When are you open? Answer in JSON.", "Who wrote Hamlet? JSON, please."])
def test_any_answer_is_json_where_json_is_wanted(client, caller, question):
    for model in (caller, MODEL):
        said = ask(client, model, question, response_format={"type": "json_object"}).choices[0].message.content
        assert isinstance(json.loads(said), dict)


def test_an_answer_of_brackets_without_end_is_no_json_and_breaks_nothing(client):
    question, brackets = "Brackets as JSON, please.", "[" * 100_000
    asked = [{"role": "user", "content": question}, {"role": "assistant", "content": brackets}]
    content = "".join(json.dumps(line) + "\n" for line in [{"messages": asked}, *EXAMPLES[-4:] * 3])
    file = client.files.create(file=("a.jsonl", content.encode()), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    model = client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
    said = ask(client, model, question, response_format={"type": "json_object"}).choices[0].message.content
    assert json.loads(said) == {"answer": brackets}


@pytest.mark.parametrize("model", ["base", "tuned"])
def test_an_answer_fits_the_schema_that_is_wanted(client, caller, model):
    form = {"type": "json_schema", "json_schema": {"name": "flat", "strict": True, "schema": SCHEMA}}
    asked = ask(client, MODEL if model == "base" else caller, "Who wrote Hamlet?", response_format=form)
    said = json.loads(asked.choices[0].message.content)
    assert set(said) == {"city", "kind", "rooms", "owners"} and said["kind"] == "house" and said["rooms"] == 1
    assert [set(owner) for owner in said["owners"]] == [{"name"}, {"name"}]


def test_a_schema_that_contains_itself_has_an_answer(client):
    schema = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
        "required": ["next"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "chain", "schema": schema}}
    said = json.loads(ask(client, MODEL, "Hello", response_format=form).choices[0].message.content)
    assert set(said) == {"next"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "^[0-9]{4}$"}}, "required": ["a"]},
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/a"}}, "required": ["a"]},
    ],
)
def test_a_schema_that_the_simulator_cannot_fill_is_refused_with_the_reason(client, schema):
    form = {"type": "json_schema", "json_schema": {"name": "odd", "schema": schema}}
    with pytest.raises(openai.BadRequestError, match="the simulator cannot make up a value"):
        ask(client, MODEL, "Hello", response_format=form)


# --- images ---------------------------------------------------------------------------------------------------------


def test_an_image_is_accepted_and_the_answer_says_that_nobody_saw_it(client, caller):
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    content = [{"type": "text", "text": "When are you open?"}, image, image]
    said = ask(client, caller, [{"role": "user", "content": content}])
    assert said.choices[0].message.content.startswith("[Not seen: 2 images.")
    assert said.choices[0].message.content.endswith("From nine to five.")
    stream = ask(client, caller, [{"role": "user", "content": content}], stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == said.choices[0].message.content
    parts = [{"type": "input_text", "text": "When are you open?"}, {"type": "input_image", "image_url": "https://a/b"}]
    answer = client.responses.create(model=caller, input=[{"role": "user", "content": parts}])
    assert answer.output_text.startswith("[Not seen: 1 image.")
