"""Step 1: mend what a program can mend safely in a training file, into a new file, and say what was changed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.lines import FileForm, read_lines, without_trailing_commas, write_lines
from helpers.render import Shown, html_table, paragraph, plural, short_path, text_table
from helpers.rules import CHAT_KEYS, DPO_OTHER_NAMES, MESSAGE_KEYS, ROLES, Example

ROLE_MIX_UPS = {
    **dict.fromkeys(("bot", "ai", "gpt", "model", "chatgpt", "answer"), "assistant"),
    **dict.fromkeys(("human", "customer", "question", "prompter"), "user"),
    **dict.fromkeys(("instruction", "instructions"), "system"),
}


@dataclass(repr=False)
class Repair(Shown):
    """What `repair` changed, line by line, and what is left for a human (`left` is a Report on the new file)."""

    source: str
    target: str
    changes: list[tuple[int | None, str]] = field(default_factory=list)
    left: Any = None

    @property
    def summary(self) -> str:
        return f"{self.source} -> {self.target}: {plural(len(self.changes), 'change')}. The original is as it was."

    def _rows(self) -> list[tuple[str, str]]:
        return [(f"line {line}" if line else "file", what) for line, what in self.changes]

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.summary, text_table(self._rows()), f"What is left: {self.left}"]))

    def _repr_html_(self) -> str:
        table = html_table(["line", "changed"], self._rows(), caption=self.summary)
        return table + paragraph("What is left:") + self.left._repr_html_()


def repair(source: str | Path, target: str | Path, *, overwrite: bool = False) -> Repair:
    """Write a mended copy of a training file.

    Mended are: encoding, line ends, blank lines, commas before a closing bracket, roles with a common other name, keys
    that do not belong there, weights, exact duplicates. A line that cannot be read is copied as it is. The original is
    never written to, and an existing target only with `overwrite`.
    """
    from helpers.data_format import check  # here, because data_format offers repair() to the notebooks

    source, target = Path(source), Path(target)
    if target.exists() and target.samefile(source):
        raise ValueError(f"target: found {target.name}, the file itself; expected another name, so that the original stays")
    done = Repair(short_path(source), short_path(target))
    write_lines(_mended_lines(source, done.changes), target, overwrite)
    done.left = check(target)
    return done


def _mended_lines(source: Path, changes: list[tuple[int | None, str]]) -> Iterator[bytes]:
    form, seen = FileForm(), set()
    for number, line in read_lines(source, form):
        mended, what = mend_line(line)
        changes += [(number, each) for each in what]
        if (digest := hash(mended)) in seen:
            changes.append((number, "removed: the same example stands above"))
            continue
        seen.add(digest)
        yield mended
    changes += [(None, f"{problem.found} -> {problem.expected}") for problem in form.problems()]


def mend_line(line: bytes) -> tuple[bytes, list[str]]:
    """The mended line and what was changed in it. A line that is no JSON even then comes back unchanged."""
    what: list[str] = []
    example = _loads(line)
    if example is None:
        example = _loads(without_trailing_commas(line))
        if example is None:
            return line, []
        what.append("removed a comma before a closing bracket")
    if not isinstance(example, dict):
        return line, []
    _mend_example(example, what)
    if not what:
        return line, []
    return json.dumps(example, ensure_ascii=False).encode("utf-8"), what


def _loads(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8").strip("\ufeff \t\r\n"))
    except ValueError:  # also UnicodeDecodeError
        return None


def _mend_example(example: Example, what: list[str]) -> None:
    for wrong, right in DPO_OTHER_NAMES.items():
        if wrong in example and right not in example:
            example[right] = example.pop(wrong)
            what.append(f"{wrong} -> {right}")
    if "messages" not in example:
        return
    for key in sorted(example.keys() - CHAT_KEYS):
        del example[key]
        what.append(f'removed the key "{key}"')
    messages = example["messages"]
    for i, message in enumerate(messages if isinstance(messages, list) else []):
        if isinstance(message, dict):
            _mend_message(message, f"messages[{i}]", what)


def _mend_message(message: Example, where: str, what: list[str]) -> None:
    role = message.get("role")
    if isinstance(role, str) and role not in ROLES:
        name = role.strip().lower()
        right = ROLE_MIX_UPS.get(name, name)
        if right in ROLES:
            message["role"] = right
            what.append(f'{where}.role: "{role}" -> "{right}"')
    for key in sorted(message.keys() - MESSAGE_KEYS):
        del message[key]
        what.append(f'{where}: removed the key "{key}"')
    if "weight" in message:
        _mend_weight(message, where, what)


def _mend_weight(message: Example, where: str, what: list[str]) -> None:
    weight = message["weight"]
    if message.get("role") != "assistant":
        del message["weight"]
        what.append(f"{where}: removed the weight; it belongs on assistant messages only")
    elif isinstance(weight, bool) or weight in ("0", "1"):
        message["weight"] = int(weight)
        what.append(f"{where}.weight: {json.dumps(weight)} -> {int(weight)}")
