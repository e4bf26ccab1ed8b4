"""Drawings with words: cards side by side, one below the other where the page is narrow.

They are HTML and not an image, because their words are to be read, and take their colours from the page, light or dark.
Where a page shows no drawings (a notebook on GitHub), the words remain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.display.figure import BLUE, GREY, VERMILION
from helpers.display.tables import escape

OWN, HOST = BLUE, VERMILION
_LINES = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"'

# Each drawing is 120 by 48. What a step or a way adds has the class of an accent: a fill in blue.
_ACCENT = f'fill="{BLUE}" fill-opacity="0.45"'
_MODEL = '<rect x="66" y="8" width="34" height="32" rx="6"/><path d="M74 18h18M74 24h18M74 30h10"/>'
_ARROW = '<path d="M42 24h18m-5-5 5 5-5 5"/>'
_PAGE = '<path d="M14 6h18l8 8v28H14z" {accent}/><path d="M19 20h16M19 26h16M19 32h10"/>'
DRAWINGS = {
    "file": '<path d="M46 4h20l10 10v30H46z" {accent}/><path d="M52 20h18M52 27h18M52 34h11"/>',
    "upload": _PAGE.format(accent="")
    + '<path d="M46 24h14m-5-5 5 5-5 5"/><rect x="68" y="8" width="36" height="14" rx="3" {accent}/>'
    '<rect x="68" y="26" width="36" height="14" rx="3"/><path d="M74 15h2M74 33h2"/>',
    "training": '<path d="M30 6v36h62"/><path d="M36 10c6 22 18 26 52 28" stroke-width="3"/>'
    f'<circle cx="88" cy="38" r="4" fill="{BLUE}"/>',
    "ask": '<path d="M14 8h40v20H30l-8 8v-8h-8z"/><path d="M66 16h40v20h-8v8l-8-8H66z" {accent}/>',
    "note": _PAGE + _ARROW + _MODEL,
    "binder": '<rect x="6" y="6" width="9" height="36" rx="2"/><rect x="28" y="6" width="9" height="36" rx="2"/>'
    f'<rect x="17" y="6" width="9" height="36" rx="2" {{accent}}/>{_ARROW}{_MODEL}',
    "calls": '<rect x="6" y="4" width="30" height="12" rx="3" {accent}/>'
    '<rect x="6" y="18" width="30" height="12" rx="3" {accent}/>'
    '<rect x="6" y="32" width="30" height="12" rx="3" {accent}/>'
    f'<path d="M42 24h18m-5-5 5 5-5 5M47 19l-5 5 5 5"/>{_MODEL}',
    "tuned": '<rect x="43" y="4" width="38" height="40" rx="7" {accent}/>'
    '<path d="m62 10 4 9 10 1-8 6 3 10-9-5-9 5 3-10-8-6 10-1z"/>',
}


@dataclass(frozen=True)
class Card:
    """One card: a drawing, a title, and lines of a name and what is said of it. `strong` ones have a thick frame."""

    drawing: str
    title: str
    lines: Sequence[tuple[str, str, str]]  # name, text, colour of its mark
    strong: bool = False


def cards_html(cards: Sequence[Card], caption: str, *, arrows: bool = False) -> str:
    """Cards as a figure with a caption. With `arrows` each points to the next."""
    shown = [_card(card, arrows and number < len(cards)) for number, card in enumerate(cards, 1)]
    return (
        '<figure style="margin:0; max-width:70em"><div style="display:flex; flex-wrap:wrap; gap:10px">'
        f'{"".join(shown)}</div><figcaption style="margin-top:6px">{escape(caption)}</figcaption></figure>'
    )


def _card(card: Card, arrow: bool) -> str:
    frame = f"3px solid {BLUE}" if card.strong else f"1px solid {GREY}"
    drawing = DRAWINGS[card.drawing].replace("{accent}", _ACCENT)
    lines = "".join(_line(*line) for line in card.lines)
    next_one = '<span aria-hidden="true" style="float:right">&#10140;</span>' if arrow else ""
    svg = f'<svg aria-hidden="true" viewBox="0 0 120 48" width="120" height="48" {_LINES}>{drawing}</svg>'
    return (
        f'<div style="flex:1 1 10em; min-width:9em; box-sizing:border-box; padding:10px; border:{frame}; '
        f'border-radius:8px">{svg}<div>{next_one}<strong>{escape(card.title)}</strong></div>{lines}</div>'
    )


def _line(name: str, text: str, colour: str) -> str:
    return (
        f'<div style="margin-top:6px; padding-left:8px; border-left:4px solid {colour}">'
        f"<small>{escape(name)}</small><br>{escape(text)}</div>"
    )
