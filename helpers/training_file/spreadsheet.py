"""Question-and-answer pairs from what a learner has at hand: cells of a spreadsheet, a CSV file, a training file."""

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from helpers.training_file.jsonl import BOMS
from helpers.training_file.rules import Example

QUESTION = ("question", "prompt", "user", "input", "q", "问题", "问")
ANSWER = ("answer", "completion", "assistant", "output", "response", "a", "回答", "答案", "答")


@dataclass
class Pairs:
    """What was found. `left_out` names, by line, what is no pair of a question and an answer."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    system: str | None = None
    left_out: list[str] = field(default_factory=list)


def pairs_from_bytes(content: bytes) -> Pairs:
    """From the bytes of a file: JSONL, or a table with commas, semicolons or tabs. Raises ValueError if they are no
    UTF-8 or UTF-16."""
    for mark, encoding in BOMS.items():
        if content.startswith(mark):
            return pairs_from_text(content.decode(encoding, errors="replace").removeprefix("\ufeff"))
    try:
        return pairs_from_text(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(
            f'The file is not UTF-8 (byte {error.start + 1}). Save it from the spreadsheet as "CSV UTF-8", '
            "and try again."
        ) from None


def pairs_from_text(text: str) -> Pairs:
    """From text: what a spreadsheet puts on the clipboard, CSV, or JSONL."""
    return _from_jsonl(text) if text.lstrip().startswith("{") else _from_table(text)


def chat_example(question: str, answer: str, system: str | None = None) -> Example:
    """One question and one answer as an example, with a system message or without."""
    start = [{"role": "system", "content": system}] if system else []
    return {"messages": [*start, {"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def pair_of(example: Example) -> tuple[str, str, str | None] | None:
    """Question, answer and system message of an example that has nothing else; None for any other: a table cannot show
    it."""
    messages = example.get("messages")
    if set(example) != {"messages"} or not isinstance(messages, list) or not all(map(_plain, messages)):
        return None
    roles, texts = [m["role"] for m in messages], [m["content"] for m in messages]
    if roles == ["user", "assistant"]:
        return *texts, None
    return (texts[1], texts[2], texts[0]) if roles == ["system", "user", "assistant"] else None


def _plain(message: Any) -> bool:
    return isinstance(message, dict) and set(message) == {"role", "content"} and isinstance(message["content"], str)


def _from_jsonl(text: str) -> Pairs:
    found = Pairs()
    # Not splitlines(): it also cuts at U+2028 and others, which may stand as they are within JSON.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            found.left_out.append(f"line {number}: not JSON ({error.msg})")
            continue
        _take(item, number, found)
    return found


def _take(item: Any, number: int, found: Pairs) -> None:
    pair = pair_of(item) if isinstance(item, dict) else None
    if pair is None and isinstance(item, dict):
        question, answer = _by_name(item, QUESTION), _by_name(item, ANSWER)
        pair = (question, answer, None) if question or answer else None
    if pair is None:
        found.left_out.append(f"line {number}: more than one question with one answer")
        return
    if pair[2] and found.system not in (None, pair[2]):
        found.left_out.append(f"line {number}: another system message")
        return
    found.system = pair[2] or found.system
    found.pairs.append(pair[:2])


def _from_table(text: str) -> Pairs:
    """The first two columns, or those that are named question and answer in the first row."""
    head = text.split("\n", 1)[0]
    delimiter = "\t" if "\t" in head else max(",;", key=head.count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    question, answer, found = 0, 1, Pairs()
    names = [cell.lower() for cell in rows[0]] if rows else []
    headed = any(name in QUESTION for name in names) and any(name in ANSWER for name in names)
    if headed:
        question = next(place for place, name in enumerate(names) if name in QUESTION)
        answer = next(place for place, name in enumerate(names) if name in ANSWER)
    for number, cells in enumerate(rows[headed:], 1 + headed):
        if not any(cells):
            continue
        if len(cells) <= max(question, answer):
            found.left_out.append(f"row {number}: one column only")
            continue
        found.pairs.append((cells[question], cells[answer]))
    return found


def _by_name(item: dict[str, Any], names: tuple[str, ...]) -> str:
    value = next((item[name] for name in names if name in item), "")
    return value.strip() if isinstance(value, str) else ""
