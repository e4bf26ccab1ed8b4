"""Fonts for the figures: the one that matplotlib brings has no letters of Chinese, Japanese, Korean or Thai."""

from typing import Any

# Those that systems bring or people install, sans serif first. Any other font that has the letters will do as well.
KNOWN = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei",
    "SimHei", "WenQuanYi Micro Hei", "Arial Unicode MS", "Yu Gothic", "Malgun Gothic", "Apple SD Gothic Neo",
)  # fmt: skip
OF_BOXES = "Last Resort"  # has a box for every letter there is; matplotlib brings it along
ADVICE = "No font on this computer has the letters {letters}. Install one that has them, such as Noto Sans CJK."
SHOWN = 8  # letters


def fit_fonts(figure: Any) -> str:
    """Give each text of a matplotlib figure fonts that have all its letters.

    Returns a hint that names the letters which no installed font has; empty if there are none.
    """
    from matplotlib.text import Text

    lacking: set[str] = set()
    for text in figure.findobj(Text):
        families, without = fonts_for(text.get_text(), text.get_fontfamily())
        text.set_fontfamily(families)
        lacking |= without
    return ADVICE.format(letters=" ".join(sorted(lacking)[:SHOWN])) if lacking else ""


def fonts_for(text: str, families: list[str]) -> tuple[list[str], set[str]]:
    """The families of a text with others after them that have what they lack, and the letters that none has."""
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    lacking = _lacking({letter for letter in text if not letter.isspace()}, findfont(FontProperties(family=families)))
    if not lacking:
        return families, set()
    rank = {name: number for number, name in enumerate(KNOWN)}
    files = {font.name: font.fname for font in fontManager.ttflist if not font.name.startswith(OF_BOXES)}
    for name in sorted(files, key=lambda name: (rank.get(name, len(KNOWN)), name)):
        left = _lacking(lacking, files[name])
        if left < lacking:
            families, lacking = [*families, name], left
        if not lacking:
            break
    return families, lacking


def _lacking(letters: set[str], file: str) -> set[str]:
    from matplotlib.font_manager import get_font

    try:
        has = get_font(file).get_charmap()
    except (OSError, RuntimeError):  # removed since matplotlib looked, or in a form that it cannot read
        return letters
    return {letter for letter in letters if ord(letter) not in has}
