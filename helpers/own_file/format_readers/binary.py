"""Files that are no text: what they are, and how to get the text out of them."""

import zipfile
from dataclasses import dataclass

from helpers.own_file.arguments import Arguments
from helpers.own_file.findings import Findings, UnreadableFile
from helpers.own_file.record import Contents
from helpers.own_file.source import Source

_TABLE = 'Put questions and answers into a table with the columns "question" and "answer", and save it as CSV or xlsx'
_LABELS = 'with "Q:" before each question and "A:" before each answer'
_WORD = f"Save it as plain text (.txt), {_LABELS}; or copy both into a table with two columns"
_PDF = (
    "A PDF holds places of letters on pages, not questions and answers. Copy its text into a text file, "
    f"{_LABELS}; or ask its author for the document that it was made of"
)
_OFFICE = f"Save a sheet as xlsx or CSV; save a text as plain text (.txt), {_LABELS}"
_PICTURE = "Type what it says, or read it with a program for text recognition (OCR)"
_SOUND = "Write down what is said, with a program for speech recognition"
_PACKED = "Unpack it, and give the file in it"

BEGINNINGS = {
    b"%PDF": ("a PDF", _PDF),
    b"{\\rtf": ("a document in Rich Text Format", _WORD),
    b"\xd0\xcf\x11\xe0": ("an old Word or Excel file (.doc, .xls)", "Save it in its program as xlsx, or as plain text"),
    b"SQLite format 3": (
        "an SQLite database",
        'Write its table as CSV: sqlite3 -header -csv FILE "select * from TABLE"',
    ),
    b"PAR1": ("a Parquet file", "Read it with pandas.read_parquet(path), and give the table to examples_from"),
    b"ARROW1": ("an Arrow file", "Read it with the program that wrote it, and write it as JSON Lines or CSV"),
    b"\x1f\x8b": ("a compressed file (gzip)", _PACKED),
    b"7z\xbc\xaf": ("a compressed file (7z)", _PACKED),
    b"Rar!": ("a compressed file (rar)", _PACKED),
    b"\x89PNG": ("a picture", _PICTURE),
    b"\xff\xd8\xff": ("a picture", _PICTURE),
    b"GIF8": ("a picture", _PICTURE),
    b"ID3": ("a sound file", _SOUND),
    b"OggS": ("a sound file", _SOUND),
}
IN_ZIP = {
    "word/document.xml": ("a Word document", _WORD),
    "ppt/presentation.xml": ("a PowerPoint file", _TABLE),
    "content.xml": ("a LibreOffice document", _OFFICE),
    "collection.anki2": ("a package of Anki", 'Export it in Anki as "Notes in Plain Text (.txt)", and give that'),
    "Index/Document.iwa": ("a document of Pages, Numbers or Keynote", "Export it there as CSV, xlsx or plain text"),
    "mimetype": ("an e-book or document", "Save it as plain text"),
}


@dataclass(frozen=True)
class Kind:
    """What a file is, and how to get its text out of it."""

    what: str
    advice: str


def recognises(source: Source) -> str | None:
    found = kind_of(source)
    return f"{found.what[:1].upper()}{found.what[1:]}." if found else None


def read(source: Source, findings: Findings, arguments: Arguments) -> Contents:
    """Raises UnreadableFile, always."""
    found = kind_of(source)
    assert found is not None
    raise UnreadableFile(f"{source.name}: found {found.what}; expected a text, a table or JSON. {found.advice}.")


def kind_of(source: Source) -> Kind | None:
    """None for a text."""
    if source.given is not None:
        return None
    head = source.raw_head()
    for beginning, kind in BEGINNINGS.items():
        if head.startswith(beginning):
            return Kind(*kind)
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(source)
    zeros = head[:4096].count(0) > len(head[:4096]) * 0.1
    if zeros and source.encoding and source.encoding.codec == "utf-8":
        return Kind("a file that is no text", "Save it as text, CSV or JSON with the program that made it")
    return None


def _in_zip(source: Source) -> Kind:
    with source.open() as file:
        try:
            names = zipfile.ZipFile(file).namelist()
        except zipfile.BadZipFile:
            return Kind("a damaged zip file", "Get it once more")
    kind = next((kind for name, kind in IN_ZIP.items() if name in names), None)
    if kind is None and "collection.anki21" in names:
        kind = IN_ZIP["collection.anki2"]
    return Kind(*kind) if kind else Kind("a zip file", f"Unpack it, and give the file in it: {', '.join(names[:3])}")
