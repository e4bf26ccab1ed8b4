"""A program that has the teacher's key lets learners in while the room is open, as a JupyterHub does."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from helpers.practice.room.server import start_room

KEY = "practice-a-key-of-the-teacher"


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "teacher.key"
    path.write_text(KEY, encoding="ascii")
    return path


@pytest.fixture
def room(tmp_path, key_file):
    """A room without learners, with Chinese characters and a space in its name; its teacher's key is KEY."""
    running = start_room([], tmp_path / "a room 教室", teacher_key_file=key_file, job_seconds=0)
    yield running
    running.stop()


def client_of(room, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=room.base_url, api_key=key, max_retries=0)


def let_in(room, name: str, key: str = KEY, **more) -> dict:
    address = room.base_url.removesuffix("/v1") + "/practice/room/learners"
    return client_of(room, key).post(address, cast_to=object, body={"name": name, **more})


def test_a_learner_who_is_let_in_can_work_at_once(room, mattress):
    made = let_in(room, "jo")
    client = client_of(room, made["key"])
    file = client.files.create(file=mattress, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=file.id)
    assert made["name"] == "jo" and client.fine_tuning.jobs.retrieve(job.id).status == "succeeded"


def test_learners_who_are_let_in_see_nothing_of_each_other(room, mattress):
    one, other = (client_of(room, let_in(room, name)["key"]) for name in ("小明", "jo"))
    file = one.files.create(file=mattress, purpose="fine-tune")
    assert other.files.list().data == []
    with pytest.raises(openai.NotFoundError):
        other.files.retrieve(file.id)


def test_a_learner_who_is_there_already_keeps_the_key(room):
    key = let_in(room, "jo")["key"]
    with pytest.raises(openai.ConflictError, match="new_key"):
        let_in(room, "jo")
    assert client_of(room, key).models.list().data


def test_a_new_key_ends_the_old_one_and_keeps_what_was_made(room, mattress):
    first = let_in(room, "jo")
    file = client_of(room, first["key"]).files.create(file=mattress, purpose="fine-tune")
    second = let_in(room, "jo", new_key=True)
    assert second["number"] == first["number"]
    assert [each.id for each in client_of(room, second["key"]).files.list()] == [file.id]
    with pytest.raises(openai.AuthenticationError):
        client_of(room, first["key"]).models.list()


def test_a_new_key_for_somebody_new_just_lets_them_in(room):
    """A hub asks the same for everybody who comes."""
    assert client_of(room, let_in(room, "jo", new_key=True)["key"]).models.list().data


def test_who_was_let_in_is_still_there_after_a_restart(room):
    key = let_in(room, "jo")["key"]
    room.stop()
    again = start_room(None, room.home, job_seconds=0)
    try:
        assert client_of(again, key).models.list().data
        with pytest.raises(openai.ConflictError):
            let_in(again, "jo")
    finally:
        again.stop()


def test_learners_who_come_at_the_same_moment_all_get_a_place_of_their_own(room):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: let_in(room, f"learner {number}"), range(8)))
    assert len({each["number"] for each in made}) == len({each["key"] for each in made}) == 8
    assert all(client_of(room, each["key"]).models.list().data for each in made)


def test_the_teacher_sees_who_was_let_in_and_plants_errors_for_them_too(room):
    learner = client_of(room, let_in(room, "jo")["key"])
    teacher, address = client_of(room, KEY), room.base_url.removesuffix("/v1") + "/practice/room"
    teacher.post(f"{address}/faults", cast_to=object, body={"fault": "rate_limit"})
    with pytest.raises(openai.RateLimitError):
        learner.models.list()
    assert [each["name"] for each in teacher.get(f"{address}/overview", cast_to=object)["learners"]] == ["jo"]


def test_only_the_teacher_lets_learners_in(room):
    key = let_in(room, "jo")["key"]
    with pytest.raises(openai.NotFoundError):
        let_in(room, "mate", key=key)
    with pytest.raises(openai.AuthenticationError):
        let_in(room, "mate", key="practice-a-key-that-nobody-has")


@pytest.mark.parametrize("name", ["", " ", "teacher", "x" * 61, "a\x07b"])
def test_a_name_that_cannot_be_is_refused(room, name):
    with pytest.raises(openai.BadRequestError):
        let_in(room, name)
    assert room.register.learners == []


def test_a_full_room_says_so(room, monkeypatch):
    monkeypatch.setattr("helpers.practice.room.register.MOST_LEARNERS", 1)
    let_in(room, "jo")
    with pytest.raises(openai.BadRequestError, match="at most 1"):
        let_in(room, "mate")


def test_no_key_stands_in_a_file_of_the_room(room):
    key = let_in(room, "jo")["key"]
    client_of(room, key).models.list()
    for path in room.home.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes() and KEY.encode() not in path.read_bytes(), path.name


# --- the teacher's key in a file ----------------------------------------------------------------------------------


def test_a_key_of_the_teacher_that_stands_in_a_file_is_not_shown(room):
    assert room.new_keys == {}
    assert client_of(room, KEY).models.list().data


def test_the_file_of_the_teachers_key_is_made_for_its_owner_only(tmp_path):
    path = tmp_path / "made.key"
    room = start_room([], tmp_path / "room", teacher_key_file=path)
    room.stop()
    assert len(path.read_text(encoding="ascii")) >= 24
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_short_key_of_the_teacher_is_refused(tmp_path, key_file):
    key_file.write_text("short", encoding="ascii")
    with pytest.raises(ValueError, match="at least 16"):
        start_room(["jo"], tmp_path / "room", teacher_key_file=key_file)


def test_a_key_of_the_teacher_that_stands_in_a_file_is_not_replaced_by_another(tmp_path, key_file):
    with pytest.raises(ValueError, match="delete that file"):
        start_room(["jo"], tmp_path / "room", new_key_for="teacher", teacher_key_file=key_file)


def test_a_file_that_cannot_be_made_for_the_teachers_key_is_named(tmp_path):
    with pytest.raises(ValueError, match="--teacher-key-file"):
        start_room(["jo"], tmp_path / "room", teacher_key_file=tmp_path / "missing" / "teacher.key")


def test_a_room_without_anybody_has_to_be_asked_for(tmp_path):
    with pytest.raises(ValueError, match="--learners"):
        start_room(None, tmp_path / "room")


def test_the_register_is_readable_json_with_hashes_only(room):
    let_in(room, "jo")
    kept = json.loads((room.home / "room.json").read_text(encoding="utf-8"))
    assert [learner["name"] for learner in kept["learners"]] == ["jo"]
    assert all(len(learner["key_hash"]) == 64 for learner in kept["learners"])
