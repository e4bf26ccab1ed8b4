"""JSON schemas: whether one is sound, whether a value fits it, and a made-up value of its form.

A schema comes from whoever has the key, so what it can cost is bounded. Patterns are never looked at: a regular
expression can keep Python's `re` busy for years (catastrophic backtracking), and nothing else runs meanwhile.
"""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

DEEPEST = 12  # levels; a schema that refers to itself has no end
MOST_ITEMS = 100
MOST_PARTS = 5_000  # of one made-up value
MOST_STEPS = 50_000  # keywords applied to the parts of one value; forty references, each twice to the next, are 10^12
TEXT = "simulated"

_left: ContextVar[Iterator[int]] = ContextVar("steps that are left")


class _TooManySteps(Exception):
    """A schema asks for more work than anybody's schema needs."""


def _counted(keyword: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*arguments: Any) -> Any:
        if next(_left.get(), None) is None:
            raise _TooManySteps
        return keyword(*arguments)

    return apply


_Validator = extend(
    Draft202012Validator, {name: _counted(keyword) for name, keyword in Draft202012Validator.VALIDATORS.items()}
)
# Draft202012Validator.check_schema() would compile each pattern: that is a check of a format, which is left out here.
_of_schemas = Draft202012Validator(Draft202012Validator.META_SCHEMA)


def problem_of(schema: dict[str, Any]) -> str:
    """What is wrong with a schema; empty if nothing is. Patterns are not looked at."""
    try:
        error = next(_of_schemas.iter_errors(schema), None)
    except RecursionError:
        return "it is nested too deeply"
    return error.message if error is not None else ""


def fits_schema(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value fits a schema, its patterns left aside. One that takes too long to tell counts as one that does
    not."""
    _left.set(iter(range(MOST_STEPS)))
    try:
        # With a registry of its own it never looks up a schema on the network.
        return _Validator(_without_patterns(schema), registry=Registry()).is_valid(value)
    except (Unresolvable, RecursionError, _TooManySteps):
        return False


def has_patterns(schema: Any) -> bool:
    """Whether a pattern stands anywhere in a schema: then nobody knows whether a made-up value fits."""
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if isinstance(each.get("pattern"), str) or "patternProperties" in each:
                return True
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False


def _without_patterns(part: Any) -> Any:
    """A schema that asks for no pattern. Names of properties that fit a pattern may be any names."""
    if isinstance(part, list):
        return [_without_patterns(each) for each in part]
    if not isinstance(part, dict):
        return part
    # Another "$schema" within it would bring another validator, which counts no steps.
    kept = {key: each for key, each in part.items() if not (key in ("pattern", "$schema") and isinstance(each, str))}
    return {key: _without_patterns({"^": {}} if key == "patternProperties" else each) for key, each in kept.items()}


def sample(schema: dict[str, Any], text: str = TEXT) -> Any:
    """A value of the form that a schema describes, with `text` wherever any text will do.

    It need not fit: patterns, and some bounds, are not looked at.
    """
    return _Sample(schema, text).of(schema, 0)


class _Sample:
    """Makes up one value. Lists in lists, and objects with many places for themselves, would grow without end."""

    def __init__(self, root: dict[str, Any], text: str) -> None:
        self.root, self.text, self.left = root, text, MOST_PARTS

    def of(self, schema: Any, depth: int) -> Any:
        self.left -= 1
        if not isinstance(schema, dict) or depth > DEEPEST or self.left < 0:
            return None
        if "$ref" in schema:
            return self.of(_referred(schema["$ref"], self.root), depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        for several in ("anyOf", "oneOf", "allOf"):
            if schema.get(several):
                # The last one first where a schema contains itself: there the way out usually stands last.
                choice = schema[several][-1] if depth > DEEPEST // 2 else schema[several][0]
                return self.of({**choice} if isinstance(choice, dict) else {}, depth + 1)
        return self._of_type(schema, depth)

    def _of_type(self, schema: dict[str, Any], depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            properties = schema.get("properties", {})
            wanted = [name for name in properties if depth <= DEEPEST // 2 or name in schema.get("required", [])]
            return {name: self.of(properties[name], depth + 1) for name in wanted}
        if kind == "array":
            # 2.0 is an integer to a schema.
            count = int(min(schema.get("minItems", 0 if depth > DEEPEST // 2 else 1), MOST_ITEMS))
            return [self.of(schema.get("items", {}), depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            return schema.get("minimum", schema.get("maximum", 0))
        return {"boolean": True, "null": None}.get(kind, self.text)


def _referred(reference: str, root: dict[str, Any]) -> Any:
    """What `#/$defs/name` means; {} for a reference out of the schema."""
    found: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part:
            found = found.get(part, {}) if isinstance(found, dict) else {}
    return found
