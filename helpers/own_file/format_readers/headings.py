"""Documents with headings, of HTML and Markdown alike: which headings are the questions, and what stands below them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import AmbiguousFile, Findings, UnreadableFile
from helpers.own_file.record import Contents, Record

_ASKS = re.compile(
    r"[?？؟]\s*[\"”')*]*\s*$|^(?:\W*)(?:who|what|when|where|why|how|which|can|may|do|does|did|is|are|was|"
    r"were|will|would|should|could|have|has|wer|was|wann|wo|woher|wohin|warum|wie|wieviel|welche\w*|kann|können|darf|"
    r"dürfen|gibt|ist|sind|hat|haben|habt|muss|müssen|soll|wird|werden|bekomme|est-ce|puis-je|y a-t-il|avez-vous|hay|"
    r"puedo|tienen|posso|avete|qui|que|quoi|quand|où|pourquoi|comment|quel\w*|qué|cómo|cuándo|dónde|quién|cuánto\w*|"
    r"chi|cosa|quando|dove|perché|come|quanto|как|что|где|когда|почему|кто|怎么|如何|什么|为什么|哪)\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"[?？؟]\s*[\"”')*]*\s*$")
_NUMBER = re.compile(r"^\s*(?:\d{1,3}[.)]|Q\d{0,3}[.:)]|[-•])\s+")
KINDS = ("h6", "h5", "h4", "h3", "h2", "h1", "bold")


@dataclass(frozen=True)
class Block:
    """A heading (h1 to h6), a paragraph that is bold as a whole, or a text, with the line where it stands. `written` is
    a heading with its marks."""

    kind: str
    text: str
    line: int | None
    written: str = ""


def asks(text: str) -> bool:
    return bool(_ASKS.search(text.strip()))


def records_of_headings(
    format_: str, blocks: Sequence[Block], findings: Findings, arguments: Arguments, name: str
) -> Contents:
    """The questions are the kind of heading of which most ask something, or that which the learner names.

    Raises AmbiguousFile where no kind of heading does, UnreadableFile where there is none.
    """
    kind = _kind(blocks, arguments, name)
    records = list(_records(blocks, kind, findings))
    what = "bold lines" if kind == "bold" else f"headings of level {kind[1:]}"
    return Contents(
        format_,
        f"A page ({format_}) with {len(records)} {what} and the text below each.",
        records,
        question="question",
        answer="answer",
        columns=["question", "answer", "section"],
        arguments=replace(arguments, question=None) if arguments.question == kind else None,
    )


def _kind(blocks: Sequence[Block], arguments: Arguments, name: str) -> str:
    counts = Counter(block.kind for block in blocks if block.kind in KINDS)
    if arguments.question in counts:
        return str(arguments.question)
    asking = Counter(block.kind for block in blocks if block.kind in KINDS and asks(block.text))
    kinds = [kind for kind in KINDS if asking[kind] and asking[kind] * 2 >= counts[kind]]
    if kinds and asking.total() > 1:
        return max(kinds, key=lambda kind: asking[kind])
    if not counts:
        raise UnreadableFile(
            f"{name}: found a page without headings, lists of terms or tables; expected questions with their answers. "
            'Copy them into a text, with "Q:" before each question and "A:" before each answer.'
        )
    found = ", ".join(f"{kind} ({count})" for kind, count in sorted(counts.items()))
    raise AmbiguousFile(
        f"{name}: found the headings {found}, few of which ask something; expected to know which are the questions. "
        f"Say it: question={max(counts, key=lambda kind: (counts[kind], kind))!r}.",
        columns=sorted(counts),
    )


def _records(blocks: Sequence[Block], kind: str, findings: Findings) -> list[Record]:
    made: list[Record] = []
    section, current = "", False
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        place = f"line {block.line}" if block.line else "the page"
        # A question may stand at another level as well, beside the sections.
        other = block.kind in KINDS and _MARK.search(block.text) and following is not None and following.kind == "text"
        if block.kind == kind or other:
            question = _NUMBER.sub("", block.text).strip().strip("*_ ")
            made.append(Record(place, {"question": question, "answer": "", "section": section}))
            current = True
        elif block.kind in KINDS and block.kind != "bold" and (kind == "bold" or block.kind < kind):
            section, current = block.text, False
        elif block.kind == "end":  # of a part of a page: what follows belongs to no question that has its answer
            current = current and not made[-1].values["answer"]
        elif current:
            values = made[-1].values
            values["answer"] = f"{values['answer']}\n\n{block.written or block.text}".strip()
        elif block.text.strip():
            findings.skip(place, "text outside of questions and answers", block.text)
    return made
