"""Pages with questions and answers: definition lists, folded sections, tables, headings, or data for search engines."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import lxml.html

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings, UnreadableFile
from helpers.own_file.format_readers import labelled_text, notes_text
from helpers.own_file.format_readers.headings import KINDS, Block, asks, records_of_headings
from helpers.own_file.format_readers.table_text import table
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source
from helpers.own_file.text_cleaning import text_of
from helpers.own_file.to_examples.column_names import answer_rank, question_rank

_START = re.compile(
    r"\s*(?:<!--.*?-->\s*)?"
    r"<(?:!doctype html|html|head|body|div|dl|h[1-6]|details|section|article|table|main|ul|ol|p)\b",
    re.IGNORECASE | re.DOTALL,
)
_AROUND = "//nav|//header|//footer|//aside|//form|//script|//style|//button|//noscript|//svg"
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def recognises(source: Source) -> str | None:
    start = "\n".join(line for _, line in source.head()[:20])
    if source.suffix in (".html", ".htm", ".xhtml", ".mht") or _START.match(start):
        return "An HTML page." if "<" in start else None
    return None


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    """Raises UnreadableFile or AmbiguousFile, with what was found on the page."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", source.text())
    if not text.strip():
        raise UnreadableFile(f"{source.name}: found an empty page")
    root = lxml.html.document_fromstring(text)
    for form in (_told_to_search_engines, _definitions, _details, _marked):
        if records := list(form(root)):
            _name_the_others(root, records, findings)
            return _pairs(_SENTENCES[form.__name__], records)
    for element in root.xpath(_AROUND):
        _note_around(element, findings)
        element.drop_tree()
    if rows := _table(root):
        return table("HTML", "An HTML page with a table.", rows, findings, unit="row")
    title = root.find(".//title")
    if title is not None and title.text:
        findings.skip(f"line {title.sourceline}", "the title of the page", title.text)
    body = root.find(".//body")
    page = root if body is None else body
    blocks = list(_blocks(page))
    if not any(block.kind in KINDS and asks(block.text) for block in blocks):
        written = Source(source.name, given=text_of(page))
        for reader in (labelled_text, notes_text):  # questions that only the words show
            if sentence := reader.recognises(written):
                return replace(reader.read(written, findings, arguments), format="HTML", sentence=sentence)
    return records_of_headings("HTML", blocks, findings, arguments, source.name)


_SENTENCES = {
    "_told_to_search_engines": "An HTML page that lists its questions and answers for search engines.",
    "_definitions": "An HTML page with a list of terms and definitions.",
    "_details": "An HTML page with questions that unfold.",
    "_marked": "An HTML page with parts named question and answer.",
}


def _pairs(sentence: str, records: list[Record]) -> Contents:
    return Contents("HTML", sentence, records, question="question", answer="answer", columns=["question", "answer"])


def _record(question: Any, answers: list[Any]) -> Record:
    answer = "\n\n".join(filter(None, map(text_of, answers)))
    return Record(f"line {question.sourceline}", {"question": text_of(question), "answer": answer})


def _told_to_search_engines(root: Any) -> Iterator[Record]:
    """schema.org's FAQPage, which many pages carry as JSON."""
    for script in root.xpath("//script[@type='application/ld+json']"):
        try:
            value = json.loads(script.text or "")
        except (ValueError, RecursionError):  # also a number of thousands of digits
            continue
        waiting = [value]
        while waiting:
            each = waiting.pop(0)
            if isinstance(each, list):
                waiting += each
            elif isinstance(each, dict):
                if each.get("@type") == "Question" and isinstance(each.get("acceptedAnswer"), dict):
                    answer = str(each["acceptedAnswer"].get("text", ""))
                    shown = (
                        text_of(lxml.html.fragment_fromstring(answer, create_parent="div")) if answer.strip() else ""
                    )
                    yield Record(
                        f"line {script.sourceline}", {"question": str(each.get("name", "")).strip(), "answer": shown}
                    )
                else:
                    waiting += [inner for inner in each.values() if isinstance(inner, dict | list)]


def _definitions(root: Any) -> Iterator[Record]:
    """dl: a term may have several definitions, and a div around both."""
    terms = root.xpath("//dl//dt")
    for term in terms if len(terms) > 1 else []:
        answers = []
        following = term.getnext()
        while following is not None and following.tag != "dt":
            answers.append(following)
            following = following.getnext()
        yield _record(term, answers)


