"""One question and its answer as a row of a form, with what is wrong with it below."""

from collections.abc import Callable

import ipywidgets as widgets

from helpers.forms.form import button, row
from helpers.own_file.to_examples.simple_example import chat_example
from helpers.training_file.rules import Example

LETTERS_IN_A_LINE = 60  # of a field on a screen of usual width
MOST_LINES = 12  # of a field; a longer text scrolls


class Row(widgets.VBox):
    """One pair. `note` is HTML below it.

    Args:
        question: what stands in the left field.
        answer: what stands in the right field.
        changed: called at each change of one of them.
        remove: called with this row when its button is pressed.
    """

    def __init__(
        self, question: str, answer: str, changed: Callable[[], None], remove: Callable[["Row"], None]
    ) -> None:
        self.question, self.answer = _half(question), _half(answer)
        self.note = widgets.HTML()
        self.gone = button("Remove", "")
        self.gone.on_click(lambda _: remove(self))
        for field in (self.question, self.answer):
            field.observe(lambda _: self._changed(changed), "value")
        self._fit()
        super().__init__([row(self.question, self.answer, self.gone), self.note])

    def _changed(self, tell: Callable[[], None]) -> None:
        self._fit()
        tell()

    def _fit(self) -> None:
        """As high as the longer of both texts, so that nothing is cut off."""
        lines = [
            sum(1 + len(line) // LETTERS_IN_A_LINE for line in field.value.split("\n"))
            for field in (self.question, self.answer)
        ]
        for field in (self.question, self.answer):
            field.rows = min(max(2, *lines), MOST_LINES)

    def set_number(self, number: int) -> None:
        self.question.description, self.answer.description = f"Question {number}", f"Answer {number}"
        self.gone.tooltip = f"Remove question {number}"

    @property
    def pair(self) -> tuple[str, str]:
        return self.question.value.strip(), self.answer.value.strip()

    @property
    def empty(self) -> bool:
        return not any(self.pair)

    def example(self, system: str) -> Example:
        return chat_example(*self.pair, system)


def _half(value: str) -> widgets.Textarea:
    layout = widgets.Layout(flex="1 1 20em", width="auto", min_width="14em")
    return widgets.Textarea(value, rows=2, layout=layout, style={"description_width": "6.5em"})
