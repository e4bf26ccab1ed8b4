"""Reading lines and writing files: who may read what was written."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.training_file.jsonl import write_lines

needs_posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")


@pytest.fixture
def umask() -> Iterator[int]:
    """The umask of a folder that a class shares: the group may write, others may read."""
    before = os.umask(0o002)
    yield 0o002
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@needs_posix
def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path, umask):
    write_lines([b"{}"], tmp_path / "new.jsonl")
    assert mode(tmp_path / "new.jsonl") == 0o666 & ~umask


@needs_posix
@pytest.mark.parametrize("before", [0o664, 0o600, 0o440])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, umask, before):
    path = tmp_path / "shared 练习.jsonl"
    path.write_bytes(b"{}\n")
    path.chmod(before)
    write_lines([b'{"a": 1}'], path, overwrite=True)
    assert mode(path) == before and path.read_bytes() == b'{"a": 1}\n'
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@needs_posix
def test_a_file_that_only_its_owner_may_read_is_never_open_to_others_while_it_is_written(tmp_path, umask):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"{}\n")
    path.chmod(0o600)

    def lines() -> Iterator[bytes]:
        assert {mode(each) for each in tmp_path.iterdir()} == {0o600}
        yield b"secret"

    write_lines(lines(), path, overwrite=True)
    assert path.read_bytes() == b"secret\n"
