"""The register of a room: no key is lost on the way, and no place is given to two learners."""

import json
import sys

import openai
import pytest

from helpers.practice.room.command import main
from helpers.practice.room.register import open_register
from helpers.practice.room.server import start_room
from helpers.practice.settings import PracticeHomeError

KEY_HASHES = ["a" * 64, "b" * 64, "c" * 64]


def kept(home, *learners, teacher="f" * 64):
    """Write a register by hand."""
    home.mkdir(parents=True, exist_ok=True)
    rows = [dict(zip(("number", "name", "key_hash"), learner, strict=True)) for learner in learners]
    (home / "room.json").write_text(json.dumps({"teacher": teacher, "learners": rows}), encoding="utf-8")


@pytest.mark.parametrize("lost", ["the first of them", "the last of them"])
def test_whoever_comes_gets_no_place_of_a_learner_whom_the_register_has_lost(tmp_path, lost):
    room = start_room(["Ada", "Kim"], tmp_path / "room", job_seconds=0)
    for name in ("Ada", "Kim"):
        client = openai.OpenAI(base_url=room.base_url, api_key=room.new_keys[name], max_retries=0)
        client.files.create(file=("a.jsonl", b'{"a": 1}\n'), purpose="fine-tune")
    room.stop()
    path = tmp_path / "room" / "room.json"
    register = json.loads(path.read_text(encoding="utf-8"))
    register["learners"].pop(0 if lost == "the first of them" else 1)
    path.write_text(json.dumps(register), encoding="utf-8")
    room = start_room(["New"], tmp_path / "room", job_seconds=0)
    try:
        client = openai.OpenAI(base_url=room.base_url, api_key=room.new_keys["New"], max_retries=0)
        assert client.files.list().data == []
        assert len({learner.number for learner in room.register.learners}) == 2
    finally:
        room.stop()


@pytest.mark.parametrize(
    ("learners", "teacher", "what"),
    [
        ([(1, "Ada", KEY_HASHES[0]), (1, "Kim", KEY_HASHES[1])], "f" * 64, "the same number"),
        ([(1, "Ada", KEY_HASHES[0]), (2, "Ada", KEY_HASHES[1])], "f" * 64, "the same name"),
        ([(1, "Ada", KEY_HASHES[0]), (2, "Kim", KEY_HASHES[0])], "f" * 64, "the same hash"),
        ([(1, "Ada", KEY_HASHES[0])], KEY_HASHES[0], "the same hash"),
        ([("1", "Ada", KEY_HASHES[0])], "f" * 64, "the number '1'"),
        ([(0, "Ada", KEY_HASHES[0])], "f" * 64, "the number 0"),
        ([(1, "Ada", "é" * 64)], "f" * 64, "a hash of a key"),
        ([(1, "Ada", None)], "f" * 64, "a hash of a key"),
        ([(1, "Ada", KEY_HASHES[0])], 5, "a hash of a key"),
    ],
)
def test_a_register_in_which_a_key_or_a_place_is_not_one_learners_is_damaged(tmp_path, learners, teacher, what):
    kept(tmp_path / "room", *learners, teacher=teacher)
    with pytest.raises(ValueError, match=f"room.json is damaged .*{what}"):
        open_register(tmp_path / "room")


def test_too_many_learners_are_refused_before_a_key_is_renewed(tmp_path):
    start_room(["Ada"], tmp_path / "room", job_seconds=0).stop()
    before = (tmp_path / "room" / "room.json").read_bytes()
    with pytest.raises(ValueError, match="found 501 learners; expected at most 500"):
        start_room([f"L{number}" for number in range(500)], tmp_path / "room", new_key_for="Ada")
    assert (tmp_path / "room" / "room.json").read_bytes() == before


def test_keys_that_cannot_be_handed_out_are_not_kept_and_old_ones_go_on(tmp_path):
    room = start_room(["Ada"], tmp_path / "room", job_seconds=0)
    room.stop()

    def fail(server, keys):
        assert set(keys) == {"Ada", "Kim"}
        raise ValueError("no paper")

    with pytest.raises(ValueError, match="no paper"):
        start_room(["Ada", "Kim"], tmp_path / "room", new_key_for="Ada", hand_out=fail)
    again = start_room(["Ada", "Kim"], tmp_path / "room", job_seconds=0)
    assert set(again.new_keys) == {"Kim"} and again.register.who(room.new_keys["Ada"]).name == "Ada"
    again.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder on Windows does not keep its owner from writing")
def test_a_page_of_keys_that_cannot_be_written_is_named_and_the_next_start_makes_the_keys(tmp_path, capsys):
    page = tmp_path / "folder" / "keys.html"
    page.parent.mkdir()
    command = ["--learners", "2", "--home", str(tmp_path / "r"), "--port", "0", "--host", "127.0.0.1"]
    page.symlink_to(tmp_path / "nowhere" / "keys.html")
    assert main([*command, "--page", str(page)]) == 1
    assert f"--page: {page} cannot be written" in capsys.readouterr().err
    room = start_room(["Learner 1", "Learner 2"], tmp_path / "r", job_seconds=0)
    assert set(room.new_keys) == {"Learner 1", "Learner 2", "teacher"}
    room.stop()


def test_a_register_that_cannot_be_written_keeps_the_keys_as_they_were(tmp_path, monkeypatch):
    register = open_register(tmp_path / "room")
    key = register.add(["Ada"])["Ada"]
    (tmp_path / "room" / "room.json").unlink()
    (tmp_path / "room" / "room.json").mkdir()
    (tmp_path / "room" / "room.json" / "in the way").touch()
    with pytest.raises(PracticeHomeError, match=r"room\.json cannot be written"):
        register.renew("Ada")
    assert register.who(key).name == "Ada"
