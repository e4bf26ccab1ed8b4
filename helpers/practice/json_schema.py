"""JSON schemas: whether one is sound, whether a value fits it, and a made-up value of its form."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

DEEPEST = 12  # levels; a schema that refers to itself has no end
MOST_ITEMS = 100
TEXT = "simulated"


def problem_of(schema: dict[str, Any]) -> str:
    """What is wrong with a schema; empty if nothing is."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return error.message
    except RecursionError:
        return "it is nested too deeply"
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
    return _sample(schema, schema, text, 0)


def _sample(schema: Any, root: dict[str, Any], text: str, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    if "$ref" in schema:
        return _sample(_referred(schema["$ref"], root), root, text, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if schema.get(several):
            # The last one first where a schema contains itself: there the way out usually stands last.
            choice = schema[several][-1] if depth > DEEPEST // 2 else schema[several][0]
            return _sample({**choice} if isinstance(choice, dict) else {}, root, text, depth + 1)
    return _of_type(schema, root, text, depth)


def _of_type(schema: dict[str, Any], root: dict[str, Any], text: str, depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = [name for name in properties if depth <= DEEPEST // 2 or name in schema.get("required", [])]
        return {name: _sample(properties[name], root, text, depth + 1) for name in wanted}
    if kind == "array":
        count = min(schema.get("minItems", 0 if depth > DEEPEST // 2 else 1), MOST_ITEMS)
        return [_sample(schema.get("items", {}), root, text, depth + 1) for _ in range(count)]
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("maximum", 0))
    return {"boolean": True, "null": None}.get(kind, text)


def _referred(reference: str, root: dict[str, Any]) -> Any:
    """What `#/$defs/name` means; {} for a reference out of the schema."""
    found: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part:
            found = found.get(part, {}) if isinstance(found, dict) else {}
    return found
