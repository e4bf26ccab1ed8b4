"""Pictures and tables in a real JupyterLab, on a page as narrow as a phone: nothing is cut off."""

from helpers.course_data.paths import ROOT

CELLS = [
    f'import os\nos.chdir(r"{ROOT / "notebooks"}")\nfrom helpers import *',
    'client = connect("practice", quiet=True)\nmodel = "gpt-4.1-mini-2025-04-14"',
    'examples = read("../data/mydata.jsonl")\nshow_four_steps()',
    "show_four_ways()",
    "show_tokens(examples[0], model)",
    "show_lengths(examples, model)",
    "show_surprises()",
    "show_memorising()",
    'tuned = catch_up(client, "model")',
    'compare(client, [model, tuned], ["How long is the warranty?", "What is the capital of France?"])',
    'evaluate(client, {"base": model, "tuned": tuned}, read("../data/heldout_questions.jsonl")[:3]).answers',
]
CUT_OFF = """() => [...document.querySelectorAll(".jp-OutputArea-output")]
    .filter((node) => node.scrollWidth > node.clientWidth + 1)
    .map((node) => `${node.scrollWidth} in ${node.clientWidth}: ${node.innerText.slice(0, 80)}`)"""


def test_on_a_narrow_page_no_picture_and_no_table_is_cut_off(lab, page):
    opened = lab.open(page, lab.write("pictures.ipynb", *CELLS)).run_all()
    assert not opened.errors()
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_timeout(1000)  # until JupyterLab has laid the page out anew
    assert page.evaluate(CUT_OFF) == []
    opened.screenshot("pictures_400")
