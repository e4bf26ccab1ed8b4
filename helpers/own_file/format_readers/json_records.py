"""Where in a JSON value the records are: a list of objects, perhaps below other keys, or an object that is a table."""

from collections.abc import Callable, Iterator
from typing import Any

from helpers.own_file.findings import Findings
from helpers.own_file.record import Record

DEEPEST = 8

Known = Callable[[dict[str, Any]], bool]


def records_in(place: str, value: Any, known: Known, findings: Findings) -> Iterator[Record]:
    """The records of one value.

    Args:
        place: where the value stands; empty for the whole file.
        value: what was read.
        known: whether an object is a record by its keys.
        findings: where it is noted from which list the records come.

    Returns:
        Each record; those of one inner list have the same group.
    """
    if isinstance(value, dict):
        table = _of_columns(value)
        if table is None and known(value):
            yield Record(place or "the file", value)
            return
        table = table or _of_keys(value)
        if table is not None:
            yield from (Record(_inside(place, f"item {number}"), row) for number, row in enumerate(table, 1))
            return
    lists = list(_lists(value, place, known, {}, 0))
    wanted = [found for found in lists if found[2]] or _longest(lists)
    names = dict.fromkeys(name for name, _, _, _ in wanted if name)
    if len(names) > 1 and len({name.split("[")[0] for name in names}) > 1:
        findings.note("records were taken from several lists: " + ", ".join(names))
    for group, (_, items, _, inherited) in enumerate(wanted):
        for where, item in items:
            yield Record(where, {**inherited, **item} if inherited else item, group=str(group))
    if not wanted:
        if isinstance(value, dict):
            yield Record(place or "the file", value)
        else:
            yield from _rows(place, value)


Found = tuple[str, list[tuple[str, dict[str, Any]]], bool, dict[str, Any]]


def _lists(
    value: Any, place: str, known: Known, inherited: dict[str, Any], depth: int, name: str = ""
) -> Iterator[Found]:
    """Every list of objects, from the outside to the inside; none within a record that is known."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        items = [(_inside(place, f"item {number}"), item) for number, item in enumerate(value, 1)]
        objects = [(where, item) for where, item in items if isinstance(item, dict)]
        is_known = any(known(item) for _, item in objects[:20])
        if is_known or (objects and not _has_lists(objects)):
            yield name, objects, is_known, inherited
            return
        for where, item in items:
            if isinstance(item, dict | list):
                yield from _lists(item, where, known, inherited, depth + 1, name)
    elif isinstance(value, dict):
        # A question in an inner list keeps what stands above it: the topic, the ticket, the text that it is about.
        above = {**inherited, **{key: each for key, each in value.items() if isinstance(each, str | int | float)}}
        if depth and known(value):
            yield name, [(place, value)], True, inherited
            return
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                where = _inside(place, str(key))
                yield from _lists(inner, where, known, above if depth else {}, depth + 1, f"{name}.{key}".lstrip("."))


def _has_lists(objects: list[tuple[str, dict[str, Any]]]) -> bool:
    return any(
        isinstance(inner, list) and any(isinstance(each, dict) for each in inner)
        for _, item in objects[:20]
        for value in item.values()
        for inner in ([value] if isinstance(value, list) else value.values() if isinstance(value, dict) else [])
    )


def _longest(lists: list[Found]) -> list[Found]:
    return sorted(lists, key=lambda found: -len(found[1]))[:1]


def _inside(place: str, more: str) -> str:
    return f"{place}, {more}" if place else more


def _of_columns(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """A table that stands column by column: {"q": [...], "a": [...]}, or {"q": {"0": ...}} as pandas writes it."""
    inner = list(value.values())
    if len(inner) > 1 and all(isinstance(each, list) for each in inner):
        plain = all(not isinstance(cell, dict | list) for column in inner for cell in column[:20])
        if plain and len({len(each) for each in inner}) == 1:
            return [dict(zip(value, row, strict=True)) for row in zip(*inner, strict=True)]
    if _are_alike(inner) and all(str(key).isdigit() for key in inner[0]):
        return [{name: column[key] for name, column in value.items()} for key in inner[0]]
    return None


def _of_keys(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """A table whose rows stand under a key each: {"question?": "answer."}, {"id 1": {"q": ..., "a": ...}}."""
    inner = list(value.values())
    if len(inner) > 2 and all(isinstance(each, str) for each in inner) and _are_texts(list(value)):
        return [{"question": key, "answer": each} for key, each in value.items()]
    return [{"key": key, **each} for key, each in value.items()] if _are_alike(inner) else None


def _are_alike(inner: list[Any]) -> bool:
    """Several objects with the same keys, and nothing below them."""
    return (
        len(inner) > 1
        and all(isinstance(each, dict) and each and set(each) == set(inner[0]) for each in inner)
        and all(not isinstance(cell, dict | list) for each in inner for cell in each.values())
    )


def _are_texts(keys: list[str]) -> bool:
    """Questions have blanks or question marks in them, names of settings have not."""
    texts = sum(" " in key.strip() or key.rstrip().endswith(("?", "？")) or not key.isascii() for key in keys)
    return texts > len(keys) / 2


def _rows(place: str, value: Any) -> Iterator[Record]:
    """A list of lists is a table without names."""
    rows = value if isinstance(value, list) and value and all(isinstance(row, list) for row in value) else [value]
    for number, row in enumerate(rows, 1):
        cells = row if isinstance(row, list) else [row]
        if cells and all(not isinstance(cell, dict | list) for cell in cells):
            named = {f"column {place}": cell for place, cell in enumerate(cells, 1)}
            yield Record(_inside(place, f"item {number}") if len(rows) > 1 else place or "the file", named)
