"""Prices and estimates, all in US dollars as exact decimals. The prices are dated data: data/prices.csv."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from helpers.connection.catalogue import SIMULATED_DEFAULT, UnknownModelError, base_model, base_name
from helpers.course_data.given import Given, examples_for_counting
from helpers.course_data.paths import DATA
from helpers.display.tables import Shown, html_table, plural, text_table
from helpers.tokens import count_text, count_tokens, messages_in, not_counted

MILLION = 1_000_000
AMOUNTS = ("train", "input", "cached_input", "output")
DAYS_PER_MONTH = 30
MOST_EPOCHS = 50
# Real training on this computer: 15 examples are read 7 times, 50 are read 6 times. See practice/training/recipe.py.
LOCAL_MOST_EPOCHS, LOCAL_EXAMPLES_READ = 7, 300
FREE = Decimal(0)


class UnknownPriceError(LookupError):
    """data/prices.csv has no price for that model."""


@dataclass(frozen=True, repr=False)
class Price(Shown):
    """Dollars per million tokens. `train` is None where the model cannot be trained by the token."""

    model: str
    as_of: str
    train: Decimal | None
    input: Decimal | None
    cached_input: Decimal | None
    output: Decimal | None
    source: str

    def __str__(self) -> str:
        parts = [f"{name} ${value}" for name, value in self._named() if value is not None]
        return f"{self.model}, {self.as_of}: {', '.join(parts)} per million tokens"

    def _named(self) -> list[tuple[str, Decimal | None]]:
        return [("training", self.train), ("input", self.input), ("output", self.output)]


@dataclass(frozen=True, repr=False)
class Estimate(Shown):
    """What one training run will cost, in dollars.

    `tokens` are those billed for one epoch: what is cut off beyond the model's limit is not among them.
    `expected` follows the published counting rule. Whether the bill follows it exactly is not confirmed, so
    `low` counts the text alone and `high` adds a tenth. Where the host chooses the epochs, `high` adds one.
    For a model without a price in data/prices.csv all of them, and `price`, are None.
    `tokens_estimated`: they were counted with another model's encoding. The tokens of `images` are not counted, and
    `left_out` is how many examples cannot be read.
    """

    model: str
    examples: int
    tokens: int
    epochs: int
    epochs_chosen_by_host: bool
    low: Decimal | None
    expected: Decimal | None
    high: Decimal | None
    price: Price | None
    on_openai: Decimal | None = None
    truncated: int = 0
    tokens_estimated: bool = False
    images: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        return f"Training {self.model}\n{text_table(self._rows())}"

    def _repr_html_(self) -> str:
        return html_table(["what", "how much"], self._rows(), caption=f"Training {self.model}")

    def _rows(self) -> list[tuple[str, str]]:
        chosen = " (chosen by the host from the number of examples)" if self.epochs_chosen_by_host else ""
        cut = f" ({plural(self.truncated, 'example')} cut at the model's limit)" if self.truncated else ""
        estimated = " (an estimate)" if self.tokens_estimated else ""
        rows = [
            ("examples", f"{self.examples:,}"),
            ("tokens in the file", f"{self.tokens:,}{estimated}{cut}"),
            *not_counted(self.images, self.left_out),
            ("epochs", f"{self.epochs}{chosen}"),
            ("tokens billed", f"{self.tokens * self.epochs:,}"),
        ]
        if self.on_openai is not None:
            there = f"{SIMULATED_DEFAULT} on OpenAI would cost {dollars(self.on_openai)}"
            return [*rows, ("cost", f"nothing; {there}")]
        if self.expected is None:
            return [*rows, ("cost", "not known to this course; look it up at the host before you start")]
        between = f"between {dollars(self.low)} and {dollars(self.high)}"
        rows.append(("cost on OpenAI", f"{dollars(self.expected)} ({between})"))
        return [*rows, ("price", f"${self.price.train} per million tokens, {self.price.as_of}")]


@dataclass(frozen=True, repr=False)
class PriceComparison(Shown):
    """How many times as much a tuned model costs in use as its base: tokens in, tokens out."""

    tuned: Price
    base: Price

    @property
    def input_ratio(self) -> Decimal:
        return self.tuned.input / self.base.input

    @property
    def output_ratio(self) -> Decimal:
        return self.tuned.output / self.base.output

    def __str__(self) -> str:
        ratios = sorted({_plain(self.input_ratio), _plain(self.output_ratio)}, key=Decimal)
        return (
            f"{self.tuned.model} costs {' to '.join(ratios)} times as much in use as {self.base.model} "
            f"(${self.tuned.input} against ${self.base.input} in, ${self.tuned.output} against "
            f"${self.base.output} out, per million tokens; prices of {self.tuned.as_of})"
        )


def price_of(model: str, as_of: str | None = None) -> Price:
    """The price of a base model or a fine-tuned one (`ft:...`): the newest, or that of a day (`2023-08-22`).

    A base model's price has its own use and, as `train`, what training it costs.
    Raises UnknownPriceError, so that an unknown price is never taken for nothing.
    """
    if _is_local(model):
        return Price(model, "always", FREE, FREE, FREE, FREE, "runs on your own computer")
    if model.startswith("ft:"):
        return _row(f"ft:{base_name(model)}", as_of)
    base = _row(model, as_of)
    try:
        train = _row(f"ft:{model}", as_of).train
    except UnknownPriceError:
        train = None
    return Price(base.model, base.as_of, train, base.input, base.cached_input, base.output, base.source)


def default_epochs(examples: int, model: str = SIMULATED_DEFAULT) -> int:
    """Epochs that the host chooses: 3, more for few examples, fewer for very many. A small local model needs more.

    >>> [default_epochs(n) for n in (10, 15, 33, 34, 100_000)]
    [10, 6, 3, 3, 1]
    """
    if examples < 1:
        raise ValueError(f"examples: found {examples}; expected at least 1")
    if _is_local(model):
        return max(1, min(LOCAL_MOST_EPOCHS, LOCAL_EXAMPLES_READ // examples))
    if examples * 3 < 100:
        return min(25, 100 // examples)
    if examples * 3 > 25_000:
        return max(1, 25_000 // examples)
    return 3


def training_cost(tokens: int, epochs: int, price: Price) -> Decimal:
    """Cost of training in dollars: tokens x epochs x the price of a million training tokens.

    >>> training_cost(100_000, 3, price_of("gpt-3.5-turbo-0613"))   # the article's example
    Decimal('2.40')
    """
    if price.train is None:
        raise UnknownPriceError(f"{price.model}: no price per training token in data/prices.csv")
    return cents(Decimal(tokens) * epochs * price.train / MILLION)


def call_cost(input_tokens: int, output_tokens: int, price: Price) -> Decimal:
    """Cost of one question and its answer, in dollars."""
    if price.input is None or price.output is None:
        raise UnknownPriceError(f"{price.model}: no price for its use in data/prices.csv")
    return cents((input_tokens * price.input + output_tokens * price.output) / MILLION)


def monthly_cost(calls_per_day: int, *, input_tokens: int, output_tokens: int, price: Price) -> Decimal:
    """Cost of a month of 30 days, in dollars.

    Args:
        calls_per_day: Questions asked in a day.
        input_tokens: Tokens of one question, with its prompt.
        output_tokens: Tokens of one answer.
        price: The price of using the model, as `price_of` gives it.

    Raises:
        UnknownPriceError: The price has no amount for the model's use.
    """
    return cents(call_cost(input_tokens, output_tokens, price) * calls_per_day * DAYS_PER_MONTH)


def estimate(examples: Given, model: str, epochs: int | None = None) -> Estimate:
    """What training on these examples, or on those of a JSONL file, will cost. Without `epochs` (1 to 50), the host's
    rule is used.

    For a model on your own computer the cost is 0 and `on_openai` says what the same would cost there. For a
    model of another host, whose price the course does not know, the tokens are estimated and the amounts are None.
    Images are not counted and examples that cannot be read are left out; the result says so. Raises ValueError if there
    are no examples.
    """
    if epochs is not None and not 1 <= epochs <= MOST_EPOCHS:
        raise ValueError(f"epochs: found {epochs}; expected 1 to {MOST_EPOCHS}, or None: the host chooses")
    examples = list(examples_for_counting(examples))
    counted = count_tokens(examples, model)
    examples = [example for example in examples if isinstance(example, dict) and messages_in(example)]
    n_epochs = epochs or default_epochs(len(examples), model)
    local = _is_local(model)
    price = _training_price(model)
    low = expected = high = None
    if local:
        low = expected = high = FREE
    elif price is not None:
        expected = training_cost(counted.billable, n_epochs, price)
        text_only = sum(_text_tokens(example, model) for example in examples)
        low = training_cost(min(text_only, counted.billable), n_epochs, price)
        most = training_cost(counted.billable, n_epochs + (epochs is None), price)
        high = cents(most * Decimal("1.1"))
    return Estimate(
        model=model,
        examples=len(examples),
        tokens=counted.billable,
        epochs=n_epochs,
        epochs_chosen_by_host=epochs is None,
        low=low,
        expected=expected,
        high=high,
        price=price,
        on_openai=_cost_on_openai(counted.billable, epochs or default_epochs(len(examples))) if local else None,
        truncated=counted.truncated,
        tokens_estimated=counted.estimated,
        images=counted.images,
        left_out=counted.left_out,
    )


def compare_prices(tuned: str, base: str, as_of: str | None = None) -> PriceComparison:
    """The price of using a tuned model against that of its base.

    >>> compare_prices("ft:gpt-3.5-turbo", "gpt-3.5-turbo-0613", as_of="2023-08-22").input_ratio
    Decimal('8')
    """
    return PriceComparison(price_of(tuned, as_of), price_of(base, as_of))


def cents(amount: Decimal) -> Decimal:
    """The exact amount, written with at least two decimals: 2.4 -> 2.40, 0.0453 -> 0.0453."""
    exact = amount.normalize()
    return exact.quantize(Decimal("0.01")) if exact.as_tuple().exponent > -2 else exact


def dollars(amount: Decimal) -> str:
    """For people: `$2.40`, and below ten cents as many digits as say something: `$0.0043`."""
    if amount >= Decimal("0.1") or amount == 0:
        return f"${amount:,.2f}"
    shown = f"{amount:.2g}" if amount >= Decimal("0.0001") else f"{amount:.1g}"
    return f"${Decimal(shown):f}"


def _cost_on_openai(tokens: int, epochs: int) -> Decimal:
    return training_cost(tokens, epochs, price_of(SIMULATED_DEFAULT))


def _training_price(model: str) -> Price | None:
    """A tuned model's row has the price of training and the day on which it was valid. None: not known."""
    try:
        price = price_of(model if _is_local(model) else f"ft:{base_name(model)}")
    except UnknownPriceError:
        return None
    return price if price.train is not None else None


