"""JSON that comes in and goes out: what Python reads as JSON and nobody else does is refused, and never sent.

Python takes half of an emoji for a text, and Infinity for a number. Neither can be sent, stored or counted later.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, model_validator
from pydantic_core import PydanticCustomError

UNSOUND = "unsound_json"  # the type of the error among those of pydantic
# Texts, numbers, lists and objects of one body. pydantic reports each that is wrong: a million of them take a gigabyte.
MOST_VALUES = 20_000


class JsonBody(BaseModel):
    """The body of a request. All bodies are checked here, before any field is."""

    @model_validator(mode="before")
    @classmethod
    def _check(cls, data: Any) -> Any:
        if isinstance(data, bytes):  # it does not say that it is JSON, and pydantic says what was expected
            return data
        if problem := problem_of(data):
            # pydantic fills in {braces}, and a name in the body may have some.
            raise PydanticCustomError(UNSOUND, "{problem}", {"problem": problem})
        return data


class SentJson(JSONResponse):
    """An answer of which every client can read all."""

    def render(self, content: Any) -> bytes:
        return encoded(content)


def encoded(content: Any) -> bytes:
    """As UTF-8. Half of an emoji, from a training file, stays as JSON itself writes it: `\\ud83d`."""
    try:
        text = _compact(content)
    except ValueError:  # Infinity or NaN, in what an earlier version of the course has let through
        text = _compact(_without_infinity(content))
    return text.encode("utf-8", "backslashreplace")


def problem_of(data: Any) -> str | None:
    """What is wrong with JSON that Python has read; None if everybody would read it."""
    if _is_vast(data):
        return f"The JSON body of your request has more than {MOST_VALUES:,} values."
    try:
        _compact(data).encode("utf-8")
    except (ValueError, RecursionError):
        found = next(_unsound(data), None)
        where = f": '{found[0] or 'body'}' {found[1]}" if found else ""
        return f"We could not parse the JSON body of your request{where}."
    return None


def _compact(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _is_vast(data: Any) -> bool:
    """Whether there are more than MOST_VALUES, found out without looking at the others."""
    count, waiting = 1, [data]
    while waiting and count <= MOST_VALUES:
        value = waiting.pop()
        if isinstance(value, dict | list):
            count += len(value)
            waiting += (value.values() if isinstance(value, dict) else value) if count <= MOST_VALUES else ()
    return count > MOST_VALUES


def _unsound(data: Any) -> Iterator[tuple[str, str]]:
    """The places of what is unsound, each with the reason."""
    for place, value in _values(data):
        texts = value if isinstance(value, dict) else [value] if isinstance(value, str) else ()
        if not all(map(is_text, texts)):
            yield _printable(place), "has half of an emoji or of another character"
        elif isinstance(value, float) and not math.isfinite(value):
            yield _printable(place), f"is {value}, which JSON does not have"


def _values(data: Any) -> Iterator[tuple[str, Any]]:
    """Every value with its place. Without recursion, as JSON may be nested deeply."""
    waiting = [("", data)]
    while waiting:
        place, value = waiting.pop()
        yield place, value
        inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting += [(f"{place}.{name}".lstrip("."), each) for name, each in reversed(list(inside))]


def is_text(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _printable(place: str) -> str:
    return place.encode("utf-8", "backslashreplace").decode("utf-8")


def _without_infinity(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _without_infinity(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_without_infinity(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
