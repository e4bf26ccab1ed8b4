"""A tea shop's table in GBK, behind a SOCKS proxy, from the first form to the answer of a model that was trained on it.

The learner writes no code: they press the buttons, or they run the notebooks as they are.
"""

import json
from datetime import datetime

import nbformat
import pytest
from nbclient import NotebookClient

from helpers.connection import environment
from helpers.connection.catalogue import LOCAL_DEFAULT
from helpers.course_data.paths import ROOT
from helpers.data_format import check, read
from helpers.forms import connect_form, examples_form, job_form, own_file_form, playground_form, upload_form
from helpers.my_case import my_case
from tests.notebook_home import COMMITTED_BASE_MODEL
from tests.proxy_servers import no_proxies, socks5_proxy
from tests.waiting import until

TEA_SHOP = ROOT / "tests" / "own_files" / "05_tea_shop_gbk.csv"
SYSTEM = "你是茶店的店员,回答要短。"
OF_THE_COURSE = ("mattress", "CloudRest", "mydata", "warranty")


@pytest.fixture(autouse=True)
def behind_a_proxy(fresh_kernel, quick_forms, monkeypatch):
    """On a network whose only way out is a SOCKS proxy."""
    no_proxies(monkeypatch)
    for name in environment.VARIABLES:
        monkeypatch.setenv(name, "")  # so that it is put back, whoever sets it
        monkeypatch.delenv(name)
    monkeypatch.setenv("COURSE_BASE_MODEL", COMMITTED_BASE_MODEL)
    with socks5_proxy(leads_to=9) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        yield
        assert proxy.asked == [], "the practice server is on this computer"


def choose_the_tea_shop():
    form, content = own_file_form(), TEA_SHOP.read_bytes()
    form.file.value = (
        {"name": TEA_SHOP.name, "type": "", "size": len(content), "content": memoryview(content),
         "last_modified": datetime.now()},
    )  # fmt: skip
    form.system.value = SYSTEM
    form.keep.click()
    until(lambda: "Saved 12 examples" in form.message.value and "Your file" in form.in_use.line.value)


def test_with_the_forms_alone():
    connect = connect_form()
    connect.connect("")
    until(lambda: not connect.key.busy)
    choose_the_tea_shop()
    case = my_case(quiet=True)

    upload = upload_form()
    for path, use in ((case.training_file, "training"), (case.validation_file, "validation")):
        upload.file.value = str(path)
        assert upload.use.value == use and "no problems" in upload.report.value
        upload.send.click()
        until(lambda: "It is in your notes" in upload.message.value and not upload.send.busy)
        said, upload.message.value = upload.message.value, ""
        assert path.name in said

    job = job_form()
    assert "training.jsonl" in job.training.label and "validation.jsonl" in job.validation.label
    assert job.suffix.value == case.suffix == "05-tea-shop-gbk"
    job.go.click()
    until(lambda: "succeeded" in job.message.value)

    playground = playground_form()
    assert (playground.system.value, playground.question.value) == (SYSTEM, case.known_question)
    assert "05-tea-shop-gbk" in playground.model.label
    playground.ask.click()
    until(lambda: playground.turns.children and "simulated" in playground.turns.children[0].answers.value)
    [answer] = [
        example["messages"][2]["content"]
        for example in read(case.training_file)
        if example["messages"][1]["content"] == case.known_question
    ]
    shown = playground.turns.children[0]
    assert answer in shown.answers.value and SYSTEM in shown.code.code

    everything = [connect, upload.report, upload.cost, job.cost, job.end, shown.answers, *upload.children]
    texts = json.dumps([str(getattr(each, "value", "")) for each in everything], ensure_ascii=False)
    assert not [word for word in OF_THE_COURSE if word in texts.replace("data/mydata", "")]


def test_with_the_notebooks_as_they_are():
    """In one kernel, which saves starting three."""
    choose_the_tea_shop()
    cells = [
        cell
        for number in ("02", "03", "04")
        for path in (ROOT / "notebooks").glob(f"{number}_*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        notebook,
        timeout=120,
        store_widget_state=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
    ).execute()

    # Exercises, and a recorded training, are about the course's shop whatever file is in use.
    of_the_course = ("exercise(", "quiz", "show_surprises(")
    shown = [cell for cell in notebook.cells if not any(name in cell.source for name in of_the_course)]
    outputs = {cell.source: json.dumps(cell.outputs, ensure_ascii=False) for cell in shown}
    found = {word: source for source, output in outputs.items() for word in OF_THE_COURSE if word in output}
    assert found == {}
    case = my_case(quiet=True)
    [asked] = [output for source, output in outputs.items() if "case.known_question}" in source]
    pairs = {each["messages"][1]["content"]: each["messages"][2]["content"] for each in read(case.training_file)}
    assert pairs[case.known_question] in asked
    compared = next(output for source, output in outputs.items() if "compare(client" in source)
    assert case.questions[-1] in compared and ":05-tea-shop-gbk:" in compared


def test_the_examples_form_goes_on_with_the_file_and_its_system_message(workspace):
    choose_the_tea_shop()
    form = examples_form()
    assert form.system.value == SYSTEM and len(form.filled()) == 12
    assert examples_form(workspace / "new.jsonl").system.value == SYSTEM
    form.in_use.back.click()
    assert not my_case().own and "The file of the course" in form.in_use.line.value


def test_what_the_small_model_cannot_do_for_the_data_is_said_when_it_is_checked(monkeypatch):
    """In the upload form; and in notebook 01, whose cell makes the same call."""
    choose_the_tea_shop()
    monkeypatch.setenv("COURSE_BASE_MODEL", LOCAL_DEFAULT)
    form, case = upload_form(), my_case(quiet=True)
    assert form.file.value == str(case.training_file) and "it was trained on English" in form.report.value
    cells = nbformat.read(ROOT / "notebooks" / "01_data_format.ipynb", as_version=4).cells
    [cell] = [cell.source for cell in cells if "check(case" in cell.source]
    assert "check(case.training_file, model=model, validation=case.validation_file)" in cell
    report = check(case.training_file, model=LOCAL_DEFAULT, validation=case.validation_file)
    assert "it was trained on English" in str(report)
