"""Every form in a real JupyterLab, as a learner uses it: typing, clicking, keys, a phone, a dark theme, a restart."""

import json
import time

import openai
import pytest
from playwright.sync_api import expect

from helpers.course_data.paths import ROOT
from helpers.forms.examples import FIRST_ROWS
from helpers.practice import start_server

CONNECT, EXAMPLES, DRAFT, UPLOAD, JOB, PLAYGROUND, COST, OWN_FILE, QUIZ = range(9)
CELLS = [
    "from helpers.forms import *\nconnect_form()",
    "examples_form()",
    "draft_form()",
    "upload_form()",
    "job_form()",
    "playground_form()",
    "cost_form()",
    "own_file_form()",
    'quiz_form("03")',
]
WARRANTY = "How many years is the warranty?"


@pytest.fixture
def forms(lab, page):
    """All forms of the course, made anew, each in a cell of its own. The kernel stays from test to test: that saves
    minutes."""
    return lab.open(page, lab.write("forms.ipynb", *CELLS)).run_all()


@pytest.fixture
def host(lab):
    """A client for the practice home that the kernel uses: what really happened there."""
    server = start_server(home=lab.state / "home")
    yield openai.OpenAI(base_url=server.base_url, api_key=server.key)
    server.stop()


def press(form, name):
    form.get_by_role("button", name=name, exact=True).click()


def upload(forms, file="data/mydata.jsonl"):
    form = forms.form(UPLOAD)
    press(form, "Look again")
    form.get_by_label("File").select_option(label=file)
    press(form, "Upload")
    form.get_by_text("It is in your notes").wait_for()


def start_job(forms):
    form = forms.form(JOB)
    press(form, "Look again")
    form.get_by_text("tokens billed").wait_for()
    press(form, "Start the job")
    form.get_by_role("button", name="Cancel the job").wait_for()
    return form


def test_the_whole_course_goes_by_forms_alone(forms, lab, host):
    connect = forms.form(CONNECT)
    press(connect, "Connect")
    connect.get_by_text("Yes, always.").wait_for()

    draft = forms.form(DRAFT)
    press(draft, "Write examples")
    draft.get_by_text("the same question stands in number 2").wait_for()
    draft.get_by_label("Keep number 3", exact=True).uncheck()
    press(draft, "Add the ticked ones to my examples")
    draft.get_by_text("Added 12 examples").wait_for()

    forms.page.evaluate("window.scrollTo(0, 0)")
    forms.command("notebook:run-all-cells")  # the form of the examples opens what was added
    forms.wait_for_kernel()
    examples = forms.form(EXAMPLES)
    press(examples, "Add a row")
    examples.get_by_label("Question 13").fill(WARRANTY)
    examples.get_by_text("empty text").wait_for()
    examples.get_by_label("Answer 13").fill("The warranty of the CloudRest is 12 years.")
    examples.get_by_text("13 examples.").wait_for()
    press(examples, "Save")
    examples.get_by_text("Saved 13 examples").wait_for()

    upload(forms, label_ending(forms.form(UPLOAD), "my_examples.jsonl"))
    job = start_job(forms)
    job.get_by_text("The job has ended: succeeded.").wait_for()

    playground = forms.form(PLAYGROUND)
    press(playground, "Look for new models")
    playground.get_by_label("Beside it").select_option(label="gpt-4.1-mini-2025-04-14")
    playground.get_by_label("Question").fill(WARRANTY)
    press(playground, "Ask")
    playground.get_by_text("12 years").wait_for()
    playground.get_by_text("tokens in").nth(1).wait_for()
    playground.get_by_text("As Python").click()
    assert WARRANTY in playground.locator("pre").inner_text()
    forms.screenshot("forms_playground")

    cost = forms.form(COST)
    before = cost.inner_text()
    cost.get_by_role("slider").first.focus()
    forms.page.keyboard.press("ArrowRight")
    forms.page.wait_for_function("([node, before]) => node.innerText !== before", arg=[cost.element_handle(), before])

    assert not forms.errors()
    assert [job.status for job in host.fine_tuning.jobs.list()] == ["succeeded"]


def label_ending(form, name):
    press(form, "Look again")
    option = form.get_by_label("File").locator("option", has_text=name).first
    option.wait_for(state="attached")
    return option.inner_text()


