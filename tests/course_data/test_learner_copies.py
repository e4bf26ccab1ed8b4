"""Learners work in copies of the notebooks; an update renews them and loses nothing that a learner wrote."""

import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from helpers.course_data.learner_copies import DATA_FILES, NEW_VERSION, merge, renew
from helpers.course_data.paths import ROOT

NAME = "notebooks/01_lesson.ipynb"


def notebook(**cells: str) -> dict:
    """A notebook with these code cells, by id; each with its own source as output."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": id,
                "metadata": {},
                "execution_count": 1,
                "source": source.splitlines(keepends=True),
                "outputs": [{"output_type": "stream", "name": "stdout", "text": [source]}],
            }
            for id, source in cells.items()
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@pytest.fixture
def course(tmp_path) -> Path:
    folder = tmp_path / "the course 课程"
    (folder / "data" / "broken").mkdir(parents=True)
    (folder / "data" / "mydata.jsonl").write_text("{}\n", encoding="utf-8")
    publish(folder, a="1", b="2", c="3")
    return folder


@pytest.fixture
def workspace(tmp_path) -> Path:
    return tmp_path / "my work 练习"


def publish(course: Path, **cells: str) -> None:
    write(course / NAME, notebook(**cells))


def write(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def sources(path: Path) -> dict[str, str]:
    found = nbformat.read(path, as_version=4)
    nbformat.validate(found)
    return {cell.id: cell.source for cell in found.cells}


def test_the_first_time_notebooks_and_data_are_copied_and_nothing_is_said(course, workspace):
    assert renew(workspace, course) == []
    assert sources(workspace / NAME) == {"a": "1", "b": "2", "c": "3"}
    assert (workspace / "data" / "mydata.jsonl").read_bytes() == (course / "data" / "mydata.jsonl").read_bytes()


def test_without_an_update_nothing_is_written(course, workspace):
    renew(workspace, course)
    write(workspace / NAME, notebook(a="mine"))
    before = {path: path.stat().st_mtime_ns for path in workspace.rglob("*")}
    assert renew(workspace, course) == []
    assert {path: path.stat().st_mtime_ns for path in workspace.rglob("*")} == before


def test_a_copy_that_was_only_run_is_renewed_and_keeps_the_outputs_of_cells_that_stayed_the_same(course, workspace):
    renew(workspace, course)
    run = notebook(a="1", b="2", c="3")
    for cell in run["cells"]:
        cell["outputs"][0]["text"] = ["my output"]
    write(workspace / NAME, run)
    publish(course, a="1", b="2, better", new="4", c="3")
    assert renew(workspace, course) == []
    assert sources(workspace / NAME) == {"a": "1", "b": "2, better", "new": "4", "c": "3"}
    kept = [cell.outputs[0].text for cell in nbformat.read(workspace / NAME, as_version=4).cells]
    assert kept == ["my output", "2, better", "4", "my output"]


def test_what_the_learner_wrote_stays_where_it_was(course, workspace):
    renew(workspace, course)
    write(workspace / NAME, notebook(top="mine 0", a="1", own="mine 1", b="2 mine", c="3", end="mine 2"))
    publish(course, a="1 new", b="2", new="4", c="3")
    assert renew(workspace, course) == []
    assert list(sources(workspace / NAME).values()) == ["mine 0", "1 new", "mine 1", "2 mine", "4", "3", "mine 2"]


def test_a_cell_that_both_changed_stays_the_learners_with_the_new_text_below(course, workspace):
    renew(workspace, course)
    write(workspace / NAME, notebook(a="1 mine", b="2", c="3"))
    publish(course, a="1 new", b="2", c="3")
    [said] = renew(workspace, course)
    assert "01_lesson.ipynb: the update changes a cell that you changed too. Yours stay" in said
    found = sources(workspace / NAME)
    assert found["a"] == "1 mine" and NEW_VERSION in found["a-new1"] and "```python\n1 new\n```" in found["a-new1"]
    assert renew(workspace, course) == []
    publish(course, a="1 newer", b="2", c="3")
    renew(workspace, course)
    assert list(sources(workspace / NAME)) == ["a", "a-new2", "a-new1", "b", "c"]


def test_a_cell_that_was_taken_out_stays_out_and_one_that_the_course_takes_out_stays_if_it_was_changed():
    before = notebook(a="1", b="2", c="3", d="4")
    mine = notebook(a="1", c="3 mine", d="4")
    merged, conflicts = merge(before, mine, notebook(a="1", b="2"))
    assert ["".join(cell["source"]) for cell in merged["cells"]] == ["1", "3 mine"] and conflicts == 0


def test_the_file_as_it_was_before_an_update_is_kept(course, workspace):
    renew(workspace, course)
    write(workspace / NAME, notebook(a="1 mine"))
    mine = (workspace / NAME).read_bytes()
    publish(course, a="1 new")
    renew(workspace, course)
    [kept] = (workspace / ".course" / "before updates").rglob("01_lesson.ipynb")
    assert kept.read_bytes() == mine


def test_data_that_the_learner_changed_is_kept_with_the_new_version_beside_it(course, workspace):
    renew(workspace, course)
    (workspace / "data" / "mydata.jsonl").write_text("mine\n", encoding="utf-8")
    (course / "data" / "mydata.jsonl").write_text("new\n", encoding="utf-8")
    [said] = renew(workspace, course)
    assert "mydata.new.jsonl beside it" in said
    assert (workspace / "data" / "mydata.jsonl").read_text(encoding="utf-8") == "mine\n"
    assert (workspace / "data" / "mydata.new.jsonl").read_text(encoding="utf-8") == "new\n"


def test_a_notebook_that_cannot_be_read_is_kept_with_the_new_version_beside_it(course, workspace):
    renew(workspace, course)
    (workspace / NAME).write_text("<<<<<<< not a notebook", encoding="utf-8")
    publish(course, a="new")
    [said] = renew(workspace, course)
    assert "01_lesson.new.ipynb" in said
    assert (workspace / NAME).read_text(encoding="utf-8") == "<<<<<<< not a notebook"


def test_work_in_a_new_version_that_was_put_beside_is_not_written_over(course, workspace):
    renew(workspace, course)
    data, beside = workspace / "data" / "mydata.jsonl", workspace / "data" / "mydata.new.jsonl"
    data.write_text("mine\n", encoding="utf-8")
    beside.write_text("my work\n", encoding="utf-8")
    for version in ("second", "third"):
        (course / "data" / "mydata.jsonl").write_text(version, encoding="utf-8")
        [said] = renew(workspace, course)
    assert "mydata.new3.jsonl beside it" in said
    texts = {path.name: path.read_text(encoding="utf-8") for path in data.parent.glob("*.jsonl")}
    assert texts == {
        "mydata.jsonl": "mine\n",
        "mydata.new.jsonl": "my work\n",
        "mydata.new2.jsonl": "second",
        "mydata.new3.jsonl": "third",
    }


@pytest.mark.parametrize("first", [True, False])
def test_a_second_cell_with_the_same_id_is_the_learners_own(course, workspace, first):
    renew(workspace, course)
    mine = notebook(a="1", b="2", c="3")
    mine["cells"].insert(0 if first else 1, {**mine["cells"][0], "source": ["my long own work"]})
    write(workspace / NAME, mine)
    publish(course, a="1", b="2", c="3", d="4")
    renew(workspace, course)
    texts = list(sources(workspace / NAME).values())
    assert sorted(texts) == ["1", "2", "3", "4", "my long own work"]
    assert texts[:2] == (["my long own work", "1"] if first else ["1", "my long own work"])


def test_a_copy_that_was_saved_without_ids_is_updated_by_the_text_of_its_cells(course, workspace):
    renew(workspace, course)
    mine = notebook(a="1", b="2 mine", c="3")
    mine["nbformat_minor"] = 4
    for cell in mine["cells"]:
        del cell["id"]
    write(workspace / NAME, mine)
    publish(course, a="1 new", b="2", c="3", d="4")
    assert renew(workspace, course) == []
    assert list(sources(workspace / NAME).values()) == ["1 new", "2 mine", "3", "4"]


def test_a_copy_that_was_saved_with_other_ids_is_updated_by_the_text_of_its_cells(course, workspace):
    renew(workspace, course)
    write(workspace / NAME, notebook(x="1", y="2", z="3 mine"))
    publish(course, a="1 new", b="2", c="3")
    assert renew(workspace, course) == []
    assert list(sources(workspace / NAME).values()) == ["1 new", "2", "3 mine"]


def test_a_copy_in_which_the_courses_cells_are_not_found_is_kept_with_the_new_version_beside_it(course, workspace):
    renew(workspace, course)
    write(workspace / NAME, notebook(x="1 mine", y="2 mine", z="3"))
    publish(course, a="1 new", b="2", c="3")
    [said] = renew(workspace, course)
    assert "01_lesson.new.ipynb beside it" in said
    assert sources(workspace / NAME) == {"x": "1 mine", "y": "2 mine", "z": "3"}


@pytest.mark.parametrize(
    "content", ['{"cells": ["x"], "metadata": {}}', '{"cells": {"a": 1}, "metadata": {}}', "null", "[]"]
)
def test_a_notebook_that_is_none_does_not_stop_the_update(course, workspace, content):
    renew(workspace, course)
    (workspace / NAME).write_text(content, encoding="utf-8")
    publish(course, a="new")
    [said] = renew(workspace, course)
    assert "01_lesson.new.ipynb" in said and (workspace / NAME).read_text(encoding="utf-8") == content


def test_copies_that_are_renewed_twice_at_the_same_time_are_whole(course, workspace):
    """Somebody starts course.py a second time because the first seems to do nothing."""
    many = {f"c{number}": f"mine {number}" for number in range(200)}
    renew(workspace, course)
    for version in range(30):
        write(workspace / NAME, notebook(**many, a=f"1 mine {version}"))
        publish(course, a=f"1 new {version}", b="2", c="3", **many)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: renew(workspace, course), range(2)))
        assert many.items() <= sources(workspace / NAME).items()
    assert not list(workspace.rglob("*.part"))


@pytest.mark.parametrize("name", [NAME, "data/mydata.jsonl"])
def test_a_first_copying_that_was_cut_off_is_finished_the_next_time(course, workspace, name, monkeypatch):
    """It is cut off at each file that it writes, one after the other."""
    real, left = os.replace, [0]

    def cut_off(*paths):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        real(*paths)

    monkeypatch.setattr(os, "replace", cut_off)
    for done in range(4):
        left[0] = done
        with pytest.raises(KeyboardInterrupt):
            renew(workspace, course)
        left[0] = 100
        publish(course, a="1", b="2", c=f"3 {done}")  # before it is started again, the course is updated
        (course / "data" / "mydata.jsonl").write_text(f"{done}", encoding="utf-8")
        assert renew(workspace, course) == [], f"after {done} files"
        assert (workspace / name).read_bytes() == (course / name).read_bytes()
        shutil.rmtree(workspace)


def test_an_update_that_was_cut_off_is_finished_the_next_time(course, workspace):
    renew(workspace, course)
    (course / "data" / "mydata.jsonl").write_text("new\n", encoding="utf-8")
    (workspace / "data" / "mydata.jsonl").write_text("new\n", encoding="utf-8")  # the copy, and not yet its base
    assert renew(workspace, course) == []
    assert [path.name for path in (workspace / "data").iterdir()] == ["mydata.jsonl"]


def test_of_two_updates_within_a_second_both_earlier_copies_are_kept(course, workspace):
    renew(workspace, course)
    for version in ("first", "second"):
        write(workspace / NAME, notebook(a=version))
        publish(course, a=f"{version} of the course")
        renew(workspace, course)
    kept = [path.read_text(encoding="utf-8") for path in (workspace / ".course" / "before updates").rglob("*.ipynb")]
    assert len(kept) == 2 and all(any(version in text for text in kept) for version in ("first", "second"))


def test_a_file_of_the_learners_own_with_the_same_name_is_never_written_over(course, workspace):
    write(workspace / NAME, notebook(z="mine"))
    for _ in range(2):
        [said] = renew(workspace, course)
        assert "yours was there before, and is kept" in said
    assert sources(workspace / NAME) == {"z": "mine"}


def test_a_copy_that_the_learner_deleted_comes_back(course, workspace):
    renew(workspace, course)
    (workspace / NAME).unlink()
    renew(workspace, course)
    assert sources(workspace / NAME) == {"a": "1", "b": "2", "c": "3"}


# --- the notebooks of the course ----------------------------------------------------------------------------------


def test_every_cell_of_the_course_has_an_id_by_which_an_update_finds_it():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        ids = [cell.get("id") for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
        assert all(ids) and len(set(ids)) == len(ids), path.name


def test_every_file_that_a_notebook_names_is_copied_with_it(workspace):
    renew(workspace)
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        named = re.findall(r"\.\./(data/[\w./]+\w)", path.read_text(encoding="utf-8"))
        missing = [name for name in named if not (workspace / name).exists()]
        assert not missing, f"{path.name}; add to {DATA_FILES=}"


def test_a_copy_runs_from_top_to_bottom(workspace, monkeypatch):
    monkeypatch.setenv("COURSE_WORKSPACE", str(workspace))
    renew(workspace)
    path = workspace / "notebooks" / "02_upload.ipynb"
    copy = nbformat.read(path, as_version=4)
    NotebookClient(copy, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
