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