def test_what_is_typed_is_kept_before_the_field_is_left(forms, lab):
    """A kernel can die at any moment, and a page can be closed."""
    question = "Does it come with a pillow?"
    form = forms.form(EXAMPLES)
    saved = lab.folder / "workspace" / "my_examples.jsonl"  # of the test before, if it ran
    rows = len(saved.read_text(encoding="utf-8").splitlines()) if saved.exists() else FIRST_ROWS
    press(form, "Add a row")
    expect(form.get_by_label("Question")).to_have_count(rows + 1)  # else it is typed into the row that was the last
    form.get_by_label("Question").last.press_sequentially(question)
    end = time.monotonic() + 10
    while not any(question in draft.read_text(encoding="utf-8") for draft in lab.folder.rglob("*.draft.json")):
        assert time.monotonic() < end, "what was typed is kept nowhere"
        time.sleep(0.1)
    forms.restart_kernel()
    forms.run_all()
    questions = forms.form(EXAMPLES).get_by_label("Question")
    forms.form(EXAMPLES).get_by_text("These rows were not saved yet").wait_for()
    end = time.monotonic() + 10  # rows are drawn one after the other
    while question not in [each.input_value() for each in questions.all()]:
        assert time.monotonic() < end, "what was typed did not come back"
        time.sleep(0.1)
    for draft in lab.folder.rglob("*.draft.json"):
        draft.unlink()


SLOW_TO_HEAR = """import time
import helpers.forms.form
from helpers.forms import playground_form
helpers.forms.form.LAST_LETTERS_SECONDS = 2
form = playground_form()
form.question.observe(lambda _: time.sleep(0.5), "value")
form"""


def test_what_was_typed_last_is_asked_though_the_button_was_pressed_at_once(lab, page):
    """ipywidgets sends the next value of a field only when the kernel has taken the one before, and a click at once.
    Over a long line to a hub the click comes first; here the kernel is slow to take a value, and the form waits
    longer."""
    form, question = lab.open(page, lab.write("slow.ipynb", SLOW_TO_HEAR)).run_all().form(), "Is it for children?"
    form.get_by_label("Question").fill("")
    time.sleep(1)
    form.get_by_label("Question").press_sequentially(question)
    press(form, "Ask")
    form.get_by_text("tokens in").first.wait_for()
    assert form.locator("[aria-live=polite] p").first.inner_text() == question


def test_cells_of_a_spreadsheet_and_a_file_become_rows(forms, lab):
    form = forms.form(EXAMPLES)
    before = form.get_by_role("button", name="Remove").count()
    form.get_by_role("button", name="Paste from a spreadsheet").click()
    form.get_by_label("Cells").fill("Question\tAnswer\nHow heavy is it?\t32 kilos.")
    press(form, "Add these rows")
    form.get_by_text("Added 1 row from what was pasted.").wait_for()
    with forms.page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Add from a file").click()
    path = lab.state / "more.csv"
    path.write_text("question;answer\nIs it quiet?;Yes.\nDoes it turn?;Yes, every 3 months.\n", encoding="utf-8")
    chooser.value.set_files(path)
    form.get_by_text("Added 2 rows from more.csv.").wait_for()
    assert form.get_by_role("button", name="Remove").count() > max(2, before - 3)
    forms.restart_kernel()
    forms.run_all()
    forms.form(EXAMPLES).get_by_text("These rows were not saved yet").wait_for()
    questions = forms.form(EXAMPLES).get_by_role("textbox")
    assert "Is it quiet?" in [each.input_value() for each in questions.all()]
    for draft in lab.folder.rglob("*.draft.json"):
        draft.unlink()


def test_a_file_of_ones_own_is_chosen_its_columns_are_named_and_it_is_kept(forms, lab):
    for earlier in lab.folder.rglob("my_examples.jsonl"):
        earlier.unlink()  # of another test
    form = forms.form(OWN_FILE)
    with forms.page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(ROOT / "tests" / "own_files" / "01_teacher_spelling.csv")
    form.get_by_text("expected to know which is the question").wait_for()
    expect(form.get_by_role("cell", name="Der Hunt bellt laut.")).to_be_visible()
    form.get_by_label("Question", exact=True).select_option(label="Satz vom Kind")
    form.get_by_text("12 examples from Table (CSV), UTF-8").wait_for()
    form.get_by_label("Answer", exact=True).select_option(label="Meine Rückmeldung")
    press(form, "Keep these examples")
    form.get_by_text("Saved 12 examples to workspace/my_examples.jsonl").wait_for()
    form.get_by_text("Your file: 01_teacher_spelling.csv, 10 examples to learn from, 2 to check with.").wait_for()
    press(form, "Use the course's file again")
    form.get_by_text("The file of the course: mydata.jsonl.").wait_for()
    for kept in lab.folder.rglob("my_examples.jsonl"):
        kept.unlink()
    assert not forms.errors()


