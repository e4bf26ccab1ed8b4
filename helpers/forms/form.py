"""What all forms share: a sentence in their place where no widget can live, a busy state, errors in words."""

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ipywidgets as widgets
import openai
from openai import OpenAI

from helpers.cost import dollars
from helpers.display.tables import escape, paragraph
from helpers.explain import explain
from helpers.hosts import connect, current_host

# Errors that a person can act on. Any other is a mistake in the course, and is let through to be seen.
FOR_PEOPLE = (openai.OpenAIError, ValueError, LookupError, OSError, RuntimeError)

DOUBLE_CLICK_SECONDS = 0.6  # a second click within this time is the same click

LABELS = {"description_width": "9em"}


def wide() -> widgets.Layout:
    """As wide as the page allows. Each widget gets a layout of its own: a shared one would hide them all at once."""
    return widgets.Layout(width="auto", max_width="60em")


class Form(widgets.VBox):
    """A box of fields. `instead` is the plain call that does the same."""

    def __init__(self, title: str, instead: str, children: list[widgets.Widget]) -> None:
        self.message = widgets.HTML()
        self._fallback = (
            f"{title}: a form, shown when this cell is run in JupyterLab. The plain call that does the same: {instead}"
        )
        self._one_at_a_time = threading.Lock()
        super().__init__([*children, self.message], layout=wide())
        self.add_class("course-form")

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        # Where no widget lives (GitHub, an exported page) the sentence stands in its place; it is also what
        # tests compare.
        bundle = super()._repr_mimebundle_(**options)
        return {**bundle, "text/plain": self._fallback, "text/html": f"<p><em>{escape(self._fallback)}</em></p>"}

    def say(self, html: str) -> None:
        """Show a message below the fields. The text must be escaped already."""
        self.message.value = f'<div role="status">{html}</div>'

    def say_text(self, text: str) -> None:
        self.say(paragraph(text))

    def complain(self, error: Exception) -> None:
        self.say(explain(error)._repr_html_() if isinstance(error, openai.OpenAIError) else paragraph(str(error)))

    def work(
        self, button: widgets.Button, task: Callable[[], None], busy: str = "Working ..."
    ) -> threading.Thread | None:
        """Do a task in a thread, so that the kernel stays free. A second click on the button while it runs does nothing; the
        task of another button waits for its turn."""
        if button.disabled:
            return None
        button.disabled = True
        pressed = time.monotonic()
        thread = threading.Thread(target=self._run, args=(button, task, busy, pressed), name="course-form", daemon=True)
        thread.start()
        return thread

    def _run(self, button: widgets.Button, task: Callable[[], None], busy: str, pressed: float) -> None:
        try:
            with self._one_at_a_time:
                self.say_text(busy)
                task()
        except FOR_PEOPLE as error:
            self.complain(error)
        except Exception as error:
            self.say_text(f"Something in the course is broken ({type(error).__name__}); what you wrote is still here.")
            raise
        finally:
            time.sleep(max(0.0, pressed + DOUBLE_CLICK_SECONDS - time.monotonic()))
            button.disabled = False


class Agreement(widgets.Checkbox):
    """On a paid host: a line with the amount that must be ticked first. Another amount must be ticked anew."""

    def __init__(self, client: OpenAI) -> None:
        super().__init__(False, description="", indent=False, layout=wide())
        self.host = current_host(client)
        hide(self)

    def propose(self, most: Decimal | None) -> None:
        """Show what a step costs at most, in dollars; None: the course does not know."""
        if not self.host.paid:
            return
        amount = "an amount that the course does not know" if most is None else f"up to {dollars(most)}"
        wanted = f"I agree to pay {amount} to {self.host.name}"
        if wanted != self.description:
            self.value, self.description = False, wanted
        hide(self, False)

    def demand(self) -> None:
        """Raises ValueError unless the step is free, or the line with its amount is ticked."""
        if self.host.paid and not self.value:
            raise ValueError("This host costs money. Tick the line with the amount first; nothing was started.")


def client_or_default(client: OpenAI | None) -> OpenAI:
    return client or connect(quiet=True)


def text(label: str, value: str = "", placeholder: str = "", rows: int = 0, **more: Any) -> Any:
    """A field of one line, or of several, with a real label."""
    common = dict(description=label, value=value, placeholder=placeholder, layout=wide(), style=LABELS, **more)
    return widgets.Textarea(rows=rows, **common) if rows else widgets.Text(**common)


def dropdown(label: str, options: list[Any]) -> widgets.Dropdown:
    return widgets.Dropdown(description=label, options=options, layout=wide(), style=LABELS)


def folded(label: str, children: list[widgets.Widget]) -> widgets.VBox:
    """Settings that few need, behind a button. (The Accordion of ipywidgets cannot be opened with the keyboard.)"""
    opener = widgets.ToggleButton(False, description=label, icon="caret-right", tooltip=label)
    opener.layout.width = "auto"
    inner = widgets.VBox(children)
    inner.layout.display = "none"

    def show(change: dict[str, Any]) -> None:
        inner.layout.display = "" if change["new"] else "none"
        opener.icon = "caret-down" if change["new"] else "caret-right"

    opener.observe(show, "value")
    return widgets.VBox([row(opener), inner])


def row(*children: widgets.Widget) -> widgets.HBox:
    """Side by side; one below the other where the page is narrow."""
    return widgets.HBox(children, layout=widgets.Layout(flex_flow="row wrap"))


def hide(widget: widgets.Widget, hidden: bool = True) -> None:
    widget.layout.display = "none" if hidden else ""


def button(label: str, style: str = "primary", tooltip: str = "") -> widgets.Button:
    made = widgets.Button(description=label, button_style=style, tooltip=tooltip or label)
    made.layout.width = "auto"
    return made
