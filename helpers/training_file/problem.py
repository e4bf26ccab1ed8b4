"""What is wrong with a training file, and where: the shape in which every rule reports."""

import json
from dataclasses import dataclass
from typing import Any, Literal

Example = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a training file: where it is, what was found and expected, and how to repair it.

    `line` counts from 1; None means the file as a whole. An `error` makes a job fail, a `warning` does not.
    """

    line: int | None
    where: str
    found: str
    expected: str
    fix: str
    code: str
    severity: Literal["error", "warning"] = "error"


class Finding:
    """Collects the problems of one example, so that one never hides another: the parts of each are those of Problem."""

    def __init__(self, line: int | None) -> None:
        self.line = line
        self.problems: list[Problem] = []

    def error(self, code: str, where: str, found: str, expected: str, fix: str) -> None:
        self.problems.append(Problem(self.line, where, found, expected, fix, code))

    def warning(self, code: str, where: str, found: str, expected: str, fix: str) -> None:
        self.problems.append(Problem(self.line, where, found, expected, fix, code, "warning"))


def excerpt(value: Any, length: int = 40) -> str:
    """The first characters of a value, as JSON, for a message to a person."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    # Half a character cannot be printed or sent; it is shown as it stands in the file: \ud83d.
    text = " ".join(text.split()).encode("utf-8", "backslashreplace").decode("utf-8")
    shown = text if len(text) <= length else text[: length - 3] + "..."
    return f'"{shown}"' if isinstance(value, str) else shown


def extra_keys(value: Example, allowed: set[str], where: str, finding: Finding) -> None:
    """Report the keys that do not belong there, in a fixed order."""
    for key in sorted(map(str, value.keys() - allowed)):
        expected = f"only {', '.join(sorted(allowed))}"
        finding.error("extra_key", f"{where}{key}", f"the key {excerpt(key)}", expected, "remove it")
