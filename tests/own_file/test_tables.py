"""Tables: CSV in its kinds, Excel, and which columns are which."""

import zipfile

import openpyxl
import pandas as pd
import pytest

from helpers import examples_from
from helpers.examples_from import AmbiguousFile, UnreadableFile
from tests.own_file.reading import pairs, saved

TWO = [("How firm?", "Medium."), ("How long?", "Ten, years.")]


@pytest.mark.parametrize(
    "text",
    [
        "How firm?\tMedium.\nHow long?\tTen, years.",
        "question\tanswer\r\nHow firm?\tMedium.\r\nHow long?\tTen, years.\r\n",
        'How firm?,Medium.\nHow long?,"Ten, years."',
        "id;Answer;Question\n1;Medium.;How firm?\n2;Ten, years.;How long?",
        "sep=;\nQuestion;Answer\nHow firm?;Medium.\nHow long?;Ten, years.\n",
        "Our questions, as of May\n\nNo|Question|Answer\n1|How firm?|Medium.\n2|How long?|Ten, years.\n",
        '# exported on Monday\nquestion,answer\nHow firm?,Medium.\n# the rest is new\nHow long?,"Ten, years."\n',
        "Question;Answer;\nHow firm?;Medium.;\nHow long?;Ten, years.;\n",
        '"question","answer"\r"How firm?","Medium."\r"How long?","Ten, years."\r',
        '\ufeffquestion,answer\nHow firm?,Medium.\n\n\nHow long?,"Ten, years."\n,\n',
    ],
)
def test_every_usual_table_is_understood(text):
    assert pairs(text) == TWO


@pytest.mark.parametrize(
    "names",
    [
        "Frage;Antwort",
        "Kundenfrage;Unsere Antwort",
        "pregunta;respuesta",
        "Pergunta;Resposta",
        "domanda;risposta",
        "question;réponse",
        "Вопрос;Ответ",
        "问题;答案",
        "客户提问;客服回复",
        "質問;回答",
        "질문;답변",
        "vraag;antwoord",
        "pytanie;odpowiedź",
        "otázka;odpověď",
        "soru;cevap",
        "fråga;svar",
        "spørsmål;svar",
        "Customer message;Agent reply",
        "prompt;completion",
        "input;output",
        "user;assistant",
        "question_text;answer_text",
        "Q;A",
        "السؤال;الجواب",
        "Question (en);Answer (en)",
        "Issue;Resolution",
        "front;back",
    ],
)
def test_columns_are_known_in_many_languages(names):
    asked, said = names.split(";")
    table = f"nr;{asked};{said};date\n1;How firm?;Medium.;2024-05-01\n2;How long?;Ten, years.;2024-05-02\n"
    assert pairs(table) == TWO


def test_a_name_that_only_sounds_like_a_question_is_none():
    table = "question_id,answer_count,Anfrage,Bescheid\n1,4,How firm is it?,It is medium.\n2,5,How long?,Ten years.\n"
    assert pairs(table)[0] == ("How firm is it?", "It is medium.")


def test_a_table_without_names_has_numbered_columns():
    rows = "17.1.;Is it open on Sundays?;No, we are closed on Sundays.\n18.1.;May I bring a dog?;Yes, on a lead.\n"
    with pytest.raises(AmbiguousFile, match='"column 1", "column 2", "column 3"'):
        examples_from(rows)
    assert pairs(rows, question=2, answer=3)[1] == ("May I bring a dog?", "Yes, on a lead.")


def test_a_name_is_found_without_regard_to_capitals_and_blanks_and_a_wrong_one_is_named():
    rows = "Satz ;Wert\nEins und zwei.;Drei und vier.\nFünf.;Sechs.\n"
    assert pairs(rows, question="satz", answer="wert")[1] == ("Fünf.", "Sechs.")
    with pytest.raises(AmbiguousFile, match='found the columns "Satz", "Wert"; expected one named "Sats"'):
        examples_from(rows, question="Sats", answer="Wert")


