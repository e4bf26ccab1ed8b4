"""Dumps of SQL databases: the rows of INSERT statements and of COPY, with the tokens that sqlglot makes of them."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import AmbiguousFile, Findings, UnreadableFile, listed
from helpers.own_file.record import Contents, Record
from helpers.own_file.source import Source

_INSERT = re.compile(
    r"^[^\S\n]*+(?:insert|replace)\s+(?:ignore\s+)?(?:into\s+)?[`\"\[\w.]+", re.IGNORECASE | re.MULTILINE
)
_COPY = re.compile(r"^COPY\s+([\w.\"]+)\s*\(([^)]*)\)\s+FROM\s+stdin;$", re.IGNORECASE)
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\"}
# A column of a CREATE TABLE: its name, and a type after it.
_COLUMN = re.compile(r"^\s*[`\"\[]?([^`\"\]\s(),]+)[`\"\]]?\s+[A-Za-z\[]", re.MULTILINE)
_CREATE = re.compile(
    r"create\s+table\s+(?:if\s+not\s+exists\s+)?([^\s(]+)\s*\((.*?)\n?\)[^;)]*;", re.IGNORECASE | re.DOTALL
)
_NO_COLUMN = ("primary", "key", "unique", "constraint", "index", "foreign", "check", "fulltext")


def recognises(source: Source) -> str | None:
    lines = [line for _, line in source.head()]
    start = "\n".join(lines)
    found = _INSERT.search(start) or any(_COPY.match(line) for line in lines)
    return "An SQL dump." if found and (source.suffix == ".sql" or _is_sql(start)) else None


def _is_sql(start: str) -> bool:
    return bool(re.search(r"\bvalues\b\s*\(|\bfrom stdin;", start, re.IGNORECASE))


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    """Raises AmbiguousFile where several tables have rows; `sheet` names one."""
    text = source.text()
    rows = [*_copied(text), *_inserted(text, source)]
    tables = Counter(name for name, _, _ in rows)
    if not tables:
        raise UnreadableFile(f"{source.name}: found an SQL dump without rows; expected INSERT INTO ... VALUES")
    wanted = arguments.sheet
    if wanted is None:
        likely = [name for name in tables if _has_pairs(next(values for table, _, values in rows if table == name))]
        if len(tables) > 1 and len(likely) != 1:
            raise AmbiguousFile(
                f"{source.name}: found the tables {listed(list(tables))}; expected one. "
                f"Say which: sheet={tables.most_common(1)[0][0]!r}.",
                sheets=list(tables),
            )
        wanted = likely[0] if likely else next(iter(tables))
        others = [f"{name} ({count})" for name, count in tables.items() if name != wanted]
        if others:
            findings.skip("the dump", f"rows of other tables: {', '.join(others)}")
    elif wanted not in tables:
        raise AmbiguousFile(
            f"sheet: found the tables {listed(list(tables))}, none named {wanted!r}", sheets=list(tables)
        )
    records = [Record(place, values) for name, place, values in rows if name == wanted]
    return Contents("SQL dump", f'The table "{wanted}" of an SQL dump, with {len(records):,} rows.', records)


def _has_pairs(values: dict[str, Any]) -> bool:
    from helpers.own_file.to_examples.column_names import is_answer_name, is_question_name

    return any(map(is_question_name, values)) and any(map(is_answer_name, values))


def _bare(name: str) -> str:
    return name.split(".")[-1].strip('`"[] ')


def _created(text: str) -> dict[str, list[str]]:
    """The columns of each table that the dump creates."""
    made = {}
    for name, body in _CREATE.findall(text):
        body = re.sub(r"\([^()]*\)", "", body)  # char(2), decimal(5,2)
        lines = "\n".join(part.strip() for part in body.split(","))
        made[_bare(name)] = [column for column in _COLUMN.findall(lines) if column.lower() not in _NO_COLUMN]
    return made


def _dialect(text: str) -> str:
    start = text[:20_000]
    if "`" in start or "\\'" in text:
        return "mysql"
    if re.search(r"\[dbo\]|\bN'|^GO$", start, re.MULTILINE):
        return "tsql"
    return "postgres" if "PostgreSQL" in start or "public." in start else "sqlite"


Found = tuple[str, str, dict[str, Any]]  # the table, the place, the row


def _copied(text: str) -> Iterator[Found]:
    """Rows of PostgreSQL's COPY ... FROM stdin: a line each, with tabs."""
    if "stdin" not in text.lower():
        return
    table: tuple[str, list[str]] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if found := _COPY.match(line):
            table = _bare(found[1]), [_bare(name) for name in found[2].split(",")]
        elif line == "\\.":
            table = None
        elif table:
            cells = [None if cell == "\\N" else _unescaped(cell) for cell in line.split("\t")]
            yield table[0], f"line {number}", dict(zip(table[1], cells, strict=False))


