"""What all forms share: a sentence in their place where no widget can live, a busy state, errors in words."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import ipywidgets as widgets
import openai
import traitlets
from openai import OpenAI

from helpers.cost import dollars
from helpers.display.form_card import CARD, ERROR, LABEL_WIDTH, head, marked
from helpers.display.tables import escape, paragraph
from helpers.explain import explain
from helpers.hosts import connect, current_host

# Errors that a person can act on. Any other is a mistake in the course, and is let through to be seen.
FOR_PEOPLE = (openai.OpenAIError, ValueError, LookupError, OSError, RuntimeError)

DOUBLE_CLICK_SECONDS = 0.6  # a second click within this time is the same click
# ipywidgets sends the next value of a field only when the kernel has taken the one before, and a click at once. When
# somebody types and presses a button, the click arrives before the last letters, by as much as a message takes to the
# kernel and back: a task waits for them.
LAST_LETTERS_SECONDS = 0.3

LABELS = {"description_width": LABEL_WIDTH}


def wide() -> widgets.Layout:
    """As wide as the page allows. Each widget gets a layout of its own: a shared one would hide them all at once."""
    return widgets.Layout(width="auto", max_width="60em")


class Button(widgets.Button):
    """A button with two reasons to be dark: its task runs, or the form does not allow it. Neither undoes the other."""

    busy = traitlets.Bool(False)
    allowed = traitlets.Bool(True)

    def __init__(self, **traits: Any) -> None:
        self._deciding = threading.Lock()  # one reason may change in a thread while the other changes here
        super().__init__(**traits)

    @traitlets.observe("busy", "allowed")
    def _decide(self, _change: dict[str, Any]) -> None:
        with self._deciding:
            self.disabled = self.busy or not self.allowed


class Form(widgets.VBox):
    """A card with a title, fields, and a message at its buttons.

    Args:
        title: what the form is for.
        instead: the plain call that does the same.
        children: the fields and, last, the buttons; the message stands below them.
        below: results, which may be long.
    """

    def __init__(
        self, title: str, instead: str, children: Sequence[widgets.Widget], below: Sequence[widgets.Widget] = ()
    ) -> None:
        self.message = widgets.HTML()
        self._fallback = (
            f"{title}. Run this cell (Shift+Enter) to see the form. The plain call that does the same: {instead}"
        )
        self._one_at_a_time = threading.Lock()
        layout = widgets.Layout(width="100%", max_width="62em")
        super().__init__([widgets.HTML(head(title)), *children, self.message, *below], layout=layout)
        self.add_class("course-form")
        self.add_class(CARD)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        # Where no widget lives (GitHub, an exported page, JupyterLab after a reload) the sentence stands in its place;
        # it is also what tests compare.
        bundle = super()._repr_mimebundle_(**options)
        return {**bundle, "text/plain": self._fallback, "text/html": f"<p><em>{escape(self._fallback)}</em></p>"}

    def say(self, html: str, at: widgets.HTML | None = None, kind: str = "") -> None:
        """Show a message below the fields, or at another place. The text must be escaped already. With a kind it is
        marked as an error, a warning or a success."""
        (at or self.message).value = f'<div role="status">{marked(html, kind) if kind else html}</div>'

    def say_text(self, text: str, at: widgets.HTML | None = None, kind: str = "") -> None:
        self.say(paragraph(text), at, kind)

    def complain(self, error: Exception, at: widgets.HTML | None = None) -> None:
        self.say(in_words(error), at, ERROR)

    @contextmanager
    def telling(self, at: widgets.HTML | None = None) -> Iterator[None]:
        """An error that a person can act on is told in the form. Any other is said to be a mistake, and let through."""
        try:
            yield
        except FOR_PEOPLE as error:
            self.complain(error, at)
        except Exception as error:
            said = f"Something in the course is broken ({type(error).__name__}); what you wrote is still here."
            self.say_text(said, at, ERROR)
            raise

    def work(
        self,
        button: Button | None,
        task: Callable[[], None],
        busy: str = "Working ...",
        at: widgets.HTML | None = None,
    ) -> threading.Thread | None:
        """Do a task in a thread, so that the kernel stays free. A second click on the button while it runs does
        nothing; the task of another button waits for its turn.

        Args:
            button: dark while the task runs; None if the task was not begun by a button.
            task: what to do. What it raises is told in the form.
            busy: what is said while it runs.
            at: where messages are shown, if not below the fields.

        Returns:
            The thread, or None if the button was dark already.
        """
        if button and button.disabled:
            return None
        if button:
            button.busy = True
        arguments = (button, task, busy, at, time.monotonic())
        thread = threading.Thread(target=self._run, args=arguments, name="course-form", daemon=True)
        thread.start()
        return thread

    def _run(
        self,
        button: Button | None,
        task: Callable[[], None],
        busy: str,
        at: widgets.HTML | None,
        pressed: float,
    ) -> None:
        try:
            with self._one_at_a_time, self.telling(at):
                self.say_text(busy, at)
                time.sleep(LAST_LETTERS_SECONDS if button else 0)
                task()
        finally:
            time.sleep(max(0.0, pressed + DOUBLE_CLICK_SECONDS - time.monotonic()))
            if button:
                button.busy = False


class Debounced:
    """A task that is done in a thread when nobody has asked for it for a moment, and never twice at the same time."""

    def __init__(self, task: Callable[[], None], seconds: float) -> None:
        self.task, self.seconds = task, seconds
        self._timer: threading.Timer | None = None
        self._one_at_a_time = threading.Lock()

    def __call__(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(self.seconds, self._do)
        self._timer.daemon = True
        self._timer.start()

    def _do(self) -> None:
        with self._one_at_a_time:
            self.task()


class Agreement(widgets.Checkbox):
    """On a paid host: a line with the amount that must be ticked first. Another amount must be ticked anew."""

    def __init__(self, client: OpenAI) -> None:
        super().__init__(False, description="", indent=False, layout=wide())
        self.host = current_host(client)
        self.most: Decimal | None = None
        hide(self)

    def propose(self, most: Decimal | None) -> None:
        """Show what a step costs at most, in dollars; None: the course does not know."""
        if not self.host.paid:
            return
        amount = "an amount that the course does not know" if most is None else f"up to {dollars(most)}"
        wanted = f"I agree to pay {amount} to {self.host.name}"
        if wanted != self.description:
            self.value, self.description = False, wanted
        self.most = most  # last: what is ticked never stands beside an amount that nobody has seen
        hide(self, False)

    def demand(self, most: Decimal | None) -> Decimal | None:
        """What was agreed to, for `limit_usd`; None on a free host. Raises ValueError unless the line is ticked, and
        names what the step costs at most."""
        if not self.host.paid:
            return None
        proposed = self.most
        if not self.value or proposed != most:
            raise ValueError("This host costs money. Tick the line with the amount first; nothing was started.")
        return Decimal("Infinity") if most is None else most


def in_words(error: Exception) -> str:
    """An error as HTML for a person."""
    return explain(error)._repr_html_() if isinstance(error, openai.OpenAIError) else paragraph(str(error))


def client_or_default(client: OpenAI | None) -> OpenAI:
    return client or connect(quiet=True)


def text(label: str, value: str = "", placeholder: str = "", rows: int = 0, **more: Any) -> Any:
    """A field with a real label.

    Args:
        label: stands before the field.
        value: what stands in it at first.
        placeholder: what an empty field says.
        rows: lines of the field; 0 for one that cannot have more than one.
        more: further traits of the widget.

    Returns:
        A Text or a Textarea.
    """
    common = dict(description=label, value=value, placeholder=placeholder, layout=wide(), style=LABELS, **more)
    return widgets.Textarea(rows=rows, **common) if rows else widgets.Text(**common)


def dropdown(label: str, options: list[Any]) -> widgets.Dropdown:
    return widgets.Dropdown(description=label, options=options, layout=wide(), style=LABELS)


def offer(field: widgets.Dropdown, options: list[tuple[str, Any]]) -> None:
    """Give a field the options of now. What was chosen stays chosen, unless a new one has come to stand first."""
    chosen, known = field.value, [value for _, value in field.options]
    values = [value for _, value in options]
    if list(field.options) != options:
        field.options = options
    stays = chosen in values and values[0] in known
    field.value = chosen if stays else values[0] if values else None


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


def button(label: str, style: str = "primary", tooltip: str = "") -> Button:
    made = Button(description=label, button_style=style, tooltip=tooltip or label)
    made.layout.width = "auto"
    return made
