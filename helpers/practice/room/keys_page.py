"""A page to print and cut up: for each learner the address of the room, the key, and what to type."""

from html import escape
from pathlib import Path

from helpers.course_data.safe_writing import written_safely
from helpers.practice.private import private_file

MOST_PAGES = 10_000
HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Keys of the practice room</title><style>
body { font: 15px/1.4 system-ui, sans-serif; max-width: 50rem; margin: 1rem auto; }
section { border: 1px dashed #888; padding: .8rem 1rem; break-inside: avoid; margin: 0 0 -1px; }
h2 { margin: 0 0 .4rem; font-size: 1.1rem; } pre { margin: .3rem 0; white-space: pre-wrap; }
@media print { .note { display: none; } }
</style></head><body>
<p class="note">Print this page, cut it up, and delete it: the keys stand nowhere else. A lost key is replaced with
<code>--new-key NAME</code>.</p>
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
    unix = "\n".join(f"export {variable}={value}" for variable, value in settings.items())
    windows = "\n".join(f'$env:{variable}="{value}"' for variable, value in settings.items())
    return (
        f"<section><h2>{escape(name)}</h2>In the terminal, before <code>python course.py</code>:"
        f"<pre>{escape(unix)}</pre>or in PowerShell:<pre>{escape(windows)}</pre></section>\n"
    )
