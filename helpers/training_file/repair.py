"""Step 1: repair in a training file what a program can repair safely, into a new file, and say what changed."""

import ast
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.display.tables import Shown, html_table, paragraph, plural, text_table
from helpers.training_file.json_line import Reading, json_inside
from helpers.training_file.jsonl import FileForm, read_lines, without_trailing_commas
from helpers.training_file.not_jsonl import NotJsonl
from helpers.training_file.other_formats import converted, with_system, with_tools
from helpers.training_file.problem import carries_text, excerpt
from helpers.training_file.quality import Seen, same_example
from helpers.training_file.rules import CHAT_KEYS, DPO_OTHER_NAMES, MESSAGE_KEYS, ROLES, Example

MOST_LISTED = 10_000  # changes held in memory; more are counted, not listed
MOST_SHOWN = 50
LONGEST_SHOWN = 80  # characters of a value that is removed
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_LITERAL = 1_000_000  # bytes; Python's parser takes a hundred times as much memory

ROLE_MIX_UPS = {
    **dict.fromkeys(("bot", "ai", "gpt", "model", "chatgpt", "answer"), "assistant"),
    **dict.fromkeys(("human", "customer", "question", "prompter"), "user"),
    **dict.fromkeys(("instruction", "instructions"), "system"),
}
# Other programs' names for the same thing: {"from": "human", "value": "..."}
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


def repaired_lines(source: Path, other: NotJsonl | None, form: FileForm, done: Repair) -> Iterator[bytes]:
    """The lines of the repaired copy.

    Args:
        source: The file.
        other: What it is, if it is no JSONL, with the examples that were read from it.
        form: How the file is saved is noted here, or was when those were read.
        done: What is changed is noted here.
    """
    seen = Seen("example")
    if other is None:
        repaired = ((number, *repair_line(line)) for number, line in read_lines(source, form, progress=True))
    else:
        done.note(None, f"{other.problem.found} -> one example on each line")
        repaired = ((number, *_repair_read(example)) for number, example in enumerate(other.examples or [], 1))
    for number, line, example, what in repaired:
        for change in what:
            done.note(number, change)
        if example is not None:
            first = seen.before("example", same_example(example), number)
            if first is not None:
                done.note(number, f"removed: the same example as line {first}")
                continue
        yield line
    seen.close()
    for problem in form.problems():
        done.note(None, f"{problem.found} -> {problem.expected}")


def repair_line(line: bytes) -> tuple[bytes, Example | None, list[str]]:
    """The repaired line, its example, and what was changed. An unreadable line comes back as it was."""
    what: list[str] = []
    example = _read_somehow(line, what)
    if example is None:
        return line, None, []
    whole, repaired, what = _repair_read(example, what)
    return (whole, repaired, what) if what and repaired is not None else (line, repaired, [])


def _repair_read(example: Example, what: list[str] | None = None) -> tuple[bytes, Example | None, list[str]]:
    """The line of an example that was read. The example is None if a part of it would be lost on the way."""
    what = what if what is not None else []
    whole = _without_half_characters(example)
    if whole is None:
        return json.dumps(example).encode(), None, []
    if whole is not example:
        what.append("removed half of a character")
    _repair_example(whole, what)
    return json.dumps(whole, ensure_ascii=False).encode("utf-8"), whole, what


