"""Text in which a word with a colon says who speaks or what follows: "Q: ... A: ...", "Customer: ... Agent: ..."."""

import re
from collections import Counter
from collections.abc import Iterator

from helpers.own_file.arguments import Arguments
from helpers.own_file.dialect_readers.messages import ROLES
from helpers.own_file.findings import Findings
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source
from helpers.own_file.to_examples.chat_turns import ASSISTANTS
from helpers.own_file.to_examples.column_names import answer_rank, question_rank

# Markdown may stand around the word: **Q:** or ### Question 3:
_LABEL = re.compile(
    r"^\s*(?:[-*•>]\s+|#{1,6}\s+|\d{1,3}[.)]\s+)?(?:\*\*|__)?(?P<label>[^\W\d_][\w .’'-]{0,30}?|[^\W\d_])"
    r"\s?\d{0,4}\s?[.)]?(?:\*\*|__)?\s?(?::|：|\)\s|\.\s(?=\S))(?:\*\*|__)?(?P<text>.*)$"
)
_STRICT = re.compile(r"^\s*(?P<label>[^\W\d_][\w .’'()-]{0,30}?)\s?[:：](?:\s|$)(?P<text>.*)$")
_RULE = re.compile(r"^\s*([-*_=~#]\s*){3,}$")
# A letter alone means a question or an answer only beside its partner.
PARTNERS = {"q": "a", "f": "a", "p": "r", "d": "r", "v": "a", "k": "a", "问": "答", "問": "答", "в": "о", "s": "v"}
SPEAKER_SUFFIXES = ("", ".txt", ".log", ".md", ".markdown")


def recognises(source: Source) -> str | None:
    if source.suffix in (".csv", ".tsv", ".yaml", ".yml"):
        return None
    lines = [line for _, line in source.head() if line.strip()][:400]
    if _question_labels(lines):
        return "Questions and answers, each after a word that says which it is."
    return "A conversation, with a name before each line." if _speakers(lines, source.suffix) else None


def _label(line: str) -> tuple[str, str] | None:
    found = _LABEL.match(line)
    return (found["label"].strip().casefold(), found["text"].strip()) if found else None


def _question_labels(lines: list[str]) -> tuple[set[str], set[str]] | None:
    """The words for questions and those for answers, if the text has both about as often."""
    counts = Counter(label[0] for line in lines if (label := _label(line)))
    asked = {word for word in counts if len(word) > 1 and question_rank(word) >= 3}
    said = {word for word in counts if len(word) > 1 and answer_rank(word) >= 3}
    for first, second in PARTNERS.items():
        if counts[first] and counts[second] and not asked & {first}:
            asked, said = asked | {first}, said | {second}
    questions, answers = (sum(counts[word] for word in words) for words in (asked, said))
    if not questions or not answers or asked & said:
        return None
    return (asked, said) if min(questions, answers) * 2 >= max(questions, answers) else None


def _speakers(lines: list[str], suffix: str) -> list[str]:
    """Names before colons, if nearly each line or paragraph has one and they repeat."""
    if suffix not in SPEAKER_SUFFIXES:
        return []
    found = [match["label"].strip() for line in lines if (match := _STRICT.match(line))]
    counts = Counter(found)
    known = sum(counts[name] for name in counts if name.casefold() in ROLES or name.casefold() in ASSISTANTS)
    repeated = [name for name, count in counts.items() if count > 1]
    enough = len(found) * 2 >= len(lines) and len(found) >= 4 and len(repeated) >= 2
    return (
        repeated
        if enough and (known * 3 >= len(found) or sum(counts[name] for name in repeated) >= len(found) * 0.9)
        else []
    )


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    lines = [line for _, line in source.head() if line.strip()][:400]
    labels = _question_labels(lines)
    sentence = recognises(source) or ""
    if labels:
        records = _pairs(source, *labels, findings)
        return Contents(
            "Questions and answers",
            sentence,
            records,
            question="question",
            answer="answer",
            columns=["question", "answer"],
        )
    columns = ["sender", "text"]
    return Contents(
        "Conversation",
        sentence,
        _turns(source, set(_speakers(lines, source.suffix)), findings),
        turns=True,
        columns=columns,
    )


def _pairs(source: Source, asked: set[str], said: set[str], findings: Findings) -> Iterator[Record]:
    question: list[str] = []
    answer: list[str] = []
    place, part = "", None

    def made() -> Iterator[Record]:
        if place:
            yield Record(place, {"question": "\n".join(question).strip(), "answer": "\n".join(answer).strip()})

    for number, line in source.lines():
        label = _label(line)
        word = label[0] if label else ""
        if word in asked and not (part is question and not "".join(question).strip()):
            yield from made()
            question, answer, place = [label[1] if label else ""], [], f"line {number}"
            part = question
        elif word in said and part is not None:
            answer.append(label[1] if label else "")
            part = answer
        elif part is None or _RULE.match(line) or (part is answer and re.match(r"^#{1,6}\s", line)):
            if line.strip():
                findings.skip(f"line {number}", "a line outside of questions and answers", line)
        else:
            part.append(line.strip())
    yield from made()


def _turns(source: Source, speakers: set[str], findings: Findings) -> Iterator[Record]:
    """A blank line between two blocks that each begin with another speaker than the one before ends nothing; a rule
    does: what follows is another conversation."""
    current: Record | None = None
    group = 0
    for number, line in source.lines():
        found = _STRICT.match(line)
        if found and found["label"].strip() in speakers:
            if current:
                yield current
            current = Record(
                f"line {number}", {"sender": found["label"].strip(), "text": found["text"].strip()}, str(group)
            )
        elif _RULE.match(line):
            group += 1
        elif current and line.strip():
            current.values["text"] = f"{current.values['text']}\n{line.strip()}".strip()
        elif line.strip():
            findings.skip(f"line {number}", "a line before the first speaker", line)
    if current:
        yield current
