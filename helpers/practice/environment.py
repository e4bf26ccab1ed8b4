"""Settings that are numbers, as the environment gives them."""

import math
import os
from typing import TypeVar

from helpers.connection.sentences import SettingError

Number = TypeVar("Number", int, float)


def number_from_environment(name: str, default: Number, *, least: Number | None = None) -> Number:
    """The number in an environment variable, of the kind of the default; the default where it is not set.

    Args:
        name: The variable.
        default: The number where it is not set or empty.
        least: The smallest number that can be; None means that it has to be above 0.

    Returns:
        The number.

    Raises:
        SettingError: A ValueError, for what is no such number.
    """
    text, kind = os.environ.get(name), type(default)
    if not text:
        return default
    try:
        number = kind(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (number <= 0 if least is None else number < least):
        expected = "a whole number" if kind is int else "a number"
        bound = "above 0" if least is None else f"of {least} or more"
        raise SettingError(f"{name}: found {text!r}; expected {expected} {bound}")
    return number