def test_cancel_works_while_the_job_runs_and_the_kernel_is_free(forms, host):
    upload(forms)
    form = start_job(forms)
    form.get_by_text("running, step").wait_for()
    press(form, "Cancel the job")
    form.get_by_text("The job has ended: cancelled.").wait_for()
    assert host.fine_tuning.jobs.list().data[0].status == "cancelled"
    assert not forms.errors()


def test_a_double_click_starts_one_job(forms, host):
    upload(forms)
    before = len(list(host.fine_tuning.jobs.list()))
    form = forms.form(JOB)
    press(form, "Look again")
    form.get_by_text("tokens billed").wait_for()
    form.get_by_role("button", name="Start the job").dblclick()
    form.get_by_role("button", name="Cancel the job").wait_for()
    time.sleep(1)
    assert len(list(host.fine_tuning.jobs.list())) == before + 1
    press(form, "Cancel the job")
    form.get_by_text("The job has ended").wait_for()


def test_after_a_restart_of_the_kernel_the_form_shows_the_same_job(forms, host):
    upload(forms)
    start_job(forms).get_by_text("running, step").wait_for()
    job = host.fine_tuning.jobs.list().data[0]
    forms.restart_kernel()
    forms.run_all()
    form = forms.form(JOB)
    form.get_by_text(job.id).first.wait_for()
    form.get_by_text("The job has ended: succeeded.").wait_for()
    assert host.fine_tuning.jobs.list().data[0].id == job.id


def test_two_tabs_show_one_job_and_closing_one_harms_nothing(forms, lab, host):
    upload(forms)
    forms.save()  # without it the second tab would open the notebook without its outputs
    second = lab.open(forms.page.context.new_page(), "forms.ipynb")
    start_job(forms).get_by_text("running, step").wait_for()
    second.form(JOB).get_by_text("running, step").wait_for()
    forms.page.goto("about:blank")
    second.form(JOB).get_by_text("The job has ended: succeeded.").wait_for()
    second.page.close()
    forms.page.goto(f"http://127.0.0.1:{lab.port}/lab/tree/forms.ipynb?reset")
    forms.wait_for_kernel()
    forms.form(JOB).get_by_text("The job has ended: succeeded.").wait_for()


# --- for every person, on every screen ----------------------------------------------------------------------------


def test_the_keyboard_reaches_and_presses_everything(forms):
    """From the first field with Tab alone; the model is asked with Enter."""
    form = forms.form(PLAYGROUND)
    wanted = (
        form.get_by_role("button").count() + form.get_by_role("combobox").count() + form.get_by_role("textbox").count()
    )
    form.get_by_label("Model").focus()
    reached = set()
    for _ in range(wanted + 8):
        inside = "(form) => form.contains(document.activeElement) ? document.activeElement.outerHTML : ''"
        reached.add(form.evaluate(inside))
        forms.page.keyboard.press("Tab")
    assert len(reached - {""}) >= wanted
    form.get_by_role("button", name="Ask", exact=True).focus()
    forms.page.keyboard.press("Enter")
    form.get_by_text("tokens in").first.wait_for()


def test_a_screen_reader_finds_a_name_for_every_field(forms):
    nameless = """(form) => [...form.querySelectorAll("input, select, textarea, button, [role=slider]")]
        .filter((node) => node.offsetParent && node.type !== "file")
        .filter((node) => !(node.labels?.length || node.textContent.trim() || node.title || node.ariaLabel))
        .map((node) => node.outerHTML)"""
    for number in range(len(CELLS)):
        assert forms.form(number).evaluate(nameless) == [], CELLS[number]


OVERFLOWING = """(form) => [...form.querySelectorAll("*")]
    .filter((node) => node.offsetParent && !node.closest("pre"))
    .filter((node) => node.getBoundingClientRect().right
        > form.closest(".jp-OutputArea-output").getBoundingClientRect().right + 1)
    .map((node) => node.outerHTML.slice(0, 200))"""


# Names come by chance, and some are wider than others: here each is as wide as one can be.
WIDEST = """(form) => [...form.querySelectorAll("caption, td")].filter((node) => !node.children.length)
    .forEach((node) => {
        const id = /(?<=ftjob-|file-)\\w+|(?<=:)\\w{8}$/;
        node.textContent = node.textContent.replace(id, (name) => "W".repeat(name.length));
    })"""


