"""The folder of a training run, which the server and the training process read and write at the same time."""

import os
import subprocess
import sys
import threading

import psutil
import pytest

from helpers.course_data import safe_writing
from tests.local_training import needs_local_training

pytestmark = needs_local_training


@pytest.fixture
def files(tmp_path):
    from helpers.practice.training.run_folder import TrainingFiles

    return TrainingFiles(tmp_path / "home 课程", "ftjob-1")


@pytest.fixture
def reader(files, monkeypatch):
    """Somebody who reads how the training ended. As on Windows, the file cannot be replaced or deleted meanwhile."""
    files.write_ending({"status": "paused"})
    reader = (files.folder / "ending.json").open()

    def as_on_windows(change):
        def changed(*paths, **more):
            if not reader.closed and any(os.fspath(path).endswith("ending.json") for path in paths):
                raise PermissionError(13, "Permission denied")
            return change(*paths, **more)

        return changed

    for name in ("replace", "unlink"):
        monkeypatch.setattr(os, name, as_on_windows(getattr(os, name)))
    yield reader
    reader.close()


def test_what_is_read_just_now_is_replaced_as_soon_as_the_reader_has_closed_it(files, reader):
    threading.Timer(0.2, reader.close).start()
    files.write_ending({"status": "succeeded"})
    assert files.ending() == {"status": "succeeded"}


def test_what_is_read_just_now_is_deleted_as_soon_as_the_reader_has_closed_it(files, reader):
    threading.Timer(0.2, reader.close).start()
    files.forget_process()
    assert files.ending() is None


def test_a_file_that_stays_open_is_an_error_in_the_end_and_nothing_is_left_beside_it(files, reader, monkeypatch):
    monkeypatch.setattr(safe_writing, "OPEN_SECONDS", 0.1)
    with pytest.raises(PermissionError):
        files.write_ending({"status": "succeeded"})
    assert files.ending() == {"status": "paused"}
    assert [path.name for path in files.folder.iterdir()] == ["ending.json"]


def test_the_model_of_the_last_step_is_never_taken_for_another_one(files):
    """Its folder is gone, for example deleted by hand; an earlier checkpoint is not it."""
    files.write_ending({"status": "succeeded", "step": 6})
    (files.checkpoints / "checkpoint-4").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="is gone from the practice home"):
        files.adapter(None)
    files.remove_model(None, others=[4])
    assert files.adapter(4).is_dir()


def test_a_program_that_is_killed_while_it_forgets_a_paused_process_makes_no_death_of_it(files, monkeypatch):
    """A process that is noted, is gone and has left no ending has died: its job fails, and its checkpoints go."""
    files.write_process(psutil.Process())
    files.write_ending({"status": "paused"})
    deleted = []

    def killed_after_the_first(path, *more, unlink=os.unlink, **named):
        if deleted:
            raise KeyboardInterrupt
        deleted.append(path)
        unlink(path, *more, **named)

    with monkeypatch.context() as changed:
        changed.setattr(os, "unlink", killed_after_the_first)
        with pytest.raises(KeyboardInterrupt):
            files.forget_process()
    assert not files.was_started and files.ending() == {"status": "paused"}
    files.forget_process()
    assert files.ending() is None


def test_the_process_that_trains_is_noted_in_place_of_one_that_came_too_late(files):
    """The server was killed before it had noted the first process, and its successor has started a second one."""
    second = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        files.write_process(psutil.Process(second.pid))
        files.note_trainer(psutil.Process())
        assert files.process() == psutil.Process()
    finally:
        second.kill()
        second.wait()


def test_a_process_that_is_noted_already_or_was_started_by_the_noted_one_changes_nothing(files):
    """The server has started `accelerate launch`, and stops that one; the processes that train are its children."""
    files.write_process(psutil.Process())
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        files.note_trainer(psutil.Process(child.pid))
        assert files.process() == psutil.Process()
    finally:
        child.kill()
        child.wait()
    files.note_trainer(psutil.Process())
    assert files.process() == psutil.Process()
