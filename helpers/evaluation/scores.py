"""What a way to answer achieved on a list of questions, and how that is shown: a table and a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import mean

from helpers.connection.catalogue import SIMULATED_DEFAULT, UnknownModelError, base_model
from helpers.cost import UnknownPriceError, call_cost, dollars, price_of
from helpers.display.charts import shares_figure
from helpers.display.tables import Shown, html_table, text_table
from helpers.evaluation.statistics import Mark, interval

HEADERS = ("way", "right", "share", "between", "tokens in + out", "cost", "1,000 calls on OpenAI", "time per answer")
A_THOUSAND = 1000


@dataclass(frozen=True)
class Score:
    """One way. `marks` by question; tokens, cost in dollars and seconds are of all its answers together.

    `cost` is what was paid, None where the course knows no price. `shares` holds the share of each training, where
    several models were trained in the same way; `marks` are then those of the first.
    """

    way: str
    model: str
    marks: tuple[Mark, ...]
    tokens_in: int
    tokens_out: int
    cost: Decimal | None
    seconds: float
    shares: tuple[float, ...] = ()

    @property
    def answered(self) -> int:
        return len(self.marks) - self.marks.count(None)

    @property
    def right(self) -> int:
        return round(self.share * self.answered)

    @property
    def share(self) -> float:
        if self.shares:
            return mean(self.shares)
        return self.marks.count(True) / self.answered if self.answered else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return interval(self.right, self.answered)

    @property
    def tokens_per_call(self) -> tuple[int, int]:
        """Tokens of a mean question with its prompt, and of a mean answer."""
        calls = max(1, self.answered)
        return round(self.tokens_in / calls), round(self.tokens_out / calls)

    @property
    def call_on_openai(self) -> Decimal | None:
        """A mean call at OpenAI's prices, in dollars; None where the course knows none."""
        return call_on_openai(self.model, *self.tokens_per_call)

    def row(self) -> tuple[str, ...]:
        low, high = self.interval
        trainings = f", mean of {len(self.shares)} trainings" if len(self.shares) > 1 else ""
        tokens_in, tokens_out = self.tokens_per_call
        call = self.call_on_openai
        return (
            self.way,
            f"{self.right} of {self.answered}{trainings}",
            f"{self.share:.0%}",
            f"{low:.0%} and {high:.0%}",
            f"{tokens_in:,} + {tokens_out:,}",
            "price unknown" if self.cost is None else dollars(self.cost),
            "price unknown" if call is None else dollars(call * A_THOUSAND),
            f"{self.seconds / max(1, self.answered):.2f} s",
        )


def call_on_openai(model: str, tokens_in: int, tokens_out: int) -> Decimal | None:
    """The price of one call. A model of your own computer is priced as the smallest GPT that could be tuned.

    >>> call_on_openai("smollm2-135m-instruct", 1_000_000, 0)
    Decimal('0.40')
    """
    try:
        local = base_model(model).engine == "local"
    except UnknownModelError:
        local = False
    stand_in = f"ft:{SIMULATED_DEFAULT}" if model.startswith("ft:") else SIMULATED_DEFAULT
    try:
        return call_cost(tokens_in, tokens_out, price_of(stand_in if local else model))
    except UnknownPriceError:
        return None


@dataclass(frozen=True, repr=False)
class Plot(Shown):
    """Shares of right answers as a figure with alternative text; as plain text, the sentence that says what to see."""

    scores: Sequence[Score]

    def __str__(self) -> str:
        return reading(self.scores)

    def _repr_html_(self) -> str:
        bars = [(score.way, score.share, *score.interval) for score in self.scores]
        return shares_figure(bars, caption=reading(self.scores))


def reading(scores: Sequence[Score]) -> str:
    """What to see in the figure."""
    shares = [f"{score.way} {score.share:.0%}" for score in sorted(scores, key=lambda score: -score.share)]
    return (
        f"Right answers, the most first: {', '.join(shares)}. Each line shows how far the share may be off; where two "
        "lines overlap much, do not call one better."
    )


def scores_table(scores: Sequence[Score]) -> str:
    return text_table([HEADERS, *(score.row() for score in scores)])


def scores_html(scores: Sequence[Score], caption: str) -> str:
    return html_table(HEADERS, [score.row() for score in scores], caption=caption)
