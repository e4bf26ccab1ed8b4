"""The notebooks as a learner sees them. The picture in README.md is screenshots/03_job.png, which this leaves."""

import pytest

NOTEBOOKS = ["00_start_here", "01_data_format", "02_upload", "03_job", "04_usage_and_cost", "05_did_it_help"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_runs_and_nothing_is_red(lab, page, name):
    lab.copy_course()
    opened = lab.open(page, f"notebooks/{name}.ipynb").run_all(timeout_ms=120_000)
    curves = page.locator(".jp-OutputArea-output img[alt]:visible")
    if name == "03_job":
        curves.first.scroll_into_view_if_needed()
    opened.screenshot(name)
    assert not opened.errors()
    assert page.get_by_text("Error displaying widget").count() == 0


def test_the_appendix_is_folded_and_the_link_in_the_opening_leads_to_it(lab, page):
    lab.copy_course()
    lab.open(page, "notebooks/00_start_here.ipynb")
    folded = page.locator(".jp-RenderedMarkdown details").last
    old_call = folded.get_by_text("openai.FineTuningJob.create")
    assert old_call.count() == 1 and not old_call.is_visible()
    page.get_by_role("link", name="appendix").click()
    heading = page.get_by_role("heading", name="If you come from an older guide")
    page.wait_for_function(
        "each => each.getBoundingClientRect().top < window.innerHeight", arg=heading.element_handle()
    )
    folded.locator("summary").click()
    old_call.wait_for(state="visible")
