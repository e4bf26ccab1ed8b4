"""In which encoding a file was saved: recognised, said, and left alone where nobody can tell."""

import json
from pathlib import Path

import pytest

from helpers.data_format import check, read, repair
from helpers.own_file.old_encodings import most_probable

TEXTS = {
    "gb18030": "几点开门? 我们九点开门, 在老磨坊旁边.",
    "big5": "你們幾點開門? 九點, 我們在老磨坊旁邊.",
    "cp932": "何時に開きますか. 九時です. カードは使えますか.",
    "cp949": "몇 시에 여나요? 아홉 시에 엽니다.",
    "cp1251": "Когда вы открываетесь? Конечно, завтра.",
    "cp1252": "Wann öffnet ihr? Um neun, für 3 € das Stück.",
}


def saved(path: Path, encoding: str, text: str) -> Path:
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": text + text}]
    lines = [json.dumps({"id": i, "messages": messages}, ensure_ascii=False) for i in range(12)]
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_is_recognised_from_a_few_sentences(encoding):
    assert most_probable(TEXTS[encoding].encode(encoding)) == encoding


@pytest.mark.parametrize("encoding", TEXTS)
def test_a_file_in_another_encoding_is_one_problem_and_repaired(tmp_path, encoding):
    path = saved(tmp_path / "我的 file.jsonl", encoding, TEXTS[encoding])
    [problem] = [problem for problem in check(path).errors if problem.code == "not_utf8"]
    assert "12 lines, as it seems" in problem.found
    done = repair(path, tmp_path / "new.jsonl")
    assert read(tmp_path / "new.jsonl")[0]["messages"][0]["content"] == TEXTS[encoding]
    assert any("-> UTF-8" in what for _, what in done.changes)


def test_bytes_that_are_no_text_are_named_with_their_place(tmp_path):
    path = tmp_path / "noise.jsonl"
    path.write_bytes(b'{"messages": []}\n\x81\x8d\x8f\x90\n')
    [problem] = [problem for problem in check(path).errors if problem.code == "not_utf8"]
    assert problem.line == 2 and problem.where == "byte 1"


def test_where_half_of_the_lines_are_utf8_they_stay_as_they_are(tmp_path):
    """And the other half are of one encoding, unless they are UTF-8 with a damaged byte."""
    texts = [f"Größe {i}: für alle schön" for i in range(12)]
    lines = [json.dumps({"messages": [{"role": "assistant", "content": text}]}, ensure_ascii=False) for text in texts]
    raw = [line.encode("cp1252" if i % 2 else "utf-8") for i, line in enumerate(lines)]
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"\n".join(raw))
    assert [example["messages"][0]["content"] for example in read(path)] == texts
    damaged = raw[0].replace("ß".encode(), b"\xc3")
    path.write_bytes(b"\n".join([*raw, *(line.encode() for line in lines), damaged]))
    places = [(problem.line, problem.where) for problem in check(path).errors if problem.code == "not_utf8"]
    assert places == [(25, "byte 53"), (2, "the encoding")]


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-be"])
def test_utf32_is_named_and_repaired(tmp_path, encoding):
    mark = {"utf-32": b"", "utf-32-be": b"\0\0\xfe\xff"}[encoding]
    path = saved(tmp_path / "mine.jsonl", encoding, "Wie groß?")
    path.write_bytes(mark + path.read_bytes())
    assert check(path).errors[-1].found == "UTF-32"
    repair(path, tmp_path / "new.jsonl")
    assert read(tmp_path / "new.jsonl")[0]["messages"][0]["content"] == "Wie groß?"
