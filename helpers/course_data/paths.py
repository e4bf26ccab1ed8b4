"""Where things lie: what comes with the course, and what belongs to the learner."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"


def workspace() -> Path:
    """The folder of the learner's own files: `workspace` in the course, or COURSE_WORKSPACE. Made if it is missing."""
    folder = Path(os.environ.get("COURSE_WORKSPACE") or ROOT / "workspace")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def course_file(name: str) -> Path:
    """A file of the course's data: the learner's copy in the workspace, if there is one, else the course's own.

    The notebooks name it as ../data/NAME, which is the copy where a learner works in copies.
    """
    copy = workspace() / "data" / name
    return copy if copy.is_file() else DATA / name