def _details(root: Any) -> Iterator[Record]:
    found = root.xpath("//details[summary]")
    for each in found if len(found) > 1 else []:
        summary = each.find("summary")
        inner = lxml.html.fromstring(lxml.html.tostring(each, encoding="unicode"))
        inner.find("summary").drop_tree()
        yield Record(f"line {each.sourceline}", {"question": text_of(summary), "answer": text_of(inner)})


def _marked(root: Any) -> Iterator[Record]:
    """Elements whose class says question or answer, one after the other."""
    question: Any = None
    answers: list[Any] = []
    found = [
        (kind, element) for element in root.iter() if isinstance(element.tag, str) and (kind := _kind_by_class(element))
    ]
    inner = {id(each) for _, element in found for each in element.iterdescendants()}
    marked = [(kind, element) for kind, element in found if id(element) not in inner]
    if sum(kind == "question" for kind, _ in marked) < 2 or not any(kind == "answer" for kind, _ in marked):
        return
    for kind, element in marked:
        if kind == "answer":
            answers.append(element)
            continue
        if question is not None:
            yield _record(question, answers)
        question, answers = element, []
    if question is not None:
        yield _record(question, answers)


def _kind_by_class(element: Any) -> str | None:
    names = f"{element.get('class') or ''} {element.get('itemprop') or ''} {element.get('itemtype') or ''}".split()
    for name in names:
        words = re.split(r"[-_]+", name)
        if len(words) <= 4 and not {"list", "section", "container", "item", "wrapper", "block", "group", "page"} & set(
            words
        ):
            if any(len(word) > 1 and question_rank(word) >= 3 for word in words):
                return "question"
            if any(len(word) > 1 and answer_rank(word) >= 3 for word in words):
                return "answer"
    return None


def _table(root: Any) -> list[tuple[int, list[str]]]:
    """The longest table with at least two columns."""
    tables = []
    for element in root.xpath("//table"):
        rows = [
            (number, [text_of(cell) for cell in row.xpath("./td|./th")])
            for number, row in enumerate(element.xpath(".//tr"), 1)
        ]
        tables.append([(number, cells) for number, cells in rows if len(cells) > 1])
    longest = max(tables, key=len, default=[])
    return longest if len(longest) > 1 else []


def _blocks(body: Any) -> Iterator[Block]:
    """Headings and the texts below them, in the order of the page."""
    for element in body:
        if not isinstance(element.tag, str):
            continue
        if element.text is None and not len(element):
            continue
        if element.tag in HEADINGS:
            yield Block(element.tag, text_of(element), element.sourceline)
        elif element.xpath("|".join(f".//{name}" for name in HEADINGS)):
            yield from _blocks(element)
            yield Block("end", "", None)
        elif element.tag in ("ul", "ol") and len(element) and all(map(_begins_bold, element)):
            for item in element:
                asked = text_of(item[0])
                yield Block("bold", asked, item.sourceline)
                yield Block("text", text_of(item).removeprefix("- ").removeprefix(asked).strip(), item.sourceline)
        elif text := text_of(element):
            bold = element[0] if element.tag == "p" and len(element) and not (element.text or "").strip() else None
            alone = bold is not None and bold.tag in ("b", "strong") and text_of(bold) == text
            yield Block("bold" if alone else "text", text, element.sourceline)


def _begins_bold(item: Any) -> bool:
    first = item[0] if len(item) and not (item.text or "").strip() else None
    return first is not None and first.tag in ("b", "strong") and text_of(first) != text_of(item).removeprefix("- ")


def _note_around(element: Any, findings: Findings) -> None:
    if (
        isinstance(element.tag, str)
        and element.tag not in ("script", "style", "svg", "noscript")
        and (text := text_of(element))
    ):
        findings.skip(f"line {element.sourceline}", f"<{element.tag}> around the text", text)


def _name_the_others(root: Any, records: list[Record], findings: Findings) -> None:
    """What the page says outside of its questions and answers."""
    body = root.find(".//body")
    whole = text_of(root if body is None else body)
    used = {line.strip() for record in records for text in record.values.values() for line in text.split("\n")}
    others = [line.strip() for line in whole.split("\n") if line.strip() and line.strip().lstrip("- ") not in used]
    if others:
        findings.skip("the page", f"{len(others)} lines outside of questions and answers", " / ".join(others))
