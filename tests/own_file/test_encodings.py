"""Which encoding a file was saved in."""

import pytest

from helpers import examples_from
from tests.own_file.reading import pairs, saved

TEXTS = {
    "gb18030": "问题,答案\n你们几点开门？,早上九点，星期天休息。\n",
    "gbk": "question,answer\n保修?,十年\n",
    "big5": "問題,答案\n你們幾點開門？,早上九點，星期一公休。\n",
    "cp932": "質問,回答\n何時に開きますか？,九時です。\n",
    "euc_jp": "質問,回答\nペットは入れますか？,はい、大丈夫です。\n",
    "cp949": "질문,답변\n몇 시에 여나요?,아홉 시에 엽니다.\n",
    "cp1252": "Frage,Antwort\nWie groß ist das Menü?,Für zwei – „üppig“.\n",
    "latin-1": "question,réponse\nQuand êtes-vous ouverts ?,Dès neuf heures à Noël.\n",
    "cp1250": "pytanie,odpowiedź\nKiedy jesteście otwarci?,Od dziewiątej proszę zadzwonić później.\n",
    "cp1251": "вопрос,ответ\nКогда вы открываетесь?,В девять часов утра.\n",
    "koi8_r": "вопрос,ответ\nКогда вы открываетесь?,В девять часов утра.\n",
    "cp1253": "ερώτηση,απάντηση\nΠότε ανοίγετε;,Στις εννέα το πρωί κάθε μέρα.\n",
    "cp1254": "soru,cevap\nSaat kaçta açılıyorsunuz?,Dokuzda ama öğleden sonra kapalıyız.\n",
    "cp1255": "שאלה,תשובה\nמתי אתם פותחים?,בתשע בבוקר\n",
    "cp1256": "سؤال,جواب\nمتى تفتحون؟,في التاسعة صباحا\n",
    "utf-8": "Frage,Antwort\nWie groß?,Groß 🙂.\n",
    "utf-8-sig": "Frage,Antwort\nWie groß?,Groß.\n",
    "utf-16": "Frage,Antwort\nWie groß?,Groß.\n",
    "utf-16-le": "问题,答案\n几点开门？,早上九点。\n",
    "utf-16-be": "Frage,Antwort\nWie groß?,Groß.\n",
    "utf-32": "Frage,Antwort\nWie groß?,Groß.\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_encoding_of_a_small_table_is_recognised(tmp_path, encoding):
    text = TEXTS[encoding]
    path = saved(tmp_path / "a.csv", text.replace("\n", "\r\n"), encoding)
    [(asked, said)] = pairs(path)
    assert f"{asked},{said}" == text.split("\n")[1]


def test_the_learner_may_say_the_encoding(tmp_path):
    path = saved(tmp_path / "a.csv", "question,answer\nHow?,Größe\n", "cp437")
    assert examples_from(path, encoding="cp437")[0]["messages"][1]["content"] == "Größe"
    assert examples_from(path, encoding="cp437").encoding == "cp437"


def test_a_file_with_lines_of_two_encodings_is_read_line_by_line(tmp_path):
    lines = ["question,answer", "Wie groß?,Groß.", "Wie schön?,Schön.", "Wie kühl?,Kühl."]
    content = b"\n".join(line.encode("cp1252" if n == 3 else "utf-8") for n, line in enumerate(lines))
    (tmp_path / "a.csv").write_bytes(content)
    assert pairs(tmp_path / "a.csv")[-1] == ("Wie kühl?", "Kühl.") and pairs(tmp_path / "a.csv")[0][1] == "Groß."


def test_a_line_that_cannot_be_decoded_is_named_and_the_others_are_kept(tmp_path):
    content = "question,answer\nWie groß?,Groß.\n".encode() + b"b\xffd?,no\n" + "Wie kühl?,Kühl.\n".encode()
    (tmp_path / "a.csv").write_bytes(content)
    found = examples_from(tmp_path / "a.csv", encoding="utf-8")
    assert len(found) == 2 and found.skipped[0].place == "line 3" and "0xff" in found.skipped[0].reason


def test_one_zero_byte_makes_no_utf16(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(
        b'{\x00"question": "a?", "answer": "b"}\n' + '{"question": "Größe?", "answer": "c"}\n'.encode()
    )
    found = examples_from(tmp_path / "a.jsonl")
    assert pairs(tmp_path / "a.jsonl") == [("Größe?", "c")] and found.skipped[0].place == "line 1"


def test_utf8_that_was_appended_to_utf16_is_not_lost(tmp_path):
    first = '{"question": "a?", "answer": "b"}\n'.encode("utf-16")
    (tmp_path / "a.jsonl").write_bytes(first + b'{"question": "c?", "answer": "d"}\n')
    assert pairs(tmp_path / "a.jsonl") == [("a?", "b"), ("c?", "d")]


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
def test_utf8_that_was_encoded_twice_is_put_right(wrong):
    rows = "question,answer\nWie schön?,Sehr schön.\nWas kostet es?,20 Euro für alle.\n"
    assert pairs(rows.encode("utf-8").decode(wrong))[0] == ("Wie schön?", "Sehr schön.")


def test_text_that_only_looks_odd_stays():
    assert pairs("question,answer\nWas heißt Ã?,Ein A mit Tilde: Ã.\n")[0][1] == "Ein A mit Tilde: Ã."


def test_a_damaged_byte_among_lines_of_utf8_is_named_and_not_guessed_at(tmp_path):
    lines = [f"Wie groß ist Nr. {n}?,Größer als für üblich." for n in range(4)]
    raw = "\n".join(["question,answer", *lines]).encode()
    (tmp_path / "a.csv").write_bytes(raw.replace("ß ist Nr. 2".encode(), b"\xc3 ist Nr. 2"))
    found = examples_from(tmp_path / "a.csv")
    assert len(found) == 3 and found.encoding == "utf-8" and [each.place for each in found.skipped] == ["line 4"]


def test_one_zero_byte_in_a_text_of_another_encoding_makes_no_utf16(tmp_path):
    text = "".join(f"你们几点开门？{n},早上九点，星期天休息。\n" for n in range(9))
    (tmp_path / "a.csv").write_bytes("问题,答案\n".encode("gbk") + text.encode("gbk") + b"\0,\0\n")
    assert examples_from(tmp_path / "a.csv").encoding == "gb18030"
