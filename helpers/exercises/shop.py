"""What exercises use of the shop of the course."""

from functools import cache
from typing import Any

from helpers.course_data.paths import DATA
from helpers.data_format import read

BASE = "gpt-4.1-mini-2025-04-14"


@cache
def _examples() -> tuple[dict[str, Any], ...]:
    return tuple(read(DATA / "mydata.jsonl"))


def mattress() -> list[dict[str, Any]]:
    """The fifteen examples of the course, for reading."""
    return list(_examples())


def system_message() -> str:
    return _examples()[0]["messages"][0]["content"]


def first_difference(found: str, expected: str) -> str:
    """Where two texts part, with a few characters of each."""
    pairs = enumerate(zip(found, expected, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(found), len(expected)))
    yours, theirs = ascii(found[at : at + 20]), ascii(expected[at : at + 20])
    return f"from character {at + 1} on: yours goes on with {yours}, the shop's with {theirs}"
