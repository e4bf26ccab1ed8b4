"""Python's notation in the place of JSON: {'messages': ...}, as `str(example)` writes it."""

import ast
import json
import re
import warnings
from typing import Any

from helpers.own_file.format_readers.strict_json import Reading

LONGEST = 1_000_000  # characters; Python's parser takes a hundred times as much memory
_START = re.compile(r"\s*(?:[\[({]\s*){1,2}'")


def python_literal(text: str) -> dict[str, Any] | list[Any] | None:
    """What `str(example)` leaves in a file: {'messages': ...}. Only literals are read, nothing is run."""
    if len(text) > LONGEST or not _START.match(text):
        return None
    reading = Reading()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of a backslash in a text
            tree = ast.parse(text.strip(), mode="eval")
        if any(_has_a_key_twice(node) for node in ast.walk(tree)):
            return None
        # By way of JSON, so that tuples are lists and keys are text, as they will be when the line is read again.
        value = reading.loads(json.dumps(ast.literal_eval(tree), allow_nan=False))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict | list) and not reading.twice else None


def _has_a_key_twice(node: ast.AST) -> bool:
    if not isinstance(node, ast.Dict):
        return False
    keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
    return len(set(keys)) < len(keys)
