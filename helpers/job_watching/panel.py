"""The live view of a job: status, time left, bar, loss curve, latest events. `watch` uses it in a notebook, and the
job form with a Cancel button."""

import time
from typing import Any

import ipywidgets as widgets

from helpers.display.charts import alternative_text, loss_png
from helpers.display.form_card import CARD, WARNING, head, marked
from helpers.display.tables import paragraph
from helpers.job_watching.watcher import Watcher, metrics_frame, status_line

LATEST_EVENTS = 3
FALLBACK = "The live view of a running job stood here."


class Panel:
    """Shows one job. `box` holds the widgets; `show` may be called from a thread.

    Args:
        shown: as a card of its own, at once; otherwise a form puts the box where it belongs.
    """

    def __init__(self, shown: bool = True) -> None:
        self.status = widgets.HTML()
        self.bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="100%", max_width="40em"))
        self.curve = widgets.Image(format="png", layout=widgets.Layout(max_width="40em", display="none"))
        self.latest = widgets.HTML()
        self.box = LiveBox([self.status, self.bar, self.curve, self.latest])
        self.steps = 0
        if shown:
            from IPython.display import display

            self.box.children = (widgets.HTML(head("Your job")), *self.box.children)
            self.box.layout.width, self.box.layout.max_width = "100%", "62em"
            self.box.add_class(CARD)
            display(self.box)

    def show(self, watcher: Watcher) -> None:
        self.status.value = f'<div role="status">{paragraph(status_line(watcher))}</div>'
        self.bar.value = watcher.share_done
        self.latest.value = "".join(map(paragraph, latest_events(watcher)))
        if watcher.steps and watcher.steps[0] > self.steps:
            self.steps = watcher.steps[0]
            self._draw(watcher)

    def _draw(self, watcher: Watcher) -> None:
        metrics = metrics_frame(watcher.events)
        if len(metrics) > 1:
            self.curve.value = loss_png(metrics, watcher.marks)
            self.curve.alt = alternative_text(metrics, watcher.marks)
            self.curve.layout.display = ""

    def trouble(self, message: str) -> None:
        self.status.value = marked(paragraph(message), WARNING)

    def close(self) -> None:
        """Make room: what watch() returns shows the end, and stays in the saved notebook."""
        self.box.layout.display = "none"


def latest_events(watcher: Watcher) -> list[str]:
    """The last messages. Before the first step the last one is a phase that goes on, so its seconds are counted."""
    latest = [event.message for event in watcher.events[-LATEST_EVENTS:]]
    if latest and not watcher.steps and not watcher.finished:
        latest[-1] += f" ({max(0, time.time() - watcher.events[-1].created_at):.0f} s)"
    return latest


class LiveBox(widgets.VBox):
    """A box with a sentence in its place where no widget lives."""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return {**super()._repr_mimebundle_(**options), "text/plain": FALLBACK, "text/html": paragraph(FALLBACK)}
