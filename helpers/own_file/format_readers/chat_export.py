"""Chats that a messenger has exported as text: a stamp with date and time, a name, and what was said."""

import re
from collections.abc import Iterator

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source

_MARKS = "[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]*"
_MONTH = r"[^\W\d_]{3,9}\.?"
_DATE = (
    r"(?:(?:[^\W\d_]{2,4}\.?,?\s)?\d{1,4}\s?[./\-年년]\s?\d{1,2}\s?[./\-月월]\s?\d{1,4}\s?[日일.]?"
    rf"|\d{{1,2}}\.?[ -]{_MONTH}[ ,-]+\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}})"
)
_HALF = r"(?:上午|下午|午前|午後|오전|오후|晚上|早上|中午|凌晨)"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d| UTC)?"
_TIME = rf"{_HALF}?\s?\d{{1,2}}[:.h時时]\d{{2}}(?:[:.]\d{{2}})?(?:\.\d+)?分?(?:\s?[ap]\.?\s?m\b\.?)?{_ZONE}"
_BOTH = rf"(?P<date>{_DATE})?(?:,|\s|T|\s-)*(?P<time>{_TIME})(?:,\s(?P<later>{_DATE}))?"
_WEEKDAY = r"(?:\s?[(（][^\W\d_]{1,3}[)）]|\s?星期.|\s?周.)?"

# The stamp stands before the name and the text, with or without brackets ...
BEFORE = re.compile(
    rf"^{_MARKS}[\[(【]?\s?{_MARKS}{_BOTH}\s?[\])】]?\s*(?:[-–—:|]\s*)?{_MARKS}(?P<rest>.*)$", re.IGNORECASE
)
# ... or after the name, and the text on the lines below.
AFTER = re.compile(
    rf"^{_MARKS}(?P<name>[^\[\]\n:]{{1,40}}?)(?:[,\s]+[\[(（]?|[\[(（])\s?(?P<date>{_DATE}){_WEEKDAY}(?:,|\s|T)*(?P<time>{_TIME})"
    r"\s?[\])）]?:?\s*$",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"(?P<name>[^:：\n]{{1,60}}?)\s?[:：](?:\s|$){_MARKS}(?P<text>.*)$")
_ADDRESSED = re.compile(r"(?:From|Von|De|Da)\s+(.+?)\s+(?:to|an|to:|a|para|à)\s+.+", re.IGNORECASE)
_BRACKETED = re.compile(rf"^\[(?P<name>[^\]\n]{{1,60}})\]\s\[(?P<time>{_TIME})\]\s(?P<text>.*)$")
_DAY = re.compile(rf"^[-—=\s]*{_DATE}{_WEEKDAY}[-—=\s]*$")
_TABBED = re.compile(rf"^(?P<time>{_TIME})\t(?P<name>[^\t]{{1,60}})\t(?P<text>.*)$")
FEWEST = 2


def recognises(source: Source) -> str | None:
    if source.suffix in (".csv", ".tsv", ".md", ".mbox", ".eml"):
        return None
    lines = [line for _, line in source.head() if line.strip()][:200]
    return "A chat that a messenger has exported." if _form(lines) else None


def _form(lines: list[str]) -> str | None:
    counts = {
        "before": sum(_named(line) is not None for line in lines),
        "after": sum(bool(AFTER.match(line)) for line in lines),
        "bracketed": sum(bool(_BRACKETED.match(line)) for line in lines),
        "tabbed": sum(bool(_TABBED.match(line)) for line in lines),
        "line below": sum(_alone(line) is not None for line in lines),
    }
    form = max(counts, key=lambda name: counts[name])
    return form if counts[form] >= FEWEST and counts[form] * 6 >= len(lines) else None


def _stamped(line: str) -> re.Match[str] | None:
    found = BEFORE.match(line)
    if not found or "-->" in found["rest"]:  # times of subtitles
        return None
    has_date = bool(found["date"] or found["later"])
    return found if has_date or line.lstrip()[:1] in "[(" or found["time"].count(":") > 1 else None


def _named(line: str) -> tuple[str, str, str] | None:
    """Time, name and text of a line that has all three."""
    stamped = _stamped(line)
    named = _NAMED.match(stamped["rest"]) if stamped else None
    if not stamped or not named:
        return None
    addressed = _ADDRESSED.match(named["name"].strip())
    return _time(stamped), addressed[1] if addressed else named["name"].strip(), named["text"]


def _alone(line: str) -> tuple[str, str] | None:
    """Time and name of a line that has no text: it stands below."""
    stamped = _stamped(line)
    name = stamped["rest"].strip() if stamped else ""
    return (_time(stamped), name) if stamped and 0 < len(name) <= 40 and not name.endswith((".", "?", "!")) else None


def _time(stamped: re.Match[str]) -> str:
    return f"{stamped['date'] or stamped['later'] or ''} {stamped['time']}".strip()


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    form = _form([line for _, line in source.head() if line.strip()][:200])
    sentence = recognises(source) or ""
    columns = ["sender", "time", "text"]
    return Contents("Chat export", sentence, _messages(source, form or "before"), turns=True, columns=columns)


def _messages(source: Source, form: str) -> Iterator[Record]:
    """A message goes on until the next stamp. A line with a stamp and no name is a notice of the program."""
    current: tuple[str, str, str, list[str]] | None = None  # place, name, time, lines
    for number, line in source.lines():
        begun = _begin(line, form)
        if begun is not None:
            if current:
                yield _record(current)
            time, name, text = begun
            current = (f"line {number}", name, time, [text] if text else [])
        elif current and not (_DAY.match(line) and form in ("tabbed", "after", "bracketed")):
            current[3].append(line)
        elif line.strip() and not current:
            yield Record(f"line {number}", {"sender": "", "time": "", "text": line})
    if current:
        yield _record(current)


def _begin(line: str, form: str) -> tuple[str, str, str] | None:
    if form == "after":
        found = AFTER.match(line)
        return (f"{found['date']} {found['time']}", found["name"].strip(), "") if found else None
    if form in ("tabbed", "bracketed"):
        found = (_TABBED if form == "tabbed" else _BRACKETED).match(line)
        return (found["time"], found["name"].strip(), found["text"].strip('"')) if found else None
    if form == "line below":
        alone = _alone(line)
        return (*alone, "") if alone else None
    named = _named(line)
    if named:
        return named
    stamped = _stamped(line)
    return (_time(stamped), "", stamped["rest"]) if stamped else None


def _record(message: tuple[str, str, str, list[str]]) -> Record:
    place, name, time, lines = message
    return Record(place, {"sender": name.lstrip("~ "), "time": time, "text": "\n".join(lines).strip()})
