"""The figures of the course, each with a sentence that says what to see: the loss of a job, what two ways cost, and how
many answers are right."""

import base64
import io
import math
from collections.abc import Sequence
from html import escape as escape_attribute
from typing import Any

import pandas as pd

from helpers.display.fonts import fit_fonts
from helpers.display.tables import escape, plural

WIDTH, HEIGHT, DPI = 6.4, 3.2, 100  # inches, dots per inch
GREY = "#808080"  # reads on white and on black
TRAINING, VALIDATION = "#0072B2", "#D55E00"  # blue and vermilion: told apart by colour-blind people too

NOTICEABLE = 0.1  # of a loss; a smaller change is called flat
SLOWER = "Try a lower learning rate."
FELL, ROSE, FLAT = "fell", "rose", "hardly moved,"


def loss_png(metrics: pd.DataFrame) -> bytes:
    """A PNG of training loss (line) and validation loss (dashed, with dots) by step, on a transparent ground.

    `metrics` has the columns step, train_loss and, where there was a validation file, valid_loss.
    """
    figure, axes = _empty_chart("step", "loss")
    train, valid = _losses(metrics, "train_loss"), _losses(metrics, "valid_loss")
    axes.plot(train.index, train, color=TRAINING, linewidth=1.5, label="training")
    if not valid.empty:
        every = max(1, len(valid) // 15)
        dots = {"markersize": 4, "markevery": every}
        axes.plot(valid.index, valid, "--o", color=VALIDATION, **dots, label="validation")
        _legend(axes)
    return _png(figure, axes)


def costs_png(days: list[float], tuned: list[float], base: list[float]) -> bytes:
    """A PNG of the dollars spent by day: with a tuned model (line, which begins with the training), with a base model
    (dashed)."""
    figure, axes = _empty_chart("day", "US dollars")
    axes.plot(days, tuned, color=TRAINING, linewidth=1.5, label="tuned model, short prompt")
    axes.plot(days, base, "--", color=VALIDATION, linewidth=1.5, label="base model, long prompt")
    _legend(axes)
    return _png(figure, axes)


def costs_figure(days: list[float], tuned: list[float], base: list[float], *, caption: str) -> str:
    """What `costs_png` draws, as HTML with the caption as its alternative text too."""
    alternative = f"Line chart of the money spent over {plural(round(days[-1]), 'day')}. {caption}"
    return _figure(costs_png(days, tuned, base), alternative, caption)


def _empty_chart(horizontal: str, vertical: str) -> tuple[Any, Any]:
    # Not pyplot: this is also drawn in threads, and pyplot would keep every figure.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(horizontal, color=GREY)
    axes.set_ylabel(vertical, color=GREY)
    axes.tick_params(colors=GREY)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)
    return figure, axes


def _legend(axes: Any) -> None:
    for text in axes.legend(frameon=False).get_texts():
        text.set_color(GREY)


def _png(figure: Any, axes: Any) -> bytes:
    axes.set_ylim(bottom=0)
    return _saved(figure)


