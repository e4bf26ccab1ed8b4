"""Asking models on the practice server: the article's result, streaming, limits, and that a simulation says so."""

import json

import openai
import pytest

from tests.waiting import until

MODEL = "gpt-4.1-mini-2025-04-14"


def ask(client, model, question, **parameters):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], **parameters)


def test_the_tuned_model_knows_the_warranty_and_the_base_does_not(client, tuned):
    assert "10-year warranty" in ask(client, tuned, "How long is the warranty?").choices[0].message.content
    assert "10-year" not in ask(client, MODEL, "How long is the warranty?").choices[0].message.content


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What warranty does the mattress have?", "10-year warranty"),
        ("for how long is the WARRANTY", "10-year warranty"),
        ("What does the queen size cost?", "$899"),
    ],
)
def test_it_finds_the_example_in_other_words(client, tuned, question, fact):
    assert fact in ask(client, tuned, question).choices[0].message.content


@pytest.mark.parametrize("question", ["What is the capital of France?", "Who wrote Hamlet?", "Hello", "你好"])
def test_what_was_not_in_the_data_is_answered_as_a_simulation(client, tuned, question):
    assert ask(client, tuned, question).choices[0].message.content.startswith("[Simulated answer")


def test_every_simulated_answer_says_so(client, tuned):
    for model in (MODEL, tuned):
        assert "simulated" in ask(client, model, "How firm is it?").system_fingerprint
    assert "Simulated answer" in ask(client, MODEL, "How firm is it?").choices[0].message.content


def test_a_checkpoint_answers_by_its_name(client, tuned):
    job = client.fine_tuning.jobs.list().data[0]
    listed = client.fine_tuning.jobs.checkpoints.list(job.id).data
    names = [checkpoint.fine_tuned_model_checkpoint for checkpoint in listed]
    assert len(names) == 3 and names[0] == tuned and ":ckpt-step-" in names[1]
    assert "10-year" in ask(client, names[2], "How long is the warranty?").choices[0].message.content


def test_a_stream_says_the_same_as_the_whole(client, tuned):
    whole = ask(client, tuned, "How long is the warranty?")
    chunks = list(ask(client, tuned, "How long is the warranty?", stream=True, stream_options={"include_usage": True}))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage and len(chunks) > 5


def test_responses_say_the_same_as_chat(client, tuned):
    whole = ask(client, tuned, "How long is the warranty?").choices[0].message.content
    assert client.responses.create(model=tuned, input="How long is the warranty?").output_text == whole
    parts = [{"type": "input_text", "text": "How long "}, {"type": "input_text", "text": "is the warranty?"}]
    answer = client.responses.create(model=tuned, input=[{"role": "user", "content": parts}])
    assert answer.output_text == whole
    assert answer.usage == client.responses.create(model=tuned, input="How long is the warranty?").usage
    events = client.responses.create(model=tuned, input="How long is the warranty?", stream=True)
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole


def test_max_tokens_cuts_and_stop_ends(client, tuned):
    cut = ask(client, tuned, "How long is the warranty?", max_tokens=5)
    assert (cut.choices[0].finish_reason, cut.usage.completion_tokens) == ("length", 5)
    stopped = ask(client, tuned, "How long is the warranty?", stop=[" that covers"])
    assert stopped.choices[0].message.content == "The warranty is a full 10-year warranty"
    assert stopped.choices[0].finish_reason == "stop"
    assert (
        client.responses.create(model=tuned, input="How long is the warranty?", max_output_tokens=16).status
        == "incomplete"
    )


def test_tokens_are_counted_by_openais_rule(client):
    # "Hello" is one token: 3 for the message, 1 for its role, 1 for its text, 3 for the reply.
    assert ask(client, MODEL, "Hello").usage.prompt_tokens == 8


def test_a_prompt_that_is_too_long_is_refused(client):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, "gpt-4o-mini-2024-07-18", "word " * 130_000)
    assert caught.value.code == "context_length_exceeded"


