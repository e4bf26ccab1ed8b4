"""Markdown, with markdown-it: questions as headings or bold lines, tables, and HTML in between. The text of an answer
stays Markdown."""

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings
from helpers.own_file.format_readers import html_page
from helpers.own_file.format_readers.headings import Block, asks, records_of_headings
from helpers.own_file.format_readers.table_text import RULE, table
from helpers.own_file.record import Contents
from helpers.own_file.source import Source

_HEADING = re.compile(r"^#{1,6}\s+\S")
_UNDERLINE = re.compile(r"^(?:-{3,}|={3,})\s*$")
_BOLD_LINE = re.compile(r"^(?:[-*+]\s+|\d{1,3}[.)]\s+)?(\*\*|__)[^*_\s][^*_]*\1")
_BOLD = re.compile(r"^(\*\*|__)(?P<text>[^*_].*)\1\s*$")
_BOLD_START = re.compile(
    r"^(?:[-*+]\s+|\d{1,3}[.)]\s+)?(?:\*\*|__)(?P<asked>[^*_\n]+?)(?:\*\*|__)[ \t]*(?:\n|<br>|[:–—-]?\s+)(?P<said>.+)$",
    re.DOTALL,
)


def recognises(source: Source) -> str | None:
    if source.suffix in (".md", ".markdown", ".mdx", ".qmd"):
        return "A Markdown page."
    if source.suffix not in ("", ".txt"):
        return None
    lines = [line for _, line in source.head()]
    headings = sum(bool(_HEADING.match(line)) for line in lines)
    headings += sum(bool(_UNDERLINE.match(line)) and asks(above) for above, line in pairwise(lines))
    bold = sum(bool(_BOLD_LINE.match(line)) for line in lines)
    folded = sum("<details" in line for line in lines)
    ruled = any(RULE.match(line) for line in lines[:200])
    return "A Markdown page." if headings > 1 or bold > 1 or folded > 1 or ruled else None


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    text = _without_front_matter(source.text(), findings)
    if "<details" in text or "<dl" in text:
        html = (
            MarkdownIt("commonmark")
            .enable("table")
            .render(re.sub(r"(</?(?:details|summary)[^>]*>)", r"\n\n\1\n\n", text))
        )
        html = html.replace("<p></p>", "")
        return html_page.read(Source(source.name, ".html", given=html), findings, arguments)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    rows = list(_table(tokens))
    headings = [token for token in tokens if token.type == "heading_open"]
    if rows and len(rows) > len(headings):
        return table("Markdown", "A Markdown page with a table.", rows, findings)
    return records_of_headings("Markdown", list(_blocks(text)), findings, arguments, source.name)


def _without_front_matter(text: str, findings: Findings) -> str:
    """The settings that some programs keep above a page, between two lines of dashes."""
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if not found:
        return text
    findings.skip("line 1", "settings above the page", found[1])
    return "\n" * found[0].count("\n") + text[found.end() :]


def _blocks(text: str) -> Iterator[Block]:
    """The outermost blocks, each with its own lines as they were written."""
    lines = text.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for place, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        written = "\n".join(lines[token.map[0] : token.map[1]]).strip()
        line = token.map[0] + 1
        if token.type == "heading_open":
            yield Block(token.tag, tokens[place + 1].content, line, written)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield from _items(written, line)
        elif bold := _BOLD.match(written):
            yield Block("bold", bold["text"].strip(), line)
        elif token.type == "paragraph_open" and (both := _BOLD_START.match(written)):
            yield Block("bold", both["asked"].strip(), line)
            yield Block("text", both["said"].strip(), line)
        elif token.type != "hr" and written:
            yield Block("text", written, line)


def _items(written: str, line: int) -> Iterator[Block]:
    """A list whose items each begin with a bold question; any other is one text."""
    items = re.split(r"\n(?=(?:[-*+]|\d{1,3}[.)])\s)", written)
    matched = [_BOLD_START.match(item) for item in items]
    if not all(matched):
        yield Block("text", written, line)
        return
    for item, found in zip(items, matched, strict=True):
        assert found is not None
        yield Block("bold", found["asked"].strip(), line)
        yield Block("text", re.sub(r"\n\s+", "\n", found["said"]).strip(), line)
        line += item.count("\n") + 1


def _table(tokens: list) -> Iterator[tuple[int, list[str]]]:
    row: list[str] = []
    line = 0
    for token in tokens:
        if token.type == "tr_open":
            row, line = [], token.map[0] + 1 if token.map else 0
        elif token.type == "inline" and token.level > 2:
            row.append(token.content)
        elif token.type == "tr_close" and row:
            yield line, row
            row = []
