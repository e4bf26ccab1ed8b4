"""A form for each task. Beside every form in a notebook stands the plain call that does the same."""

import importlib
from typing import Any

MODULE_OF = {
    "connect_form": "connect",
    "examples_form": "examples",
    "own_file_form": "own_file",
    "draft_form": "draft",
    "upload_form": "upload",
    "job_form": "job",
    "playground_form": "playground",
    "cost_form": "cost",
    "quiz_form": "quiz",
}
__all__ = sorted(MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in MODULE_OF:
        raise AttributeError(f"helpers.forms has no {name!r}; it has: {', '.join(__all__)}")
    return getattr(importlib.import_module(f"helpers.forms.{MODULE_OF[name]}"), name)
