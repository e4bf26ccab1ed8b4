"""How good training on this computer is, set by set: shares of right answers, with the spread between trainings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.display.tables import Shown, html_table, paragraph, text_table

SETS = {
    "bakery": "a bakery, 15 answers as people write them",
    "mattress": "the mattress, 15 answers that name their subject first",
}
FIGURES = {"facts": "facts, asked in other words", "general": "general questions that it knew before"}
RECIPES = {"base": "before training", "plain": "plain LoRA", "course": "the course's recipe"}
HEADERS = ["trained on", "asked for", *RECIPES.values()]
TITLE = "Right answers: the mean of several trainings, the lowest and the highest"


@dataclass(frozen=True, repr=False)
class MeasuredQuality(Shown):
    """One line for each set and figure. `rows` are those of data/local_quality.json, `source` says where from."""

    rows: Sequence[Mapping[str, Any]]
    source: str

    @property
    def lines(self) -> list[list[str]]:
        found = {(row["set"], row["figure"], row["recipe"]): row for row in self.rows}
        for name in SETS:  # what it knew before is all of what it knew before
            found[name, "general", "base"] = {"mean": 1, "low": 1, "high": 1, "trainings": 0}
        return [
            [SETS[name], FIGURES[figure], *(share(found.get((name, figure, recipe))) for recipe in RECIPES)]
            for name in SETS
            for figure in FIGURES
        ]

    def __str__(self) -> str:
        return "\n".join([TITLE, text_table([HEADERS, *self.lines]), self.source])

    def _repr_html_(self) -> str:
        return html_table(HEADERS, self.lines, caption=TITLE) + paragraph(self.source)


def share(row: Mapping[str, Any] | None) -> str:
    """A share as a learner reads it, with its spread where there were several trainings.

    >>> share({"mean": 0.62, "low": 0.5, "high": 0.71, "trainings": 6})
    '62 % (50 to 71, 6 trainings)'
    """
    if row is None:
        return ""
    mean, low, high = (f"{100 * row[name]:.0f}" for name in ("mean", "low", "high"))
    if row["trainings"] < 2:
        return f"{mean} %"
    return f"{mean} % ({low} to {high}, {row['trainings']} trainings)"