@pytest.mark.parametrize(
    "size", [(390, 844), (400, 800), (1024, 768), (1920, 1080)], ids=["a phone", "400", "a projector", "a wide screen"]
)
def test_the_forms_fit(forms, size):
    upload(forms)
    start_job(forms).get_by_text("Training loss fell").wait_for()
    forms.page.set_viewport_size({"width": size[0], "height": size[1]})
    draft, own_file, quiz = forms.form(DRAFT), forms.form(OWN_FILE), forms.form(QUIZ)
    playground = forms.form(PLAYGROUND)
    press(playground, "Look for new models")
    playground.get_by_label("Model", exact=True).locator("option", has_text="your newest").wait_for(state="attached")
    playground.get_by_label("Beside it").select_option(label="gpt-4.1-mini-2025-04-14")
    press(playground, "Ask")
    playground.get_by_text("tokens in").nth(1).wait_for()
    press(draft, "Write examples")
    draft.get_by_text("the same question stands").first.wait_for()
    own_file.get_by_role("button", name="Or paste a text").click()
    own_file.get_by_label("Text", exact=True).fill("question,answer\nHow firm is it?,Medium.\n")
    press(own_file, "Read this text")
    own_file.get_by_text("recognised as").first.wait_for()
    quiz.get_by_role("button").first.click()
    quiz.locator('[role="status"]').first.wait_for()
    for number in range(len(CELLS)):
        forms.form(number).evaluate(WIDEST)
        assert forms.form(number).evaluate(OVERFLOWING) == [], CELLS[number]
    forms.screenshot(f"forms_{size[0]}")


# Where the fields of a form begin, each seen only if its label stands before it.
FIELDS = """(form) => [...form.querySelectorAll(".widget-inline-hbox, .course-slider")]
    .filter((node) => node.offsetParent && node.querySelector("label")?.textContent)
    .map((node) => node.querySelector("input, select, textarea"))
    .map((field) => Math.round(field.getBoundingClientRect().left))"""


def test_the_fields_of_a_form_stand_in_one_line(forms):
    for number in (CONNECT, DRAFT, UPLOAD, JOB, PLAYGROUND, COST):
        begins = forms.form(number).evaluate(FIELDS)
        assert max(begins) - min(begins) <= 4, (CELLS[number], begins)


# The contrast of text to what lies behind it, as WCAG counts it; 4.5 is its level AA.
PALE = """(form) => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const texts = "label, p, td, th, input:not([type=range]), select, textarea, button, summary, small, .widget-label";
  return [...form.querySelectorAll(texts)]
    .filter((node) => node.offsetParent && !node.disabled && !node.classList.contains("mod-primary"))
    .map((node) => {
      const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.outerHTML.slice(0, 160)];
    })
    .filter(([contrast]) => contrast < 4.5);
}"""


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_text_stands_out_in_a_light_and_in_a_dark_theme(forms, theme):
    forms.command("apputils:change-theme", theme=theme)
    forms.page.wait_for_function("(name) => document.body.dataset.jpThemeName === name", arg=theme)
    press(forms.form(CONNECT), "Connect")
    forms.form(CONNECT).get_by_text("Yes, always.").wait_for()
    for number in range(len(CELLS)):
        assert forms.form(number).evaluate(PALE) == [], CELLS[number]
    forms.screenshot(f"forms_{theme.split()[-1].lower()}")


# --- mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [("rate_limit", "Too many requests"), ("server_error", "500"), ("dropped_connection", "connection")],
)
def test_what_goes_wrong_at_the_host_is_said_in_the_form_and_the_question_stays(forms, host, fault, said):
    form = forms.form(PLAYGROUND)
    form.get_by_label("Question").fill("What is the price?")
    press(form, "Ask")
    form.get_by_text("tokens in").first.wait_for()
    code = json.dumps(
        f"import os, httpx; root = os.environ['OPENAI_BASE_URL'][:-3]; key = os.environ['OPENAI_API_KEY']; "
        f"httpx.post(root + '/practice/faults', headers={{'Authorization': 'Bearer ' + key}}, "
        f"json={{'fault': '{fault}', 'times': 9}}).raise_for_status()"
    )
    run = """(code) => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
        .requestExecute({ code, silent: true }).done"""
    forms.page.evaluate(run, json.loads(code))
    press(form, "Ask")
    form.locator('[role="status"]').get_by_text(said, exact=False).first.wait_for()
    assert form.get_by_label("Question").input_value() == "What is the price?"
    expect(form.get_by_role("button", name="Ask", exact=True)).to_be_enabled()
