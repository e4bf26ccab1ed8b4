"""The formats in the order in which they are tried. Each reader says in one sentence what it recognises, or None."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from os import PathLike

from helpers.own_file.arguments import Arguments
from helpers.own_file.dialects import dialect_of
from helpers.own_file.findings import Findings, OwnFileError, UnreadableFile
from helpers.own_file.format_readers import (
    anki,
    binary,
    chat_export,
    excel,
    html_page,
    json_file,
    labelled_text,
    mail,
    markdown,
    notes_text,
    sql,
    table_text,
    xml_file,
    yaml_file,
)
from helpers.own_file.record import Contents
from helpers.own_file.source import HEAD, Source, source_of


@dataclass(frozen=True)
class Reader:
    """`recognises` looks at the beginning of a file only."""

    name: str
    recognises: Callable[[Source], str | None]
    read: Callable[[Source, Findings, Arguments], Contents]


READERS = [
    Reader("Excel", excel.recognises, excel.read),
    Reader("a file of another program", binary.recognises, binary.read),  # PDF, Word, pictures: says what to do
    Reader("JSON", json_file.recognises, json_file.read),
    Reader("HTML", html_page.recognises, html_page.read),
    Reader("XML", xml_file.recognises, xml_file.read),
    Reader("SQL dump", sql.recognises, sql.read),
    Reader("mails", mail.recognises, mail.read),
    Reader("Anki", anki.recognises, anki.read),
    Reader("chat export", chat_export.recognises, chat_export.read),
    Reader("YAML", yaml_file.recognises, yaml_file.read),
    Reader("questions and answers with labels", labelled_text.recognises, labelled_text.read),
    Reader("table", table_text.recognises, table_text.read),
    Reader("Markdown", markdown.recognises, markdown.read),
    Reader("notes", notes_text.recognises, notes_text.read),
]
RECORDS_LOOKED_AT = 20
LONGEST_JSON = 20_000_000  # bytes


@dataclass(frozen=True)
class Format:
    """What a file is: a name such as "ShareGPT", and one sentence about it."""

    name: str
    sentence: str


def reader_of(source: Source) -> tuple[Reader, str] | None:
    """The first reader that recognises a file, and its sentence."""
    if source.head() == [] and not source.raw_head():
        return None
    return next(((reader, said) for reader in READERS if (said := reader.recognises(source))), None)


def recognise(given: str | bytes | PathLike[str], encoding: str | None = None) -> Format | None:
    """What a file or a text is; None if no reader knows it. Of a long file only the beginning is read.

    Raises FileNotFoundError.
    """
    source = source_of(given, encoding)
    found = reader_of(source)
    if found is None:
        return None
    reader, sentence = found
    try:
        contents = reader.read(_beginning(source, reader), Findings(), Arguments())
        records = list(islice(contents.records, RECORDS_LOOKED_AT))
    except OwnFileError as error:
        refused = isinstance(error, UnreadableFile) and reader.recognises is binary.recognises
        return Format(reader.name, str(error) if refused else sentence)
    dialect = next((found for record in records if (found := dialect_of(record.values))), None)
    return Format(dialect.name if dialect else contents.format, sentence)


def _beginning(source: Source, reader: Reader) -> Source:
    """As much of a file as its reader needs to say what it is. A value of JSON over many lines is needed whole."""
    longest = LONGEST_JSON if reader.recognises is json_file.recognises else HEAD
    if reader.recognises in (excel.recognises, binary.recognises, mail.recognises) or source.length <= longest:
        return source
    return Source(source.name, source.suffix, given="\n".join(line for _, line in source.head()))
