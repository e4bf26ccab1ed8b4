"""Move the numbers of your own case: what training and a month of use cost, when the tuned model has paid off."""

import ipywidgets as widgets

from helpers.break_even import break_even
from helpers.connection.catalogue import SIMULATED_DEFAULT, base_models
from helpers.cost import UnknownPriceError, default_epochs, price_of
from helpers.forms.form import Form, dropdown
from helpers.forms.slider import Slider


class CostForm(Form):
    def __init__(self, model: str | None = None) -> None:
        self.model = dropdown("Model", priced_models())
        self.model.value = model if model in self.model.options else SIMULATED_DEFAULT
        # At first a case in which both lines cross within the figure, around the tenth day.
        self.examples = Slider("Examples", 500, 10, 5000, 10)
        self.tokens = Slider("Tokens in each", 200, 20, 2000, 20)
        self.epochs = Slider("Epochs", default_epochs(500), 1, 50, 1)
        self.calls = Slider("Questions a day", 260, 10, 20000, 10)
        self.short = Slider("Short prompt (tokens)", 100, 10, 2000, 10)
        self.long = Slider("Long prompt (tokens)", 2000, 50, 10000, 50)
        self.answer = Slider("Answer (tokens)", 80, 10, 1000, 10)
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
            training_tokens=round(self.examples.value) * round(self.tokens.value),
            epochs=round(self.epochs.value),
            calls_per_day=round(self.calls.value),
            tuned_prompt_tokens=round(self.short.value),
            base_prompt_tokens=round(self.long.value),
            answer_tokens=round(self.answer.value),
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


def cost_form(model: str | None = None) -> CostForm:
    """The form for costs in notebook 04. The plain call is `break_even(model, ...)`."""
    return CostForm(model)
