"""The teacher's page in a real browser: who is where, stop a job, plant an error for everybody."""

import openai
import pytest
from playwright.sync_api import expect

from helpers.course_data.paths import DATA
from helpers.practice.room.server import start_room

MODEL = "gpt-4.1-mini-2025-04-14"
NAMES = ["Ada", "Chen 陈", "<img src=x onerror=alert(1)>"]


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
    room.stop()
    expect(teacher.get_by_role("alert")).to_contain_text("cannot be seen just now", timeout=15_000)


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "dark")])
def test_the_page_fits_a_phone_and_a_dark_theme(room, teacher, width, theme):
    teacher.set_viewport_size({"width": width, "height": 800})
    teacher.emulate_media(color_scheme=theme)
    start(client_of(room, "Ada"))
    expect(row(teacher, "Ada")).to_contain_text("job started", timeout=15_000)
    assert teacher.evaluate("document.documentElement.scrollWidth <= innerWidth")
