"""Where the practice server keeps its state, and which key opens it."""

import os
import subprocess
import sys

import pytest

from helpers.course_data.paths import ROOT
from helpers.practice.settings import PracticeHomeError, load_settings


@pytest.mark.parametrize("content", ["schlüssel".encode(), "schlüssel".encode("cp1252"), b"two\nlines", b"\0\1"])
def test_a_key_file_that_holds_no_key_is_named_with_what_to_do(home, content):
    home.mkdir()
    (home / "key").write_bytes(content)
    with pytest.raises(PracticeHomeError, match="Delete this file; a new key is made") as caught:
        load_settings()
    assert str(home / "key") in str(caught.value) and "schl" not in str(caught.value)
    (home / "key").unlink()
    assert load_settings().key.startswith("practice-")


def test_a_key_file_that_is_empty_is_named_with_what_to_do(home):
    home.mkdir()
    (home / "key").touch()
    with pytest.raises(PracticeHomeError, match=r"it is empty\. Delete this file"):
        load_settings()


def test_a_key_in_the_environment_that_cannot_be_sent_is_named_and_not_repeated(monkeypatch):
    monkeypatch.setenv("PRACTICE_KEY", "schlüssel")
    with pytest.raises(ValueError, match="PRACTICE_KEY or --key-file: found a character that cannot be sent") as caught:
        load_settings()
    assert "schl" not in str(caught.value)


@pytest.mark.parametrize("value", ["soon", "nan", "inf", "-inf", "-1", "1e999"])
def test_a_length_of_jobs_that_cannot_be_is_refused(monkeypatch, value):
    monkeypatch.setenv("PRACTICE_JOB_SECONDS", value)
    with pytest.raises(ValueError, match=r"PRACTICE_JOB_SECONDS: found .*; expected a number of 0.0 or more"):
        load_settings()


ROOM = ["room", "--learners", "1", "--port", "0"]


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ([], "PRACTICE_KEY", "schlüssel"),
        ([], "PRACTICE_JOB_SECONDS", "soon"),
        ([], "PRACTICE_LIMIT_CONNECTIONS", "0"),
        ([], "PRACTICE_LOCAL_MODELS", "qwen"),
        (ROOM, "PRACTICE_LOCAL_MODELS", "qwen"),
        (ROOM, "PRACTICE_JOB_SECONDS", "soon"),
    ],
)
def test_a_server_that_is_started_with_a_setting_that_cannot_be_says_so_in_a_sentence(arguments, name, value):
    done = subprocess.run(
        [sys.executable, "-m", "helpers.practice", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1", name: value},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 1 and name in done.stderr and "Traceback" not in done.stderr
