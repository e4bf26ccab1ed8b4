"""Where there is no Chromium or no Playwright, these tests say so and are skipped."""

import os
import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


def _browser_program() -> str | None:
    named = os.environ.get("COURSE_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


BROWSER = _browser_program()
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="module")
def browser():
    """A Chromium without a window. One for each file of tests: Playwright's event loop must not outlive it."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    from tests.browser.lab import FLAGS

    with sync_api.sync_playwright() as playwright:
        program = BROWSER or playwright.chromium.executable_path
        if not Path(program).exists():
            pytest.skip("no Chromium was found; install it, or name it in COURSE_CHROMIUM")
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def page(browser, request):
    """A page of a laptop's size. A JavaScript error in it fails the test. What a failed test saw is printed with it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    if request.node.stash.get(FAILED, False):
        for each in context.pages:
            print(f"--- {each.url}", *each.locator(".course-form, .jp-Dialog").all_inner_texts(), sep="\n")
    context.close()
    assert not errors, errors


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory: pytest.TempPathFactory):
    """A JupyterLab with a practice home and a workspace of its own."""
    from tests.browser.lab import Lab

    running = Lab(tmp_path_factory.mktemp("lab"), PRACTICE_JOB_SECONDS="6")
    yield running
    running.stop()
