"""How results show themselves: a table in a notebook, the same table as text everywhere else."""

import os
import unicodedata
from collections.abc import Sequence
from html import escape as escape_html
from pathlib import Path

from helpers.course_data.paths import ROOT

# No colours of our own: the table reads in a light and in a dark theme.
# The padding is for tables in forms, which JupyterLab does not style: without it two columns read as one sentence.
PLACE = "text-align:left; vertical-align:top; padding:0.2em 0.5em"
LEFT = f'style="{PLACE}"'
# A name as long as an id is broken where a phone is too narrow for it; a shorter word never is.
BREAKING = f'style="{PLACE}; white-space:normal; overflow-wrap:anywhere"'
# The same for scripts without blanks, which break between any two letters: a column never gets as narrow as one letter.
WITHOUT_BLANKS = f'style="{PLACE}; white-space:normal; overflow-wrap:break-word; min-width:{{}}em"'
NARROWEST = 8  # letters
LONG_WORD = 20  # characters
WIDE = ("W", "F")  # letters that a terminal shows as wide as two others


def escape(text: object) -> str:
    """Text for HTML. A dollar sign gets a tag of its own: JupyterLab takes what stands between two for a formula."""
    return escape_html(str(text)).replace("$", "<span>$</span>")


class Shown:
    """For dataclasses that show themselves: `__str__` as plain text, `_repr_html_` in a notebook."""

    def __repr__(self) -> str:
        return str(self)


def html_table(headers: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "") -> str:
    """An accessible table: a caption, column heads marked as such, every value escaped."""
    head = "".join(f'<th scope="col" {_style(name)}>{escape(name)}</th>' for name in headers)
    body = "".join(
        "<tr>" + "".join(f"<td {_style(value)}>{escape(value)}</td>" for value in row) + "</tr>" for row in rows
    )
    title = f"<caption {_style(caption)}>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _style(value: object) -> str:
    words = str(value).split()
    wide = [word for word in words if any(map(is_wide, word))]
    if any(len(word) > LONG_WORD for word in words if word not in wide):
        return BREAKING
    return WITHOUT_BLANKS.format(min(max(map(len, wide)), NARROWEST)) if wide else LEFT


def text_table(rows: Sequence[Sequence[object]], indent: str = "  ") -> str:
    """Columns of plain text, each as wide as its widest value; the last is left as it is."""
    cells = [[str(value) for value in row] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [value + " " * (width - width_of(value)) for value, width in zip(row[:-1], widths[:-1], strict=True)]
        lines.append(indent + "  ".join([*padded, row[-1]]))
    return "\n".join(line.rstrip() for line in lines)


def is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in WIDE


def width_of(text: str) -> int:
    """How wide a terminal shows a text, in letters of the Latin alphabet.

    >>> width_of("CloudRest"), width_of("床垫")
    (9, 4)
    """
    return sum(0 if unicodedata.combining(letter) else 2 if is_wide(letter) else 1 for letter in text)


def cut(text: str, length: int) -> str:
    """A text on one line, at most so long. Not textwrap.shorten: of a text without blanks it leaves nothing."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 3]}..."


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def short_path(path: str | os.PathLike[str]) -> str:
    """A path as a reader knows it: from the course's folder or the current one, never from a disk's root."""
    path = Path(path)
    for base in (ROOT, Path.cwd()):
        try:
            return path.resolve().relative_to(base.resolve()).as_posix()
        except ValueError:
            continue
    return path.name


def plural(count: int, noun: str) -> str:
    """`1 example`, `2 examples`, with thousands separated."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
