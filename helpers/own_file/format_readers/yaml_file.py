"""YAML, with PyYAML: a list of objects, or the same shapes as in JSON."""

import re

import yaml

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings, UnreadableFile
from helpers.own_file.format_readers.json_file import flat, is_record
from helpers.own_file.format_readers.json_records import records_in
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source

_ITEM_WITH_KEY = re.compile(r"\s*- (?:- |[\"']?[\w ]{1,40}[\"']?:(?:\s|$))")
_KEY = re.compile(r"[\w \"']{1,40}:\s*(?:[|>][-+]?)?\s*$")


def recognises(source: Source) -> str | None:
    lines = [line for _, line in source.head() if line.strip() and not line.lstrip().startswith("#")]
    if source.suffix in (".yaml", ".yml"):
        return "A YAML file."
    if source.suffix not in ("", ".txt"):
        return None
    start = lines[1:] if lines and lines[0].strip() == "---" else lines
    begins = bool(start) and (
        _ITEM_WITH_KEY.match(start[0]) or (_KEY.match(start[0]) and len(start) > 1 and _ITEM_WITH_KEY.match(start[1]))
    )
    return "A YAML text." if begins and _is_yaml(source) else None


def _is_yaml(source: Source) -> bool:
    try:
        return isinstance(yaml.safe_load(source.text()), dict | list)
    except yaml.YAMLError:
        return False


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    """Raises UnreadableFile with the line and the reason of the parser."""
    try:
        found = [value for value in yaml.safe_load_all(source.text()) if value is not None]
    except yaml.YAMLError as error:
        raise UnreadableFile(f"{source.name}: found text that is no YAML: {' '.join(str(error).split())}") from error
    value = found[0] if len(found) == 1 else found
    records = (
        Record(record.place, flat(record.values), record.group) for record in records_in("", value, is_record, findings)
    )
    return Contents("YAML", "A YAML file.", records)
