"""Reading what a learner wrote: any object at all becomes plain data, or a sentence that says what it is."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from helpers.data_format import write
from helpers.exercises.attempt import filled, is_blank, number, plain, whole_number
from helpers.exercises.definition import NotYet
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
        (..., ...),
    ],
)
def test_what_a_learner_may_well_write_becomes_plain_data(value, copy):
    assert plain(value) == copy


def test_what_write_returns_stands_for_its_path(tmp_path):
    assert plain(write([{}], tmp_path / "a.jsonl")) == str(tmp_path / "a.jsonl")


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
    with pytest.raises(NotYet, match="a whole number"):
        whole_number(37.5, "a number of steps")


def test_keys_that_are_missing_or_unknown_are_named():
    with pytest.raises(NotYet, match="Not filled in yet: b"):
        filled({"a": 1, "b": ...}, "ab", "a, b")
    with pytest.raises(NotYet, match='does not know: "c"'):
        filled({"a": 1, "b": 2, "c": 3}, "ab", "a, b")
