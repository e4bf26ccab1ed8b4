"""JSON schemas: whether one is sound, whether a value fits it, and a made-up value of its form."""

import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

DEEPEST = 12  # levels; a schema that refers to itself has no end
MOST_ITEMS = 100
MOST_PARTS = 5_000  # of one made-up value
TEXT = "simulated"


def problem_of(schema: dict[str, Any]) -> str:
    """What is wrong with a schema; empty if nothing is."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return error.message
    except RecursionError:
        return "it is nested too deeply"
    return _broken_pattern(schema)


def _broken_pattern(schema: Any) -> str:
    """A pattern that is no regular expression, wherever it stands; empty if there is none."""
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            patterns = [each.get("pattern"), *(each["patternProperties"] if _has_object(each) else ())]
            for pattern in patterns:
                if isinstance(pattern, str) and (problem := _problem_of_pattern(pattern)):
                    return problem
        waiting += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    return ""


def _has_object(schema: dict[str, Any]) -> bool:
    return isinstance(schema.get("patternProperties"), dict)


def _problem_of_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"the pattern {pattern!r} is no regular expression: {error}"
    return ""


def fits_schema(value: Any, schema: dict[str, Any]) -> bool:
    try:
        # With a registry of its own it never looks up a schema on the network.
        Draft202012Validator(schema, registry=Registry()).validate(value)
    except (ValidationError, Unresolvable, RecursionError):
        return False
    return True


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
