"""Exercises and a quiz in a real JupyterLab, as a learner who is wrong first and right then."""

from itertools import pairwise

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
