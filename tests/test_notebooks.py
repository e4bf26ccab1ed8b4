"""What nbval cannot see: that the committed outputs are whole, true to this computer's privacy, and explained."""

import json
import re

import nbformat
import pytest
from nbconvert import HTMLExporter

from helpers.course_data.paths import ROOT
from helpers.exercises.catalogue import exercise_ids, load_exercise

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STEPS = ["00_start_here", "01_data_format", "02_upload", "03_job", "04_usage_and_cost", "05_did_it_help"]
FORMS_BESIDE = {
    "00": ["connect"],
    "01": ["draft", "examples", "own_file"],
    "02": ["upload"],
    "03": ["job"],
    "04": ["playground", "cost"],
    "05": ["cost"],
}

# What an output of a course that runs on anybody's computer must never hold.
PRIVATE = {
    "a home path": re.compile(r"(/home/|/root/|/Users/|[A-Z]:\\\\Users\\\\|/tmp/|/var/folders/)[^\s\"']+"),
    "a key": re.compile(r"\b(sk|practice)-[A-Za-z0-9_-]{12,}"),
}
API_CALL = re.compile(r"\bclient\.(files|fine_tuning|chat|responses|models)\.")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def outputs(notebook) -> str:
    return json.dumps([cell.outputs for cell in code_cells(notebook)])


def test_the_folder_listing_is_the_table_of_contents():
    assert [path.stem for path in NOTEBOOKS] == STEPS


def test_every_code_cell_was_run_in_order(notebook):
    # nbval compares nothing in a cell without an execution count.
    assert [cell.execution_count for cell in code_cells(notebook)] == list(range(1, len(code_cells(notebook)) + 1))


@pytest.mark.parametrize("what", PRIVATE)
def test_no_output_holds_something_private(notebook, what):
    assert PRIVATE[what].findall(outputs(notebook)) == []


def test_no_output_is_an_error_and_none_is_on_standard_error(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text


def test_no_widget_state_is_saved(notebook):
    assert "widgets" not in notebook.metadata


def test_no_cell_is_skipped_or_compared_loosely(notebook):
    loose = re.compile(r"NBVAL_|nbval-|raises-exception|skip-execution")
    for cell in code_cells(notebook):
        assert not loose.search(cell.source + " ".join(cell.metadata.get("tags", [])))


def test_no_cell_holds_somebodys_id_or_key(notebook):
    somebodys = re.compile(r"\b(file-[A-Za-z0-9]{22,}|ftjob-[A-Za-z0-9]{24}|sk-[A-Za-z0-9]{12,})")
    for cell in notebook.cells:
        assert not somebodys.search(cell.source)


def test_it_opens_with_what_you_make_learn_need_and_pay(notebook):
    opening = notebook.cells[0].source
    for words in ("What you will make", "What you will learn", "You need", "Time", "Cost"):
        assert words in opening


def test_it_shows_what_can_go_wrong_and_closes_with_what_was_made(notebook):
    text = text_of(notebook)
    for words in ("## What can go wrong", "## What you made", "To paste into your own script", "Further reading"):
        assert words in text


def test_an_api_call_takes_at_most_ten_lines(notebook):
    for cell in code_cells(notebook):
        if API_CALL.search(cell.source):
            assert len([line for line in cell.source.splitlines() if line.strip()]) <= 10, cell.source


def test_a_cell_fits_a_screen(notebook):
    for cell in notebook.cells:
        assert len(cell.source.splitlines()) <= 45, cell.source[:80]


def test_there_is_a_form_beside_the_plain_call():
    for number, forms in FORMS_BESIDE.items():
        [path] = [path for path in NOTEBOOKS if path.name.startswith(number)]
        for form in forms:
            assert f"{form}_form()" in path.read_text(encoding="utf-8")


def test_it_has_its_exercises_and_its_quiz(notebook):
    """An exercise is two cells: the task, and the attempt as the exercise itself proposes it."""
    number = notebook.cells[0].id[:2]
    cells = {cell.id: cell.source for cell in code_cells(notebook)}
    for id in exercise_ids():
        if id.startswith(number):
            place = f"{number}-x{id[3:]}"
            assert cells[place].endswith(f'exercise("{id}")')
            assert cells[f"{place}a"] == f'{load_exercise(id).starter}\n\nexercise("{id}").check(attempt)'
    assert cells[f"{number}-q2"].endswith(f'quiz_form("{number}")')


def test_an_exported_page_names_the_plain_call_where_a_form_would_stand(notebook):
    page, _ = HTMLExporter().from_notebook_node(notebook)
    wanted = [cell for cell in code_cells(notebook) if re.search(r"^\w+_form\(.*\)$", cell.source, re.MULTILINE)]
    assert page.count("The plain call that does the same: ") == len(wanted) > 0


def test_the_prose_is_calm(notebook):
    assert not re.search(r"\w!(\s|$)", text_of(notebook))
