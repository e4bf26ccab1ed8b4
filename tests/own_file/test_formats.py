"""What a file is, told from its beginning, for those who do not want its examples."""

import pytest

from helpers.course_data.paths import ROOT
from helpers.examples_from import recognise

NAMES = {
    "01": "Table (CSV)", "02": "Chat export", "03": "JSON", "05": "Table (CSV)", "06": "Markdown", "07": "Table (TSV)",
    "09": "Alpaca", "10": "Questions and answers", "12": "Table (CSV)", "13": "JSON", "14": "Notes", "16": "Mails (mbox)",
    "17": "HTML", "19": "Prompt and completion", "20": "OpenAI chat", "21": "XML", "23": "Table (TSV)", "26": "SQL dump",
    "27": None, "28": "Anki",
}  # fmt: skip


@pytest.mark.parametrize("number", NAMES)
def test_each_of_the_twenty_files_is_called_by_its_name(number):
    [path] = (ROOT / "tests" / "own_files").glob(f"{number}_*")
    found = recognise(path)
    assert (found.name if found else None) == NAMES[number]


def test_a_pdf_is_named_with_what_to_do(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 ...")
    assert "found a PDF" in recognise(tmp_path / "a.pdf").sentence


@pytest.mark.parametrize(
    "row",
    [
        "({n},'Q {n}?','A {n}.'),\n",
        '{{"prompt": "Q {n}?", "completion": "A {n}."}}\n',
        "<e><q>Q {n}?</q><a>A</a></e>\n",
    ],
)
def test_of_a_long_file_only_the_beginning_is_looked_at(tmp_path, row):
    before = {"(": "INSERT INTO `faq` (`id`,`question`,`answer`) VALUES\n", "{": "", "<": "<faq>\n"}[row[0]]
    path = tmp_path / "long"
    path.write_text(before + "".join(row.format(n=n) for n in range(10_000)), encoding="utf-8")
    assert recognise(path).name in ("SQL dump", "Prompt and completion", "XML")
