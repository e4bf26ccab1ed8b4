"""The base models the course knows: limits, encodings, end dates. The data is in data/models.json."""

import json
import os
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal

from helpers.connection.sentences import SettingError
from helpers.course_data.paths import DATA

SIMULATED_DEFAULT = "gpt-4.1-mini-2025-04-14"
LOCAL_DEFAULT = "smollm2-135m-instruct"
LOCAL_MODELS = "PRACTICE_LOCAL_MODELS"  # the environment variable
UNPACKED_FORM = "1"  # of the folder with the bundled model; another number makes every home convert it again
LOCAL_TRAINING_TOKENS = 2048  # where real training cuts a longer example


class UnknownModelError(LookupError):
    """No model of that name is in data/models.json."""


@dataclass(frozen=True)
class BaseModel:
    """One base model.

    `training_tokens_per_example` is where a longer example is cut; None if nobody has confirmed a limit.
    `engine` says who answers for it on the practice server: the simulator, or a real model (`local`).
    `fine_tunable` is what the practice server does; what OpenAI allows you today, `preflight` says.
    `english_only`: it was trained on English texts, and has hardly seen another script.
    """

    id: str
    engine: Literal["simulator", "local"]
    fine_tunable: bool
    methods: tuple[str, ...]
    encoding: str | None
    context_tokens: int | None
    training_tokens_per_example: int | None
    shutdown_date: date | None
    note: str
    source: str
    english_only: bool = False


def base_models() -> tuple[BaseModel, ...]:
    """Every base model of data/models.json, the one the course proposes first, then those of PRACTICE_LOCAL_MODELS."""
    return (*_listed_models(), *map(_configured_model, configured_models()))


def local_models_are_off() -> bool:
    """Whether PRACTICE_LOCAL_MODELS is `none`: no local model at all, not even the one of the course."""
    return os.environ.get(LOCAL_MODELS, "").strip() == "none"


def configured_models() -> dict[str, str]:
    """The learner's own local models: name -> folder or model hub id, from PRACTICE_LOCAL_MODELS.

    Written `name=folder;other=hub/id`.
    """
    models = {}
    text = "" if local_models_are_off() else os.environ.get(LOCAL_MODELS, "")
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, source = (part.strip() for part in entry.partition("="))
        if not equals or not source or not name or ":" in name:
            raise SettingError(f"{LOCAL_MODELS}: found {entry!r}; expected name=folder or name=hub/id, without a colon")
        models[name] = source
    return models


def unpacked_folder(home: Path) -> Path:
    """Where a practice home keeps the bundled model as Transformers reads it."""
    return home / "models" / f"{LOCAL_DEFAULT}-{UNPACKED_FORM}"


def _configured_model(name: str) -> BaseModel:
    note = "A model of your own choice, really trained on this computer."
    return BaseModel(
        name,
        "local",
        True,
        ("supervised", "dpo"),
        None,
        None,
        LOCAL_TRAINING_TOKENS,
        None,
        note,
        LOCAL_MODELS,
    )


@cache
def _listed_models() -> tuple[BaseModel, ...]:
    listed = json.loads((DATA / "models.json").read_text(encoding="utf-8"))["models"]
    for model in listed:
        model["methods"] = tuple(model["methods"])
        if model["shutdown_date"] is not None:
            model["shutdown_date"] = date.fromisoformat(model["shutdown_date"])
    return tuple(BaseModel(**model) for model in listed)


def base_name(model: str) -> str:
    """`ft:gpt-4.1-mini-2025-04-14:personal:mattress:abc` -> `gpt-4.1-mini-2025-04-14`."""
    return model.split(":")[1] if model.startswith("ft:") else model


def base_model(model: str) -> BaseModel:
    """The entry of a base model, or of the base of a fine-tuned one.

    >>> base_model("ft:gpt-4o-mini-2024-07-18:personal::abc").encoding
    'o200k_base'
    """
    name = base_name(model)
    known = {entry.id: entry for entry in base_models()}
    if name not in known:
        near = " or ".join(get_close_matches(name, known, n=2) or list(known)[:2])
        raise UnknownModelError(f"model: found {name!r}; expected one of data/models.json, such as {near}")
    return known[name]
