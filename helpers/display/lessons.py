"""Charts that explain what training does: lengths against a limit, surprises before and after, learning by heart."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.display.figure import BLUE, GREY, HEIGHT, VERMILION, dress, empty_chart, empty_figure, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BARS = 20
NEAR = 3  # a limit is drawn in its place where it is at most so many times as long as the longest example
STEPS = 100  # of the illustration


def lengths_chart(counts: Sequence[int], limit: int | None) -> "Figure":
    """How many examples have how many tokens. A limit that lies far to the right is named at the edge."""
    figure, axes = empty_chart("tokens in an example", "examples")
    longest = max(counts)
    drawn = limit is not None and limit <= NEAR * longest
    right = max(longest, limit if drawn else 0) * 1.08
    axes.hist(counts, bins=BARS, range=(0, right), color=BLUE, edgecolor=GREY)
    axes.set_xlim(0, right)
    axes.yaxis.get_major_locator().set_params(integer=True)
    if drawn:
        axes.axvline(limit, color=VERMILION, linestyle="--", linewidth=2)
    if limit:
        place = limit if drawn else right
        label = f"limit {limit:,}" if drawn else f"limit {limit:,}, far to the right \N{RIGHTWARDS ARROW}"
        axes.annotate(label, (place, 1.02), xycoords=axes.get_xaxis_transform(), ha="right", color=VERMILION)
    return figure


def surprises_chart(tokens: Sequence[str], before: Sequence[float], after: Sequence[float]) -> "Figure":
    """The probability of each right next token, as two bars: before (hatched) and after (filled)."""
    figure, axes = empty_chart("", "probability of the right token")
    places = list(range(len(tokens)))
    axes.bar(
        [place - 0.2 for place in places], before, 0.4, fill=False, hatch="////", edgecolor=VERMILION, label="before"
    )
    axes.bar([place + 0.2 for place in places], after, 0.4, color=BLUE, label="after")
    signs = [token.replace("\n", "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}") for token in tokens]
    axes.set_xticks(places, signs, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    figure.set_figheight(HEIGHT + 0.6)
    legend(axes, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def memorising_chart() -> "Figure":
    """Two small charts side by side: validation goes along, and validation turns up. Computed, not measured."""
    figure = empty_figure(HEIGHT * 0.85)
    steps = list(range(STEPS))
    training = [0.1 + 2.1 * math.exp(-step / 18) for step in steps]
    learns = [0.45 + 1.8 * math.exp(-step / 22) for step in steps]
    by_heart = [0.45 + 1.8 * math.exp(-step / 22) + (max(0, step - 35) / 65) ** 1.3 * 1.3 for step in steps]
    first = None
    for place, (title, validation) in enumerate((("it learns", learns), ("it memorises", by_heart)), 1):
        axes = figure.add_subplot(1, 2, place, sharey=first)
        first = first or axes
        dress(axes, "step", "loss" if place == 1 else "")
        axes.set_title(title, color=GREY)
        axes.plot(steps, training, color=BLUE, label="training")
        axes.plot(steps, validation, "--", color=VERMILION, label="validation")
        axes.set_ylim(0, 2.4)
        axes.set_xticks([])
        axes.set_yticks([])
    lowest = min(steps, key=by_heart.__getitem__)
    axes.plot(lowest, by_heart[lowest], "o", color=VERMILION, markersize=11, fillstyle="none", markeredgewidth=2)
    axes.annotate(
        "stop here", (lowest, by_heart[lowest]), (0, 14), textcoords="offset points", ha="center", color=VERMILION
    )
    legend(first)
    return figure
