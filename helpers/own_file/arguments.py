"""What the learner said about a file: the arguments of `examples_from`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Part = str | int | Sequence[str | int] | None


@dataclass(frozen=True)
class Arguments:
    """Arguments that were not given are None. See `examples_from`."""

    question: Part = None
    answer: Part = None
    system: str | None = None
    assistant: str | Sequence[str] | None = None
    only: Mapping[str, Any] = field(default_factory=dict)
    sheet: str | None = None

    @property
    def assistants(self) -> list[str]:
        if self.assistant is None:
            return []
        return [self.assistant] if isinstance(self.assistant, str) else list(self.assistant)
