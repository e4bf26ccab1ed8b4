"""What a model that writes text says as calls of functions and as JSON."""

import pytest

from helpers.practice.engine import ChatRequest
from helpers.practice.training.structured import begin, calls_in, end_of_object
from tests.local_training import needs_local_training, tiny_adapter

FUNCTIONS = {"price": {"name": "price"}, "stock": {"name": "stock"}}
TOOLS_TEMPLATE = (
    "{% if tools %}<tools>{{ tools | tojson }}</tools>{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"name": "price", "arguments": "{\\"product\\": \\"lamp\\"}"}', ["price"]),
        ('{"name": "price", "arguments": {"product": "lamp"}}\n{"name": "stock", "arguments": {}}', ["price", "stock"]),
        ('<tool_call>\n{"name": "price", "parameters": {"product": "lamp"}}\n</tool_call>', ["price"]),
        ("The lamp costs five.", []),
        ('{"name": "other", "arguments": {}}', []),
        ('{"name": "price", "arguments": "no json"}', []),
        ('{"name": "price", "arguments": {"product": ', []),
        ('Let me see: {"name": "stock", "arguments": {}}', []),
        ("", []),
    ],
)
def test_calls_are_read_where_an_answer_is_nothing_else(text, names):
    assert [call["name"] for call in calls_in(text, FUNCTIONS)] == names


def test_an_answer_that_must_be_a_call_is_begun_as_one():
    asked = {"model": "tiny", "messages": [], "must_call": True}
    assert begin(ChatRequest(**asked, functions=FUNCTIONS), "") == '{"name": "'
    only = {"stock": FUNCTIONS["stock"]}
    assert begin(ChatRequest(**asked, functions=only), "") == '{"name": "stock", "arguments":'
    assert begin(ChatRequest(**asked, functions=only), "... <tool_call> ...").startswith("<tool_call>\n{")
    assert begin(ChatRequest("tiny", [], output="json_object"), "") == "{" and begin(ChatRequest("tiny", []), "") == ""


def test_an_object_ends_where_its_last_bracket_closes():
    assert end_of_object('{"a": "}"} and more') == 10 and end_of_object('{"a": 1') is None


@needs_local_training
@pytest.mark.usefixtures("tiny_is_offered")
def test_a_base_model_whose_template_has_no_place_for_tools_says_so(tiny, tmp_path):
    from helpers.practice.api.errors import ApiError
    from helpers.practice.training.generate import LocalChat

    asked = ChatRequest("tiny", [{"role": "user", "content": "Hi"}], max_tokens=3, functions=FUNCTIONS)
    with pytest.raises(ApiError, match="no place for tools"):
        LocalChat(tmp_path).reply("tiny", None, asked)
    adapter = tiny_adapter(tiny, tmp_path / "adapter")
    reply = LocalChat(tmp_path).reply("tiny", adapter, asked)
    assert "".join(reply) and reply.calls == ()


@needs_local_training
@pytest.mark.usefixtures("tiny_is_offered")
def test_json_begins_with_its_bracket_and_what_cannot_be_read_as_a_call_is_an_error(tiny, tmp_path):
    from helpers.practice.api.errors import ApiError
    from helpers.practice.training.generate import LocalChat

    asked = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3, "temperature": 0}
    chat = LocalChat(tmp_path)
    assert "".join(chat.reply("tiny", None, ChatRequest(**asked, output="json_object"))).startswith("{")
    adapter = tiny_adapter(tiny, tmp_path / "adapter")
    with pytest.raises(ApiError, match="wrote no call that can be read"):
        list(chat.reply("tiny", adapter, ChatRequest(**asked, functions=FUNCTIONS, must_call=True)))


@needs_local_training
def test_a_template_that_knows_tools_shows_them_in_training_and_in_asking(tiny):
    from transformers import AutoTokenizer

    from helpers.practice.training.labels import encode_all, knows_tools, render

    tokenizer = AutoTokenizer.from_pretrained(tiny)
    plain = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    tools = [{"type": "function", "function": FUNCTIONS["price"]}]
    assert not knows_tools(tokenizer) and render(tokenizer, plain, tools=tools) == render(tokenizer, plain)
    tokenizer.chat_template = TOOLS_TEMPLATE
    assert knows_tools(tokenizer) and '"price"' in render(tokenizer, plain, tools=tools)
    (encoded,) = encode_all([{"messages": plain, "tools": tools}], tokenizer, 100)
    learned = [token for token, label in zip(encoded.input_ids, encoded.labels, strict=True) if label == token]
    assert "price" in tokenizer.decode(encoded.input_ids) and tokenizer.decode(learned) == "Hello<|im_end|>"
