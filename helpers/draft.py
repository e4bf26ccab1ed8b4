"""Let a model write examples, and look at each before it is kept: what is broken, what is a duplicate."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openai import OpenAI

from helpers.cost import UnknownPriceError, call_cost, price_of
from helpers.course_data.paths import DATA
from helpers.display.tables import Shown, html_table, plural, text_table
from helpers.hosts import confirm_cost
from helpers.tokens import count_text
from helpers.usage import Answer, ask

RECORDED = (
    "This draft is simulated: a recorded one, always the same fifteen examples in English about the course's mattress, "
    "whatever you ask for. Its flaws are planted, to be found."
)
TOKENS_PER_EXAMPLE = 120  # of a drafted question and answer, with its JSON; generous
MOST_AT_ONCE = 100

REQUEST = """Write {n} training examples for an assistant. The topic: {topic}.{aspects}
Each example is a question that a real person would ask, in that person's words, and a short, correct and friendly \
answer.
Write both in {language}. No two questions may ask for the same thing.
Answer with a JSON list only: [{{"question": "...", "answer": "..."}}, ...]"""


@dataclass(frozen=True)
class DraftedPair:
    """A question and an answer. `problem` says why it should not be kept, or is empty."""

    question: str
    answer: str
    problem: str = ""


@dataclass(frozen=True, repr=False)
class Draft(Shown):
    """What a model wrote. `rows` are the good ones, ready for `from_rows`."""

    pairs: list[DraftedPair]
    reply: Answer

    @property
    def recorded(self) -> bool:
        """Whether no model wrote it."""
        return self.reply.simulated

    @property
    def rows(self) -> list[dict[str, str]]:
        return [{"question": pair.question, "answer": pair.answer} for pair in self.pairs if not pair.problem]

    def _table(self) -> list[tuple[str, str, str]]:
        return [(pair.question, pair.answer, pair.problem or "good") for pair in self.pairs]

    @property
    def summary(self) -> str:
        recorded = f"{RECORDED} " if self.recorded else ""
        return f"{recorded}{plural(len(self.pairs), 'example')}, {len(self.rows)} without a problem."

    def __str__(self) -> str:
        return f"{self.summary}\n{text_table([('question', 'answer', 'check'), *self._table()])}"

    def _repr_html_(self) -> str:
        return html_table(["question", "answer", "check"], self._table(), caption=self.summary)


def draft(
    client: OpenAI,
    model: str,
    topic: str,
    *,
    aspects: Iterable[str] = (),
    n: int = 15,
    language: str = "English",
    known: Iterable[str] = (),
    limit_usd: Decimal | str | None = None,
) -> Draft:
    """Ask a model for question-and-answer pairs on a topic. On a paid host the price is shown and you are asked first.

    Args:
        client: Where the model is asked.
        model: Which model writes.
        topic: What the examples are about.
        aspects: What people ask about, such as delivery or warranty.
        n: How many pairs, 1 to 100.
        language: In which language they are written.
        known: Questions that you have already; a pair that repeats one is marked.
        limit_usd: For scripts: the most that you agree to pay, in dollars, instead of the question.

    Returns:
        Every pair that was found in the answer, each with what is wrong with it.

    Raises:
        NotConfirmedError: The price was not agreed to.
        ValueError: There is nothing to ask for, or no examples are in the answer.
    """
    request = request_for(topic, aspects, n, language)
    confirm_cost(drafting_cost(model, request, n), client, limit_usd)
    reply = ask(client, model, request)
    return Draft(list(judged(found_in(reply.text), known)), reply)


def recorded_draft(known: Iterable[str] = ()) -> Draft:
    """The draft that the simulated models give, for looking at its flaws; no model is asked."""
    text = (DATA / "simulated_examples.json").read_text(encoding="utf-8").strip()
    reply = Answer(text, "recorded", 0, 0, 0.0, "stop", Decimal(0), None, simulated=True)
    return Draft(list(judged(found_in(text), known)), reply)


def request_for(topic: str, aspects: Iterable[str], n: int, language: str) -> str:
    """The words in which a model is asked. Raises ValueError for what cannot be asked."""
    if not topic.strip():
        raise ValueError("topic: found nothing; expected what the examples shall be about")
    if not 1 <= n <= MOST_AT_ONCE:
        raise ValueError(f"n: found {n}; expected 1 to {MOST_AT_ONCE} at once")
    named = ", ".join(aspect.strip() for aspect in aspects if aspect.strip())
    areas = f" People ask about: {named}." if named else ""
    return REQUEST.format(n=n, topic=topic.strip().rstrip("."), aspects=areas, language=language.strip() or "English")


def drafting_cost(model: str, request: str, n: int) -> Decimal | None:
    """The most that a draft should cost on OpenAI, in dollars; None where the course knows no price."""
    try:
        return call_cost(count_text(request, model) + 10, n * TOKENS_PER_EXAMPLE, price_of(model))
    except UnknownPriceError:
        return None


def found_in(text: str) -> list[dict[str, Any]]:
    """Every JSON object with a question in a model's answer, whatever stands around it, even if its end is cut off."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while (at := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):  # also a number of thousands of digits
            at += 1
            continue
        inner = [item for held in value.values() if isinstance(held, list) for item in held if isinstance(item, dict)]
        found += [item for item in [value, *inner] if "question" in item]
    if not found:
        said = " ".join(text.split())[:80] or "nothing"
        raise ValueError(
            f'The model did not answer with a JSON list of examples. It began with: "{said}". '
            "Ask again, or choose a larger model."
        )
    return found


def judged(items: Iterable[dict[str, Any]], known: Iterable[str] = ()) -> Iterator[DraftedPair]:
    """Each pair with what is wrong with it: a part is missing, or the question is a duplicate."""
    seen = {_key(question): "in your examples" for question in known}
    for number, item in enumerate(items, 1):
        question, answer = (_stripped(item.get(part)) for part in ("question", "answer"))
        missing = [name for name, part in (("question", question), ("answer", answer)) if not part]
        if missing:
            yield DraftedPair(question, answer, f"no {' and no '.join(missing)}")
        elif where := seen.get(_key(question)):
            yield DraftedPair(question, answer, f"the same question stands {where}")
        else:
            seen[_key(question)] = f"in number {number}"
            yield DraftedPair(question, answer)


def _stripped(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _key(question: str) -> str:
    """Equal for questions that differ only in case, spaces and signs at the end."""
    return " ".join(question.casefold().split()).rstrip("?!.\uff1f ")
