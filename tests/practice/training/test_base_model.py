"""The small model of the course is converted once for a home, and checked before it is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.course_data.paths import ROOT
from tests.local_training import needs_local_training

pytestmark = needs_local_training

UNPACKING = """
import sys
from pathlib import Path
from helpers.practice.training.base_model import unpacked

folder = unpacked(Path(sys.argv[1]))
weights = (folder / "model.safetensors").stat()
print(folder, weights.st_ino, weights.st_mtime_ns, sep="\\n")
"""


def unpack(*homes) -> list[list[str]]:
    """The folder and which file its weights are, as seen by processes that start together, each on one of the homes."""
    command = [sys.executable, "-c", UNPACKING]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    children = [subprocess.Popen([*command, str(home)], cwd=ROOT, **pipes) for home in homes]
    said = [child.communicate() for child in children]
    assert [errors for _, errors in said] == [""] * len(homes), "a learner would see this in red"
    return [output.splitlines() for output, _ in said]


def test_processes_that_start_together_convert_the_weights_once_and_damage_is_repaired(tmp_path):
    home = tmp_path / "home 课程"
    first, second = unpack(home, home)
    assert first == second, "one has converted, and the other uses what it has made"
    weights = Path(first[0]) / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    [repaired] = unpack(home)
    assert repaired != first and weights.read_bytes() == whole
    assert unpack(home) == [repaired]


def test_what_cannot_be_converted_is_an_error_with_the_reason(tmp_path, monkeypatch):
    from helpers.practice.training import base_model

    damaged = tmp_path / base_model.GGUF_FILE
    damaged.write_bytes(b"GGUF, but no more than that")
    monkeypatch.setattr(base_model, "gguf_file", lambda: damaged)
    with pytest.raises(base_model.LocalModelError, match=r"could not be converted for training: .*Error"):
        base_model.unpacked(tmp_path / "home")
    assert [path.suffix for path in (tmp_path / "home" / "models").iterdir() if path.is_dir()] == []


def test_a_file_that_was_written_again_is_hashed_again_and_any_other_once(tmp_path):
    import hashlib

    from helpers.practice.training.base_model import sha256

    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"whole")
    written = weights.stat().st_mtime_ns
    assert sha256(weights) == hashlib.sha256(b"whole").hexdigest()
    weights.write_bytes(b"other")
    os.utime(weights, ns=(written, written))  # as if it had not been written
    assert sha256(weights) == hashlib.sha256(b"whole").hexdigest()
    os.utime(weights, ns=(written, written + 1))
    assert sha256(weights) == hashlib.sha256(b"other").hexdigest()


@pytest.mark.parametrize("source", ["/no/such/folder", "./model", "~/models/small", "C:\\models\\small", "a/b/c"])
def test_a_folder_that_is_not_there_is_named_and_not_asked_for_on_the_network(tmp_path, monkeypatch, source):
    from helpers.practice.training.base_model import LocalModelError, model_source

    monkeypatch.setenv("PRACTICE_LOCAL_MODELS", f"mine={source}")
    with pytest.raises(LocalModelError, match=r"PRACTICE_LOCAL_MODELS: mine=.*no such folder"):
        model_source("mine", tmp_path)


def test_a_folder_and_the_id_of_a_hub_are_taken_as_they_are(tmp_path, monkeypatch):
    from helpers.practice.training.base_model import model_source

    for source in (str(tmp_path), "HuggingFaceTB/SmolLM2-360M-Instruct"):
        monkeypatch.setenv("PRACTICE_LOCAL_MODELS", f"mine={source}")
        assert model_source("mine", tmp_path) == source
