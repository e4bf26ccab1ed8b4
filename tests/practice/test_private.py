"""Others who use the same computer cannot read the practice home."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.practice import start_server
from helpers.practice.settings import load_settings
from helpers.practice.training.run_folder import TrainingFiles

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows keeps the folders of a user private by itself")


def open_to_others(path: Path) -> list[str]:
    """What lies in a folder and others may do something with, the folder included."""
    return [str(each) for each in [path, *path.rglob("*")] if stat.S_IMODE(each.stat().st_mode) & 0o077]


@pytest.fixture
def umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_new_home_and_all_that_matters_in_it_is_for_its_owner_only(umask, home, server, client, tuned):
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    loose = [name for name in open_to_others(home) if Path(name).parent == home and not name.endswith(".lock")]
    assert loose == []


def test_what_matters_in_a_home_of_an_earlier_version_is_closed_to_others(umask, home):
    start_server(home=home).stop()
    (home / "files").chmod(0o755)
    (home / "practice.sqlite").chmod(0o644)
    start_server(home=home).stop()
    assert open_to_others(home / "files") == open_to_others(home / "practice.sqlite") == []


def test_a_folder_that_the_learner_has_made_keeps_its_permissions_and_what_is_put_there_is_private(umask, home):
    home.mkdir(mode=0o755)
    for _ in range(2):
        start_server(home=home).stop()
        assert stat.S_IMODE(home.stat().st_mode) == 0o755
        TrainingFiles(home, "ftjob-a")  # texts of the examples, models and logs of real trainings
        for name in ("files", "practice.sqlite", "key"):
            assert open_to_others(home / name) == []
        assert not stat.S_IMODE((home / "training").stat().st_mode) & 0o077


def test_a_group_that_may_write_stays_let_in(umask, home):
    load_settings(home)
    (home / "files").chmod(0o2775)
    load_settings(home)
    assert stat.S_IMODE((home / "files").stat().st_mode) == 0o2770


ANOTHER_PROGRAM = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('SELECT * FROM job'); db.close()"


def test_a_second_server_in_the_same_program_takes_no_lock_from_the_first(home):
    """Without its lock, another process would delete the write-ahead log that the first one still writes to."""
    first = start_server(home=home)
    start_server(home=home).stop()
    subprocess.run([sys.executable, "-c", ANOTHER_PROGRAM, str(home / "practice.sqlite")], check=True)
    assert (home / "practice.sqlite-wal").exists()
    first.stop()