def test_two_columns_of_one_name_are_told_apart():
    with pytest.raises(AmbiguousFile, match=r"answer \(3\)"):
        examples_from("question,answer,answer\nWhen?,At nine.,At ten.\n")
    assert pairs("question,answer,answer\nWhen?,At nine.,At ten.\n", answer="answer (3)") == [("When?", "At ten.")]


def test_a_template_joins_columns_in_the_words_of_the_learner():
    rows = (
        "product,problem,fix\nLamp,flickers at night,Tighten the bulb until it stops.\nChair,wobbles a lot,Turn it.\n"
    )
    found = pairs(rows, question="{product}: it {problem}", answer="fix", system="You repair the {product}.")
    assert found[0] == ("You repair the Lamp.", "Lamp: it flickers at night", "Tighten the bulb until it stops.")
    with pytest.raises(AmbiguousFile, match='system: found "produkt" in braces'):
        examples_from(rows, question="problem", answer="fix", system="You repair the {produkt}.")
    assert (
        pairs(rows, question="problem", answer="fix", system='Answer {"as": "JSON"}')[0][0] == 'Answer {"as": "JSON"}'
    )


def test_a_column_with_the_system_message_is_taken_and_said():
    found = examples_from("system,question,answer\nBe brief.,How firm?,Medium.\nBe kind.,How long?,Ten.\n")
    assert found.mapping["system"] == "system" and found[1]["messages"][0]["content"] == "Be kind."


def test_a_cell_may_have_many_lines_and_be_very_long():
    long = "word " * 40_000
    rows = f'question,answer\nWhat do I need?,"Flour,\nsalt\nand ""time""."\nTell me all,"{long}"\n'
    found = pairs(rows)
    assert found[0][1] == 'Flour,\nsalt\nand "time".' and len(found[1][1]) == len(long.strip())
    assert examples_from(rows).notes == []


@pytest.mark.parametrize("late", ["", 'q19,"a19"\n', 'He said "no",x\n'])
def test_a_quotation_mark_that_is_never_closed_costs_its_own_row_only(late):
    rows = 'question,answer\nq0,"a\n' + "".join(f"q{n},a{n}\n" for n in range(1, 19)) + late
    found = examples_from(rows)
    assert len(found) == 18 + bool(late)
    assert [(each.place, each.reason) for each in found.skipped] == [
        ("line 2", "a quotation mark opens a cell here and is never closed")
    ]


@pytest.mark.parametrize("swallowed", [1, 2])
def test_a_cell_that_holds_what_looks_like_a_row_is_named_because_it_may_be_one(swallowed):
    lines = ['q0,"a', *(f"q{n},a{n}" for n in range(1, swallowed)), f'q{swallowed},b"', "q8,a8", "q9,a9"]
    found = examples_from("question,answer\n" + "\n".join(lines) + "\n")
    assert len(found) == 3 and [note for note in found.notes if "looks like a row" in note and "(line 2)" in note]


def test_a_quotation_mark_within_a_text_is_a_sign():
    rows = 'question;answer\nHow wide is it?;About 5" or so.\nWhat is the "Solo"?;"Solo" is a series.\n'
    assert pairs(rows) == [("How wide is it?", 'About 5" or so.'), ('What is the "Solo"?', '"Solo" is a series.')]


def test_a_row_with_separators_in_its_texts_is_named_and_never_cut():
    rows = "ID;Text;Reply\n1;Do you; by chance; open on Sundays?;Yes.\n2;Where?;Here.\n3;When?;At nine.\n"
    found = examples_from(rows)
    assert [each.place for each in found.skipped] == ["line 2"] and len(found) == 2


def test_sentences_with_commas_are_no_table():
    text = "It rained, and we stayed.\nIt stopped, so we left.\nThe end, my friend.\n"
    with pytest.raises(UnreadableFile, match="nothing says what is a question"):
        examples_from(text)


