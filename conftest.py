"""For the notebooks: each starts in a fresh practice home, in whatever order they are run.

nbval runs no fixtures, so this is done with hooks: kernels inherit the environment of this process.
And for the tests that change the computer while they run: they are asked for by an option.
"""

import tempfile
from pathlib import Path

import pytest

from tests.notebook_home import reset, set_environment

FOLDER = pytest.StashKey[tempfile.TemporaryDirectory]()


MOUNTS = "it mounts a small disk; as an administrator of a Linux computer: python course.py test --mounts"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz", type=int, default=0, help="so many random requests, files or kills in place of a few")
    parser.addoption("--mounts", action="store_true", help="also run the tests that mount a disk (Linux, as root)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--mounts"):
        for item in items:
            if item.get_closest_marker("mounts"):
                item.add_marker(pytest.mark.skip(reason=MOUNTS))


def pytest_configure(config: pytest.Config) -> None:
    # One folder for each process: with pytest-xdist, each worker comes here by itself.
    config.stash[FOLDER] = tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True)
    set_environment(Path(config.stash[FOLDER].name))


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[FOLDER].cleanup()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if getattr(item, "cell_num", None) == 0:  # the first cell of a notebook; its kernel starts after this
        folder = Path(item.config.stash[FOLDER].name)
        reset(folder)
        set_environment(folder)
