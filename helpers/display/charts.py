"""The charts of the course, each with a sentence that says what to see: the loss of a job, what two ways cost, and how
many answers are right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from helpers.display.figure import BLUE, GREY, VERMILION, empty_chart, figure_html, legend, png_of
from helpers.display.tables import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAINING, VALIDATION = BLUE, VERMILION
MOST_EPOCHS_NAMED = 12

NOTICEABLE = 0.1  # of a loss; a smaller change is called flat
SLOWER = "Try a lower learning rate."
FELL, ROSE, FLAT = "fell", "rose", "hardly moved,"


@dataclass(frozen=True)
class Marks:
    """What is marked in a loss curve beside its lowest point: where epochs end, and the steps with a checkpoint.

    Args:
        epochs: how often the file is read; None if the host has not said it.
        steps: of the whole training; None likewise.
        checkpoints: steps at which the host kept a copy of the model.
    """

    epochs: int | None = None
    steps: int | None = None
    checkpoints: tuple[int, ...] = ()

    @property
    def epoch_ends(self) -> list[tuple[int, float]]:
        """Number and step of each; of many, only some."""
        if not self.epochs or not self.steps:
            return []
        every = math.ceil(self.epochs / MOST_EPOCHS_NAMED)
        return [(number, self.steps * number / self.epochs) for number in range(every, self.epochs + 1, every)]


NO_MARKS = Marks()


def loss_png(metrics: pd.DataFrame, marks: Marks = NO_MARKS) -> bytes:
    return png_of(loss_chart(metrics, marks))


def loss_chart(metrics: pd.DataFrame, marks: Marks = NO_MARKS) -> "Figure":
    """Training loss (line) and validation loss (dashed, with dots) by step, on a transparent ground.

    `metrics` has the columns step, train_loss and, where there was a validation file, valid_loss. The lowest point of
    the validation loss has a ring and its step, where it does not lie at the end.
    """
    figure, axes = empty_chart("step", "loss")
    train, valid = _losses(metrics, "train_loss"), _losses(metrics, "valid_loss")
    axes.plot(train.index, train, color=TRAINING, linewidth=1.5, label="training")
    if not valid.empty:
        every = max(1, len(valid) // 15)
        dots = {"markersize": 4, "markevery": every}
        axes.plot(valid.index, valid, "--o", color=VALIDATION, **dots, label="validation")
    axes.set_ylim(bottom=0)
    _mark_epochs(axes, marks)
    last = max([*train.index, *valid.index], default=0)
    kept = [step for step in marks.checkpoints if step <= last]
    if kept:
        # On the axis itself: its own coordinates upwards, those of the data along.
        axes.plot(
            kept, [0] * len(kept), "^", color=GREY, markersize=8, clip_on=False, label="checkpoint kept",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    _mark_lowest(axes, valid)
    if not valid.empty or kept:
        legend(axes)
    return figure


def _mark_epochs(axes: Any, marks: Marks) -> None:
    for number, step in marks.epoch_ends:
        axes.axvline(step, color=GREY, linewidth=0.6, alpha=0.5)
        label = f"epoch {number}" if number == marks.epoch_ends[0][0] else str(number)
        axes.annotate(
            label, (step, 1), (0, 2), xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="center",
            color=GREY, fontsize="small",
        )  # fmt: skip


def _mark_lowest(axes: Any, valid: pd.Series) -> None:
    if len(valid) < 2 or valid.idxmin() == valid.index[-1]:
        return
    step, low = valid.idxmin(), valid.min()
    axes.plot(step, low, "o", color=VALIDATION, markersize=11, fillstyle="none", markeredgewidth=2)
    axes.annotate(
        f"lowest: step {int(step)}", (step, low), (0, 16), textcoords="offset points", ha="center", color=VALIDATION,
    )  # fmt: skip


def costs_chart(days: list[float], tuned: list[float], base: list[float], crossing: float | None = None) -> "Figure":
    """The dollars spent by day: with a tuned model (line, which begins with the training), with a base model
    (dashed). The day on which they cross has a ring and its number."""
    figure, axes = empty_chart("day", "US dollars")
    axes.plot(days, tuned, color=TRAINING, linewidth=1.5, label="tuned model, short prompt")
    axes.plot(days, base, "--", color=VALIDATION, linewidth=1.5, label="base model, long prompt")
    axes.set_xlim(0, days[-1])
    axes.set_ylim(bottom=0)
    if crossing is not None and crossing <= days[-1]:
        spent = base[-1] * crossing / days[-1]
        axes.plot(crossing, spent, "o", color=GREY, markersize=12, fillstyle="none", markeredgewidth=2)
        axes.annotate(
            f"day {day_number(crossing)}: paid off", (crossing, spent), (14, -14), textcoords="offset points",
            va="top", color=GREY,
        )  # fmt: skip
    legend(axes, loc="upper left")
    return figure


def costs_figure(
    days: list[float], tuned: list[float], base: list[float], *, crossing: float | None = None, caption: str
) -> str:
    """What `costs_png` draws, as HTML with the caption as its alternative text too."""
    cross = "" if crossing is None else f" The two lines cross on day {day_number(crossing)}."
    alternative = f"Line chart of the money spent over {plural(round(days[-1]), 'day')}.{cross} {caption}"
    return figure_html(png_of(costs_chart(days, tuned, base, crossing)), alternative, caption)


def day_number(days: float) -> str:
    """
    >>> day_number(9.75), day_number(0.104)
    ('10', '0.1')
    """
    return f"{days:.1f}" if days < 1 else f"{math.ceil(days)}"


def loss_figure(metrics: pd.DataFrame, marks: Marks = NO_MARKS) -> str:
    """The loss curve as HTML, with alternative text and its reading as the caption."""
    if metrics.empty:
        return ""
    return figure_html(loss_png(metrics, marks), alternative_text(metrics, marks), read_curve(metrics))


def alternative_text(metrics: pd.DataFrame, marks: Marks = NO_MARKS) -> str:
    kept = ", ".join(map(str, marks.checkpoints))
    marked = f" Checkpoints are kept at {'step' if len(marks.checkpoints) == 1 else 'steps'} {kept}." if kept else ""
    return f"Line chart of the loss over {plural(int(metrics['step'].max()), 'step')}. {read_curve(metrics)}{marked}"


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
    figure, axes = empty_chart("right answers", "")
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
    return png_of(figure)


def shares_figure(bars: Sequence[tuple[str, float, float, float]], *, caption: str) -> str:
    """What `shares_png` draws, as HTML; the alternative text has each number and how far it may be off."""
    shares = [f"{name} {share:.0%} (between {low:.0%} and {high:.0%})" for name, share, low, high in bars]
    return figure_html(shares_png(bars), f"Dots with lines: the share of right answers. {'; '.join(shares)}.", caption)
