"""What is on a slip of paper: a key that can be typed, and the lines for each terminal."""

import re

import pytest

from helpers.practice.room.command import introduction
from helpers.practice.room.keys_page import write_keys_page
from helpers.practice.room.register import names_of, new_key
from helpers.practice.room.server import start_room


def test_a_key_has_no_character_that_looks_like_another():
    keys = [new_key() for _ in range(100)]
    assert all(re.fullmatch(r"practice(-[a-hjkmnp-z2-9]{4}){6}", key) for key in keys), keys
    assert len(set(keys)) == len(keys)


def test_a_slip_has_the_lines_for_each_terminal(tmp_path):
    write_keys_page(tmp_path / "keys.html", "http://192.0.2.7:8000/v1", {"Ada": "practice-abcd"})
    page = (tmp_path / "keys.html").read_text(encoding="utf-8")
    assert "export COURSE_HOST=http://192.0.2.7:8000/v1\nexport COURSE_API_KEY=practice-abcd" in page
    assert '$env:COURSE_HOST="http://192.0.2.7:8000/v1"\n$env:COURSE_API_KEY="practice-abcd"' in page
    assert "set COURSE_HOST=http://192.0.2.7:8000/v1\nset COURSE_API_KEY=practice-abcd" in page


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_names_in_another_encoding_lead_to_utf_8(tmp_path, encoding):
    names = tmp_path / "names.txt"
    names.write_text("Anna Weiß\nBen\n", encoding=encoding)
    with pytest.raises(ValueError, match=r"is no text in UTF-8 .* Save it again with this encoding"):
        names_of(None, names)


def test_a_room_that_is_opened_again_says_which_key_is_the_teachers(tmp_path):
    start_room(["Ada"], tmp_path / "room").stop()
    room = start_room(None, tmp_path / "room")
    try:
        said = introduction(room)
    finally:
        room.stop()
    assert "the one that you have" in said and "--new-key teacher" in said
    assert room.page is None
