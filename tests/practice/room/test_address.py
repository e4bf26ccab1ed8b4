"""A room behind a server with HTTPS: learners take the address of that one."""

from helpers.practice.room.command import introduction
from helpers.practice.room.server import start_room


def test_the_page_of_keys_names_the_address_that_the_teacher_has_given(tmp_path):
    room = start_room(["jo"], tmp_path / "room", job_seconds=0)
    try:
        said = introduction(room, tmp_path / "keys.html", "https://room.example.org/v1")
    finally:
        room.stop()
    page = (tmp_path / "keys.html").read_text(encoding="utf-8")
    assert "COURSE_HOST=https://room.example.org/v1" in page and room.new_keys["jo"] in page
    assert "https://room.example.org/v1" in said and room.new_keys["jo"] not in said
