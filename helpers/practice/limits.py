"""The bounds of the practice server: how much a request may send, and how long it may take. Each one is a setting.

A bound is set with an environment variable: PRACTICE_LIMIT_FILE_BYTES for `file_bytes`, and so on.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one request may cost. The defaults are OpenAI's where OpenAI publishes one, else what a class can need."""

    header_bytes: int = 64 * 1024  # the first line and all headers of a request
    body_bytes: int = 10_000_000  # a body of JSON
    file_bytes: int = 512 * MIB  # an uploaded file
    form_bytes: int = MIB  # what a form has besides its file
    text_characters: int = 1_000_000  # the messages of a question: a tokenizer must read them before it can refuse them
    refused_bytes: int = 16 * MIB  # of a body that is refused: so much is read and dropped, so that the answer is read
    connections: int = 500  # at the same time
    header_seconds: float = 10  # until all headers of a request are there
    body_seconds: float = 60  # between two pieces of a body
    refused_seconds: float = 5  # as refused_bytes


def load_limits(environment: Mapping[str, str] = os.environ) -> Limits:
    """The bounds as the environment sets them, else the defaults. Raises ValueError for a number that cannot be."""
    chosen = {}
    for field in fields(Limits):
        name = f"PRACTICE_LIMIT_{field.name.upper()}"
        if text := environment.get(name):
            chosen[field.name] = _number(name, text, field.type)
    return Limits(**chosen)


def _number(name: str, text: str, kind: type) -> float:
    try:
        number = kind(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        whole = "a whole number" if kind is int else "a number"
        raise ValueError(f"{name}: found {text!r}; expected {whole} above 0")
    return number
