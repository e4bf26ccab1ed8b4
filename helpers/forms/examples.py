"""Write question-and-answer pairs; problems appear next to the row, tokens and cost below. Saves into the workspace."""

from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets
from openai import OpenAI

from helpers import notes
from helpers.catalogue import SIMULATED_DEFAULT
from helpers.cost import dollars, estimate
from helpers.data_format import check, read, write
from helpers.forms.base import FOR_PEOPLE, Form, button, text
from helpers.render import paragraph, plural
from helpers.rules import MIN_EXAMPLES, Example

SYSTEM = "You are the sales assistant of CloudRest, a mattress shop. Answer in one or two friendly, factual sentences."
FIRST_ROWS = 3


class Row(widgets.VBox):
    """One pair, with what is wrong with it below."""

    def __init__(
        self, question: str, answer: str, changed: Callable[[], None], remove: Callable[["Row"], None]
    ) -> None:
        self.question, self.answer = _half("Question", question), _half("Answer", answer)
        self.problem = widgets.HTML()
        gone = button("Remove", "")
        gone.on_click(lambda _: remove(self))
        for field in (self.question, self.answer):
            field.observe(lambda _: changed(), "value")
        fields = widgets.HBox([self.question, self.answer, gone], layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__([fields, self.problem])

    @property
    def empty(self) -> bool:
        return not (self.question.value.strip() or self.answer.value.strip())

    def example(self, system: str) -> Example:
        start = [{"role": "system", "content": system}] if system else []
        pair = [{"role": "user", "content": self.question.value.strip()}]
        return {"messages": [*start, *pair, {"role": "assistant", "content": self.answer.value.strip()}]}


def _half(label: str, value: str) -> widgets.Textarea:
    layout = widgets.Layout(flex="1 1 16em", width="auto")
    return widgets.Textarea(value, placeholder=label, tooltip=label, rows=2, layout=layout)


class ExamplesForm(Form):
    def __init__(self, client: OpenAI | None, path: Path) -> None:
        self.path = path
        self.rows = widgets.VBox()
        self.system = text("System message", SYSTEM)
        self.add, self.save = button("Add a row", ""), button("Save")
        self.replace = button("Replace the file", "danger")
        self.replace.layout.display = "none"
        self.summary = widgets.HTML()
        buttons = widgets.HBox([self.add, self.save, self.replace])
        super().__init__("Write examples", "write(from_rows(rows, system=system), path)", [
            self.system, self.rows, buttons, self.summary,
        ])  # fmt: skip
        self.saved = self._load()
        self.system.observe(lambda _: self.changed(), "value")
        self.add.on_click(lambda _: self.add_row())
        self.save.on_click(lambda _: self.work(self.save, self._save))
        self.replace.on_click(lambda _: self.work(self.replace, self._replace))
        self.changed()

    def _load(self) -> bytes | None:
        """Go on where the learner stopped. A file that this form cannot show is left alone."""
        pairs: list[tuple[str, str]] = []
        if self.path.exists():
            try:
                for example in read(self.path):
                    by_role = {message["role"]: message["content"] for message in example["messages"]}
                    pairs.append((by_role["user"], by_role["assistant"]))
                    self.system.value = by_role.get("system", "")
            except (*FOR_PEOPLE, TypeError) as error:
                self.say_text(
                    f"{self.path.name} is there but cannot be shown here ({type(error).__name__}); it is left as it is."
                )
                pairs = []
        for question, answer in pairs or [("", "")] * FIRST_ROWS:
            self.add_row(question, answer)
        return self.path.read_bytes() if pairs else None

    def add_row(self, question: str = "", answer: str = "") -> None:
        self.rows.children = (*self.rows.children, Row(question, answer, self.changed, self.remove_row))

    def remove_row(self, row: Row) -> None:
        self.rows.children = tuple(other for other in self.rows.children if other is not row)
        self.changed()

    def filled(self) -> list[Row]:
        return [row for row in self.rows.children if not row.empty]

    def examples(self) -> list[Example]:
        return [row.example(self.system.value.strip()) for row in self.filled()]

    def changed(self) -> None:
        """Check what is there now, and say it beside the rows and below."""
        rows, examples = self.filled(), self.examples()
        report = check(examples)
        for number, row in enumerate(rows, 1):
            own = [problem for problem in report.problems if problem.line == number]
            row.problem.value = "".join(paragraph(f"{p.severity}: found {p.found}; {p.fix}") for p in own)
        missing = MIN_EXAMPLES - len(examples)
        more = f" {missing} more {'is' if missing == 1 else 'are'} needed to train." if missing > 0 else ""
        cost = estimate(examples, SIMULATED_DEFAULT) if examples else None
        price = f" {cost.tokens:,} tokens; training on OpenAI about {dollars(cost.expected)}." if cost else ""
        self.summary.value = paragraph(f"{plural(len(examples), 'example')}.{more}{price}")

    def _save(self) -> None:
        now = self.path.read_bytes() if self.path.exists() else None
        if now is not None and now != self.saved:
            self.replace.layout.display = ""
            self.say_text(
                f"workspace/{self.path.name} is there already, and it is not what this form saved. Replace it?"
            )
            return
        self._replace()

    def _replace(self) -> None:
        examples = self.examples()
        if not examples:
            raise ValueError("There is nothing to save yet: write a question and an answer.")
        write(examples, self.path, overwrite=True)
        self.saved = self.path.read_bytes()
        self.replace.layout.display = "none"
        self.say_text(f"Saved {plural(len(examples), 'example')} to workspace/{self.path.name}.")


def examples_form(client: OpenAI | None = None, path: str | Path | None = None) -> ExamplesForm:
    """The form of notebook 01. It saves to workspace/my_examples.jsonl, and opens what it saved before."""
    return ExamplesForm(client, Path(path) if path else notes.workspace() / "my_examples.jsonl")
