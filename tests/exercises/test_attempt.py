"""Reading what a learner wrote: any object at all becomes plain data, or a sentence that says what it is."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from helpers.data_format import repair, write
from helpers.exercises.attempt import begins_with_yes_or_no, filled, is_blank, number, plain, whole_number
from helpers.exercises.definition import NotYet
from helpers.exercises.tiny_model import train
from tests.exercises.nonsense import BadDict, BadInt, BadList, BadText, nonsense


@pytest.mark.parametrize(
    "value, copy",
    [
        (("a", ["b", {"c": None}]), ["a", ["b", {"c": None}]]),
        ({2, 1}, [1, 2]),
        (Decimal("0.0525"), 0.0525),
        (np.int64(5), 5),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (Path("a"), "a"),
        (range(5, 9), [5, 6, 7, 8]),
        (..., ...),
    ],
)
def test_what_a_learner_may_well_write_becomes_plain_data(value, copy):
    assert plain(value) == copy


def test_what_write_returns_stands_for_its_path(tmp_path):
    assert plain(write([{}], tmp_path / "a.jsonl")) == str(tmp_path / "a.jsonl")


def test_what_repair_reports_is_told_from_the_file_that_it_wrote(tmp_path):
    source = tmp_path / "a.jsonl"
    source.write_text("{}\n", encoding="utf-8")
    with pytest.raises(NotYet, match=r"what repair\(\) reports; expected the path of the file"):
        plain(repair(source, tmp_path / "b.jsonl"))


def test_a_training_of_the_tiny_model_stands_for_its_settings():
    assert plain(train(3, replay=2)) == {"n_epochs": 3, "learning_rate_multiplier": 2.0, "replay": 2}


def test_a_whole_reply_of_the_host_is_told_from_its_id(client):
    file = client.files.create(file=("a.jsonl", b"{}"), purpose="user_data")
    for reply in (file, client.files.list()):
        with pytest.raises(NotYet, match=r"a whole reply of the host\. Take the part that is asked for: its `\.id`"):
            plain(reply)


def test_an_open_file_is_told_from_its_path():
    with open(__file__, encoding="utf-8") as file, pytest.raises(NotYet, match="an open file; expected its path"):
        plain(file)


def test_methods_of_the_learners_own_are_never_called():
    assert plain(BadDict(a=1)) == {"a": 1}
    assert plain(BadList([1, 2])) == [1, 2]
    assert plain(BadText("a")) == "a" and type(plain(BadText("a"))) is str
    assert plain(BadInt(3)) == 3 and type(plain(BadInt(3))) is int


def test_anything_else_is_named_and_nothing_raises():
    for value in nonsense():
        try:
            plain(value)
        except NotYet as reason:
            assert str(reason)


def test_only_what_is_not_filled_in_at_all_is_blank():
    assert is_blank(...) and is_blank([...]) and is_blank({"a": ..., "b": [...]})
    assert not is_blank(None) and not is_blank([]) and not is_blank({}) and not is_blank({"a": ..., "b": 1})


def test_a_number_in_quotation_marks_is_named_as_such():
    with pytest.raises(NotYet, match="without quotation marks"):
        number("39", "a number of steps")
    with pytest.raises(NotYet, match=r"A comma makes two numbers of one: write 1000, not 1,000"):
        number(plain((2, 0)), "a number of tokens")  # Python reads 2,000 like that
    with pytest.raises(NotYet, match="a whole number"):
        whole_number(37.5, "a number of steps")


def test_keys_that_are_missing_or_unknown_are_named():
    with pytest.raises(NotYet, match="Not filled in yet: b"):
        filled({"a": 1, "b": ...}, "ab", "a, b")
    with pytest.raises(NotYet, match=r'does not know: "c"\. The keys are "a", "b"'):
        filled({"a": 1, "b": 2, "c": 3}, "ab", "a, b")


def test_a_key_that_is_misspelt_is_not_said_to_be_not_filled_in():
    with pytest.raises(NotYet, match='does not know: "B"'):
        filled({"a": 1, "B": 2}, "ab", "a, b")


@pytest.mark.parametrize("answer", ["Yes.", "no", "No, it is not.", " YES it is"])
def test_an_answer_that_begins_with_yes_or_no_is_found(answer):
    assert begins_with_yes_or_no(answer)


@pytest.mark.parametrize("answer", ["Normally it is.", "Nobody knows.", "Yesterday.", "Notes are free.", ""])
def test_a_longer_word_is_neither_yes_nor_no(answer):
    assert not begins_with_yes_or_no(answer)
