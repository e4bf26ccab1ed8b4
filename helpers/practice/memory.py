"""Memory that a training has freed goes back to the computer after each step.

The C library of Linux keeps it for later instead. Here every batch has another length, so little of it fits again, and the process
would grow by a tenth. Measured with tests/benchmarks/local_speed.py; other systems need nothing of this.
"""

import ctypes
import sys
from typing import Any

from transformers import TrainerCallback


class GiveBack(TrainerCallback):
    def __init__(self) -> None:
        library = ctypes.CDLL(None) if sys.platform == "linux" else None
        self._trim = getattr(library, "malloc_trim", None)  # not every C library has it

    def on_step_end(self, *_: Any, **__: Any) -> None:
        if self._trim:
            self._trim(0)
