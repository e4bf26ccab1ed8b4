"""Notes and progress are read, changed and written whole, and a broken file is never overwritten."""

import pytest
from filelock import FileLock

from helpers import notes
from helpers.course_data import kept_json
from helpers.exercises import record

BOTH = pytest.mark.parametrize("kept", [notes.KEPT, record.KEPT], ids=lambda kept: kept.name)


@BOTH
def test_a_file_that_another_program_holds_is_named_and_left_alone(kept, workspace, monkeypatch):
    monkeypatch.setattr(kept_json, "LOCK_SECONDS", 0.1)
    workspace.mkdir(parents=True)
    with (
        FileLock(workspace / f".{kept.name}.lock"),
        pytest.raises(kept.error, match=rf"workspace/{kept.name}\.json is held by another program"),
        kept.changing() as content,
    ):
        content["new"] = 1
    assert kept.read() == {}


@BOTH
def test_a_change_that_fails_in_the_middle_is_not_written(kept):
    with kept.changing() as content:
        content["first"] = 1
    with pytest.raises(ZeroDivisionError), kept.changing() as content:
        content["second"] = 1 / 0
    assert kept.read() == {"first": 1}


@BOTH
@pytest.mark.parametrize("text", ["Half of an emoji: \ud83d", "A file name that is no UTF-8: caf\udce9.jsonl"])
def test_a_text_that_is_no_utf8_is_kept_as_json_writes_it(kept, text):
    with kept.changing() as content:
        content["text"] = text
    assert kept.read() == {"text": text} and kept.path.read_bytes().isascii()


@BOTH
@pytest.mark.parametrize(("content", "why"), [
    (b"{ broken", "line 1"), (b"\xff\xfe", "UTF-8"), (b"[]", "expected"), (b'{"a":' * 100_000, "brackets"),
    (b"9" * 5_000, "digits"),
])  # fmt: skip
def test_a_file_that_somebody_broke_is_named_and_left_alone(kept, workspace, content, why):
    workspace.mkdir(parents=True)
    kept.path.write_bytes(content)
    with pytest.raises(kept.error, match=rf"{kept.name}\.json cannot be read: .*{why}"), kept.changing():
        pass
    assert kept.path.read_bytes() == content
