"""A page to print and cut up: for each learner the address of the room, the key, and what to type."""

from html import escape
from pathlib import Path

from helpers.course_data.safe_writing import written_safely
from helpers.practice.private import private_file
from helpers.practice.terminal import lines_to_type

MOST_PAGES = 10_000
HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Keys of the practice room</title><style>
@page { margin: 1.2cm; }
body { font: 14px/1.4 system-ui, sans-serif; max-width: 52rem; margin: 1rem auto; padding: 0 1rem; }
section { border: 1px dashed #888; padding: .7rem 1rem; break-inside: avoid; margin: 0 0 -1px; }
h2 { margin: 0; font-size: 1.2rem; } p { margin: .1rem 0 .4rem; }
th { font-size: .9em; padding: 0 1rem .4rem 0; text-align: left; vertical-align: top; white-space: nowrap; }
td { padding: 0 0 .4rem; }
pre { margin: 0; font-size: 13px; }
@media print { .note { display: none; } body { margin: 0; padding: 0; } }
</style></head><body>
<p class="note">Print this page, cut it up along the lines, and delete it: the keys stand nowhere else. A lost key is
replaced with <code>--new-key NAME</code>.</p>
"""


def free_page(folder: Path) -> Path:
    """keys.html, or keys-2.html and so on: an earlier page may be the only place of other keys."""
    names = ("keys.html", *(f"keys-{number}.html" for number in range(2, MOST_PAGES)))
    return next(path for path in map(folder.joinpath, names) if not path.exists())


def write_keys_page(path: Path, address: str, keys: dict[str, str]) -> None:
    """Write the page, or nothing. Only its owner can read it."""
    page = HEAD + "".join(_card(name, address, key) for name, key in keys.items())
    private_file(path)  # which keeps its permissions when it is replaced
    try:
        with written_safely(path, overwrite=True) as file:
            file.write(page.encode("utf-8"))
    except BaseException:
        path.unlink(missing_ok=True)  # it is empty
        raise


def _card(name: str, address: str, key: str) -> str:
    settings = {"COURSE_HOST": address, "COURSE_API_KEY": key}
    ways = ""
    for system, lines in lines_to_type(settings).items():
        typed = escape("\n".join(lines), quote=False)
        ways += f"<tr><th>{system}</th><td><pre>{typed}</pre></td></tr>"
    return (
        f"<section><h2>{escape(name)}</h2><p>Open a terminal in the folder of the course. Type the two lines for it, "
        "then <code>python course.py</code> in the same terminal. What follows <code>practice-</code> has small "
        f"letters and the digits 2 to 9, and no i, l or o.</p><table>{ways}</table></section>\n"
    )
