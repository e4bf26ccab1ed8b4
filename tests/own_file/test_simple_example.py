"""The simplest example, and back."""

import pytest

from helpers.own_file.to_examples.simple_example import chat_example, pair_of


@pytest.mark.parametrize("system", ["Be brief.", None])
def test_a_pair_becomes_an_example_and_the_example_the_pair(system):
    assert pair_of(chat_example("How firm?", "Medium.", system)) == ("How firm?", "Medium.", system)


def test_an_example_that_a_table_cannot_show_is_no_pair():
    example = chat_example("How firm?", "Medium.")
    more = {"messages": [*example["messages"], {"role": "user", "content": "Sure?"}]}
    weighed = {"messages": [example["messages"][0], {**example["messages"][1], "weight": 0}]}
    assert [pair_of(each) for each in (more, weighed, {"tools": []})] == [None] * 3
