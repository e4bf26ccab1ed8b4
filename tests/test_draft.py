"""Examples that a model writes: what is asked, what is found in the answer, what is good."""

import pytest

from helpers.data_format import from_rows
from helpers.draft import draft, found_in, judged, request_for
from helpers.hosts import NotConfirmedError

MODEL = "gpt-4.1-mini-2025-04-14"


def test_the_request_names_topic_aspects_number_and_language():
    request = request_for("a mattress shop.", ["comfort", " price ", ""], 7, "Chinese")
    assert "Write 7 training" in request and "a mattress shop. People ask about: comfort, price." in request
    assert "in Chinese" in request and "JSON list" in request


@pytest.mark.parametrize(("topic", "n", "found"), [(" ", 5, "topic"), ("x", 0, "n: found 0"), ("x", 101, "1 to 100")])
def test_what_cannot_be_asked_is_named(topic, n, found):
    with pytest.raises(ValueError, match=found):
        request_for(topic, [], n, "English")


@pytest.mark.parametrize(
    "text",
    [
        '[{"question": "a?", "answer": "b"}, {"question": "c?", "answer": "d"}]',
        'Here:\n```json\n[{"question": "a?", "answer": "b"},\n{"question": "c?", "answer": "d"}]\n```\nGood luck',
        '{"examples": [{"question": "a?", "answer": "b"}, {"question": "c?", "answer": "d"}]}',
        '{"question": "a?", "answer": "b"}\n{"question": "c?", "answer": "d"}\n',
        '[{"question": "a?", "answer": "b"}, {"question": "c?", "answer": "d"}, {"question": "cut o',
    ],
)
def test_examples_are_found_whatever_stands_around_them(text):
    assert [item["question"] for item in found_in(text)] == ["a?", "c?"]


def test_an_answer_without_examples_is_quoted():
    with pytest.raises(ValueError, match='It began with: "As a mattress, I'):
        found_in("As a mattress, I have no questions.")


def test_duplicates_and_broken_ones_are_marked():
    items = [
        {"question": "How firm?", "answer": "Medium."},
        {"question": "how  firm ?", "answer": "Soft."},
        {"question": "How long?", "answer": 10},
        {"question": "What price?", "answer": "$899."},
    ]
    assert [pair.problem for pair in judged(items, known=["What price"])] == [
        "",
        "the same question stands in number 1",
        "no answer",
        "the same question stands in your examples",
    ]


def test_a_draft_from_the_practice_server_says_that_it_is_simulated_and_gives_good_rows(client):
    made = draft(client, MODEL, "the CloudRest mattress", aspects=["price"], n=15)
    assert "simulated" in str(made) and len(made.pairs) == 15 and len(made.rows) == 13
    assert len(from_rows(made.rows)) == 13


def test_on_a_paid_host_nothing_is_asked_without_a_yes(client, monkeypatch):
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)
    monkeypatch.setattr("builtins.input", lambda _: "no")
    with pytest.raises(NotConfirmedError):
        draft(client, MODEL, "a mattress")
