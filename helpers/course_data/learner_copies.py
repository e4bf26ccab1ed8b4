"""The notebooks that a learner works in: copies in the workspace, so that an update never conflicts with them.

workspace/
  notebooks/   the learner's copies: run, changed and saved as they like
  data/        the files that the notebooks name as ../data/...
  .course/     both as the course brought them last, to tell what the learner has changed since

An update is merged cell by cell, by the cells' ids. What the learner wrote stays; what they left as it was is renewed.
Only the standard library is used: course.py calls this before it opens anything.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from helpers.course_data.paths import ROOT

DATA_FILES = (
    "mydata.jsonl",
    "mydata_50.jsonl",
    "validation.jsonl",
    "records.csv",
    "simulated_examples.json",
    "broken/*",
    "evaluation/*.jsonl",
    "*_questions.jsonl",
)
NEW_VERSION = "**The course has a new version of the cell above.** Yours was kept. This is the new one:"

Notebook = dict[str, Any]
Cell = dict[str, Any]


def renew(workspace: Path, course: Path = ROOT) -> list[str]:
    """Make the learner's copies, or bring them up to date. Returns a sentence for each file that needs one."""
    said = [_renew(path, workspace, course) for path in _files(course)]
    return [sentence for sentence in said if sentence]


def _files(course: Path) -> Iterator[Path]:
    yield from sorted((course / "notebooks").glob("*.ipynb"))
    for pattern in DATA_FILES:
        yield from sorted((course / "data").glob(pattern))


def _renew(new: Path, workspace: Path, course: Path) -> str | None:
    name = new.relative_to(course)
    mine, base = workspace / name, workspace / ".course" / name
    content = new.read_bytes()
    if not mine.exists():
        # The base first: a copy without a base, where this is cut off, would be taken for a file of the learner's own.
        _write(base, content)
        _write(mine, content)
        return None
    if not base.exists():
        # A file of the learner's own that happens to have this name.
        if mine.read_bytes() != content:
            return f"{name}: yours was there before, and is kept. The course's own is {new}."
    elif base.read_bytes() == content:
        return None
    elif mine.read_bytes() == base.read_bytes():
        _write(mine, content)
    elif mine.read_bytes() == content:
        pass  # the last update was cut off between the copy and its base
    else:
        _keep_a_copy(mine, workspace)
        said = _update(mine, base, new, name)
        _write(base, content)
        return said
    _write(base, content)
    return None


