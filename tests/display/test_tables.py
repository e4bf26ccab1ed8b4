"""Tables in a notebook and in a form."""

from helpers.display.tables import html_table


def test_only_what_is_as_long_as_an_id_may_be_broken():
    shown = html_table(
        ["severity"], [["messages[2].role", "file-SdZYoMiMOWlmhZqebuVtAV"]], caption="roles.jsonl: 2 errors"
    )
    assert shown.count("overflow-wrap:anywhere") == 1
    assert 'overflow-wrap:anywhere">file-' in shown
