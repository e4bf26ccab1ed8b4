"""Counting tokens: by the published rule, with the model's own encoding, without a network."""

import os
import subprocess
import sys
import threading

import pytest
import tiktoken

from helpers.connection.catalogue import LOCAL_DEFAULT, unpacked_folder
from helpers.course_data.paths import ROOT
from helpers.tokens import (
    count_example,
    count_messages,
    count_text,
    count_tokens,
    encoding_name,
    load_encoding,
)

GPT = "gpt-4o-2024-08-06"
ASKED = {"role": "user", "content": "How long is the warranty?"}
SAID = {"role": "assistant", "content": "10 years."}


def tokens(text: str) -> int:
    return len(load_encoding("o200k_base").encode_ordinary(text))


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4.1-mini-2025-04-14", "o200k_base"),
        ("ft:gpt-4.1-2025-04-14:personal::abc12345", "o200k_base"),  # tiktoken itself says cl100k_base
        ("ft:o4-mini-2025-04-16:personal::abc12345", "o200k_base"),  # tiktoken itself raises KeyError
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("gpt-5.4-nano", "o200k_base"),
        ("gpt-3.5-turbo-0613", "cl100k_base"),
        ("ft:gpt-3.5-turbo-1106:personal:shop:abc12345", "cl100k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("babbage-002", "cl100k_base"),
        ("smollm2-135m-instruct", None),
        ("glm-4-flash", None),
    ],
)
def test_each_model_is_counted_with_its_own_encoding(model, encoding):
    assert encoding_name(model) == encoding


def test_a_message_costs_three_and_the_reply_three():
    expected = 3 + (3 + tokens("user") + tokens(ASKED["content"])) + (3 + tokens("assistant") + tokens("10 years."))
    assert count_example({"messages": [ASKED, SAID]}, GPT) == expected


def test_a_name_costs_one_more_than_its_text():
    assert count_messages([{**ASKED, "name": "anna"}], GPT) == count_messages([ASKED], GPT) + tokens("anna") + 1


def test_a_weight_costs_nothing():
    assert count_messages([{**SAID, "weight": 0}], GPT) == count_messages([SAID], GPT)


def test_text_in_parts_costs_what_text_costs():
    parts = {**ASKED, "content": [{"type": "text", "text": ASKED["content"]}]}
    assert count_messages([parts], GPT) == count_messages([ASKED], GPT)


def test_a_picture_inside_the_file_is_not_counted_as_text():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 10_000}}
    parts = {**ASKED, "content": [{"type": "text", "text": ASKED["content"]}, picture]}
    assert count_messages([parts], GPT) == count_messages([ASKED], GPT)


def test_tools_and_calls_are_counted():
    call = {"id": "call_1", "type": "function", "function": {"name": "stock", "arguments": "{}"}}
    calling = {"role": "assistant", "content": None, "tool_calls": [call]}
    plain = count_example({"messages": [ASKED, calling]}, GPT)
    assert plain > count_example({"messages": [ASKED, {"role": "assistant"}]}, GPT)
    tool = {"type": "function", "function": {"name": "stock"}}
    assert count_example({"messages": [ASKED, calling], "tools": [tool]}, GPT) > plain


def test_both_answers_of_a_preference_are_counted():
    example = {"input": {"messages": [ASKED]}, "preferred_output": [SAID], "non_preferred_output": [SAID]}
    assert count_example(example, GPT) == count_messages([ASKED, SAID, SAID], GPT)


def test_markers_of_the_encoding_are_ordinary_text():
    assert count_text("<|endoftext|>", GPT) > 1


@pytest.mark.parametrize("text", [" " * 1_200_000, "\n" * 1_200_000, "\ud83d"])
def test_text_that_breaks_the_tokenizer_is_counted_all_the_same(text):
    assert count_text(text, GPT) > 0


