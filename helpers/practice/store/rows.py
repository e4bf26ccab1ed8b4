"""From a row of the database to an object, and back."""

import json
import sqlite3
from typing import Any

JSON_COLUMNS = {"method", "metadata", "plan", "pauses", "outcome"}


def from_row(kind: type, row: sqlite3.Row) -> Any:
    return kind(
        **{name: json.loads(row[name]) if name in JSON_COLUMNS and row[name] else row[name] for name in row.keys()}  # noqa: SIM118 (a Row iterates over values)
    )


def to_column(name: str, value: Any) -> Any:
    return json.dumps(value) if name in JSON_COLUMNS and value is not None else value
