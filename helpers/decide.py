"""Prompt, search, fine-tune or several? From what was measured, as a paragraph for somebody who has to agree to it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from helpers.break_even import BreakEven, break_even
from helpers.connection.catalogue import SIMULATED_DEFAULT, UnknownModelError, base_model, base_name
from helpers.cost import DAYS_PER_MONTH, cents, dollars
from helpers.display.tables import Shown, paragraph
from helpers.evaluation.evaluation import Evaluation
from helpers.evaluation.scores import Score
from helpers.evaluation.statistics import difference

Changes = Literal["never", "monthly", "daily"]
FEW_QUESTIONS = 50
GOOD_ENOUGH, NOT_GOOD_ENOUGH = 0.9, 0.5  # of the answers right: for a try with users; below this, for nothing yet


@dataclass(frozen=True, repr=False)
class Decision(Shown):
    """`way` is the cheapest of those that no other is really better than; `text` is the paragraph."""

    way: str
    text: str
    break_even: BreakEven | None

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return paragraph(self.text)


def decide(
    result: Evaluation | Any,
    *,
    calls_per_month: int,
    training_tokens: int,
    epochs: int,
    facts_change: Changes = "never",
) -> Decision:
    """Propose the cheapest way that is really no worse than the best, and say so in a paragraph to paste into a mail.

    "Really" is the paired test of `compare`. Money is at OpenAI's prices; of a model of your own computer, those of
    the smallest GPT that could be tuned.

    Args:
        result: What `evaluate` or `measured` returned.
        calls_per_month: Questions asked in a month.
        training_tokens: Tokens of the training file, read once.
        epochs: How often it is read in training.
        facts_change: How often that changes which the model has to know. What changes daily is not trained into a
            model.

    Returns:
        The way, the paragraph and, where a tuned model was measured beside another way, after how many calls it pays.

    Raises:
        ValueError: Nothing was measured yet.
    """
    if not result.scores:
        raise ValueError("result: found no measurement; expected what evaluate() returned")
    scores = sorted(result.scores, key=lambda score: -score.share)
    equal = [score for score in scores if not _really_better(scores[0], score)]
    allowed = [score for score in equal if facts_change != "daily" or not _is_tuned(score)] or equal
    chosen = min(allowed, key=lambda score: _month(score, calls_per_month) or Decimal(0))
    pair = _rivals(scores, chosen)
    pays = _pays(*pair, calls_per_month, training_tokens, epochs) if pair else None
    sentences = [
        *_caveats(result, scores),
        _counted(scores),
        _why(scores[0], chosen, equal),
        _money(scores, calls_per_month),
        _paid_back(pays, *pair) if pair else "",
        _about_change(facts_change, chosen),
        _next(chosen, scores),
    ]
    return Decision(chosen.way, " ".join(filter(None, sentences)), pays)


def _caveats(result: Any, scores: list[Score]) -> list[str]:
    said = []
    if getattr(result, "simulated", False):
        said.append(
            "[A PATTERN, NOT A RESULT: these answers are simulated. Measure with a real model before you send this.]"
        )
    if scores[0].answered < FEW_QUESTIONS:
        said.append(f"[Only {scores[0].answered} questions: ask {FEW_QUESTIONS} or more before you decide.]")
    return said


def _counted(scores: list[Score]) -> str:
    counts = ", ".join(f"{score.way} {score.right} of {score.answered} ({score.share:.0%})" for score in scores)
    return f"We asked questions that no model had seen in training, and counted right answers: {counts}."


def _why(best: Score, chosen: Score, equal: list[Score]) -> str:
    if best.share < NOT_GOOD_ENOUGH:
        return f"None of these is good enough to be used yet; {chosen.way} is the one to go on with."
    if best is chosen and len(equal) == 1:
        return f"I propose {chosen.way}: it is really better than every other way that we tried."
    others = ", ".join(score.way for score in equal if score is not chosen)
    no_better = f"there is no real difference to {others}" if others else "it is among the best"
    return f"I propose {chosen.way}: {no_better}, and it costs least."


def _money(scores: list[Score], calls: int) -> str:
    months = [(score.way, _month(score, calls)) for score in scores]
    known = ", ".join(f"{way} {dollars(month)}" for way, month in months if month is not None)
    return f"At {calls:,} calls a month this costs, at OpenAI's prices: {known}." if known else ""


def _month(score: Score, calls: int) -> Decimal | None:
    call = score.call_on_openai
    return None if call is None else cents(call * calls)


def _rivals(scores: list[Score], chosen: Score) -> tuple[Score, Score] | None:
    """The tuned way, and the one it is compared with in money: the proposed one, or else the best that is not tuned."""
    tuned = chosen if _is_tuned(chosen) else next(filter(_is_tuned, scores), None)
    rival = next((score for score in scores if not _is_tuned(score)), None) if tuned is chosen else chosen
    if tuned is None or rival is None or tuned.call_on_openai is None:
        return None
    return tuned, rival


def _pays(tuned: Score, rival: Score, calls: int, tokens: int, epochs: int) -> BreakEven:
    """Arguments are two ways, and those of `decide`."""
    return break_even(
        _priced_as(tuned.model),
        training_tokens=tokens,
        epochs=epochs,
        calls_per_day=max(1, calls // DAYS_PER_MONTH),
        tuned_prompt_tokens=tuned.tokens_per_call[0],
        base_prompt_tokens=rival.tokens_per_call[0],
        answer_tokens=tuned.tokens_per_call[1],
    )


def _paid_back(pays: BreakEven, tuned: Score, rival: Score) -> str:
    once = f"Training {tuned.way} costs {dollars(pays.training)} once."
    if pays.calls is None:
        return f"{once} Against {rival.way} that is never paid back in money: its calls cost as much or more."
    after = f"{pays.calls:,} calls"
    return f"{once} Against {rival.way} it is paid back after {after}: the break-even is {after} in the first month."


def _about_change(facts_change: Changes, chosen: Score) -> str:
    if facts_change == "daily":
        return "What changes daily stays out of the model: search or a function call brings it into the prompt."
    if facts_change == "monthly" and _is_tuned(chosen):
        return "The facts change each month, so the training is repeated each month, and so is its cost."
    return ""


def _next(chosen: Score, scores: list[Score]) -> str:
    if chosen.share >= GOOD_ENOUGH:
        return "Next: read the wrong answers, and try it with a few real users."
    if not any(map(_is_tuned, scores)):
        return "Next: read the wrong answers; if they are wrong in form and not in fact, measure a tuned model as well."
    if _is_tuned(chosen):
        return "Next: add examples where it is wrong, train again, and try the tuned model together with search."
    return "Next: read the wrong answers; write a better prompt, or find better passages, before anything is trained."


def _really_better(best: Score, other: Score) -> bool:
    return difference(best.way, best.marks, other.way, other.marks).better == best.way


def _is_tuned(score: Score) -> bool:
    return score.model.startswith("ft:")


def _priced_as(model: str) -> str:
    try:
        return SIMULATED_DEFAULT if base_model(model).engine == "local" else base_name(model)
    except UnknownModelError:
        return base_name(model)
