"""The page of keys as it comes out of a printer, in a real browser."""

import pytest

from helpers.practice.room.keys_page import write_keys_page
from helpers.practice.room.register import new_key

NAMES = [
    "Ada",
    "王小明",
    "Siobhán O'Brien",
    "<b>Bobby</b>",
    "Maximiliane-Friederike Freifrau von Württemberg-Hohenzollern",
]
ADDRESS = "https://practice-room.school.example.org/v1"
A4 = 794 - 2 * 45  # pixels between the margins


@pytest.fixture
def printed(page, tmp_path):
    write_keys_page(tmp_path / "keys.html", ADDRESS, {name: new_key() for name in NAMES})
    page.set_viewport_size({"width": A4, "height": 1000})
    page.emulate_media(media="print")
    page.goto((tmp_path / "keys.html").as_uri())
    return page


def test_each_slip_is_whole_and_no_key_is_broken_over_two_lines(printed):
    slips = printed.locator("section")
    assert slips.locator("h2").all_inner_texts() == NAMES
    assert slips.evaluate_all("all => all.every(each => getComputedStyle(each).breakInside === 'avoid')")
    assert slips.evaluate_all("all => all.every(each => each.scrollWidth <= each.clientWidth)")
    lines = (
        "all => all.map(each => Math.round(each.offsetHeight / (1.4 * parseFloat(getComputedStyle(each).fontSize))))"
    )
    assert set(printed.locator("pre").evaluate_all(lines)) == {2}


def test_the_note_for_the_teacher_is_not_printed(printed):
    assert not printed.locator(".note").is_visible()