def _is_local(model: str) -> bool:
    try:
        return base_model(model).engine == "local"
    except UnknownModelError:
        return False  # its price, if there is one, is in data/prices.csv


def _text_tokens(example: dict[str, Any], model: str) -> int:
    contents = [message.get("content") for message in messages_in(example)] if "messages" in example else []
    return sum(count_text(text, model) for text in contents if isinstance(text, str))


def _row(name: str, as_of: str | None) -> Price:
    """The row of a model by its own name, or by that of its family: `ft:gpt-3.5-turbo` for `...-0613`."""
    names = {row.model for row in prices()}
    fitting = [known for known in names if name == known or name.startswith(known + "-")]
    if not fitting:
        raise UnknownPriceError(f"{name}: no price in data/prices.csv; expected one of the models there")
    longest = max(fitting, key=len)
    dated = sorted((row for row in prices() if row.model == longest), key=lambda row: row.as_of)
    valid = [row for row in dated if as_of is None or row.as_of <= as_of]
    return valid[-1] if valid else dated[0]


@cache
def prices() -> tuple[Price, ...]:
    """Every row of data/prices.csv."""
    with (DATA / "prices.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Price(
                model=row["model"],
                as_of=row["as_of"],
                source=row["source"],
                **{name: Decimal(row[name]) if row[name] else None for name in AMOUNTS},
            )
            for row in csv.DictReader(file)
        )


def _plain(number: Decimal) -> str:
    return f"{number.quantize(Decimal('0.1')).normalize():f}"
