"""Asking, comparing, and the book of what was used."""

from decimal import Decimal

import pytest
from filelock import FileLock

from helpers import usage
from helpers.data_format import from_rows, write
from helpers.usage import ask, compare, ledger

MODEL = "gpt-4.1-mini-2025-04-14"


def test_an_answer_says_what_it_took(client, tuned):
    answer = ask(client, tuned, "How long is the warranty?")
    assert "10-year" in answer.text and answer.simulated and answer.finish_reason == "stop"
    assert answer.input_tokens > 5 and answer.output_tokens > 10
    assert (
        answer.cost == 0
        and answer.list_price
        == (answer.input_tokens * Decimal("0.8") + answer.output_tokens * Decimal("3.2")) / 1_000_000
    )


def test_a_streamed_answer_is_printed_as_it_comes(client, tuned, capsys):
    answer = ask(client, tuned, "How long is the warranty?", stream=True)
    assert capsys.readouterr().out == answer.text + "\n"


def test_models_are_compared_side_by_side(client, tuned):
    comparison = compare(client, [MODEL, tuned], ["How long is the warranty?"])
    html = comparison._repr_html_()
    assert html.index(MODEL) < html.index("Simulated answer") < html.index("10-year")
    assert "10-year" in str(comparison)


def test_compared_answers_are_short_and_a_cut_is_marked(client, tmp_path):
    """A small base model that does not know the answer would go on for a page."""
    questions = [f"What is the use of part number {number}?" for number in range(10)]
    write(
        from_rows([{"question": question, "answer": "It is useful. " * 60} for question in questions]), tmp_path / "a"
    )
    file = client.files.create(file=tmp_path / "a", purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    long_winded = client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
    cut = compare(client, [long_winded], questions[:1])
    assert cut.answers[questions[0]][long_winded].output_tokens == 100
    assert str(cut).endswith(" ...") and " ...</td>" in cut._repr_html_()
    whole = compare(client, [long_winded], questions[:1], max_tokens=1000)
    assert whole.answers[questions[0]][long_winded].output_tokens > 100 and not str(whole).endswith(" ...")


def test_the_ledger_adds_up_by_model_and_host(client, tuned):
    first, second = ask(client, tuned, "How firm is it?"), ask(client, tuned, "How long is the warranty?")
    book = ledger(client)
    assert book.rows == [
        ("practice", tuned, 2, first.input_tokens + second.input_tokens, first.output_tokens + second.output_tokens, 0)
    ]
    assert str(book).startswith("Spent in this course: $0.00")


def test_an_unknown_price_is_never_taken_for_nothing(client, tuned, monkeypatch):
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)  # as on another host
    assert ask(client, tuned, "How firm is it?").cost is None
    assert "1 model without a known price" in str(ledger())
    assert "price unknown" in ledger()._repr_html_()


def test_an_answer_that_cannot_be_entered_in_the_ledger_is_given_all_the_same(
    client, tuned, workspace, monkeypatch, capsys
):
    """It may have cost money, and whoever asks again pays again."""
    monkeypatch.setattr(usage, "LOCK_SECONDS", 0.1)
    workspace.mkdir(parents=True, exist_ok=True)
    with FileLock(workspace / ".ledger.lock"):
        assert "10-year" in ask(client, tuned, "How long is the warranty?").text
    said = capsys.readouterr().out
    assert f"{tuned} has answered, but could not be noted: workspace/ledger.jsonl is held by another program" in said
    assert str(workspace) not in said and ledger(client).rows == []


@pytest.mark.parametrize(
    "damage",
    [b'{"host": "prac', b"\0" * 50, b"null", b"5", b"[]", b"{}", b"\xff", b"[" * 50_000,
     b'{"host": "a", "model": "b", "in": "many", "out": 1, "cost": null}',
     b'{"host": "a", "model": "b", "in": 1, "out": 1, "cost": "much"}'],
    ids=lambda damage: repr(damage[:20]),
)  # fmt: skip
def test_a_line_of_the_ledger_that_is_damaged_is_counted_and_hides_no_other(client, tuned, workspace, damage):
    ask(client, tuned, "How firm is it?")
    path = workspace / "ledger.jsonl"
    path.write_bytes(path.read_bytes() + damage + b"\n")
    ask(client, tuned, "How firm is it?")
    book = ledger()
    assert [row[2] for row in book.rows] == [2] and book.damaged == 1
    assert "1 line of workspace/ledger.jsonl cannot be read" in str(book) and "cannot be read" in book._repr_html_()


def test_an_empty_ledger_says_so():
    assert str(ledger()) == "Nothing was asked yet."


@pytest.mark.parametrize("question", ["<b>bold</b>", "$5 or $6?"])
def test_what_was_asked_is_text_and_not_html_or_a_formula(client, tuned, question):
    html = compare(client, [tuned], [question])._repr_html_()
    assert "<b>" not in html and "$5 or $" not in html
