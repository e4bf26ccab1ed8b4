"""Ask a model, or two side by side; see what each answer took; get the code for exactly this request."""

import json
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.connection.identity import OPENAI_URL, host_name
from helpers.cost import dollars
from helpers.display.tables import escape, plural
from helpers.forms.code_field import CodeField
from helpers.forms.form import LABELS, Form, button, client_or_default, dropdown, offer, row, text, wide
from helpers.forms.noted import model_name, noted_label
from helpers.forms.slider import Slider
from helpers.hosts import base_model_for, current_host
from helpers.my_case import my_case
from helpers.preflight import preflight
from helpers.usage import Answer, Asking, messages_for

NOBODY = "(nobody)"
MOST_TURNS = 50


@dataclass(frozen=True)
class Request:
    """What is asked of each of the models."""

    models: list[str]
    system: str
    question: str
    temperature: float
    max_tokens: int

    @property
    def messages(self) -> list[dict[str, str]]:
        return messages_for(self.question, self.system or None)

    @property
    def settings(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "max_tokens": self.max_tokens}

    def as_python(self, base_url: str) -> str:
        """This request as a script that needs only `pip install openai`."""
        where = "" if base_url == OPENAI_URL else f"  # OPENAI_BASE_URL is {base_url} here"
        messages = ",\n".join(f"    {_literal(message)}" for message in self.messages)
        return (
            "from openai import OpenAI\n\n"
            f"client = OpenAI(){where}\n"
            f"messages = [\n{messages},\n]\n"
            f"for model in {_literal(self.models)}:\n"
            "    completion = client.chat.completions.create(\n"
            "        model=model,\n"
            "        messages=messages,\n"
            f"        temperature={self.temperature},\n"
            f"        max_tokens={self.max_tokens},\n"
            "    )\n"
            "    print(completion.choices[0].message.content)\n"
        )


def _literal(value: Any) -> str:
    """A list or dict of texts, as Python with double quotation marks."""
    return json.dumps(value, ensure_ascii=False)


class Turn(widgets.VBox):
    """One question with the answers to it, and its code."""

    def __init__(self, request: Request, base_url: str) -> None:
        self.request, self.shown = request, dict.fromkeys(request.models, "")
        self.answers, self.code = widgets.HTML(), CodeField(code=request.as_python(base_url))
        super().__init__([self.answers, self.code])
        self._draw()

    def ask(self, client: OpenAI) -> None:
        """Show each answer while it is written."""
        for model in self.shown:
            asking, written = Asking(client, model, self.request.messages, **self.request.settings), ""
            for piece in asking:
                written += piece
                self._show(model, escape(written))
            self._show(model, f"{escape(written)}<br><small>{escape(footer(asking.answer))}</small>")

    def _show(self, model: str, html: str) -> None:
        self.shown[model] = html
        self._draw()

    def _draw(self) -> None:
        answers = "".join(
            f'<div class="course-answer"><strong>{escape(model)}</strong><p>{answer}</p></div>'
            for model, answer in self.shown.items()
        )
        asked = f"<p>{escape(self.request.question)}</p>"
        self.answers.value = f'<div aria-live="polite">{asked}<div class="course-answers">{answers}</div></div>'


class PlaygroundForm(Form):
    def __init__(self, client: OpenAI) -> None:
        self.client, self.host = client, current_host(client)
        self.model, self.beside = dropdown("Model", []), dropdown("Beside it", [])
        case = my_case(quiet=True)
        self.system = text("System message", case.system or "", rows=2)
        self.question = text("Question", case.known_question, rows=2)
        self.temperature = Slider("Temperature", 0, 0, 2, 0.1)
        self.longest = widgets.BoundedIntText(
            200, min=1, max=4096, description="Most tokens", style=LABELS, layout=wide()
        )
        self.ask, self.refresh = button("Ask"), button("Look for new models", "")
        paid = widgets.HTML("Each question costs a little on this host." if self.host.paid else "")
        self.turns = widgets.VBox()
        super().__init__("Playground", "ask(client, model, question, system=system)", [
            self.model, self.beside, self.system, self.question, self.temperature, self.longest,
            row(self.ask, self.refresh, paid),
        ], below=[self.turns])  # fmt: skip
        self.layout.max_width = None  # answers side by side need the page
        self._list_models()
        self.refresh.on_click(lambda _: self.work(self.refresh, self._list_models, "Looking ..."))
        self.ask.on_click(lambda _: self.work(self.ask, self._ask, "Asking ..."))

    def _list_models(self) -> None:
        """The learner's own, the newest first, then the base models."""
        noted = notes.all_notes(host_name(self.client), "model")
        own = {note["id"]: noted_label(model_name(note["id"]), note, newest=note is noted[0]) for note in noted}
        proposed = base_model_for(self.client)
        listed = {name: own.get(name, name) for name in [*own, proposed, *preflight(self.client).models]}
        offer(self.model, [(label, name) for name, label in listed.items()])
        beside = {NOBODY: NOBODY, proposed: listed[proposed], **listed}
        offer(self.beside, [(label, name) for name, label in beside.items()])
        self.say_text("")

    def request(self) -> Request:
        models = [self.model.value, *([self.beside.value] if self.beside.value != NOBODY else [])]
        system, question = self.system.value.strip(), self.question.value.strip()
        return Request(list(dict.fromkeys(models)), system, question, self.temperature.value, self.longest.value)

    def _ask(self) -> None:
        request = self.request()
        if not request.question:
            raise ValueError("Write a question first.")
        turn, before = Turn(request, self.host.base_url), self.turns.children
        self.turns.children = (turn, *before)[:MOST_TURNS]  # the newest first
        try:
            turn.ask(self.client)
        except BaseException:
            if not any(turn.shown.values()):
                self.turns.children = before  # nothing was answered, so there is nothing to keep
            raise
        self.say_text("")


def footer(answer: Answer) -> str:
    """What an answer took, and whether a model gave it at all."""
    cost = "price unknown" if answer.cost is None else dollars(answer.cost)
    took = f"{plural(answer.input_tokens, 'token')} in, {answer.output_tokens:,} out, {answer.seconds:.1f} s, {cost}"
    return f"{took}, simulated: no model was asked" if answer.simulated else took


def playground_form(client: OpenAI | None = None) -> PlaygroundForm:
    """The form of notebook 04. The plain call is `client.chat.completions.create(...)`, or `ask(...)`."""
    return PlaygroundForm(client_or_default(client))
