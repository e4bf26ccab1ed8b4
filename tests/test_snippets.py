"""Each copy-paste snippet runs alone, in a fresh interpreter, against a practice server of its own process."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from helpers.course_data.paths import ROOT


def snippets() -> dict[str, str]:
    """Notebook name -> the code in its cell tagged `snippet`."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if "snippet" in cell.metadata.get("tags", []):
                found[path.stem] = re.search(r"```python\n(.*?)```", cell.source, re.S)[1]
    return found


SNIPPETS = snippets()
README = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
EXPECTED = {
    "00_start_here": "Simulated answer",
    "01_data_format": "",
    "02_upload": "file-",
    "03_job": "ft:gpt-4.1-mini-2025-04-14:",
    "04_usage_and_cost": "10-year",
    "05_did_it_help": "3 of 3 right",
}


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """`python -m helpers.practice` in a process of its own: the environment that a script needs."""
    home = tmp_path_factory.mktemp("practice home 练习")
    environment = {**os.environ, "PRACTICE_JOB_SECONDS": "0", "PYTHONUTF8": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.practice", "--home", str(home)],
        stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment, cwd=ROOT,
    )  # fmt: skip
    printed = ""
    while "OPENAI_API_KEY" not in printed or "OPENAI_BASE_URL" not in printed:
        line = process.stdout.readline()
        assert line, f"the practice server ended: {printed}"
        printed += line
    url = re.search(r"OPENAI_BASE_URL=[\"']?(http://[^\s\"']+)", printed)[1]
    key = re.search(r"OPENAI_API_KEY=[\"']?([^\s\"']+)", printed)[1]
    yield {**environment, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": key}
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("my scripts")
    shutil.copy(ROOT / "data" / "mydata.jsonl", folder)
    return folder


def run_alone(code: str, folder: Path, environment: dict[str, str]) -> str:
    # -I: without the course on the path, as in somebody's own script; -X utf8: Windows.
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", code.replace("time.sleep(5)", "time.sleep(0.1)")],
        cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_notebook_has_a_snippet():
    assert set(SNIPPETS) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_snippet_runs_alone(name, practice, folder):
    if name == "01_data_format":  # it writes the file that the others need
        (folder := folder / "new").mkdir()
    if name in ("04_usage_and_cost", "05_did_it_help"):  # it asks a model, so there must be one
        run_alone(SNIPPETS["03_job"], folder, practice)
    assert EXPECTED[name] in run_alone(SNIPPETS[name], folder, practice)


def test_the_twelve_lines_of_readme_upload_train_and_ask(practice, folder):
    lines = [line for line in README[0].splitlines() if line]
    assert len(lines) == 12 and "files.create" in README[0] and "jobs.create" in README[0]
    assert "10-year" in run_alone(README[0], folder, practice)


def test_readme_has_the_snippets_of_the_notebooks_word_for_word():
    assert README[1:] == list(SNIPPETS.values())


def test_the_snippet_of_step_1_never_writes_over_a_file(practice, folder):
    before = (folder / "mydata.jsonl").read_bytes()
    with pytest.raises(AssertionError, match="FileExistsError"):
        run_alone(SNIPPETS["01_data_format"], folder, practice)
    assert (folder / "mydata.jsonl").read_bytes() == before


@pytest.mark.parametrize("name", EXPECTED)
def test_the_snippet_needs_only_openai(name):
    imported = set(re.findall(r"^(?:from|import) (\w+)", SNIPPETS[name], re.M))
    assert imported <= {"openai", *sys.stdlib_module_names}