def _saved(figure: Any) -> bytes:
    if hint := fit_fonts(figure):
        figure.suptitle(hint, fontsize="small", color=GREY, wrap=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", transparent=True)
    return buffer.getvalue()


def _figure(png: bytes, alternative: str, caption: str) -> str:
    image = base64.b64encode(png).decode("ascii")
    return (
        f'<figure style="margin:0"><img alt="{escape_attribute(alternative)}" style="max-width:100%" '
        f'src="data:image/png;base64,{image}"><figcaption>{escape(caption)}</figcaption></figure>'
    )


def loss_figure(metrics: pd.DataFrame) -> str:
    """The loss curve as HTML, with alternative text and its reading as the caption."""
    if metrics.empty:
        return ""
    return _figure(loss_png(metrics), alternative_text(metrics), read_curve(metrics))


def alternative_text(metrics: pd.DataFrame) -> str:
    return f"Line chart of the loss over {plural(int(metrics['step'].max()), 'step')}. {read_curve(metrics)}"


def read_curve(metrics: pd.DataFrame) -> str:
    """What to see in a loss curve, in one to three sentences.

    Validation loss is judged only where training loss fell: otherwise nothing was learned that could carry over.
    """
    if metrics.empty:
        return "No step was reported."
    train, valid = _losses(metrics, "train_loss"), _losses(metrics, "valid_loss")
    if lost := _without_a_number(metrics["step"], train, valid):
        return f"From step {lost} on there is no number for the loss: the training has probably broken down. {SLOWER}"
    if train.empty:
        return "No training loss was reported."
    if len(train) == 1:
        return f"Only one training loss was reported, {train.iloc[0]:.2f}: there is no curve to read yet."
    first, end = train.iloc[0], train.tail(max(1, min(3, len(train) // 3))).mean()
    moved = _moved(first, end)
    said = f"Training loss {moved} from {first:.2f} to {end:.2f}."
    if moved == ROSE:
        return f"{said} The model unlearned instead of learning. {SLOWER}"
    if moved == FLAT:
        return f"{said} The model learned little: try more epochs or a higher learning rate."
    return f"{said} {_read_validation(valid)}".rstrip()


def _read_validation(valid: pd.Series) -> str:
    """What validation loss did while training loss fell; empty where it was not measured."""
    if valid.empty:
        return ""
    if len(valid) == 1:
        return f"Validation loss was measured only once ({valid.iloc[0]:.2f}), so it says nothing about the way there."
    first, low, last = valid.iloc[0], valid.min(), valid.iloc[-1]
    if _moved(first, last) == ROSE:
        return (
            f"Validation loss rose from {first:.2f} to {last:.2f}: the model learned the examples by heart, and "
            "answers other questions worse than before. Fewer epochs, or more and more varied examples, may serve you "
            "better."
        )
    if _moved(low, last) == ROSE:
        return (
            f"Validation loss was lowest at step {int(valid.idxmin())} ({low:.2f}) and rose to {last:.2f}: the model "
            "began to learn the examples by heart. Fewer epochs, or a checkpoint near that step, may serve you better."
        )
    if _moved(first, last) == FLAT:
        return (
            f"Validation loss {FLAT} from {first:.2f} to {last:.2f}: what the model learned from the examples hardly "
            "helps with other questions. More and more varied examples may serve you better."
        )
    return f"Validation loss went along, to {last:.2f}: the model learned, and did not only memorise."


def _moved(start: float, end: float) -> str:
    if end <= start * (1 - NOTICEABLE):
        return FELL
    return ROSE if end > start * (1 + NOTICEABLE) else FLAT


def _losses(metrics: pd.DataFrame, column: str) -> pd.Series:
    """A loss by step, where there is a number: validation is not measured at each step, and a host may leave it out."""
    if column not in metrics:
        return pd.Series(dtype=float)
    numbers = pd.to_numeric(metrics[column], errors="coerce").to_numpy(dtype=float)
    losses = pd.Series(numbers, index=metrics["step"])
    return losses[losses.abs() < math.inf]


def _without_a_number(steps: pd.Series, train: pd.Series, valid: pd.Series) -> int | None:
    """The step from which neither loss is a number, where the curve ends like that: NaN is what a diverged training
    reports."""
    with_a_number = [*train.index, *valid.index]
    after = steps[steps > max(with_a_number)] if with_a_number else steps[:0]
    return None if after.empty else int(after.iloc[0])


def shares_png(bars: Sequence[tuple[str, float, float, float]]) -> bytes:
    """A PNG of shares from 0 to 1, a row for each: its name, a dot, a line from the lowest to the highest it may be."""
    figure, axes = _empty_chart("right answers", "")
    figure.set_figheight(0.9 + 0.4 * len(bars))
    rows = list(range(len(bars)))[::-1]  # the first on top
    for row, (_, share, low, high) in zip(rows, bars, strict=True):
        axes.plot([low, high], [row, row], color=TRAINING, linewidth=2, solid_capstyle="butt")
        axes.plot(share, row, "o", color=TRAINING, markersize=7)
        axes.annotate(f"{share:.0%}", (share, row), (0, 7), textcoords="offset points", ha="center", color=GREY)
    axes.set_yticks(rows, [name for name, *_ in bars])
    axes.set_xlim(-0.03, 1.03)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_ylim(-0.5, len(bars) - 0.2)
    return _saved(figure)


def shares_figure(bars: Sequence[tuple[str, float, float, float]], *, caption: str) -> str:
    """What `shares_png` draws, as HTML; the alternative text has each number and how far it may be off."""
    shares = [f"{name} {share:.0%} (between {low:.0%} and {high:.0%})" for name, share, low, high in bars]
    return _figure(shares_png(bars), f"Dots with lines: the share of right answers. {'; '.join(shares)}.", caption)
