"""Pictures: each is drawn from what it is given, says what to see in it, and is the same at each run."""

import json
import re

import pytest

from helpers.course_data.paths import DATA
from helpers.data_format import read
from helpers.pictures import (
    show_four_steps,
    show_four_ways,
    show_lengths,
    show_memorising,
    show_surprises,
    show_tokens,
    token_pieces,
)
from helpers.tokens import count_text

MODEL = "gpt-4.1-mini-2025-04-14"
LIMITED = "gpt-4o-mini-2024-07-18"
EXAMPLES = read(DATA / "mydata.jsonl")
ALL = {
    "four steps": show_four_steps,
    "four ways": show_four_ways,
    "tokens": lambda: show_tokens(EXAMPLES[0], MODEL),
    "lengths": lambda: show_lengths(EXAMPLES, LIMITED),
    "surprises": show_surprises,
    "memorising": show_memorising,
}


@pytest.mark.parametrize("show", ALL.values(), ids=ALL)
def test_a_picture_has_the_sentence_that_says_what_to_see_and_is_the_same_each_time(show):
    picture = show()
    caption = re.search(r"<figcaption[^>]*>(.*)</figcaption>", picture._repr_html_())[1]
    assert str(picture) and re.sub("<.*?>", "", caption).startswith(str(picture)[:40])
    assert show()._repr_html_() == picture._repr_html_()


@pytest.mark.parametrize("show", ALL.values(), ids=ALL)
def test_what_cannot_be_read_aloud_has_an_alternative_text_or_is_hidden_from_who_listens(show):
    html = show()._repr_html_()
    assert html.count("<img") == html.count('<img alt="') - html.count('<img alt=""')
    assert html.count("<svg") == html.count("<svg aria-hidden")


def test_only_what_the_assistant_says_is_marked_as_learned():
    html = show_tokens(EXAMPLES[0], MODEL)._repr_html_()
    parts = dict(re.findall(r"<small>(\w+): .*?<strong>(.*?)</strong>", html))
    assert parts == {"system": "only read", "user": "only read", "assistant": "learned"}


def test_an_answer_with_weight_zero_is_only_read():
    messages = [
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": "What.", "weight": 0},
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": "Good morning."},
    ]
    html = show_tokens({"messages": messages}, MODEL)._repr_html_()
    assert html.count("<strong>only read</strong>") == 3 and html.count("<strong>learned</strong>") == 1
    assert f"{count_text('Good morning.', MODEL)} tokens of it are learned" in html


@pytest.mark.parametrize("text", ["The CloudRest", "床垫很舒服 \N{SLEEPING FACE}", "two\nlines", "", "<b>$5 & $6</b>"])
@pytest.mark.parametrize("model", [MODEL, "gpt-3.5-turbo", "smollm2-135m-instruct"])
def test_the_pieces_together_are_the_text(text, model):
    pieces = list(token_pieces(text, model))
    assert "".join(pieces) == text and all(pieces) and len(pieces) <= count_text(text, model)


def test_what_somebody_wrote_is_shown_and_not_run():
    html = show_tokens({"messages": [{"role": "user", "content": "<script>alert(1)</script>"}]}, MODEL)._repr_html_()
    assert "<script" not in html


@pytest.mark.parametrize("nothing", [{}, {"messages": []}, {"messages": "text"}, [], None, {"messages": [1]}])
def test_what_is_no_example_is_named(nothing):
    with pytest.raises(ValueError, match="found no conversation; expected one example"):
        show_tokens(nothing, MODEL)


def test_an_estimate_is_called_one():
    assert "about 61 tokens (an estimate)" in str(show_tokens(EXAMPLES[4], "some-model"))


def test_lengths_say_how_many_will_be_cut():
    long = {"messages": [{"role": "user", "content": "word " * 70_000}, {"role": "assistant", "content": "Yes."}]}
    assert "1 example beyond the limit of 65,536 will be cut" in str(show_lengths([*EXAMPLES, long], LIMITED))
    assert "None reaches the limit of 65,536" in str(show_lengths(EXAMPLES, LIMITED))
    assert "Nobody has confirmed a limit" in str(show_lengths(EXAMPLES, MODEL))


def test_lengths_of_nothing_are_an_error_in_words():
    with pytest.raises(ValueError, match="found no example that can be counted"):
        show_lengths([{"nothing": 1}], MODEL)


def test_recorded_surprises_say_when_on_what_and_by_which_command():
    recorded = json.loads((DATA / "next_tokens.json").read_text(encoding="utf-8"))
    said = str(show_surprises())
    assert recorded["date"] in said and recorded["command"] in said and recorded["model"] in said
    assert len(recorded["tokens"]) == len(recorded["before"]) == len(recorded["after"])


def test_the_recorded_answer_is_the_one_of_the_training_file():
    recorded = json.loads((DATA / "next_tokens.json").read_text(encoding="utf-8"))
    answer = next(each["messages"] for each in EXAMPLES if each["messages"][1]["content"] == recorded["question"])[2]
    assert "".join(recorded["tokens"][:-1]) == answer["content"]


def test_an_illustration_is_called_one():
    assert "computed to show the idea" in str(show_memorising())
