"""Everything the notebooks import: `from helpers import connect, check, watch, ...`.

Each name lives in the module of its step, which is loaded only when the name is first used.
"""

import importlib
from typing import Any

PUBLIC = {
    "environment": ["check_setup"],
    "hosts": ["base_model_for", "confirm_cost", "connect", "current_host", "rehearse"],
    "preflights": ["preflight"],
    "explanations": ["explain"],
    "notes": ["remember", "workspace"],
    "earlier_steps": ["catch_up"],
    "data_format": ["check", "from_rows", "read", "repair", "sample", "split", "write"],
    "drafting": ["draft"],
    "tokens": ["count_tokens"],
    "upload": ["upload_file"],
    "job": ["attach", "cancel", "checkpoints", "events", "result_file", "start", "training_examples", "watch"],
    "usage": ["ask", "compare", "ledger"],
    "take_away": ["take_away"],
    "break_even": ["break_even"],
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
