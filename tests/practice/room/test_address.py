"""A room behind a server with HTTPS: learners take the address of that one."""

from helpers.practice.room.command import hand_out, introduction
from helpers.practice.room.server import start_room


def test_the_page_of_keys_names_the_address_that_the_teacher_has_given(tmp_path):
    address, page = "https://room.example.org/v1", tmp_path / "keys.html"
    room = start_room(
        ["jo"],
        tmp_path / "room",
        job_seconds=0,
        hand_out=lambda server, keys: hand_out(server, keys, page, address),
    )
    try:
        said = introduction(room, address)
    finally:
        room.stop()
    page = page.read_text(encoding="utf-8")
    assert "COURSE_HOST=https://room.example.org/v1" in page and room.new_keys["jo"] in page
    assert "https://room.example.org/v1" in said and room.new_keys["jo"] not in said
