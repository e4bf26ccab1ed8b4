"""The figures of the course, each with a sentence that says what to see: the loss of a job, and what two ways cost."""

import base64
import io
from html import escape as escape_attribute
from typing import Any

import pandas as pd

from helpers.display.tables import escape

WIDTH, HEIGHT, DPI = 6.4, 3.2, 100  # inches, dots per inch
GREY = "#808080"  # reads on white and on black
TRAINING, VALIDATION = "#0072B2", "#D55E00"  # blue and vermilion: told apart by colour-blind people too


def loss_png(metrics: pd.DataFrame) -> bytes:
    """A PNG of training loss (line) and validation loss (dashed, with dots) by step, on a transparent ground.

    `metrics` has the columns step, train_loss and, where there was a validation file, valid_loss.
    """
    figure, axes = _empty_chart("step", "loss")
    axes.plot(metrics["step"], metrics["train_loss"], color=TRAINING, linewidth=1.5, label="training")
    valid = _validation(metrics)
    if not valid.empty:
        every = max(1, len(valid) // 15)
        dots = {"markersize": 4, "markevery": every}
        axes.plot(valid["step"], valid["valid_loss"], "--o", color=VALIDATION, **dots, label="validation")
        _legend(axes)
    return _png(figure, axes)


def costs_png(days: list[float], tuned: list[float], base: list[float]) -> bytes:
    """A PNG of the dollars spent by day: with a tuned model (line, it begins at the training) and a base model (dashed)."""
    figure, axes = _empty_chart("day", "US dollars")
    axes.plot(days, tuned, color=TRAINING, linewidth=1.5, label="tuned model, short prompt")
    axes.plot(days, base, "--", color=VALIDATION, linewidth=1.5, label="base model, long prompt")
    _legend(axes)
    return _png(figure, axes)


def costs_figure(days: list[float], tuned: list[float], base: list[float], *, caption: str) -> str:
    """What `costs_png` draws, as HTML with the caption as its alternative text too."""
    return _figure(
        costs_png(days, tuned, base), f"Line chart of the money spent over {days[-1]:.0f} days. {caption}", caption
    )


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
    return f"Line chart of the loss over {int(metrics['step'].max())} steps. {read_curve(metrics)}"


def read_curve(metrics: pd.DataFrame) -> str:
    """What to see in a loss curve, in one or two sentences."""
    if metrics.empty:
        return "No step was reported."
    first, end = metrics["train_loss"].iloc[0], metrics["train_loss"].tail(3).mean()
    moved = "fell" if end < first * 0.9 else "rose" if end > first * 1.1 else "hardly moved:"
    said = f"Training loss {moved} from {first:.2f} to {end:.2f}."
    valid = _validation(metrics)
    if len(valid) < 2:
        return (
            said
            if end < first * 0.9
            else f"{said} The model learned little: try more epochs or a higher learning rate."
        )
    lowest = valid["valid_loss"].idxmin()
    low, last = valid["valid_loss"][lowest], valid["valid_loss"].iloc[-1]
    step = int(valid["step"][lowest])
    if last > low * 1.1:
        return (
            f"{said} Validation loss was lowest at step {step} ({low:.2f}) and rose to {last:.2f}: the model began to "
            "learn the examples by heart. Fewer epochs, or a checkpoint near that step, may serve you better."
        )
    return f"{said} Validation loss went along, to {last:.2f}: the model learned, and did not only memorise."


def _validation(metrics: pd.DataFrame) -> pd.DataFrame:
    if "valid_loss" not in metrics:
        return metrics.iloc[0:0]
    return metrics.dropna(subset=["valid_loss"])
