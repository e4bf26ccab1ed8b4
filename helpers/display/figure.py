"""What all figures share: a transparent ground, grey that reads on white and on black, alternative text, a caption."""

import base64
import io
from html import escape as escape_attribute
from typing import Any

from helpers.display.fonts import fit_fonts
from helpers.display.tables import escape

WIDTH, HEIGHT, DPI = 6.4, 3.2, 100  # inches, dots per inch
GREY = "#808080"  # reads on white and on black
BLUE, VERMILION = "#0072B2", "#D55E00"  # told apart by colour-blind people too


def empty_chart(horizontal: str, vertical: str) -> tuple[Any, Any]:
    """A figure with one pair of axes."""
    figure = empty_figure()
    axes = figure.add_subplot()
    dress(axes, horizontal, vertical)
    return figure, axes


def empty_figure(height: float = HEIGHT) -> Any:
    # Not pyplot: figures are also drawn in threads, and pyplot would keep every one of them.
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")


def dress(axes: Any, horizontal: str, vertical: str) -> None:
    """Names of the axes, and no more ink than needed."""
    axes.set_xlabel(horizontal, color=GREY)
    axes.set_ylabel(vertical, color=GREY)
    axes.tick_params(colors=GREY)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)


def legend(axes: Any, **more: Any) -> None:
    for text in axes.legend(frameon=False, **more).get_texts():
        text.set_color(GREY)


def png_of(figure: Any) -> bytes:
    """The figure as a PNG, with fonts for all its letters."""
    if hint := fit_fonts(figure):
        figure.suptitle(hint, fontsize="small", color=GREY, wrap=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", transparent=True)
    return buffer.getvalue()


def figure_html(png: bytes, alternative: str, caption: str) -> str:
    """A PNG in a page: `alternative` is for those who cannot see it, the caption says what to see in it."""
    image = base64.b64encode(png).decode("ascii")
    return (
        f'<figure style="margin:0"><img alt="{escape_attribute(alternative)}" style="max-width:100%" '
        f'src="data:image/png;base64,{image}"><figcaption>{escape(caption)}</figcaption></figure>'
    )
