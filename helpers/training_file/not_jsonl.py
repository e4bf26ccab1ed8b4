"""Is a file JSONL at all? A table, a JSON array, a PDF: each is one problem, not one for every line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.display.tables import plural
from helpers.own_file.dialect_readers.messages import are_messages
from helpers.own_file.dialects import dialect_of
from helpers.own_file.findings import Findings
from helpers.own_file.format_readers import binary, json_file
from helpers.own_file.format_readers.json_text import KEY_TWICE, NotJson, one_on_each_line, values_of_text
from helpers.own_file.formats import reader_of
from helpers.own_file.source import Source, source_of
from helpers.training_file.chat_rules import CHAT_KEYS
from helpers.training_file.dpo_rules import DPO_KEYS
from helpers.training_file.jsonl import FileForm, read_lines
from helpers.training_file.other_format import USE_EXAMPLES_FROM, other_format
from helpers.training_file.problem import LONGEST_SHOWN, Example, Problem, carries_text, excerpt

LARGEST_JSON = 256_000_000  # bytes of a file that is read as one piece of JSON
LINES_LOOKED_AT = 50
JSONL = "JSONL: one JSON object on each line"


@dataclass
class NotJsonl:
    """The problem with a file that is no JSONL. `examples` are those that can be read from it all the same, else
    None; `notes` say which slips were passed over on the way."""

    problem: Problem
    examples: list[Any] | None = None
    notes: list[str] = field(default_factory=list)


def not_jsonl(path: Path, form: FileForm) -> NotJsonl | None:
    """What the file is, if it is no JSONL as a whole; None for JSONL, however many of its lines are broken.

    Args:
        path: The file.
        form: How the file is saved is noted here, if its text is read.
    """
    source = source_of(path)
    found = reader_of(source)
    if found is None:
        return _plain_text(source)
    reader, sentence = found
    if reader.recognises is json_file.recognises:
        return None if one_on_each_line(source.head()) else _json(path, form)
    what = sentence[:1].lower() + sentence[1:].rstrip(".")
    if kind := binary.kind_of(source):
        return NotJsonl(_problem(what, kind.advice))
    if not what.startswith(("a ", "an ")):
        what = f"plain text: {what}"
    return NotJsonl(_problem(what + _saved_as(source), USE_EXAMPLES_FROM))


def _problem(found: str, fix: str) -> Problem:
    return Problem(None, "the file", found, JSONL, fix, "not_jsonl")


def _plain_text(source: Source) -> NotJsonl | None:
    encoding = source.encoding
    if encoding is not None and encoding.codec != "utf-8" and not source.head() and source.length > encoding.mark:
        found = f"bytes that are no {encoding.label}, as the first of them say"
        return NotJsonl(_problem(found, "save it as UTF-8 in the program that made it"))
    lines = [line for _, line in source.head() if line.strip()]
    # A comment, or another line that is broken, may stand above the examples.
    if not lines or any(line.lstrip().startswith(("{", '"{', "[", "]", "}")) for line in lines[:LINES_LOOKED_AT]):
        return None
    return NotJsonl(_problem(f"plain text{_saved_as(source)}", USE_EXAMPLES_FROM))


def _saved_as(source: Source) -> str:
    encoding = source.encoding
    return f" in {encoding.label}, as it seems" if encoding is not None and not encoding.sure else ""


def _json(path: Path, form: FileForm) -> NotJsonl | None:
    """JSON that is not on one line each; None if it is not whole, so that its lines are looked at one by one."""
    if path.stat().st_size > LARGEST_JSON:
        return None
    read, findings = FileForm(), Findings()
    lines = [line for _, line in read_lines(path, read)]
    if len(lines) == 1 and not lines[0].rstrip(b" ,").endswith((b"}", b"]", b'"')):
        return None  # one line that breaks off
    try:
        values = [value for _, value in values_of_text(b"\n".join(lines).decode("utf-8"), findings)]
    except (NotJson, UnicodeDecodeError):
        return None
    if any(KEY_TWICE not in each.reason for each in findings.skipped):
        return None
    if not values or (len(lines) == 1 and _is_example(values)):
        return None
    found, examples, beside = _examples_in(values)
    if not found:
        return None
    read.crlf = read.blank = 0  # line ends between the parts of one piece of JSON mean nothing
    vars(form).update(vars(read))
    if findings.skipped:
        fix = f"{findings.skipped[0].place}: {findings.skipped[0].reason}; put both into one, or remove one of them"
        return NotJsonl(_problem(found, fix))
    if says := [excerpt(key) for key, value in beside.items() if carries_text(key, value)]:
        fix = f"beside the examples stands text, under {', '.join(says)}: move it into them, or remove it"
        return NotJsonl(_problem(found, fix))
    removed = [f"removed the key {excerpt(key)} ({excerpt(value, LONGEST_SHOWN)})" for key, value in beside.items()]
    fix = f"write one example on each line with json.dumps, or let repair() do it, or {USE_EXAMPLES_FROM}"
    return NotJsonl(_problem(found, fix), examples, [*findings.notes, *removed])


def _is_example(values: list[Any]) -> bool:
    """One object on one line: JSONL, unless all it does is to hold a list of what is plainly examples."""
    if len(values) > 1 or not isinstance(values[0], dict):
        return False
    key = _held(values[0])
    return key is None or not all("messages" in each or other_format(each) for each in values[0][key])


def _examples_in(values: list[Any]) -> tuple[str, list[Any], Example]:
    """What these values are together, the examples among them, and what stands beside these."""
    if len(values) > 1:
        spread = all(isinstance(value, dict) for value in values)
        return f"{plural(len(values), 'JSON object')}, each over several lines" if spread else "", values, {}
    [value] = values
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        if are_messages(value):
            return "a JSON array with the messages of one conversation", [{"messages": value}], {}
        return f"a JSON array of {plural(len(value), 'object')}", value, {}
    if isinstance(value, dict):
        key = _held(value)
        if key is not None:
            beside = {other: each for other, each in value.items() if other != key}
            return f'a JSON object with {plural(len(value[key]), "object")} in "{key}"', value[key], beside
        return "one JSON object over several lines", [value], {}
    return "", [], {}


def _held(value: Example) -> str | None:
    """The key under which an object holds a list of examples, if it is no example itself."""
    if value.keys() & (CHAT_KEYS | DPO_KEYS) or dialect_of(value):
        return None
    lists = [
        key
        for key, items in value.items()
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items)
    ]
    return lists[0] if len(lists) == 1 else None
