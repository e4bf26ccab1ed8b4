"""A learner whose practice home is damaged: the teacher is told where and why, and the others work on."""

import openai
import pytest

from helpers.practice.room.command import introduction
from helpers.practice.room.server import start_room


@pytest.fixture
def keys(tmp_path):
    """Of a room in which the database of Ada, the first learner, was damaged after it was closed."""
    room = start_room(["Ada", "Kim"], tmp_path / "room", job_seconds=0)
    file = client_of(room, room.new_keys["Ada"]).files.create(file=("a.jsonl", b'{"a": 1}\n'), purpose="fine-tune")
    keys = {**room.new_keys, "file": file.id}
    room.stop()
    database = tmp_path / "room" / "learners" / "001" / "practice.sqlite"
    database.rename(database.with_name("good.sqlite"))
    database.write_text("This is no database, but it is long enough to be read as one. " * 20)
    return keys


@pytest.fixture
def room(tmp_path, keys):
    running = start_room(home=tmp_path / "room", job_seconds=0)
    yield running
    running.stop()


def client_of(room, key):
    return openai.OpenAI(base_url=room.base_url, api_key=key, max_retries=0)


def as_teacher(room, keys, method, path, **more):
    client = client_of(room, keys["teacher"])
    return getattr(client, method)(room.base_url.removesuffix("/v1") + path, cast_to=object, **more)


def test_a_damaged_database_closes_the_place_of_its_learner_only(room, keys):
    assert client_of(room, keys["Kim"]).models.list().data
    with pytest.raises(openai.InternalServerError, match="Tell your teacher") as caught:
        client_of(room, keys["Ada"]).models.list()
    assert (caught.value.status_code, caught.value.code) == (503, "seat_closed")


def test_the_teacher_is_told_in_the_terminal_and_on_the_page_which_folder_it_is(room, keys):
    said = introduction(room)
    assert "Ada cannot work" in said and str(room.home / "learners" / "001") in said and "Kim cannot" not in said
    of_ada, of_kim = as_teacher(room, keys, "get", "/practice/room/overview")["learners"]
    assert str(room.home / "learners" / "001") in of_ada["problem"] and of_kim["problem"] is None


def test_what_the_teacher_does_for_everybody_is_done_for_all_others(room, keys):
    as_teacher(room, keys, "post", "/practice/room/faults", body={"fault": "rate_limit"})
    with pytest.raises(openai.RateLimitError):
        client_of(room, keys["Kim"]).models.list()
    as_teacher(room, keys, "delete", "/practice/room/faults")
    with pytest.raises(openai.InternalServerError, match="Tell your teacher"):
        as_teacher(room, keys, "get", "/practice/room/learners/1/v1/models")


@pytest.mark.parametrize("mended", ["by a copy", "by an empty folder"])
def test_a_place_that_was_mended_opens_without_a_restart(room, keys, mended):
    folder = room.home / "learners" / "001"
    if mended == "by a copy":
        (folder / "good.sqlite").replace(folder / "practice.sqlite")
    else:
        folder.rename(folder.with_name("001-damaged"))
    files = client_of(room, keys["Ada"]).files.list().data
    assert [file.id for file in files] == ([keys["file"]] if mended == "by a copy" else [])
    assert as_teacher(room, keys, "get", "/practice/room/overview")["learners"][0]["problem"] is None
