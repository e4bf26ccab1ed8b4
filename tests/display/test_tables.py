"""Tables in a notebook and in a form."""

from helpers.display.tables import cut, html_table, text_table, width_of


def test_only_what_is_as_long_as_an_id_may_be_broken():
    shown = html_table(
        ["severity"], [["messages[2].role", "file-SdZYoMiMOWlmhZqebuVtAV"]], caption="roles.jsonl: 2 errors"
    )
    assert shown.count("overflow-wrap:anywhere") == 1
    assert 'overflow-wrap:anywhere">file-' in shown


def test_columns_of_chinese_and_english_stand_under_each_other():
    lines = text_table([("question", "answer"), ("床垫有多硬?", "中等"), ("How firm?", "medium")]).splitlines()
    before = [line[: line.index(word)] for line, word in zip(lines, ("answer", "中等", "medium"), strict=True)]
    assert len({width_of(part) for part in before}) == 1


def test_a_column_of_chinese_never_gets_as_narrow_as_one_letter():
    table = html_table(["问题"], [["床垫的保修期是多久?从哪一天开始计算,需要保留发票吗?"]])
    assert "min-width:2em" in table and "min-width:8em" in table and "overflow-wrap:anywhere" not in table


def test_a_table_without_chinese_is_as_before():
    assert "min-width" not in html_table(["question"], [["How long is the warranty, in years?"]])


def test_a_long_sentence_without_blanks_is_cut_and_not_left_out():
    assert cut("密钥不正确,请检查后再试。" * 40, 30).startswith("密钥不正确") and len(cut("密" * 99, 30)) == 30
    assert cut("a  b\nc", 30) == "a b c"


def test_a_head_as_long_as_the_name_of_a_model_is_broken_where_there_is_no_room_for_it():
    html = html_table(["question", "ft:gpt-4.1-mini-2025-04-14:personal:mattress:UVImz0K0"], [("Why?", "Because.")])
    assert html.count("overflow-wrap:anywhere") == 1