def _update(mine: Path, base: Path, new: Path, name: Path) -> str | None:
    """Bring an update into a file that the learner has changed."""
    if name.suffix == ".ipynb":
        try:
            notebook, conflicts = merge(*(json.loads(path.read_text(encoding="utf-8")) for path in (base, mine, new)))
        except (ValueError, KeyError, TypeError):  # no notebook, or one in which the course's cells are not found
            pass
        else:
            _write(mine, (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
            if not conflicts:
                return None
            cells = "a cell" if conflicts == 1 else f"{conflicts} cells"
            return (
                f"{name}: the update changes {cells} that you changed too. Yours stay; the new text stands below each."
            )
    beside = _beside(mine, new.read_bytes())
    return f"{name}: you changed it, so it is kept. The course's new version is {beside.name} beside it."


def _beside(mine: Path, content: bytes) -> Path:
    """Write the course's version beside the learner's, as NAME.new, or NAME.new2 where they have worked in that one."""
    named = (mine.with_name(f"{mine.stem}.new{n if n > 1 else ''}{mine.suffix}") for n in count(1))
    beside = next(path for path in named if not path.exists() or (path.is_file() and path.read_bytes() == content))
    if not beside.exists():
        _write(beside, content)
    return beside


def merge(base: Notebook, mine: Notebook, new: Notebook) -> tuple[Notebook, int]:
    """The new version of a notebook with all that the learner did to the old one, and how many cells both have changed.

    Args:
        base: the notebook as the course brought it last.
        mine: what the learner made of it.
        new: the notebook as the course brings it now.

    Raises:
        ValueError, KeyError, TypeError: One of them is no notebook, or the course's cells are not found in `mine`.
    """
    before = {cell["id"]: _text(cell) for cell in base["cells"]}
    learners = _with_the_ids_of(before, _each_with_an_id(mine["cells"]))
    theirs = {cell["id"]: cell for cell in learners}
    renewed = {cell["id"] for cell in new["cells"]}
    own = _own_cells(learners, before, renewed)
    cells, conflicts = own.pop(None, []), 0
    for cell in new["cells"]:
        id, text = cell["id"], _text(cell)
        kept = theirs.get(id)
        if kept is None:
            if text != before.get(id):  # else the learner took it out, and the update says nothing new
                cells.append(cell)
        elif _text(kept) in (text, before.get(id)):
            # The learner's text says no more than the course's; the outputs are theirs as long as the code is the same.
            cells.append(kept if _text(kept) == text else cell)
        elif text == before.get(id):
            cells.append(kept)
        else:
            cells += [kept, _note(id, cell, taken=theirs)]
            conflicts += 1
        cells += own.pop(id, [])
    return {**new, "metadata": mine["metadata"], "cells": cells}, conflicts


def _each_with_an_id(cells: list[Cell]) -> list[Cell]:
    """The cells, each with an id that no other has. A second cell with the same id is the learner's own: programs that
    copy cells have copied the id too. Formats before nbformat 4.5 have no ids."""
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ValueError("cells: expected a list of cells")
    found, taken = [], {cell.get("id") for cell in cells}
    seen: set[str] = set()
    for cell in cells:
        id = cell.get("id")
        if not isinstance(id, str) or id in seen:
            id = next(new for _ in count() if (new := secrets.token_hex(4)) not in taken | seen)
        seen.add(id)
        found.append({**cell, "id": id})
    return found


def _with_the_ids_of(before: dict[str, str], cells: list[Cell]) -> list[Cell]:
    """The learner's cells with the ids of the course's. A program may have saved the notebook with other ids or none:
    then cells with equal text are the same. Raises ValueError where most have no counterpart all the same."""
    if _are_strangers(cells, before):
        there = {cell["id"] for cell in cells}
        missing: dict[str, list[str]] = {}
        for id, text in before.items():
            if id not in there:
                missing.setdefault(text, []).append(id)
        cells = [
            {**cell, "id": missing[_text(cell)].pop(0)}
            if cell["id"] not in before and missing.get(_text(cell))
            else cell
            for cell in cells
        ]
    if _are_strangers(cells, before):
        raise ValueError("cells: most of the course's are not found, neither by their ids nor by their text")
    return cells


def _are_strangers(cells: list[Cell], before: dict[str, str]) -> bool:
    """Whether few of the course's cells are there, and most cells are none of them. (Somebody who only took many out
    leaves no others in their place.)"""
    known = sum(cell["id"] in before for cell in cells)
    return 2 * known < len(before) and len(cells) - known > known


def _own_cells(cells: list[Cell], before: dict[str, str], renewed: set[str]) -> dict[str | None, list[Cell]]:
    """Cells that only the learner has, by the id of the course's cell that each follows (None: at the top).

    A cell of the course that the update leaves out is the learner's own if they have changed it.
    """
    own: dict[str | None, list[Cell]] = {}
    follows = None
    for cell in cells:
        id = cell.get("id")
        if id in renewed:
            follows = id
        elif id not in before or _text(cell) != before[id]:
            own.setdefault(follows, []).append(cell)
    return own


def _note(id: str, cell: Cell, taken: dict[str, Cell]) -> Cell:
    """A cell that shows what the course would have put in the place of the learner's."""
    text = _text(cell)
    shown = (
        f"```python\n{text}\n```"
        if cell["cell_type"] == "code"
        else "\n".join(f"> {line}" for line in text.split("\n"))
    )
    number = next(n for n in range(1, len(taken) + 2) if f"{id[:56]}-new{n}" not in taken)
    return {
        "cell_type": "markdown",
        "id": f"{id[:56]}-new{number}",  # an id has at most 64 characters
        "metadata": {},
        "source": f"{NEW_VERSION}\n\n{shown}".splitlines(keepends=True),
    }


def _text(cell: Cell) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _keep_a_copy(path: Path, workspace: Path) -> None:
    """The learner's file as it was before an update, in case they want it back."""
    now = datetime.now().strftime("%Y-%m-%d %H.%M.%S")
    folder = workspace / ".course" / "before updates" / now
    folder.mkdir(parents=True, exist_ok=True)
    copies = (folder / f"{path.stem}{f' ({n})' if n > 1 else ''}{path.suffix}" for n in count(1))
    shutil.copy2(path, next(copy for copy in copies if not copy.exists()))  # two updates within one second


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing: a copy is never half-written, though course.py is started twice at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