def _without_half_characters(example: Example) -> Example | None:
    """The example itself if it has none; None if two of its keys would be the same without them."""
    text = json.dumps(example, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        reading = Reading()
        whole = reading.loads(text.encode("utf-8", "ignore"))
        return None if reading.twice else whole
    return example


def _read_somehow(line: bytes, what: list[str]) -> Example | None:
    """The object on a line, read with more and more patience; each try is made only if the one before it failed."""
    tries = (
        (None, lambda text: text),
        ("removed a byte order mark", lambda text: text.removeprefix(BYTE_ORDER_MARK)),
        ("removed a comma after the example", _without_last_comma),
        ("removed a comma before a closing bracket", without_trailing_commas),
    )
    text = line
    for change, mended in tries:
        before, text = text, mended(text)
        if change is not None and text == before:
            continue
        what += [change] if change else []
        found = _loaded(text, what)
        if found is not None:
            return found if isinstance(found, dict) else None
    what.clear()
    example = _python_literal(line.removeprefix(BYTE_ORDER_MARK))
    what += ["Python's notation -> JSON"] if example is not None else []
    return example


def _without_last_comma(text: bytes) -> bytes:
    bare = text.rstrip()
    return bare[:-1] if bare.endswith(b"},") else text


def _loaded(text: bytes, what: list[str]) -> Any:
    """What the line holds, without anything lost on the way; else None. JSON that was written as text is opened."""
    reading = Reading()
    try:
        found = reading.loads(text.decode("utf-8"))
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Invalid control character"):
            return None
        try:
            found = reading.loads(text.decode("utf-8"), strict=False)
        except (ValueError, RecursionError):
            return None
        what.append("a tab or another control character inside a text: written as JSON writes it")
    except (ValueError, RecursionError):  # also UnicodeDecodeError, and numbers that JSON cannot write again
        return None
    if reading.twice:
        return []  # a key stands twice: one of the two would be lost
    inside = json_inside(found)
    if isinstance(inside, dict):
        what.append("JSON written as text -> the object itself")
        return inside
    return found


def _python_literal(line: bytes) -> Example | None:
    """What `str(example)` leaves in a file: {'messages': ...}. Only literals are read, nothing is run."""
    if not line.lstrip().startswith(b"{'") or len(line) > LONGEST_LITERAL:
        return None
    reading = Reading()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of a backslash in a text
            tree = ast.parse(line.decode("utf-8").strip(), mode="eval")
        if any(_has_a_key_twice(node) for node in ast.walk(tree)):
            return None
        # By way of JSON, so that tuples are lists and keys are text, as they will be when the line is read again.
        example = reading.loads(json.dumps(ast.literal_eval(tree), allow_nan=False))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return example if isinstance(example, dict) and not reading.twice else None


def _has_a_key_twice(node: ast.AST) -> bool:
    if not isinstance(node, ast.Dict):
        return False
    keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
    return len(set(keys)) < len(keys)


def _repair_example(example: Example, what: list[str]) -> None:
    for wrong, right in DPO_OTHER_NAMES.items():
        _rename(example, wrong, right, "", what)
    if "messages" not in example:
        if isinstance(example.get("message"), list):
            _rename(example, "message", "messages", "", what)
        elif name := converted(example):
            what.append(f"{name} -> OpenAI's format")
    if "messages" not in example:
        return
    _repair_conversation(example, what)
    for key in sorted(example.keys() - CHAT_KEYS):
        if not carries_text(key, example[key]):
            what.append(f'removed the key "{key}" ({excerpt(example.pop(key), LONGEST_SHOWN)})')
    messages = example["messages"]
    for i, message in enumerate(messages if isinstance(messages, list) else []):
        if isinstance(message, dict):
            _repair_message(message, f"messages[{i}].", what)


def _repair_conversation(example: Example, what: list[str]) -> None:
    """The list of messages itself, and what other programs write beside it."""
    inside = json_inside(example["messages"])
    if isinstance(inside, list):
        example["messages"] = inside
        what.append("messages: a list written as text -> the list itself")
    if "system" in example and with_system(example):
        what.append('the key "system": its text is the system message now')
    if isinstance(example.get("tools"), str) and with_tools(example):
        what.append("tools: a list written as text -> the list itself")


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
    if message.get("loss_weight") in (0, 1) and "weight" not in message:
        _rename(message, "loss_weight", "weight", where, what)
        message["weight"] = int(message["weight"])
    if "content" in message or "tool_calls" in message or "function_call" in message:
        for key in sorted(message.keys() - MESSAGE_KEYS):  # else what is said may stand under that key
            if not carries_text(key, message[key]):
                what.append(
                    f"{where}{key}: removed ({excerpt(message.pop(key), LONGEST_SHOWN)}), no such key belongs there"
                )
    _repair_weight(message, where, what)
    calls = message.get("tool_calls")
    for i, call in enumerate(calls if isinstance(calls, list) else []):
        _repair_arguments(
            call.get("function") if isinstance(call, dict) else None, f"{where}tool_calls[{i}].function", what
        )
    _repair_arguments(message.get("function_call"), f"{where}function_call", what)


def _repair_arguments(function: Any, where: str, what: list[str]) -> None:
    if isinstance(function, dict) and isinstance(function.get("arguments"), dict | list):
        function["arguments"] = json.dumps(function["arguments"], ensure_ascii=False)
        what.append(f"{where}.arguments: an object -> JSON written as text")


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
