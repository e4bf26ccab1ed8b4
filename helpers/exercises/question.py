"""A question of a quiz: every choice that is wrong has its own explanation."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """`choices` by letter; `why` says why the `right` one is, `why_not` what is wrong with each of the others."""

    text: str
    choices: Mapping[str, str]
    right: str
    why: str
    why_not: Mapping[str, str]
