"""Move the numbers of your own case: what training costs, what a month costs, when the tuned model has paid for itself."""

import ipywidgets as widgets

from helpers.break_even import break_even
from helpers.catalogue import SIMULATED_DEFAULT, base_models
from helpers.cost import UnknownPriceError, default_epochs, price_of
from helpers.forms.base import Form, dropdown, wide

LONG_LABELS = {"description_width": "12em"}
DRAW_AFTER_RELEASE = False  # of the slider: a plot for each pixel on the way would come late


class CostForm(Form):
    def __init__(self, model: str | None = None) -> None:
        self.model = dropdown("Model", priced_models())
        self.model.style.description_width = LONG_LABELS["description_width"]
        self.model.value = model if model in self.model.options else SIMULATED_DEFAULT
        self.examples = slider("Examples", 50, 10, 5000, 10)
        self.tokens = slider("Tokens in each", 100, 20, 2000, 20)
        self.epochs = slider("Epochs", default_epochs(50), 1, 50, 1)
        self.calls = slider("Questions a day", 1000, 10, 20000, 10)
        self.short = slider("Short prompt (tokens)", 100, 10, 2000, 10)
        self.long = slider("Long prompt (tokens)", 2000, 50, 10000, 50)
        self.answer = slider("Answer (tokens)", 80, 10, 1000, 10)
        self.result = widgets.HTML()
        fields = [self.model, self.examples, self.tokens, self.epochs, self.calls, self.short, self.long, self.answer]
        super().__init__("Cost", "break_even(model, training_tokens=..., epochs=..., calls_per_day=..., ...)", [
            *fields, self.result,
        ])  # fmt: skip
        for field in fields:
            field.observe(lambda _: self.show(), "value")
        self.show()

    def show(self) -> None:
        found = break_even(
            self.model.value,
            training_tokens=self.examples.value * self.tokens.value,
            epochs=self.epochs.value,
            calls_per_day=self.calls.value,
            tuned_prompt_tokens=self.short.value,
            base_prompt_tokens=self.long.value,
            answer_tokens=self.answer.value,
        )
        self.result.value = f'<div aria-live="polite">{found._repr_html_()}</div>'


def priced_models() -> list[str]:
    """The models of which training and use have a price by the token."""
    return [model.id for model in base_models() if model.engine == "simulator" and _has_prices(model.id)]


def _has_prices(name: str) -> bool:
    try:
        return price_of(f"ft:{name}").train is not None and price_of(name).input is not None
    except UnknownPriceError:
        return False


def slider(label: str, value: int, low: int, high: int, step: int) -> widgets.IntSlider:
    return widgets.IntSlider(
        value,
        min=low,
        max=high,
        step=step,
        description=label,
        continuous_update=DRAW_AFTER_RELEASE,
        style=LONG_LABELS,
        layout=wide(),
    )


def cost_form(model: str | None = None) -> CostForm:
    """The form for costs in notebook 04. The plain call is `break_even(model, ...)`."""
    return CostForm(model)
