"""Ask a model, or two side by side, and get the code for exactly this request."""

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.cost import dollars
from helpers.forms.base import Form, button, client_or_default, dropdown, text
from helpers.forms.examples import SYSTEM
from helpers.host_name import host_name
from helpers.hosts import base_model_for, current_host
from helpers.render import escape
from helpers.usage import Answer, Asking, messages_for

NOBODY = "(nobody)"


class PlaygroundForm(Form):
    def __init__(self, client: OpenAI) -> None:
        self.client = client
        base, own = base_model_for(client), [note["id"] for note in notes.all_notes(host_name(client), "model")]
        self.model = dropdown("Model", [*own, base])
        self.beside = dropdown("Beside it", [NOBODY, base, *own])
        self.system = text("System message", SYSTEM, rows=2)
        self.question = text("Question", "How long is the warranty?", rows=2)
        self.temperature = widgets.FloatSlider(
            0, min=0, max=2, step=0.1, description="Temperature", style={"description_width": "9em"}
        )
        self.longest = widgets.BoundedIntText(
            200, min=1, max=4096, description="Most tokens", style={"description_width": "9em"}
        )
        self.ask = button("Ask")
        paid = "Each question costs a little on this host." if current_host(client).paid else ""
        self.answers, self.code = widgets.HTML(), widgets.HTML()
        python = widgets.Accordion([self.code], titles=("As Python",), selected_index=None)
        super().__init__("Playground", "ask(client, model, question, system=system)", [
            self.model, self.beside, self.system, self.question, self.temperature, self.longest,
            widgets.HBox([self.ask, widgets.HTML(paid)]), self.answers, python,
        ])  # fmt: skip
        self.ask.on_click(lambda _: self.work(self.ask, self._ask, "Asking ..."))

    def _ask(self) -> None:
        if not self.question.value.strip():
            raise ValueError("Write a question first.")
        models = [self.model.value] + ([self.beside.value] if self.beside.value != NOBODY else [])
        shown: dict[str, str] = {}
        for model in models:
            self._stream(model, shown)
        self.code.value = f"<pre>{escape(self.as_python())}</pre>"
        self.say_text("")

    def _stream(self, model: str, shown: dict[str, str]) -> None:
        messages = messages_for(self.question.value.strip(), self.system.value.strip() or None)
        asking = Asking(self.client, model, messages, temperature=self.temperature.value, max_tokens=self.longest.value)
        written = ""
        for piece in asking:
            written += piece
            shown[model] = escape(written)
            self._show(shown)
        shown[model] = f"{escape(written)}<br><small>{escape(footer(asking.answer))}</small>"
        self._show(shown)

    def _show(self, shown: dict[str, str]) -> None:
        head = "".join(f'<th scope="col" style="text-align:left">{escape(model)}</th>' for model in shown)
        body = "".join(f'<td style="text-align:left; vertical-align:top">{answer}</td>' for answer in shown.values())
        self.answers.value = (
            f'<table aria-live="polite"><thead><tr>{head}</tr></thead><tbody><tr>{body}</tr></tbody></table>'
        )

    def as_python(self) -> str:
        """This request as a script that needs only `pip install openai`."""
        messages = messages_for(self.question.value.strip(), self.system.value.strip() or None)
        lines = ",\n".join(f"        {message!r}" for message in messages)
        return (
            "from openai import OpenAI\n\n"
            "client = OpenAI()\n"
            "completion = client.chat.completions.create(\n"
            f"    model={self.model.value!r},\n"
            f"    messages=[\n{lines},\n    ],\n"
            f"    temperature={self.temperature.value},\n"
            f"    max_tokens={self.longest.value},\n"
            ")\n"
            "print(completion.choices[0].message.content)"
        )


def footer(answer: Answer) -> str:
    cost = "price unknown" if answer.cost is None else dollars(answer.cost)
    return f"{answer.input_tokens} tokens in, {answer.output_tokens} out, {answer.seconds:.1f} s, {cost}"


def playground_form(client: OpenAI | None = None) -> PlaygroundForm:
    """The form of notebook 04. The plain call is `client.chat.completions.create(...)`, or `ask(...)`."""
    return PlaygroundForm(client_or_default(client))