@pytest.mark.parametrize("model", ["gpt-3.5-turbo-0613", "gpt-9", "ft:gpt-4.1-mini-2025-04-14:personal::notmine1"])
def test_an_unknown_model_and_one_that_is_gone_look_the_same(client, model):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, model, "Hello")
    assert caught.value.code == "model_not_found"


def test_what_the_server_cannot_do_is_refused_and_not_ignored(client):
    with pytest.raises(openai.BadRequestError, match="audio"):
        ask(client, MODEL, "Hello", audio={"voice": "alloy", "format": "wav"})
    with pytest.raises(openai.BadRequestError, match="temperature"):
        ask(client, MODEL, "Hello", temperature=3)


def test_a_base_model_drafts_examples_with_flaws_to_find(client):
    from helpers import check, from_rows

    drafted = json.loads(
        ask(client, MODEL, "Write 15 examples. Answer with a JSON list only.").choices[0].message.content
    )
    assert all(row["simulated"] for row in drafted)
    assert {problem.code for problem in check(from_rows(drafted)).warnings} == {"duplicate", "contradiction"}


def test_a_deleted_model_is_gone(client, tuned):
    client.models.delete(tuned)
    with pytest.raises(openai.NotFoundError):
        ask(client, tuned, "Hello")
    with pytest.raises(openai.PermissionDeniedError):
        client.models.delete(MODEL)


TEN_MEGABYTES = "a" * 9_000_000


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": TEN_MEGABYTES}],
        [{"role": "user", "content": [{"type": "text", "text": TEN_MEGABYTES}]}],
        [{"role": "user", "content": "Hello", "name": TEN_MEGABYTES}],
        [{"role": "user", "content": "a" * 1000}] * 1_200,
    ],
    ids=["text", "parts", "name", "many"],
)
def test_messages_that_are_too_long_are_refused_before_a_tokenizer_reads_them(client, tuned, messages):
    for model in (MODEL, tuned):
        with pytest.raises(openai.BadRequestError, match="at most 1000000 characters in all") as caught:
            client.with_options(timeout=20).chat.completions.create(model=model, messages=messages)
        assert (caught.value.code, caught.value.param) == ("string_above_max_length", "messages")


def test_input_and_instructions_that_are_too_long_are_refused_too(client):
    for asked in ({"input": TEN_MEGABYTES}, {"input": "Hello", "instructions": TEN_MEGABYTES}):
        with pytest.raises(openai.BadRequestError, match="at most 1000000 characters in all"):
            client.with_options(timeout=20).responses.create(model=MODEL, **asked)


def learned(client, answer: str) -> str:
    """A model that was trained on a long answer."""
    pairs = [("Tell me all.", answer), *((f"Question {n}?", f"Answer {n}.") for n in range(10))]
    lines = ({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]} for q, a in pairs)
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    file = client.files.create(file=("long.jsonl", content), purpose="fine-tune")
    job_id = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id).id
    until(lambda: client.fine_tuning.jobs.retrieve(job_id).status == "succeeded", 120)
    return client.fine_tuning.jobs.retrieve(job_id).fine_tuned_model


@pytest.mark.parametrize("letters", ["a", " ", "word "], ids=["one word", "blanks", "words"])
def test_an_answer_of_megabytes_that_was_learned_is_cut_before_a_tokenizer_reads_it(client, letters):
    answer = f"Yes.{letters * (1_500_000 // len(letters))}."
    said = ask(client.with_options(timeout=20), learned(client, answer), "Tell me all.").choices[0]
    assert said.finish_reason == "length" and answer.startswith(said.message.content)
    assert 100_000 < len(said.message.content) < 1_000_000


def test_the_longest_messages_that_are_let_through_are_answered(client, tuned):
    for text in ("a" * 999_000, "How long is the warranty? " * 38_000, "床垫" * 300_000):
        assert ask(client.with_options(timeout=20), tuned, text).choices[0].message.content
