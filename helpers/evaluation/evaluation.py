"""The result of an evaluation: what each way answered to each question, and whether that is right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from helpers.display.tables import Shown, html_table, paragraph, plural, text_table
from helpers.evaluation.scores import Plot, Score, scores_html, scores_table
from helpers.evaluation.statistics import Difference, Mark, difference
from helpers.usage import Answer

Row = dict[str, Any]
RIGHT, WRONG, MISSING = "right", "wrong", "no answer"
SIMULATED = (
    "Answers of the simulator are among these. The numbers show how measuring works and say nothing about a model: a "
    "simulated base model does not read its prompt, and a simulated tuned one repeats its training file."
)


@dataclass(frozen=True)
class Reply:
    """One answer to one question. Where there is none, or no verdict on it, `right` is None and `failed` says why."""

    answer: Answer | None
    right: Mark
    failed: str = ""

    @property
    def shown(self) -> str:
        """With the verdict in words, so that nobody needs to see a colour."""
        verdict = MISSING if self.right is None else RIGHT if self.right else WRONG
        return f"{verdict}: {self.answer.shown if self.right is not None else self.failed}"


@dataclass(frozen=True, repr=False)
class Answers(Shown):
    """Questions with what each way answered, side by side. `answers[:5]` are the first five."""

    ways: list[str]
    rows: list[tuple[str, list[Reply]]]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[str, list[Reply]]]:
        return iter(self.rows)

    def __getitem__(self, which: slice) -> "Answers":
        return Answers(self.ways, self.rows[which])

    def __str__(self) -> str:
        if not self.rows:
            return "No answer."
        blocks = []
        for question, replies in self.rows:
            lines = [(f"{way}:", reply.shown) for way, reply in zip(self.ways, replies, strict=True)]
            blocks.append(f"{question}\n{text_table(lines)}")
        return "\n\n".join(blocks)

    def _repr_html_(self) -> str:
        rows = [(question, *(reply.shown for reply in replies)) for question, replies in self.rows]
        return html_table(["question", *self.ways], rows, caption=plural(len(self.rows), "question"))


@dataclass(frozen=True, repr=False)
class Evaluation(Shown):
    """Ways to answer, measured on the same questions: `replies[way]` are in the order of `rows`."""

    rows: list[Row]
    models: dict[str, str]
    replies: dict[str, list[Reply]]
    grader: str

    @property
    def ways(self) -> list[str]:
        return list(self.replies)

    @property
    def simulated(self) -> bool:
        return any(reply.answer is not None and reply.answer.simulated for reply in self._all())

    @property
    def scores(self) -> list[Score]:
        return [self._score(way) for way in self.ways]

    @property
    def table(self) -> "Any":
        """The numbers as a DataFrame, a row for each way; cost in dollars, seconds for all its answers together."""
        import pandas as pd

        rows = [
            {
                "way": score.way,
                "model": score.model,
                "right": score.right,
                "answered": score.answered,
                "share": score.share,
                "low": score.interval[0],
                "high": score.interval[1],
                "tokens_in": score.tokens_in,
                "tokens_out": score.tokens_out,
                "cost": score.cost,
                "seconds": score.seconds,
            }
            for score in self.scores
        ]
        return pd.DataFrame(rows).set_index("way")

    @property
    def plot(self) -> Plot:
        return Plot(self.scores)

    @property
    def answers(self) -> Answers:
        return self._answers(range(len(self.rows)))

    def wrong(self, way: str) -> Answers:
        """The questions that a way did not answer right, with what the others said to them."""
        self._expect(way)
        return self._answers(n for n, reply in enumerate(self.replies[way]) if reply.right is False)

    def compare(self, first: str, second: str) -> Difference:
        """Is the difference between two ways real? One sentence, from the questions that only one of them got right."""
        self._expect(first, second)
        return difference(first, self._marks(first), second, self._marks(second))

    def __str__(self) -> str:
        return "\n".join([self._title(), scores_table(self.scores), *self._notes()])

    def _repr_html_(self) -> str:
        notes = "".join(map(paragraph, self._notes()))
        return scores_html(self.scores, self._title()) + notes + self.plot._repr_html_()

    def _title(self) -> str:
        return f"{plural(len(self.rows), 'question')}, graded by {self.grader}"

    def _notes(self) -> list[str]:
        failed = [
            f"Of {way}, {plural(len(reasons), 'answer')} could not be counted, neither as right nor as wrong: "
            f"{'; '.join(dict.fromkeys(reasons))}."
            for way in self.ways
            if (reasons := [reply.failed for reply in self.replies[way] if reply.right is None])
        ]
        return [*failed, *([SIMULATED] if self.simulated else [])]

    def _score(self, way: str) -> Score:
        taken = [reply.answer for reply in self.replies[way] if reply.answer is not None]
        costs = [answer.cost for answer in taken]
        return Score(
            way,
            self.models[way],
            tuple(self._marks(way)),
            sum(answer.input_tokens for answer in taken),
            sum(answer.output_tokens for answer in taken),
            None if None in costs else sum(costs, Decimal(0)),
            sum(answer.seconds for answer in taken),
        )

    def _marks(self, way: str) -> list[Mark]:
        return [reply.right for reply in self.replies[way]]

    def _answers(self, numbers: Any) -> Answers:
        rows = [(self.rows[n]["question"], [self.replies[way][n] for way in self.ways]) for n in numbers]
        return Answers(self.ways, rows)

    def _all(self) -> Iterator[Reply]:
        for replies in self.replies.values():
            yield from replies

    def _expect(self, *names: str) -> None:
        expect_known(names, self.ways)


def expect_known(names: Sequence[str], known: Sequence[str]) -> None:
    """Raises KeyError for a way that was not measured."""
    for name in names:
        if name not in known:
            raise KeyError(f"way: found {name!r}; expected one of {', '.join(known)}")
