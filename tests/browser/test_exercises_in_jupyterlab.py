"""Exercises and a quiz in a real JupyterLab, as a learner who is wrong first and right then."""

from itertools import pairwise

import nbformat
import pytest
from playwright.sync_api import expect

CELLS = [
    'from helpers import exercise, progress\n\nexercise("04.2")',
    'attempt = 5067\n\nexercise("04.2").check(attempt)',
    'attempt = 5068\n\nexercise("04.2").check(attempt)',
    'exercise("03.2")',
    'exercise("03.2").hint()',
    'from helpers.forms import quiz_form\n\nquiz_form("03")',
    'exercise("03.1").solution()',
    'exercise("04.4")',
    'from IPython.display import Markdown\n\nMarkdown("The only formula here: $x^2$")',
]


@pytest.fixture
def opened(lab, page):
    return lab.open(page, lab.write("exercises.ipynb", *CELLS)).run_all()


def test_a_task_is_set_with_its_table_and_its_dollars(opened):
    text = opened.page.locator(".jp-RenderedMarkdown").first
    expect(text.get_by_text("A training cost $3.00.")).to_be_visible()
    expect(text.get_by_role("cell", name="$3.20")).to_be_visible()
    assert opened.errors() == []
    opened.screenshot("exercises")


def test_two_prices_in_one_paragraph_are_no_formula(opened):
    expect(opened.page.get_by_text("training $5, base model $0.40 in and $1.60 out")).to_be_visible()
    expect(opened.page.locator("mjx-container")).to_have_count(1)  # the last cell's: MathJax has read the page


def test_a_wrong_attempt_is_told_what_is_wrong_in_it_and_a_right_one_what_it_shows(opened):
    expect(opened.page.get_by_text("a fraction of a cent is still missing")).to_be_visible()
    expect(opened.page.get_by_text("Each call saves $0.000592")).to_be_visible()


def test_a_choice_of_the_quiz_is_explained_beside_its_question(opened):
    form = opened.form()
    form.get_by_role("button", name="a", exact=True).first.click()
    form.get_by_text("That is a step.").wait_for()
    form.get_by_role("button", name="b", exact=True).first.click()
    form.get_by_text("Its tokens are billed each time.").wait_for()
    form.scroll_into_view_if_needed()
    opened.screenshot("quiz")


def test_on_a_narrow_page_no_choice_of_a_quiz_covers_another(opened):
    opened.page.set_viewport_size({"width": 400, "height": 800})
    texts = opened.form().locator(".widget-html-content").filter(has_text=".")
    texts.nth(3).scroll_into_view_if_needed()
    opened.screenshot("quiz_narrow")
    boxes = [text.bounding_box() for text in texts.all()]
    assert all(upper["y"] + upper["height"] <= lower["y"] + 1 for upper, lower in pairwise(boxes))
    assert all(box["x"] + box["width"] <= 400 for box in boxes)


@pytest.mark.parametrize(
    "name, id, wrong, says, right",
    [
        ("00_start_here", "00.1", "2,000", "A comma makes two numbers of one", "2000"),
        ("01_data_format", "01.5", "[1, 6, 7, 8]", "Lines 1 and 9 are the same question", "[5, 6, 7, 8]"),
        ("02_upload", "02.3", '["file-1", "file-3"]', "compare the check sums", '["File-1", "File-4"]'),
        ("03_job", "03.2", "10", "At the last epoch training loss is lowest", "5"),
        ("04_usage_and_cost", "04.2", "3.00 / 0.000592", "Round up", "5068"),
        ("05_did_it_help", "05.4", "[1, 3, 7]", "The judge took what stood second", "[1, 3, 6, 7]"),
    ],
)
def test_in_its_notebook_an_exercise_is_tried_solved_and_seen_in_the_progress(lab, page, name, id, wrong, says, right):
    lab.copy_course()
    cells = nbformat.read(lab.folder / "notebooks" / f"{name}.ipynb", as_version=4).cells
    place = [cell.id for cell in cells].index(f"{id[:2]}-x{id[3:]}a")
    opened = lab.open(page, f"notebooks/{name}.ipynb")
    opened.type_and_run(place - 1, f'from helpers import exercise\n\nexercise("{id}")')
    for attempt, words in ((wrong, ("Not yet.", says)), (right, ("Right.",))):
        said = opened.type_and_run(place, f'attempt = {attempt}\n\nexercise("{id}").check(attempt)')
        for each in words:
            expect(said).to_contain_text(each)
    page_of_progress = opened.type_and_run(place, "from helpers import progress\n\nprogress()")
    row = page_of_progress.get_by_role("row").filter(has_text=id)
    expect(row).to_contain_text("(2 tries)")
    assert opened.errors() == []
