"""Notes without labels: `question -> answer` on each line, or a line that asks and the answer below."""

import re
from collections.abc import Iterator

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source

ARROWS = (" -> ", " --> ", " => ", " ==> ", "→", "⇒", "➔", "➡", " >> ", " := ", " :: ")
WEAK_SIGNS = (" — ", " – ", " = ", " - ", ": ")
_BULLET = re.compile(r"^\s*(?:[-*•·–+]|\d{1,3}[.)]|[a-z]\))\s+")
_ASKS = ("?", "？", "?**", "؟", "？**", "?*", "?:", "?”", '?"')
FEWEST = 2


def recognises(source: Source) -> str | None:
    if source.suffix in (".csv", ".tsv"):
        return None
    lines = [line for _, line in source.head() if line.strip()][:300]
    if arrow := _arrow(lines):
        return f'Notes with a question, the sign "{arrow.strip()}" and its answer on each line.'
    return "Questions, each with its answer below." if _question_lines(lines) else None


def _arrow(lines: list[str]) -> str | None:
    """The sign between question and answer. One that is usual in other texts too must stand in nearly each line."""
    for arrow in ARROWS:
        holding = sum(_split(line, arrow) is not None for line in lines)
        if holding >= FEWEST and holding * 3 >= len(lines):
            return arrow
    for sign in WEAK_SIGNS:
        lines_with = [pair for line in lines if (pair := _split(line, sign)) and (sign != ": " or _BULLET.match(line))]
        sentences = sum(" " in said for _, said in lines_with)
        if len(lines_with) > FEWEST and len(lines_with) * 5 >= len(lines) * 3 and sentences * 2 >= len(lines_with):
            return sign
    return None


def _split(line: str, arrow: str) -> tuple[str, str] | None:
    asked, found, said = _BULLET.sub("", line).partition(arrow)
    words = found and any(map(str.isalpha, asked)) and any(map(str.isalpha, said))
    return (asked.strip(), said.strip()) if words else None


def _is_question(line: str) -> bool:
    text = _BULLET.sub("", line).strip()
    return text.endswith(_ASKS) and len(text) < 300


def _question_lines(lines: list[str]) -> bool:
    """Several lines that are a question, none far from the next, and most with something below that is none."""
    asking = [place for place, line in enumerate(lines) if _is_question(line)]
    answered = [place for place in asking if place + 1 < len(lines) and not _is_question(lines[place + 1])]
    return len(answered) >= FEWEST and len(asking) * 8 >= len(lines) and len(answered) * 2 >= len(asking)


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    arrow = _arrow([line for _, line in source.head() if line.strip()][:300])
    records = _of_arrows(source, arrow, findings) if arrow else _of_questions(source, findings)
    return Contents(
        "Notes", recognises(source) or "", records, question="question", answer="answer", columns=["question", "answer"]
    )


def _of_arrows(source: Source, arrow: str, findings: Findings) -> Iterator[Record]:
    current: Record | None = None
    for number, line in source.lines():
        pair = _split(line, arrow)
        if pair:
            if current:
                yield current
            current = Record(f"line {number}", {"question": pair[0], "answer": pair[1]})
        elif current and line.strip() and line[:1] in " \t" and not _BULLET.match(line):
            current.values["answer"] += "\n" + line.strip()  # the answer goes on, indented
        elif line.strip():
            findings.skip(f"line {number}", f'no "{arrow.strip()}" in this line', line)
    if current:
        yield current


def _of_questions(source: Source, findings: Findings) -> Iterator[Record]:
    place, question, answer = "", "", list[str]()
    for number, line in source.lines():
        if _is_question(line) and (not place or "".join(answer).strip()):
            if place:
                yield Record(place, {"question": question, "answer": "\n".join(answer).strip()})
            place, question, answer = f"line {number}", _BULLET.sub("", line).strip().strip("*_ "), []
        elif place and _is_question(line):
            question += "\n" + line.strip().strip("*_ ")
        elif place:
            answer.append(line.strip())
        elif line.strip():
            findings.skip(f"line {number}", "a line above the first question", line)
    if place:
        yield Record(place, {"question": question, "answer": "\n".join(answer).strip()})
