"""A folder that an environment variable names is the same one in every notebook."""

import os
from pathlib import Path

import pytest

from helpers.course_data import paths
from helpers.practice.settings import load_settings


@pytest.fixture
def course(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "the course 课程"
    folder.mkdir()
    monkeypatch.setattr(paths, "ROOT", folder)
    return folder


def test_a_relative_folder_is_the_same_one_wherever_a_kernel_starts(course, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORKSPACE", "my work")
    monkeypatch.setenv("PRACTICE_HOME", "my home")
    found = set()
    for current in (tmp_path, course):
        monkeypatch.chdir(current)
        found.add((paths.workspace().resolve(), load_settings().home.resolve()))
    assert found == {((course / "my work").resolve(), (course / "my home").resolve())}


def test_a_tilde_is_the_home_of_the_user(course, tmp_path, monkeypatch):
    monkeypatch.setenv("USERPROFILE" if os.name == "nt" else "HOME", str(tmp_path / "user"))
    monkeypatch.setenv("COURSE_WORKSPACE", "~/my work")
    assert paths.workspace() == tmp_path / "user" / "my work"


def test_an_absolute_folder_is_taken_as_it_is(course, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "elsewhere"))
    assert paths.workspace() == tmp_path / "elsewhere"
