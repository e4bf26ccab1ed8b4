"""Step 1: repair in a training file what a program can repair safely, into a new file, and say what changed."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.display.tables import Shown, html_table, paragraph, plural, text_table
from helpers.training_file.jsonl import FileForm, read_lines, without_trailing_commas
from helpers.training_file.quality import Seen, same_example
from helpers.training_file.rules import CHAT_KEYS, DPO_OTHER_NAMES, MESSAGE_KEYS, ROLES, Example

MOST_LISTED = 10_000  # changes held in memory; more are counted, not listed
MOST_SHOWN = 50

ROLE_MIX_UPS = {
    **dict.fromkeys(("bot", "ai", "gpt", "model", "chatgpt", "answer"), "assistant"),
    **dict.fromkeys(("human", "customer", "question", "prompter"), "user"),
    **dict.fromkeys(("instruction", "instructions"), "system"),
}
# Other programs' names for the same thing: {"conversations": [{"from": "human", "value": "..."}]}
CONVERSATION_NAMES = ("conversations", "conversation", "message")
MESSAGE_NAMES = {"role": ("from", "speaker"), "content": ("value", "text")}


@dataclass(repr=False)
class Repair(Shown):
    """What `repair` changed, line by line. What is left for a human is in `left`, the new file's Report."""

    source: str
    target: str
    changes: list[tuple[int | None, str]] = field(default_factory=list)
    not_listed: int = 0
    left: Any = None

    def note(self, line: int | None, what: str) -> None:
        if len(self.changes) < MOST_LISTED or line is None:
            self.changes.append((line, what))
        else:
            self.not_listed += 1

    @property
    def summary(self) -> str:
        count = plural(len(self.changes) + self.not_listed, "change")
        return f"{self.source} -> {self.target}: {count}. The original is as it was."

    def _rows(self) -> list[tuple[str, str]]:
        shown = sorted(self.changes, key=lambda change: change[0] or 0)[:MOST_SHOWN]
        rows = [(f"line {line}" if line else "file", what) for line, what in shown]
        more = len(self.changes) + self.not_listed - len(rows)
        return [*rows, ("...", f"and {more:,} more")] if more else rows

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.summary, text_table(self._rows()), f"What is left: {self.left}"]))

    def _repr_html_(self) -> str:
        table = html_table(["line", "changed"], self._rows(), caption=self.summary)
        return table + paragraph("What is left:") + self.left._repr_html_()


def repaired_lines(source: Path, done: Repair) -> Iterator[bytes]:
    form, seen = FileForm(), Seen("example")
    for number, line in read_lines(source, form, progress=True):
        repaired, example, what = repair_line(line)
        for change in what:
            done.note(number, change)
        if example is not None:
            first = seen.before("example", same_example(example), number)
            if first is not None:
                done.note(number, f"removed: the same example as line {first}")
                continue
        yield repaired
    seen.close()
    for problem in form.problems():
        done.note(None, f"{problem.found} -> {problem.expected}")


def repair_line(line: bytes) -> tuple[bytes, Example | None, list[str]]:
    """The repaired line, its example, and what was changed. An unreadable line comes back as it was."""
    what: list[str] = []
    example = _read_somehow(line, what)
    if example is None:
        return line, None, []
    _repair_example(example, what)
    text = json.dumps(example, ensure_ascii=False)
    whole = text.encode("utf-8", "ignore")
    if whole != text.encode("utf-8", "surrogatepass"):
        what.append("removed half of a character")
        example = json.loads(whole)
    return (whole, example, what) if what else (line, example, what)


def _read_somehow(line: bytes, what: list[str]) -> Example | None:
    bare = line.removeprefix(b"\xef\xbb\xbf")
    for change, text in (
        (None, line),
        ("removed a byte order mark", bare),
        ("removed a comma before a closing bracket", without_trailing_commas(bare)),
    ):
        try:
            example = json.loads(text.decode("utf-8"))
        except (ValueError, RecursionError):  # also UnicodeDecodeError
            continue
        what += [change] if change else []
        return example if isinstance(example, dict) else None
    example = _python_literal(bare)
    what += ["Python's notation -> JSON"] if example is not None else []
    return example


def _python_literal(line: bytes) -> Example | None:
    """What `str(example)` leaves in a file: {'messages': ...}. Only literals are read, nothing is run."""
    if not line.startswith(b"{'"):
        return None
    try:
        example = ast.literal_eval(line.decode("utf-8"))
        json.dumps(example)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return example if isinstance(example, dict) else None


def _repair_example(example: Example, what: list[str]) -> None:
    for wrong, right in DPO_OTHER_NAMES.items():
        _rename(example, wrong, right, "", what)
    for name in CONVERSATION_NAMES:
        if isinstance(example.get(name), list):
            _rename(example, name, "messages", "", what)
    if "messages" not in example:
        return
    for key in sorted(example.keys() - CHAT_KEYS):
        del example[key]
        what.append(f'removed the key "{key}"')
    messages = example["messages"]
    for i, message in enumerate(messages if isinstance(messages, list) else []):
        if isinstance(message, dict):
            _repair_message(message, f"messages[{i}].", what)


def _rename(holder: Example, wrong: str, right: str, where: str, what: list[str]) -> None:
    if wrong in holder and right not in holder:
        holder[right] = holder.pop(wrong)
        what.append(f'{where}{wrong}: renamed to "{right}"')


def _repair_message(message: Example, where: str, what: list[str]) -> None:
    for right, names in MESSAGE_NAMES.items():
        for wrong in names:
            if isinstance(message.get(wrong), str):
                _rename(message, wrong, right, where, what)
    _repair_role(message, where, what)
    if "content" in message or "tool_calls" in message or "function_call" in message:
        for key in sorted(message.keys() - MESSAGE_KEYS):  # else what is said may stand under that key
            del message[key]
            what.append(f"{where}{key}: removed, no such key belongs there")
    _repair_weight(message, where, what)
    calls = message.get("tool_calls")
    for i, call in enumerate(calls if isinstance(calls, list) else []):
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("arguments"), dict):
            function["arguments"] = json.dumps(function["arguments"], ensure_ascii=False)
            what.append(f"{where}tool_calls[{i}].function.arguments: an object -> JSON written as text")


def _repair_role(message: Example, where: str, what: list[str]) -> None:
    role = message.get("role")
    if not isinstance(role, str) or role in ROLES:
        return
    name = role.strip().lower()
    right = ROLE_MIX_UPS.get(name, name)
    if right in ROLES:
        message["role"] = right
        what.append(f'{where}role: "{role}" -> "{right}"')


def _repair_weight(message: Example, where: str, what: list[str]) -> None:
    if "weight" not in message:
        return
    weight = message["weight"]
    if message.get("role") != "assistant":
        del message["weight"]
        what.append(f"{where}weight: removed, it belongs on assistant messages only")
    elif isinstance(weight, bool) or weight in ("0", "1"):
        message["weight"] = int(weight)
        what.append(f"{where}weight: {json.dumps(weight)} -> {int(weight)}")
