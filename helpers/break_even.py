"""Does a tuned model pay? Its short prompt at a higher price, against a long prompt on the base model."""

import math
from dataclasses import dataclass
from decimal import Decimal

from helpers.connection.catalogue import base_name
from helpers.cost import DAYS_PER_MONTH, call_cost, cents, dollars, price_of, training_cost
from helpers.display.charts import costs_figure
from helpers.display.tables import Shown, plural

ROUGHLY_A_YEAR = 365


@dataclass(frozen=True, repr=False)
class BreakEven(Shown):
    """What two ways to answer the same questions cost, in dollars: `training` and `tuned_call` against `base_call`."""

    model: str
    training: Decimal
    tuned_call: Decimal
    base_call: Decimal
    calls_per_day: int

    @property
    def tuned_month(self) -> Decimal:
        return cents(self.tuned_call * self.calls_per_day * DAYS_PER_MONTH)

    @property
    def base_month(self) -> Decimal:
        return cents(self.base_call * self.calls_per_day * DAYS_PER_MONTH)

    @property
    def calls(self) -> int | None:
        """After how many calls the training has paid for itself; None: never."""
        saved = self.base_call - self.tuned_call
        return math.ceil(self.training / saved) if saved > 0 else None

    @property
    def days(self) -> float | None:
        return None if self.calls is None or not self.calls_per_day else self.calls / self.calls_per_day

    def __str__(self) -> str:
        month = (
            f"{dollars(self.tuned_month)} a month with the tuned model, {dollars(self.base_month)} with the long prompt"
        )
        return f"Training: {dollars(self.training)}, once. {month}. {self._verdict()}"

    def _verdict(self) -> str:
        if self.calls is None:
            return "The tuned model never pays for itself: each of its calls costs as much as the long prompt, or more."
        if self.days is None:
            return f"The training is paid off after {plural(self.calls, 'call')}."
        after = "less than a day" if self.days < 1 else plural(math.ceil(self.days), "day")
        return f"The training is paid off after {plural(self.calls, 'call')}, which is {after}."

    def _repr_html_(self) -> str:
        return costs_figure(*self.lines(), crossing=self.days, caption=str(self))

    def lines(self) -> tuple[list[float], list[float], list[float]]:
        """Days, and the dollars spent until then with the tuned and with the base model. The crossing lies in
        the middle, where there is one within a year."""
        last = min(ROUGHLY_A_YEAR, max(1, math.ceil(self.days * 2.5))) if self.days else DAYS_PER_MONTH
        days = [last * share / 20 for share in range(21)]
        tuned = [float(self.training) + float(self.tuned_call) * self.calls_per_day * day for day in days]
        return days, tuned, [float(self.base_call) * self.calls_per_day * day for day in days]


def break_even(
    model: str,
    *,
    training_tokens: int,
    epochs: int,
    calls_per_day: int,
    tuned_prompt_tokens: int,
    base_prompt_tokens: int,
    answer_tokens: int,
) -> BreakEven:
    """Compare a model tuned from `model` with `model` itself under a longer prompt, at the newest prices.

    Args:
        model: The base model, or a model tuned from it.
        training_tokens: Tokens of the training file, read once (one epoch).
        epochs: How often the file is read in training.
        calls_per_day: Questions asked in a day.
        tuned_prompt_tokens: Tokens of one question with the short prompt that the tuned model needs.
        base_prompt_tokens: Tokens of one question with the long prompt that the base model needs.
        answer_tokens: Tokens of one answer, the same for both.

    Returns:
        Both costs, and after how many calls the training has paid for itself.

    Raises:
        UnknownPriceError: data/prices.csv has no price for the model.
    """
    base = base_name(model)
    tuned_price, base_price = price_of(f"ft:{base}"), price_of(base)
    return BreakEven(
        base,
        training_cost(training_tokens, epochs, tuned_price),
        call_cost(tuned_prompt_tokens, answer_tokens, tuned_price),
        call_cost(base_prompt_tokens, answer_tokens, base_price),
        calls_per_day,
    )
