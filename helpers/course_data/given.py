"""What a learner hands to a helper in place of examples: one example, a table, a file. Taken as meant where that is
clear; else an error says what was found."""

import json
import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

Given = str | os.PathLike[str] | Iterable[dict[str, Any]]
MOST_NAMED = 5
EXPECTED = 'a list of examples ([{"messages": [...]}, ...]) or the path of a training file'


def existing_file(path: str | os.PathLike[str]) -> Path:
    """The path of a file. Raises FileNotFoundError or IsADirectoryError, with what lies there instead, and ValueError
    for a text that is an example and no path."""
    if isinstance(path, str) and path.lstrip()[:1] in ("{", "[") and not os.path.lexists(path[:200]):
        raise ValueError(
            f"found the text of a training file; expected {EXPECTED}. json.loads(text) makes an example of one line"
        )
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path.name or path}: found a folder; expected a file. {_files_in(path)}")
    if not path.exists():
        folder = path.parent
        there = _files_in(folder, path.name) if folder.is_dir() else f"The folder {folder.name} is not there either."
        raise FileNotFoundError(f"{path.name}: found no such file; expected one that exists. {there}")
    return path


def _files_in(folder: Path, wanted: str = "") -> str:
    names = sorted(each.name for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    near = get_close_matches(wanted, names, n=MOST_NAMED, cutoff=0.5)
    listed = near or [name for name in names if name.endswith(".jsonl")] or names
    if not listed:
        return "There are no files in that folder."
    more = ", ..." if len(listed) > MOST_NAMED else ""
    return f"In that folder: {', '.join(listed[:MOST_NAMED])}{more}"


def what_it_is(value: Any) -> str:
    """In words: `a DataFrame with the columns question, answer`."""
    if is_table(value):
        return f"a DataFrame with the columns {', '.join(map(str, value.columns))}"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(str, list(value)[:MOST_NAMED]))}" if value else "an empty dict"
    return {bytes: "bytes", type(None): "None"}.get(type(value), f"a value of the type {type(value).__name__}")


def is_table(value: Any) -> bool:
    """Whether it is a DataFrame; asked without pandas, which would take a second to load."""
    return hasattr(value, "columns") and hasattr(value, "to_dict")


def is_columns(value: Any) -> bool:
    """Whether a dict holds the columns of a table: {"question": [...], "answer": [...]}."""
    if not isinstance(value, dict) or not value or "messages" in value:
        return False
    return all(
        isinstance(column, list) and not any(isinstance(cell, dict) for cell in column) for column in value.values()
    )


def examples_given(given: Any) -> Iterable[Any]:
    """The examples that were meant: one example alone, the messages of one, those in a DataFrame, or as they are.

    Raises ValueError, which says what was found, for what cannot be meant.
    """
    if is_table(given):
        if "messages" in given.columns:
            rows = given.to_dict("records")
            return [{str(key): cell for key, cell in row.items() if cell is not None and cell == cell} for row in rows]
        raise ValueError(f"found {what_it_is(given)}; expected {EXPECTED}. from_rows(table) makes examples of a table")
    if is_columns(given):
        raise ValueError(f"found {what_it_is(given)}; expected {EXPECTED}. from_rows(...) makes examples of columns")
    if isinstance(given, dict):
        return [given]
    if isinstance(given, bytes | bytearray) or not isinstance(given, Iterable):
        raise ValueError(f"found {what_it_is(given)}; expected {EXPECTED}")
    if isinstance(given, list | tuple) and given and all(_is_message(item) for item in given):
        return [{"messages": list(given)}]
    return given


def _is_message(item: Any) -> bool:
    return isinstance(item, dict) and {"role", "content"} <= item.keys() and "messages" not in item


def examples_for_counting(given: Given) -> Iterator[Any]:
    """The examples, or those of a JSONL file. What is no example comes as it is, and is left out of the count.

    Raises ValueError if the file is none with examples, and OSError if it cannot be opened.
    """
    if not isinstance(given, str | os.PathLike):
        yield from examples_given(given)
        return
    path, any_example = existing_file(given), False
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line in filter(str.strip, file):
                example = _loaded(line)
                any_example = any_example or isinstance(example, dict)
                yield example
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: found text that is not UTF-8; check({path.name!r}) says what to do") from None
    if not any_example:
        raise ValueError(f"{path.name}: found no examples, one on each line; check({path.name!r}) says what it is")


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line
