"""Step 5: did it help? Ask every way to answer the same held-out questions, and count what is right."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
from openai import OpenAI
from tqdm.auto import tqdm

from helpers.cost import UnknownPriceError, call_cost, price_of
from helpers.display.tables import short_path
from helpers.evaluation.evaluation import Evaluation, Reply, Row
from helpers.explain import explain
from helpers.graders import Grader, Judge, NoVerdictError, contains
from helpers.hosts import confirm_cost, current_host
from helpers.tokens import count_messages
from helpers.usage import ask, messages_for

LONGEST_ANSWER = 100  # tokens
PATIENCE = 30  # seconds without a progress bar
MOST_IN_A_ROW = 3  # calls of a way that fail before the rest of it is not asked any more
# What can hit one call and spare the next. A wrong key or a model that does not exist is raised: it hits them all.
OF_ONE_CALL = (
    openai.APIConnectionError,  # a timeout is one of these
    openai.RateLimitError,
    openai.InternalServerError,
    openai.BadRequestError,
)


@dataclass(frozen=True)
class Way:
    """A way to answer: a model, what it is told, and what it is given to read.

    `system` is the system message; None: the one that `evaluate` gets. `context` is added below it: a text, or a
    function that takes the question and returns one, such as `Passages(...).find`.
    """

    model: str
    system: str | None = None
    context: str | Callable[[str], str] | None = None

    def told(self, question: str, system: str | None) -> str | None:
        """The whole system message for a question."""
        context = self.context(question) if callable(self.context) else self.context
        parts = [self.system if self.system is not None else system, context]
        return "\n\n".join(part for part in parts if part) or None


def evaluate(
    client: OpenAI,
    ways: Mapping[str, str | Way],
    questions: str | os.PathLike[str] | Iterable[Row],
    *,
    grader: Grader = contains,
    system: str | None = None,
    limit_usd: Decimal | str | None = None,
    **parameters: Any,
) -> Evaluation:
    """Measure ways to answer on questions that stand in no training file. On a paid host the price is shown and you
    are asked.

    The library tries a call that failed again by itself. One that fails all the same is named in the result, and
    counts neither as right nor as wrong. After three in a row the rest of that way is not asked.

    Args:
        client: Where they are asked.
        ways: A name of yours for each, and a model or a `Way`.
        questions: A JSONL file or a list of rows: `question`, and what the grader needs, such as `expected`.
        grader: `grade(answer, row) -> bool`: one of the course's, or your own.
        system: The system message of all ways that have none; for a tuned model, the one of its training examples.
        limit_usd: For scripts: the most that you agree to pay, in dollars, instead of being asked.
        **parameters: More for each call. Unless you say otherwise, `temperature` is 0 and `max_tokens` is 100.

    Returns:
        The result: a table and a figure; `.answers` side by side; `.compare(one, other)`: is the difference real?

    Raises:
        ValueError: There is nothing to ask, or rows lack what is needed. All of them are named, and nothing was asked.
        NotConfirmedError: The price was not agreed to.
        openai.OpenAIError: A host refused in a way that would repeat itself; `explain` says why.
    """
    rows, source = _rows_of(questions)
    _expect_fields(rows, source, grader)
    if not ways:
        raise ValueError('ways: found none; expected at least one, such as {"base": model}')
    chosen = {name: Way(way) if isinstance(way, str) else way for name, way in ways.items()}
    parameters = {"temperature": 0, "max_tokens": LONGEST_ANSWER, **parameters}
    confirm_cost(_most_cost(client, chosen, rows, system, parameters["max_tokens"]), client, limit_usd)
    if isinstance(grader, Judge):
        confirm_cost(grader.most_cost(rows * len(chosen), parameters["max_tokens"]), grader.client, limit_usd)
    replies = {}
    with tqdm(total=len(rows) * len(chosen), delay=PATIENCE, leave=False, unit="question") as bar:
        for name, way in chosen.items():
            replies[name] = _ask_all(client, way, rows, grader, system, parameters, bar)
    models = {name: way.model for name, way in chosen.items()}
    return Evaluation(rows, models, replies, getattr(grader, "__name__", type(grader).__name__))


def _ask_all(
    client: OpenAI,
    way: Way,
    rows: list[Row],
    grader: Grader,
    system: str | None,
    parameters: dict[str, Any],
    bar: tqdm,
) -> list[Reply]:
    """The answers of one way, each graded. Arguments are those of `evaluate`, and the bar to move."""
    replies: list[Reply] = []
    in_a_row = 0
    for row in rows:
        if in_a_row == MOST_IN_A_ROW:
            replies.append(Reply(None, None, "not asked after three failures in a row"))
            continue
        told = way.told(row["question"], system)
        try:
            answer = ask(client, way.model, row["question"], system=told, **parameters)
            in_a_row = 0
            replies.append(Reply(answer, grader(answer.text, row)))
        except OF_ONE_CALL as error:
            in_a_row += 1
            replies.append(Reply(None, None, f"{type(error).__name__}: {explain(error).what}"))
        except NoVerdictError as error:
            replies.append(Reply(answer, None, str(error)))
        bar.update()
    return replies


def _rows_of(questions: str | os.PathLike[str] | Iterable[Row]) -> tuple[list[Row], str]:
    """The rows, and what they are called in an error."""
    if not isinstance(questions, str | os.PathLike):
        return list(questions), "questions"
    path = Path(questions)
    rows, problems = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            problems.append(f"line {number}  found no JSON ({error}); expected an object with a question")
    if problems:
        raise ValueError("\n  ".join([f"{short_path(path)}: {len(problems)} of its lines cannot be read", *problems]))
    return rows, short_path(path)


def _expect_fields(rows: list[Row], source: str, grader: Grader) -> None:
    if not rows:
        raise ValueError(f"{source}: found no question; expected at least one, and fifty for a decision")
    needed = ["question", *filter(None, [getattr(grader, "needs", None)])]
    problems = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            problems.append(f"row {number}  found {type(row).__name__}; expected an object with {' and '.join(needed)}")
            continue
        missing = [field for field in needed if not row.get(field)]
        if missing:
            problems.append(
                f"row {number}  found no {' and no '.join(missing)}; expected both a question and what is right"
            )
    if problems:
        raise ValueError("\n  ".join([f"{source}: {len(problems)} of {len(rows)} rows cannot be graded", *problems]))


def _most_cost(
    client: OpenAI, ways: Mapping[str, Way], rows: list[Row], system: str | None, answer_tokens: int
) -> Decimal | None:
    """The most that asking should cost on OpenAI, in dollars; None where the course knows no price."""
    if current_host(client).kind != "openai":
        return None
    most = Decimal(0)
    try:
        for way in ways.values():
            price = price_of(way.model)
            for row in rows:
                messages = messages_for(row["question"], way.told(row["question"], system))
                most += call_cost(count_messages(messages, way.model), answer_tokens, price)
    except UnknownPriceError:
        return None
    return most