def test_an_example_longer_than_the_limit_is_billed_up_to_it():
    long = {"messages": [{**ASKED, "content": "warranty " * 5_000}, SAID]}
    counted = count_tokens([long, {"messages": [ASKED, SAID]}], "gpt-3.5-turbo-0613")
    short = counted.per_example[1]
    assert counted.truncated == 1 and counted.longest > 4_096
    assert counted.billable == 4_096 + short < counted.total
    assert "1 example cut" in str(counted)


def test_no_limit_is_claimed_where_nobody_has_confirmed_one():
    counted = count_tokens([{"messages": [ASKED, SAID]}], "gpt-4.1-mini-2025-04-14")
    assert counted.limit is None and "none known" in str(counted)


def test_the_count_for_another_model_says_that_it_is_an_estimate(tmp_path, monkeypatch):
    monkeypatch.setenv("PRACTICE_HOME", str(tmp_path))  # in which the model does not lie
    counted = count_tokens([{"messages": [ASKED, SAID]}], "smollm2-135m-instruct")
    assert counted.estimated and "estimate" in str(counted) and "estimate" in counted._repr_html_()


def test_nothing_to_count_is_no_error():
    assert count_tokens([], GPT).total == 0 and "0 on average" in str(count_tokens([], GPT))


def test_counting_needs_no_network_and_leaves_the_environment_alone():
    code = """
import os, socket
def refuse(*args, **kwargs):
    raise OSError("no network in this test")
socket.socket.connect = socket.getaddrinfo = refuse
before = dict(os.environ)
from helpers.tokens import count_text
print(count_text("warranty", "gpt-4o"), count_text("warranty", "gpt-3.5-turbo"), dict(os.environ) == before)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True)
    assert done.stdout.split() == ["2", "2", "True"], done.stderr


def test_a_cache_folder_of_the_learner_is_put_back(monkeypatch, tmp_path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    load_encoding.cache_clear()
    assert load_encoding("cl100k_base").name == "cl100k_base"
    assert os.environ["TIKTOKEN_CACHE_DIR"] == str(tmp_path)


def test_threads_that_start_together_load_one_encoding():
    load_encoding.cache_clear()
    loaded: list[tiktoken.Encoding] = []
    threads = [threading.Thread(target=lambda: loaded.append(load_encoding("o200k_base"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 4 and all(encoding is loaded[0] for encoding in loaded)


def test_images_are_said_to_be_left_out_of_the_count():
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/bed.png"}}
    example = {"messages": [{"role": "user", "content": [picture] * 10}, SAID]}
    counted = count_tokens([example], GPT)
    assert counted.images == 10 and "10 images: what one costs depends on its size" in str(counted)
    assert "not counted" in counted._repr_html_() and "not counted" not in str(count_tokens([], GPT))


def test_a_model_on_this_computer_is_counted_with_its_own_tokenizer_once_it_is_there(tmp_path, monkeypatch):
    tokenizers = pytest.importorskip("tokenizers")
    letters = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    letters.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    folder = tmp_path / "tiny 模型"
    folder.mkdir()
    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", f"tiny={folder}")
    assert count_tokens([{"messages": [SAID]}], "tiny").estimated
    letters.save(str(folder / "tokenizer.json"))
    counted = count_tokens([{"messages": [SAID]}], "tiny")
    assert not counted.estimated and "estimate" not in str(counted)
    assert count_text("几点开门", "tiny") == 4 and count_text("\ud83d", "tiny") == 1


def test_the_bundled_model_is_counted_with_the_tokenizer_of_the_practice_home(tmp_path, monkeypatch):
    tokenizers = pytest.importorskip("tokenizers")
    monkeypatch.setenv("PRACTICE_HOME", str(tmp_path))
    assert count_tokens([], LOCAL_DEFAULT).estimated
    folder = unpacked_folder(tmp_path)
    folder.mkdir(parents=True)
    tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?")).save(str(folder / "tokenizer.json"))
    assert not count_tokens([], LOCAL_DEFAULT).estimated and count_text("warranty", f"ft:{LOCAL_DEFAULT}:me::1") == 1
