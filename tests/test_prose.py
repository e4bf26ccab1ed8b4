"""The text of the course: how much of it, how long it takes, where its links lead, and that nothing stands twice."""

import re
from pathlib import Path

import nbformat
import pytest

from helpers.course_data.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
WORDS_PER_MINUTE = 200
SCREEN = 250  # words: what fits a screen at a size that can be read
TIME = re.compile(r"\| Time \| (\d+) minutes to read, (\d+) to do.*?; exercises and quiz: about (\d+)")
APPENDIX = "## If you come from an older guide"


def words(source: str) -> int:
    """What is read: without code to copy, what is folded away, and the targets of links."""
    source = re.sub(r"```.*?```|<details>.*?</details>", "", source, flags=re.DOTALL)
    source = re.sub(r"\]\([^)]*\)", "]", source)
    return sum(bool(re.search(r"\w", word)) for word in source.split())


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def text_of(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")


def minutes_of(path: Path) -> list[int]:
    return [int(number) for number in TIME.search(text_of(path)).groups()]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_stated_time_to_read_is_that_of_the_words(path):
    cells = nbformat.read(path, as_version=4).cells
    computed = sum(words(cell.source) for cell in cells if cell.cell_type == "markdown") / WORDS_PER_MINUTE
    assert abs(minutes_of(path)[0] - computed) <= 1.5, f"{computed:.1f} minutes to read"


def test_at_most_a_screen_of_text_stands_between_two_things_to_run(notebook):
    cells = list(notebook.cells)
    last = max(number for number, cell in enumerate(cells) if cell.cell_type == "code")
    run, first = 0, cells[0].id
    for cell in cells[:last]:
        if cell.cell_type == "code":
            run, first = 0, None
        else:
            run, first = run + words(cell.source), first or cell.id
            assert run <= SCREEN, f"{run} words from {first} to {cell.id}"


def test_readme_says_the_same_minutes_as_the_notebooks():
    readme = text_of(ROOT / "README.md")
    for path in NOTEBOOKS:
        read, do, exercises = minutes_of(path)
        row = next(line for line in readme.splitlines() if line.startswith("|") and f"(notebooks/{path.name})" in line)
        assert [cell.strip() for cell in row.split("|")[-3:-1]] == [str(read + do), str(exercises)], path.stem


def test_what_has_become_of_old_guides_stands_folded_in_one_appendix():
    for path in NOTEBOOKS:
        body, _, after = text_of(path).partition(APPENDIX)
        assert not re.search(r"\| then\b|then and now|openai\.\w+\.create\(", body, re.IGNORECASE), path.stem
        assert bool(after) == (path == NOTEBOOKS[0])
    [shown, folded] = text_of(NOTEBOOKS[0]).partition(APPENDIX)[2].split("<details>")
    assert folded.rstrip().endswith("</details>") and words(shown) == 0


@pytest.mark.parametrize(
    "old",
    [
        *("openai.api_key", "openai.File.create", "openai.FineTuningJob.create", "openai.ChatCompletion.create"),
        *("gpt-3.5-turbo-0613", "babbage-002", "davinci-002", "2026-05-07", "2026-11-30", "2027-01-06", "2027-01-14"),
    ],
)
def test_a_reader_of_old_guides_finds(old):
    assert old in text_of(NOTEBOOKS[0]).partition(APPENDIX)[2]


@pytest.mark.parametrize("path", NOTEBOOKS[2:5], ids=lambda path: path.stem)
def test_a_notebook_whose_calls_old_guides_show_links_to_the_appendix(path):
    assert "00_start_here.ipynb#If-you-come-from-an-older-guide" in text_of(path)


def anchors(path: Path) -> set[str]:
    """The names of the headings: JupyterLab's for a notebook, GitHub's for a page."""
    prose = re.sub(r"```.*?```", "", text_of(path), flags=re.DOTALL)
    titles = [title.strip() for title in re.findall(r"^#+ (.*)$", prose, re.MULTILINE)]
    if path.suffix == ".ipynb":
        return {title.replace("`", "").replace(" ", "-") for title in titles}
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PAGES], ids=lambda path: path.name)
def test_every_link_inside_the_course_leads_to_a_file_and_a_heading(path):
    for target, anchor in re.findall(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)", text_of(path)):
        page = (path.parent / target).resolve() if target else path
        assert page.exists(), target
        assert not anchor or anchor in anchors(page), f"{target}#{anchor}"


def test_ten_questions_are_promised_and_each_says_where_it_is_taught():
    page = text_of(ROOT / "docs" / "what_you_will_know.md")
    rows = re.findall(r"^\| (\d+) \| .* \| .*\.ipynb#.* \|$", page, re.MULTILINE)
    answers = re.findall(r"^(\d+)\. ", page, re.MULTILINE)
    assert rows == answers == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("plan", ["Ninety minutes", "Half a day"])
def test_a_plan_for_teachers_adds_up(plan):
    section = text_of(ROOT / "docs" / "teaching.md").partition(f"## {plan}")[2].partition("\n## ")[0]
    minutes = sum(int(number) for number in re.findall(r"^\| (\d+) \|", section, re.MULTILINE))
    assert minutes == {"Ninety minutes": 90, "Half a day": 240}[plan]
