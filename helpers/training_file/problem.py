"""What is wrong with a training file, and where: the shape in which every rule reports."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

Example = dict[str, Any]
LONGEST_SHOWN = 80  # characters of a value that is removed


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
    text = " ".join(text[: 20 * length].split()).encode("utf-8", "backslashreplace").decode("utf-8")
    shown = text if len(text) <= length else text[: length - 3] + "..."
    return f'"{shown}"' if isinstance(value, str) else shown


# Keys under which programs keep something that was said, however short it is.
SAID = {
    "system", "instruction", "input", "output", "prompt", "completion", "question", "answer", "query", "response",
    "history", "context", "documents", "reasoning", "reasoning_content", "thinking", "chosen", "rejected",
}  # fmt: skip
_NAME_OR_NUMBER = re.compile(r"[\w.:/+@-]{0,64}", re.ASCII)


def carries_text(key: Any, value: Any) -> bool:
    """Whether something may be said under a key that does not belong there. Ids, labels, dates and numbers are not."""
    if isinstance(value, str):
        return bool(value.strip()) and (key in SAID or not _NAME_OR_NUMBER.fullmatch(value.strip()))
    if isinstance(value, dict):
        return any(carries_text(inner, part) for inner, part in value.items())
    return isinstance(value, list) and any(carries_text(key, part) for part in value)


def extra_keys(value: Example, allowed: set[str], where: str, finding: Finding) -> None:
    """Report the keys that do not belong there, in a fixed order."""
    if value.keys() <= allowed:
        return
    for key in sorted(value.keys() - allowed, key=str):
        expected = f"only {', '.join(sorted(allowed))}"
        if key == "system" and "messages" in value:
            fix = "make it the first of the messages, with role system, or let repair() do it"
        elif carries_text(key, value[key]):
            fix = "it holds text: move the text into a message, or remove it; repair() leaves it to you"
        else:
            fix = "remove it, or let repair() do it"
        finding.error("extra_key", f"{where}{key}", f"the key {excerpt(str(key))}", expected, fix)