def _unescaped(cell: str) -> str:
    return re.sub(r"\\[ntr\\]", lambda match: _ESCAPES[match[0]], cell)


def _inserted(text: str, source: Source) -> Iterator[Found]:
    import sqlglot  # only where there is a dump to read: it takes a moment to load
    from sqlglot.errors import SqlglotError

    if not _INSERT.search(text):
        return
    if _COPY.search(text) or "stdin;" in text.lower():  # rows between COPY and \. are no SQL
        text = re.sub(r"(?ms)^COPY [^\n]*stdin;\n.*?^\\\.$", lambda match: "\n" * match[0].count("\n"), text)
    try:
        tokens = sqlglot.tokenize(text, read=_dialect(text))
    except SqlglotError as error:
        raise UnreadableFile(f"{source.name}: found SQL that cannot be read: {' '.join(str(error).split())}") from error
    created = _created(text)
    place = 0
    while place < len(tokens):
        kind = tokens[place].token_type.name
        if kind in ("INSERT", "REPLACE"):
            place = yield from _statement(tokens, place, created)
        else:
            place += 1


def _statement(tokens: list[Any], place: int, created: dict[str, list[str]]) -> Iterator[Found]:
    """The rows of one INSERT; returns the place behind it."""
    head: list[Any] = []
    while place < len(tokens) and tokens[place].token_type.name not in ("VALUES", "SEMICOLON", "SELECT"):
        head.append(tokens[place])
        place += 1
    names = [
        token for token in head if token.token_type.name in ("IDENTIFIER", "VAR") or token.token_type.name.isalpha()
    ]
    opened = next((n for n, token in enumerate(head) if token.token_type.name == "L_PAREN"), len(head))
    table_tokens = [
        t.text for t in head[:opened] if t in names and t.text.lower() not in ("insert", "into", "replace", "ignore")
    ]
    table = table_tokens[-1] if table_tokens else "table"
    inner = head[opened + 1 :]
    columns = [t.text for t in inner if t.token_type.name not in ("COMMA", "R_PAREN")] or created.get(table, [])
    if place >= len(tokens) or tokens[place].token_type.name != "VALUES":
        return place + 1
    place += 1
    while place < len(tokens) and tokens[place].token_type.name in ("L_PAREN", "COMMA"):
        if tokens[place].token_type.name == "COMMA":
            place += 1
            continue
        line, cells, place = _row(tokens, place + 1)
        named = (
            columns
            if len(columns) >= len(cells)
            else [*columns, *(f"column {n}" for n in range(len(columns) + 1, len(cells) + 1))]
        )
        yield table, f"line {line}", dict(zip(named, cells, strict=False))
    return place


def _row(tokens: list[Any], place: int) -> tuple[int, list[Any], int]:
    """The values up to the closing bracket; the place is behind it."""
    line, cells, current, depth = tokens[place - 1].line, [], [], 0
    while place < len(tokens):
        token, kind = tokens[place], tokens[place].token_type.name
        place += 1
        if kind == "R_PAREN" and depth == 0:
            break
        depth += (kind == "L_PAREN") - (kind == "R_PAREN")
        if kind == "COMMA" and depth == 0:
            cells.append(_value(current))
            current = []
        else:
            current.append(token)
    cells.append(_value(current))
    return line, cells, place


def _value(tokens: list[Any]) -> str | None:
    texts = [token for token in tokens if token.token_type.name.endswith("STRING")]
    if texts:
        return texts[0].text
    if not tokens or tokens[0].token_type.name == "NULL":
        return None
    return "".join(token.text for token in tokens)
