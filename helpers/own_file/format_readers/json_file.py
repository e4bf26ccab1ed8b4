"""JSON and JSON Lines, with the records at the top or below other keys."""

from collections.abc import Iterator
from typing import Any

from helpers.own_file.arguments import Arguments
from helpers.own_file.dialects import dialect_of
from helpers.own_file.findings import Findings
from helpers.own_file.format_readers.json_records import records_in
from helpers.own_file.format_readers.json_text import NotJson, looks_like_json, one_on_each_line, values
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source
from helpers.own_file.to_examples.chat_turns import are_turns
from helpers.own_file.to_examples.column_names import answer_rank, question_rank


def recognises(source: Source) -> str | None:
    head = source.head()
    if not looks_like_json(head):
        return None
    return "JSON Lines: one value on each line." if one_on_each_line(head) else "A JSON value over the whole file."


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    lines = one_on_each_line(source.head())
    return Contents("JSON Lines" if lines else "JSON", recognises(source) or "", _records(source, findings))


def _records(source: Source, findings: Findings) -> Iterator[Record]:
    try:
        for place, value in values(source, findings):
            for record in records_in(place, value, is_record, findings):
                yield Record(record.place, flat(record.values), record.group)
    except NotJson as error:
        findings.skip("the file", str(error))


def is_record(item: dict[str, Any]) -> bool:
    """Whether an object holds a whole example, or a message of a chat."""
    if dialect_of(item) is not None:
        return True
    plain = [name for name, value in item.items() if not isinstance(value, dict | list) or name in ("text", "from")]
    asked = any(question_rank(name) >= 3 for name in item)
    said = any(answer_rank(name) >= 3 for name in item)
    return (asked and said) or are_turns([*plain, *_objects(item)]) is not None


def _objects(item: dict[str, Any]) -> list[str]:
    """Names of parts that are objects with a name in it: {"author": {"name": "Ana"}}."""
    return [
        name
        for name, value in item.items()
        if isinstance(value, dict) and any(isinstance(v, str) for v in value.values())
    ]


def flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Parts of inner objects under both names: {"a": {"b": 1}} -> {"a.b": 1}. A training record stays as it is."""
    if not before and (dialect_of(values) is not None or are_turns(list(values)) is not None):
        return values
    made: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            made |= flat(value, f"{before}{name}.")
        else:
            made[f"{before}{name}"] = value
    return made
