"""How sure a share of right answers is, and whether two ways differ: intervals and a paired test, by SciPy."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.display.tables import Shown, plural

CONFIDENCE = 0.95
SIGNIFICANT = 0.05  # below it, a difference is called real; one comparison in twenty looks so by chance alone

Mark = bool | None  # right, wrong, or None: the question was not answered


def interval(right: int, asked: int) -> tuple[float, float]:
    """Where the share of right answers would lie if many more questions of the kind were asked: Wilson's interval at
    95 %.

    >>> [round(share, 2) for share in interval(8, 10)]
    [0.49, 0.94]
    """
    from scipy.stats import binomtest  # a second to load, and only needed when something was measured

    if asked == 0:
        return 0.0, 1.0
    found = binomtest(right, asked).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


@dataclass(frozen=True, repr=False)
class Difference(Shown):
    """Two ways on the same questions. `p`: how often chance alone makes a difference like this or a larger one.

    `only_first` and `only_second` count the questions that only one of them answered right; the others say nothing.
    """

    first: str
    second: str
    asked: int
    both: int
    only_first: int
    only_second: int
    p: float

    @property
    def real(self) -> bool:
        return self.p < SIGNIFICANT

    @property
    def better(self) -> str | None:
        """The way that is really better; None where it may be chance."""
        if not self.real:
            return None
        return self.first if self.only_first > self.only_second else self.second

    def __str__(self) -> str:
        first, second = self.both + self.only_first, self.both + self.only_second
        counted = (
            f"Of {plural(self.asked, 'question')}, {self.first} got {first} right and {self.second} {second}; only "
            f"{self.first} got {self.only_first}, only {self.second} {self.only_second}"
        )
        if self.real:
            return f"{counted}: this difference is real, because chance alone makes one like it {_how_often(self.p)}."
        alike = self.only_first == self.only_second == 0
        why = "they never differ" if alike else f"chance alone makes one like it {_how_often(self.p)}"
        return f"{counted}: this may be chance ({why}), so ask more questions before you believe it."


def difference(first: str, marks: Sequence[Mark], second: str, others: Sequence[Mark]) -> Difference:
    """The exact McNemar test: a coin is tossed for each question that only one way answered right.

    Args:
        first: The name of a way.
        marks: Which of its answers are right, by question.
        second: The name of another way.
        others: Which of its answers are right, to the same questions in the same order.

    Returns:
        Both counts, and whether the difference is more than chance. Questions that one of them did not answer are
        left out.

    Raises:
        ValueError: They were not asked the same number of questions, or no question was answered by both.
    """
    from scipy.stats import binomtest

    pairs = [(a, b) for a, b in zip(marks, others, strict=True) if a is not None and b is not None]
    if not pairs:
        raise ValueError(f"{first} and {second}: no question was answered by both, so there is nothing to compare")
    only_first, only_second = pairs.count((True, False)), pairs.count((False, True))
    tossed = only_first + only_second
    p = float(binomtest(only_first, tossed).pvalue) if tossed else 1.0
    return Difference(first, second, len(pairs), pairs.count((True, True)), only_first, only_second, p)


def _how_often(p: float) -> str:
    """
    >>> _how_often(0.25), _how_often(0.00001), _how_often(0.8)
    ('once in 4 times', 'less than once in 1,000 times', 'most of the time')
    """
    if p < 0.001:
        return "less than once in 1,000 times"
    return "most of the time" if p > 0.5 else f"once in {round(1 / p):,} times"
