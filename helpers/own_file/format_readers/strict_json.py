"""JSON as the practice server reads it: what is no JSON is refused, and a key that stands twice is not lost unseen."""

import json
from contextlib import suppress
from typing import Any

LARGEST_NESTED = 10_000_000  # characters of a text that is looked into for JSON


class _KeyTwice(Exception):
    """A key stands twice in one object."""


class Reading:
    """Reads JSON as the practice server does, and keeps the keys that stand twice in one object."""

    def __init__(self) -> None:
        self.twice: list[str] = []

    def loads(self, text: str | bytes, *, strict: bool = True) -> Any:
        """Raises ValueError for what is no JSON, also for NaN and for a number that is too large; RecursionError for
        brackets without end."""
        if strict and isinstance(text, str):
            with suppress(_KeyTwice):
                return _decoder.decode(text)
        return json.loads(
            text, parse_constant=_no_constant, parse_float=finite, object_pairs_hook=self._object, strict=strict
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen and key not in self.twice:
                    self.twice.append(key)
                seen.add(key)
        return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def finite(digits: str) -> float:
    """A number of JSON. Raises ValueError for one that is too large: it could not be written again."""
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return number


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _KeyTwice
    return found


# json.loads() would make a decoder for each text, which takes as long as the decoding.
_decoder = json.JSONDecoder(parse_constant=_no_constant, parse_float=finite, object_pairs_hook=_each_key_once)


def json_inside(text: Any) -> dict[str, Any] | list[Any] | None:
    """The object or list that a text holds as JSON; None if it holds none."""
    if not isinstance(text, str) or len(text) > LARGEST_NESTED or text.strip()[:1] not in ("{", "["):
        return None
    reading = Reading()
    try:
        value = reading.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if reading.twice else value
