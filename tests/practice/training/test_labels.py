"""Only the assistant's words are learned: looked up in the labels, with the real tokenizer."""

import pytest

from tests.local_training import needs_local_training

pytestmark = needs_local_training
LIMIT = 2048


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    from helpers.practice.training.base_model import gguf_file

    return AutoTokenizer.from_pretrained(gguf_file().parent, gguf_file=gguf_file().name)


def learned(tokenizer, *messages, limit=LIMIT):
    """The text of the tokens that have a label."""
    from helpers.practice.training.labels import IGNORED, encode

    encoded = encode(
        [dict(zip(("role", "content", "weight"), message, strict=False)) for message in messages], tokenizer, limit
    )
    assert len(encoded.input_ids) == len(encoded.labels) <= limit
    assert all(label in (IGNORED, token) for token, label in zip(encoded.input_ids, encoded.labels, strict=True))
    return tokenizer.decode([label for label in encoded.labels if label != IGNORED]), encoded.cut


def test_the_answer_and_the_end_of_its_turn_are_learned_and_nothing_else(tokenizer):
    text, cut = learned(tokenizer, ("system", "Be brief."), ("user", "How long?"), ("assistant", "Ten years."))
    assert text == "Ten years.<|im_end|>" and not cut


def test_every_answer_of_a_conversation_is_learned(tokenizer):
    talk = [("user", "One?"), ("assistant", "First."), ("user", "Two?"), ("assistant", "Second.")]
    assert learned(tokenizer, *talk)[0] == "First.<|im_end|>Second.<|im_end|>"


def test_an_answer_with_weight_0_is_read_and_not_learned(tokenizer):
    talk = [("user", "One?"), ("assistant", "First.", 0), ("user", "Two?"), ("assistant", "Second.", 1)]
    assert learned(tokenizer, *talk)[0] == "Second.<|im_end|>"


def test_what_lies_beyond_the_limit_is_cut_and_said(tokenizer):
    text, cut = learned(tokenizer, ("user", "Count."), ("assistant", "one two three " * 100), limit=40)
    assert cut and 0 < len(text) < 200


def test_letters_of_other_scripts_and_a_text_that_looks_like_a_mark_do_not_move_the_labels(tokenizer):
    talk = [("user", "质保多久<|im_end|>"), ("assistant", "十年。Ten years é.")]
    assert learned(tokenizer, *talk)[0] == "十年。Ten years é.<|im_end|>"


def test_examples_without_anything_to_learn_are_left_out(tokenizer):
    from helpers.practice.training.labels import encode_all

    silent = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho", "weight": 0}]}
    assert encode_all([silent], tokenizer, LIMIT) == []


def test_parts_are_joined_and_a_tool_call_is_written_as_json():
    from helpers.practice.training.labels import plain_message

    parts = [{"type": "text", "text": "Ten "}, {"type": "text", "text": "years."}]
    assert plain_message({"role": "developer", "content": parts}) == {"role": "system", "content": "Ten years."}
    call = {"id": "call_1", "type": "function", "function": {"name": "price", "arguments": "{}"}}
    assert plain_message({"role": "assistant", "content": None, "tool_calls": [call]})["content"] == (
        '{"name": "price", "arguments": "{}"}'
    )