def test_rows_without_an_answer_and_answers_still_to_be_written_are_named():
    found = examples_from("question,answer\nOne?,1\nTwo?,\n,3\nFour?,TODO\nFive?,None\n")
    assert [each.place for each in found.skipped] == ["line 3", "line 4", "line 5"] and len(found) == 2


def test_html_in_a_column_becomes_text_and_a_text_about_html_stays():
    rows = 'question,answer\nWhen?,"<p>At nine.</p><p>Or <b>ten</b>.<br>Ring.</p>"\nWhere?,<p>Here &amp; there.</p>\n'
    assert [said for _, said in pairs(rows)] == ["At nine.\n\nOr ten.\nRing.", "Here & there."]
    about = (
        "question,answer\nHow is text made bold?,Put it between <b> and </b>.\nAnd a line?,Write a new one.\nOr?,No.\n"
    )
    assert pairs(about)[0][1] == "Put it between <b> and </b>."


def test_a_table_of_many_rows_is_read_a_row_at_a_time(tmp_path):
    path = tmp_path / "many.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("question,answer\n")
        file.writelines(f'Question {n}?,"Answer, {n}."\n' for n in range(20_000))
    assert len(examples_from(path)) == 20_000


# --- Excel


def sheet(path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def test_an_excel_file_with_a_title_above_its_table_is_read(tmp_path):
    rows = [
        ["FAQ of the pool"],
        [],
        [None, "Frage", "Antwort", "Stand"],
        [None, "Wie warm?", 28, pd.Timestamp("2024-05-01")],
        [None, "Wie tief?", "2,5 Meter", None],
    ]
    found = examples_from(sheet(tmp_path / "FAQ 泳池.xlsx", ("Tabelle1", rows), ("Tabelle2", [])))
    assert [each["messages"][1]["content"] for each in found] == ["28", "2,5 Meter"]
    assert "Excel" in found.format and [each.text for each in found.skipped] == ["FAQ of the pool"]


def test_an_excel_file_with_several_sheets_asks_which(tmp_path):
    rows = [["question", "answer"], ["When?", "At nine."], ["Where?", "Here."]]
    path = sheet(tmp_path / "two.xlsx", ("old", rows), ("new", [*rows, ["Why?", "Because."]]))
    with pytest.raises(AmbiguousFile, match=r'2 sheets with rows: "old", "new".*sheet='):
        examples_from(path)
    assert len(examples_from(path, sheet="new")) == 3
    assert len(examples_from(path.read_bytes(), sheet="old")) == 2


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"%PDF-1.7\n", "a PDF.*Copy its text"),
        (b"\x89PNG\r\n", "a picture"),
        (b"\xd0\xcf\x11\xe0", "an old Word or Excel"),
    ],
)
def test_a_file_that_is_no_text_says_what_it_is_and_what_to_do(tmp_path, start, what):
    path = tmp_path / "mine.csv"
    path.write_bytes(start + bytes(range(256)) * 20)
    with pytest.raises(UnreadableFile, match=what):
        examples_from(path)


def test_a_word_document_says_what_to_do(tmp_path):
    with zipfile.ZipFile(tmp_path / "faq.docx", "w") as file:
        file.writestr("word/document.xml", "<w:document/>")
    with pytest.raises(UnreadableFile, match=r"a Word document.*plain text"):
        examples_from(tmp_path / "faq.docx")


def test_a_parquet_or_a_table_of_pandas_with_empty_cells_names_its_rows():
    table = pd.DataFrame({"Frage": ["a?", None, "c?"], "Antwort": ["1", "2", float("nan")], "n": [1, 2, 3]})
    found = examples_from(table)
    assert [each.place for each in found.skipped] == ["row 2", "row 3"]


def test_a_path_with_blanks_and_chinese_characters_is_read(tmp_path):
    path = saved(tmp_path / "我的 文件.csv", "问题,答案\n多硬,中等\n多久,十年\n", "gb18030")
    assert pairs(path) == pairs(str(path)) == [("多硬", "中等"), ("多久", "十年")]
