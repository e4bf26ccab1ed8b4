"""The teacher's page in a real browser: who is where, stop a job, plant an error for everybody."""

import openai
import pytest
from playwright.sync_api import expect

from helpers.course_data.paths import DATA
from helpers.practice.room.overview import what_is_short
from helpers.practice.room.server import start_room

MODEL = "gpt-4.1-mini-2025-04-14"
NAMES = ["Ada", "Chen 陈", "<img src=x onerror=alert(1)>"]
# How many lines of text stand in each cell; the text in front of it, on a narrow page, is in the same line.
LINES = """cells => cells.map(cell => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    return Math.round(text.getBoundingClientRect().height / (1.4 * parseFloat(getComputedStyle(cell).fontSize)));
})"""


@pytest.fixture
def room(tmp_path):
    server = start_room(NAMES, tmp_path / "room", job_seconds=60)
    yield server
    server.stop()


@pytest.fixture
def teacher(browser, room):
    """The page as the teacher opens it: the browser has been told the key. A JavaScript error fails the test."""
    known = {"username": "me", "password": room.new_keys["teacher"]}
    context = browser.new_context(http_credentials=known, viewport={"width": 1280, "height": 900})
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(room.pages[0])
    yield page
    context.close()
    assert not errors, errors


def client_of(room, name):
    return openai.OpenAI(base_url=room.base_url, api_key=room.new_keys[name], max_retries=0)


def start(client):
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    return client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def test_a_teacher_sees_the_room_stops_a_job_and_plants_an_error(room, teacher):
    expect(teacher.get_by_role("status")).to_contain_text("0 of 3 learners have been here")
    ada = client_of(room, "Ada")
    job = start(ada)
    client_of(room, "Chen 陈").models.list()

    expect(row(teacher, "Ada")).to_contain_text("3. job started", timeout=15_000)
    expect(row(teacher, "Ada")).to_contain_text("running", timeout=30_000)
    expect(row(teacher, "Chen 陈")).to_contain_text("1. connected")
    expect(row(teacher, NAMES[2])).to_contain_text("0. not seen yet")  # a name is shown, and never run
    expect(teacher.get_by_role("status")).to_contain_text(
        "2 of 3 learners have been here. Jobs: 1 running", timeout=15_000
    )

    teacher.get_by_role("button", name="Stop the job of Ada").click()
    expect(row(teacher, "Ada")).to_contain_text("cancelled")
    assert ada.fine_tuning.jobs.retrieve(job.id).status == "cancelled"

    teacher.get_by_label("Error", exact=True).select_option("rate_limit")
    teacher.get_by_label("Times").fill("2")
    teacher.get_by_role("button", name="Plant it for everybody").click()
    expect(row(teacher, "Ada")).to_contain_text("rate_limit x 2")
    with pytest.raises(openai.RateLimitError):
        ada.models.list()
    teacher.get_by_role("button", name="Take all planted errors away").click()
    expect(row(teacher, "Ada")).not_to_contain_text("rate_limit")
    assert ada.models.list().data


def test_when_the_room_closes_the_page_says_so(room, teacher):
    expect(teacher.get_by_role("status")).to_contain_text("learners have been here")
    teacher.set_viewport_size({"width": 390, "height": 300})
    teacher.evaluate("scrollTo(0, document.body.scrollHeight)")
    room.stop()
    expect(teacher.get_by_role("alert")).to_be_in_viewport(timeout=15_000)
    expect(teacher.get_by_role("alert")).to_contain_text("cannot be seen just now", timeout=15_000)
    expect(teacher.get_by_role("alert")).to_contain_text("It is closed, or this computer has no connection")
    expect(teacher.get_by_role("alert")).to_contain_text("Below is what was seen at")
    teacher.get_by_role("button", name="Plant it for everybody").click()
    expect(teacher.locator("#done")).to_contain_text("Nothing was done: it does not answer")


def test_a_button_keeps_its_focus_while_the_job_beside_it_goes_on(room, teacher):
    start(client_of(room, "Ada"))
    stop = teacher.get_by_role("button", name="Stop the job of Ada")
    expect(stop).to_be_visible(timeout=15_000)
    stop.focus()
    job = row(teacher, "Ada").locator("td.job")
    said = job.inner_text()
    expect(job).not_to_have_text(said, timeout=30_000)
    expect(stop).to_be_focused()


def test_what_an_action_came_to_stays_until_the_next_one(room, teacher):
    teacher.get_by_label("Times").fill("0")
    teacher.get_by_role("button", name="Plant it for everybody").click()
    done = teacher.locator("#done")
    expect(done).to_contain_text("Nothing was done")
    with teacher.expect_response("**/overview"):
        pass  # the page looks again
    expect(done).to_contain_text("Nothing was done")
    teacher.get_by_role("button", name="Take all planted errors away").click()
    expect(done).to_have_text("All planted errors are taken away.")


@pytest.mark.parametrize("fault", ["rate_limit", "server_error", "dropped_connection", "wrong_key", "daily_rate_limit"])
def test_an_error_is_planted_often_enough_that_a_client_that_tries_again_meets_it(room, teacher, fault):
    client = openai.OpenAI(base_url=room.base_url, api_key=room.new_keys["Ada"])  # tries again twice, as the course's
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    teacher.get_by_label("Error", exact=True).select_option(fault)
    teacher.get_by_role("button", name="Plant it for everybody").click()
    expect(teacher.locator("#done")).to_contain_text(f"{fault} x")
    with pytest.raises(openai.APIError):
        client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    assert client.fine_tuning.jobs.create(model=MODEL, training_file=file.id).id


def test_what_is_nearly_used_up_is_said_with_what_to_do(room, teacher):
    def with_little_disk(route):
        found = route.fetch()
        route.fulfill(response=found, json=found.json() | {"warnings": what_is_short(10**9, 10**10)})

    expect(teacher.locator("#warnings")).to_be_hidden()
    teacher.route("**/overview", with_little_disk)
    expect(teacher.locator("#warnings")).to_contain_text("Little disk is left", timeout=15_000)
    expect(teacher.locator("#warnings")).to_contain_text("Free some space")


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (800, "light"), (1280, "dark")])
def test_the_page_fits_a_phone_and_a_dark_theme(room, teacher, width, theme):
    teacher.set_viewport_size({"width": width, "height": 800})
    teacher.emulate_media(color_scheme=theme)
    start(client_of(room, "Ada"))
    expect(row(teacher, "Ada")).to_contain_text("job started", timeout=15_000)
    assert teacher.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lines = teacher.locator("td.short:visible:not(:has(button))").evaluate_all(LINES)
    assert lines and set(lines) <= {0, 1}  # no word is broken


def test_a_place_that_cannot_be_opened_is_named_with_its_reason(browser, tmp_path):
    first = start_room(NAMES, tmp_path / "room")
    first.stop()
    (tmp_path / "room" / "learners" / "001" / "practice.sqlite").write_text("This is no database. " * 100)
    server = start_room(home=tmp_path / "room")
    known = {"username": "me", "password": first.new_keys["teacher"]}
    context = browser.new_context(http_credentials=known)
    try:
        page = context.new_page()
        page.goto(server.pages[0])
        expect(row(page, "Ada")).to_contain_text("cannot work")
        expect(row(page, "Ada")).to_contain_text("practice.sqlite")
        expect(row(page, "Chen 陈")).not_to_contain_text("cannot work")
    finally:
        context.close()
        server.stop()
