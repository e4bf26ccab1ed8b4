"""What all forms share: a sentence in their place where no widget can live, a busy state, errors in words."""

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import openai
from openai import OpenAI

from helpers.explanations import explain
from helpers.hosts import connect
from helpers.render import escape, paragraph

# Errors that a person can act on. Any other is a mistake in the course, and is let through to be seen.
FOR_PEOPLE = (openai.OpenAIError, ValueError, LookupError, OSError, RuntimeError)

LABELS = {"description_width": "9em"}


def wide() -> widgets.Layout:
    """As wide as the page allows. Each widget gets a layout of its own: a shared one would hide them all at once."""
    return widgets.Layout(width="100%", max_width="60em")


class Form(widgets.VBox):
    """A box of fields. `instead` is the plain call that does the same."""

    def __init__(self, title: str, instead: str, children: list[widgets.Widget]) -> None:
        self.message = widgets.HTML()
        self._fallback = (
            f"{title}: a form, shown when this cell is run in JupyterLab. The plain call that does the same: {instead}"
        )
        self._busy = threading.Lock()
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
        """Do a task in a thread, so that the kernel stays free. A second click while it runs does nothing."""
        if not self._busy.acquire(blocking=False):
            return None
        button.disabled = True
        self.say_text(busy)

        def run() -> None:
            try:
                task()
            except FOR_PEOPLE as error:
                self.complain(error)
            finally:
                button.disabled = False
                self._busy.release()

        thread = threading.Thread(target=run, name="course-form", daemon=True)
        thread.start()
        return thread


def client_or_default(client: OpenAI | None) -> OpenAI:
    return client or connect(quiet=True)


def text(label: str, value: str = "", placeholder: str = "", rows: int = 0) -> widgets.Text | widgets.Textarea:
    """A field of one line, or of several, with a real label."""
    common = dict(description=label, value=value, placeholder=placeholder, layout=wide(), style=LABELS)
    return widgets.Textarea(rows=rows, **common) if rows else widgets.Text(**common)


def dropdown(label: str, options: list[Any]) -> widgets.Dropdown:
    return widgets.Dropdown(description=label, options=options, layout=wide(), style=LABELS)


def button(label: str, style: str = "primary", tooltip: str = "") -> widgets.Button:
    made = widgets.Button(description=label, button_style=style, tooltip=tooltip or label)
    made.layout.width = "auto"
    return made
