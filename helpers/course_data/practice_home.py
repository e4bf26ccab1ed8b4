"""Where the practice server keeps its state."""

from pathlib import Path

import platformdirs

from helpers.course_data.paths import folder_from


def practice_home() -> Path:
    """The folder in which the practice server keeps its state: PRACTICE_HOME, or the usual place of the system."""
    return folder_from("PRACTICE_HOME") or Path(platformdirs.user_data_dir("fine-tuning-practice", False))
