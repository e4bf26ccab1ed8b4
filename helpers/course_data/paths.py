"""Where things lie: what comes with the course, and what belongs to the learner.

Only the standard library is imported here: course.py needs this before anything is installed.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
COURSE_TRAINING = ("mydata.jsonl", "mydata_50.jsonl")  # the files of the course that a job can learn from
COURSE_VALIDATION = "validation.jsonl"


def folder_from(variable: str) -> Path | None:
    """The folder that an environment variable names, if it names one. `~` is the home of the user, and a relative one
    lies in the folder of the course: each notebook has its own current folder, and all must mean the same."""
    named = os.environ.get(variable)
    return ROOT / os.path.expanduser(named) if named else None


def workspace() -> Path:
    """The folder of the learner's own files: `workspace` in the course, or COURSE_WORKSPACE. Made if it is missing."""
    folder = folder_from("COURSE_WORKSPACE") or ROOT / "workspace"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def course_file(name: str) -> Path:
    """A file of the course's data: the learner's copy in the workspace, if there is one, else the course's own.

    The notebooks name it as ../data/NAME, which is the copy where a learner works in copies.
    """
    copy = workspace() / "data" / name
    return copy if copy.is_file() else DATA / name
