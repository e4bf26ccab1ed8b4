"""A conversation cut into tokens, with those marked that a model learns: by colour, by a thick line and by a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.display.figure import BLUE, GREY
from helpers.display.tables import escape, plural

LEARNED = f"background:{BLUE}44; border-bottom:3px solid {BLUE}"
READ = f"background:{GREY}22; border-bottom:1px dotted {GREY}"
MOST_PIECES = 400  # of a message; more say nothing new


@dataclass(frozen=True)
class Spoken:
    """One message: who speaks, its pieces of text (mostly one token each), how many tokens that is."""

    role: str
    pieces: Sequence[str]
    tokens: int
    learned: bool


def tokens_html(messages: Sequence[Spoken], caption: str) -> str:
    """Each message with its tokens in boxes. It is text: it can be read aloud, copied, and made larger."""
    return (
        f'<figure style="margin:0; max-width:60em">{"".join(map(_message, messages))}'
        f'<figcaption style="margin-top:6px">{escape(caption)}</figcaption></figure>'
    )


def _message(said: Spoken) -> str:
    style = LEARNED if said.learned else READ
    box = f"padding:1px 2px; margin:1px; border-radius:3px 3px 0 0; white-space:pre-wrap; display:inline-block; {style}"
    pieces = "".join(f'<span style="{box}">{_visible(piece)}</span>' for piece in said.pieces[:MOST_PIECES])
    more = " ..." if len(said.pieces) > MOST_PIECES else ""
    what = "learned" if said.learned else "only read"
    return (
        f'<div style="margin-bottom:8px"><small>{escape(said.role)}: {plural(said.tokens, "token")}, '
        f'<strong>{what}</strong></small><div style="line-height:1.9">{pieces}{more}</div></div>'
    )


def _visible(piece: str) -> str:
    """A blank at the beginning belongs to the token; a line break is shown by a sign."""
    return escape(piece).replace("\n", "&#8629;").replace("\t", "&#8677;")
