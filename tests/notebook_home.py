"""One place that says under which conditions the committed outputs of the notebooks were made.

The tests that compare the outputs and the command that makes them both use it, so they cannot differ.
"""

import os
import shutil
from pathlib import Path

# Settings of a learner's own that would change what a notebook prints.
FOREIGN = ("OPENAI_", "PRACTICE_", "COURSE_")
COMMITTED_BASE_MODEL = "gpt-4.1-mini-2025-04-14"


def set_environment(folder: Path, base_model: str | None = COMMITTED_BASE_MODEL) -> None:
    """Point this process, and the kernels it starts, at a practice home and a workspace in `folder`."""
    for name in list(os.environ):
        if name.startswith(FOREIGN):
            del os.environ[name]
    os.environ["PRACTICE_HOME"] = str(folder / "home")
    os.environ["COURSE_WORKSPACE"] = str(folder / "workspace")
    os.environ["PRACTICE_JOB_SECONDS"] = "0"
    os.environ["PRACTICE_LOCAL_MODELS"] = "none"  # the same outputs with and without real training
    if base_model:
        os.environ["COURSE_BASE_MODEL"] = base_model


def reset(folder: Path) -> None:
    """Forget everything: the next notebook starts as on a fresh computer."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
