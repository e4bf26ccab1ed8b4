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
