"""Everything the notebooks import: `from helpers import connect, check, watch, ...`.

Each name lives in the module of its step, which is loaded only when the name is first used.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

PUBLIC = {
    "setup_check": ["check_setup"],
    "hosts": ["base_model_for", "confirm_cost", "connect", "current_host", "rehearse"],
    "preflight": ["preflight"],
    "explain": ["explain"],
    "notes": ["remember", "workspace"],
    "catch_up": ["catch_up"],
    "examples_from": ["examples_from"],
    "pictures": [
        "show_four_steps",
        "show_four_ways",
        "show_lengths",
        "show_memorising",
        "show_surprises",
        "show_tokens",
    ],
    "data_format": ["check", "from_rows", "read", "repair", "sample", "split", "write"],
    "draft": ["draft"],
    "my_case": ["my_case", "use_course_file", "use_file"],
    "tokens": ["count_tokens"],
    "upload": ["upload_file"],
    "job": ["attach", "cancel", "checkpoints", "events", "result_file", "start", "training_examples", "watch"],
    "usage": ["ask", "compare", "ledger"],
    "take_away": ["take_away"],
    "break_even": ["break_even"],
    "evaluate": ["Way", "evaluate"],
    "graders": ["Judge", "contains", "exact", "json_fields", "judge_pairs", "similar"],
    "passages": ["Passages", "shots"],
    "measured": ["measure_again", "measured", "measured_quality"],
    "decide": ["decide"],
    "exercise": ["exercise"],
    "quiz": ["quiz"],
    "progress": ["progress"],
    "cost": ["call_cost", "compare_prices", "estimate", "monthly_cost", "price_of", "training_cost"],
}
MODULE_OF = {name: module for module, names in PUBLIC.items() for name in names}
__all__ = sorted(MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in MODULE_OF:
        raise AttributeError(f"helpers has no {name!r}; it has: {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"helpers.{MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Course(ModuleType):
    """This package. `from helpers import draft` gives the function, also after the module helpers/draft.py was loaded.

    Python binds a submodule that it has loaded to its package, under the name of the module. Some modules here are
    named like what they offer, and would hide it. (The class of a module may be changed: "Customizing module attribute
    access" in Python's language reference.)
    """

    def __setattr__(self, name: str, value: Any) -> None:
        hides = isinstance(value, ModuleType) and name in MODULE_OF
        super().__setattr__(name, getattr(value, name) if hides else value)


sys.modules[__name__].__class__ = _Course
