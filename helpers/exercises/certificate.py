"""The certificate: one page of HTML that needs nothing else, for a browser and a printer."""

from collections.abc import Sequence
from datetime import date
from html import escape

STYLE = """
  :root { color-scheme: light; }
  @page { size: A4; margin: 15mm; }
  body { background: #fff; color: #1a1a1a; font: 10.5pt/1.35 system-ui, sans-serif; max-width: 46em; margin: 2em auto;
         padding: 0 1em; }
  h1 { font-size: 20pt; margin: 0 0 0.2em; border-bottom: 3px solid #0072b2; }
  h2 { font-size: 12pt; margin: 1em 0 0.3em; color: #0072b2; }
  .name { font-size: 16pt; margin: 0.4em 0; }
  ul { columns: 2; column-gap: 2em; list-style: none; margin: 0; padding: 0; }
  li { break-inside: avoid; padding: 0.1em 0; }
  table { border-collapse: collapse; width: 100%; }
  td { border-top: 1px solid #ccc; padding: 0.15em 1em 0.15em 0; text-align: left; vertical-align: top;
       overflow-wrap: anywhere; }
  ul, table { font-size: 9pt; }
  td:first-child { width: 32%; }
  small { color: #555; }
  @media print { body { margin: 0; max-width: none; padding: 0; } }
"""


def page(
    name: str,
    day: date,
    exercises: int,
    solved: Sequence[tuple[str, str, str]],
    quizzes: Sequence[tuple[str, str]],
    measured: Sequence[tuple[str, str]],
) -> str:
    """The certificate as HTML, with everything in it escaped.

    Args:
        name: Whose it is.
        day: Of today.
        exercises: How many there are in all.
        solved: Id, title and state of each exercise that is done.
        quizzes: Notebook and result.
        measured: What was counted or measured, and the value.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Fine-tuning course: {escape(name)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Fine-tuning a language model</h1>
<p class="name">{escape(name)}</p>
<p>has solved {len(solved)} of {exercises} exercises of this course, each checked by a program. {day.isoformat()}</p>
<h2>Exercises</h2>
<ul>{"".join(map(_item, solved))}</ul>
{_table("Counted and measured", measured)}{_table("Quizzes", quizzes)}</body>
</html>
"""


def _item(exercise: tuple[str, str, str]) -> str:
    id, title, state = map(escape, exercise)
    return f"<li>{id} {title} <small>{state}</small></li>"


def _table(heading: str, rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{heading}</h2>\n<table>{body}</table>\n"
