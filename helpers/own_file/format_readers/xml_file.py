"""XML, with lxml: the element that is repeated is a record, its attributes and inner elements are the parts."""

import re
from collections import Counter
from typing import Any

import lxml.etree

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings, UnreadableFile
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source
from helpers.own_file.to_examples.column_names import SENDER, is_one_of

_START = re.compile(r"\s*<(?:\?xml|!DOCTYPE|!--|[A-Za-z_][\w.:-]*[\s/>])")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def recognises(source: Source) -> str | None:
    start = "\n".join(line for _, line in source.head()[:20])
    if source.suffix == ".xml" or (source.suffix in ("", ".txt") and _START.match(start)):
        return "An XML file." if _START.match(start) else None
    return None


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    """Raises UnreadableFile with the line and the reason of the parser."""
    # Entities that a file defines itself are not opened, and nothing is fetched from elsewhere.
    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml.etree.fromstring(_DECLARATION.sub("", source.text()), parser)
    except lxml.etree.XMLSyntaxError as error:
        raise UnreadableFile(f"{source.name}: found XML that cannot be read: {error.msg}") from error
    elements = _records(root)
    if not elements:
        raise UnreadableFile(f"{source.name}: found XML in which no element with parts is repeated")
    name = _name(elements[0])
    records, group, parent = [], 0, None
    for each in elements:
        if each.getparent() is not parent:
            parent, group = each.getparent(), group + 1
        records.append(Record(f"line {each.sourceline}", _parts(each), str(group)))
    return Contents("XML", f"An XML file with {len(elements):,} elements <{name}>.", records)


def _records(root: Any) -> list[Any]:
    """All elements of the outermost name that is repeated and has parts."""
    level = [root]
    while level:
        counts = Counter(_name(each) for each in level)
        name, count = counts.most_common(1)[0]
        same = [each for each in level if _name(each) == name]
        if count > 1 and any(len(_parts(each)) > 1 for each in same) and not _holds_records(same):
            return same
        level = [child for each in level for child in each]
    return [root] if len(_parts(root)) > 1 and not len(root) > 20 else []


def _holds_records(elements: list[Any]) -> bool:
    """Whether these are sections: each holds an element with parts several times."""
    inner = 0
    for each in elements:
        counts = Counter(_name(child) for child in each if len(child) > 1 or _is_message(child))
        inner += any(count > 1 for count in counts.values())
    return inner * 2 > len(elements)


def _is_message(element: Any) -> bool:
    """Whether an element says who wrote its text."""
    return any(is_one_of(name, SENDER) for name in element.attrib)


def _name(element: Any) -> str:
    return lxml.etree.QName(element).localname if isinstance(element.tag, str) else ""


def _parts(element: Any, before: str = "", deep: int = 0) -> dict[str, str]:
    """The parts by name: an attribute as `@by`, that of an inner element as `a@by`; what comes twice gets a number."""
    parts: dict[str, str] = {}
    for name, value in element.attrib.items():
        parts[f"{before}@{lxml.etree.QName(name).localname}"] = value
    counts: Counter[str] = Counter()
    for child in element:
        name = _name(child)
        counts[name] += 1
        path = f"{before}/{name}".lstrip("/") + (f" {counts[name]}" if counts[name] > 1 else "")
        if len(child) and deep < 4 and not (child.text or "").strip():
            parts |= _parts(child, path, deep + 1)
        else:
            parts[path] = "".join(child.itertext()).strip()
            parts |= {f"{path}@{lxml.etree.QName(n).localname}": value for n, value in child.attrib.items()}
    if not len(element) and not before and (element.text or "").strip():
        parts["text"] = element.text.strip()
    return parts
