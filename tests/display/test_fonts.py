"""Letters of any script in a figure: a font that has them, or a hint."""

import io
import warnings

import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from helpers.display.fonts import fit_fonts, fonts_for

LATIN = ["DejaVu Sans"]
NOBODYS = "\U0010fffd"  # a place that is left free for private letters


def drawn(label: str) -> tuple[Figure, str]:
    figure = Figure()
    figure.add_subplot().set_xlabel(label)
    return figure, fit_fonts(figure)


def test_latin_letters_keep_their_font():
    assert fonts_for("loss", LATIN) == (LATIN, set())


def test_chinese_gets_a_font_that_has_it_or_a_hint():
    figure, hint = drawn("损失 loss")
    label = figure.axes[0].xaxis.label
    has = {
        code
        for family in label.get_fontfamily()
        for code in get_font(findfont(FontProperties(family=[family]))).get_charmap()
    }
    if hint:
        assert "损" in hint and "Noto Sans CJK" in hint
        pytest.skip("no font with Chinese letters is installed here")
    assert {ord(letter) for letter in "损失loss"} <= has and label.get_fontfamily()[0] != label.get_fontfamily()[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of each letter that it draws as a box
        figure.savefig(io.BytesIO())


def test_letters_that_no_font_has_are_named():
    assert NOBODYS in drawn(f"a {NOBODYS}")[1] and drawn("a")[1] == ""
