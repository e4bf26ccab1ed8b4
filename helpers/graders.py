"""When is an answer right? Plain functions `grade(answer, row) -> bool`; write your own in the same form.

`row` is a line of the question file, a dict. Each grader says which field it needs. Choose the simplest that decides:
what a program can check, no model should judge.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openai import OpenAI
from rapidfuzz import fuzz, utils

from helpers.cost import UnknownPriceError, call_cost, price_of
from helpers.display.tables import Shown, html_table, plural, text_table
from helpers.hosts import confirm_cost, current_host
from helpers.passages import CJK
from helpers.tokens import count_text
from helpers.usage import ask

Row = dict[str, Any]
Grader = Callable[[str, Row], bool]

SIMILAR_ENOUGH = 80  # of 100
VERDICT_TOKENS = 5

CORRECT = """Question: {question}
Correct answer: {expected}
Answer to grade: {answer}

Does the answer to grade say the same as the correct answer? A longer answer is not a better one. Reply with one word,
yes or no."""

BETTER = """Question: {question}

Answer A: {first}

Answer B: {second}

Which answer is correct? A longer answer is not a better one. Reply with one letter, A or B."""


class NoVerdictError(ValueError):
    """A model that was asked to judge did not reply with one of the words it was asked for."""


def needs(field: str) -> Callable[[Grader], Grader]:
    """Mark a grader with the field of the row that it needs: a missing one is named before anything is asked."""

    def mark(grader: Grader) -> Grader:
        grader.needs = field
        return grader

    return mark


@needs("expected")
def contains(answer: str, row: Row) -> bool:
    """One of the texts in `expected` stands in the answer, in any case, and not within a longer word or number.

    Good for facts. It also passes "not 10 years": read some of the answers yourself.

    >>> contains("It has a 10-year warranty.", {"expected": ["10-year", "ten years"]})
    True
    >>> contains("It costs $8990.", {"expected": ["899"]})
    False
    """
    return any(re.search(_as_words(text), answer, re.IGNORECASE) for text in expected_of(row))


@needs("expected")
def exact(answer: str, row: Row) -> bool:
    """The whole answer is one of `expected`, in any case; blanks around it and a full stop are forgiven. For labels."""
    return _bare(answer) in {_bare(text) for text in expected_of(row)}


@needs("expected_json")
def json_fields(answer: str, row: Row) -> bool:
    """The whole answer is one JSON object in which each field of `expected_json` has its value. Others may be there."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(found.get(name) == value for name, value in row["expected_json"].items())


@needs("expected")
def similar(answer: str, row: Row) -> bool:
    """The letters of the answer resemble one of `expected`, at least 80 of 100 by RapidFuzz.

    Its limit: it compares letters and not meanings. "The warranty is 1 year" resembles "The warranty is 10 years",
    and "A decade" does not. Use it for wording, not for facts.

    >>> similar("The warranty is 1 year.", {"expected": "The warranty is 10 years."})
    True
    """
    return any(likeness(answer, text) >= SIMILAR_ENOUGH for text in expected_of(row))


def likeness(one: str, other: str) -> int:
    """0 to 100: how much the letters of two texts agree."""
    return round(fuzz.ratio(one, other, processor=utils.default_process))


@dataclass(frozen=True)
class Judge:
    """A model as a grader: it reads the question, the correct answer in `expected`, and the answer, and says yes or no.

    For answers that no program can check. Compare thirty of its verdicts with your own before you believe it, and let
    no model judge its own answers. `judge_pairs` shows what else goes wrong.
    """

    client: OpenAI
    model: str
    needs: str = "expected"

    @property
    def __name__(self) -> str:
        return f"the judge {self.model}"

    def __call__(self, answer: str, row: Row) -> bool:
        """Raises NoVerdictError where the model says neither yes nor no."""
        request = CORRECT.format(question=row["question"], expected=" or ".join(expected_of(row)), answer=answer)
        return _choice(self.client, self.model, request, ("yes", "no")) == "yes"

    def most_cost(self, rows: Iterable[Row], answer_tokens: int) -> Decimal | None:
        """The most that it should cost to judge one answer to each row, in dollars; None where no price is known."""
        texts = [CORRECT + row["question"] + " or ".join(expected_of(row)) for row in rows]
        return _asking_cost(self.client, self.model, texts, answer_tokens)


@dataclass(frozen=True, repr=False)
class Verdicts(Shown):
    """A judge's choices between pairs of answers, each pair shown in both orders."""

    model: str
    for_a: int  # in both orders
    for_b: int
    first_place: int  # whichever answer stood first
    second_place: int
    no_verdict: int

    @property
    def pairs(self) -> int:
        return self.for_a + self.for_b + self.first_place + self.second_place + self.no_verdict

    def rows(self) -> list[tuple[str, int]]:
        return [
            ("a, in both orders", self.for_a),
            ("b, in both orders", self.for_b),
            ("whichever stood first", self.first_place),
            ("whichever stood second", self.second_place),
            ("no verdict", self.no_verdict),
        ]

    def __str__(self) -> str:
        return f"{self._title()}\n{text_table(self.rows())}"

    def _repr_html_(self) -> str:
        return html_table(["it chose", "pairs"], self.rows(), caption=self._title())

    def _title(self) -> str:
        return f"{self.model} judged {plural(self.pairs, 'pair')}, each in both orders"


def judge_pairs(
    client: OpenAI, model: str, pairs: Iterable[Row], *, limit_usd: Decimal | str | None = None
) -> Verdicts:
    """Let a model choose between two answers, `a` and `b`, twice: with `a` first and with `b` first.

    A choice counts only if it is the same both times. One that goes with the place is no judgement, and shows how
    often this judge is led by position.

    Args:
        client: Where the judge is asked.
        model: The judge.
        pairs: Rows with question, a and b.
        limit_usd: For scripts on a paid host: the most that you agree to pay, in dollars, instead of being asked.

    Raises:
        NotConfirmedError: The price was not agreed to.
        openai.OpenAIError: The host did not answer, or refused; `explain` says why.
    """
    pairs = list(pairs)
    texts = [BETTER + pair["question"] + pair["a"] + pair["b"] for pair in pairs for _ in "ab"]
    confirm_cost(_asking_cost(client, model, texts, 0), client, limit_usd)
    chosen = [_both_orders(client, model, pair) for pair in pairs]
    counted = {name: chosen.count(name) for name in ("a", "b", "first", "second", "none")}
    return Verdicts(model, *counted.values())


def _both_orders(client: OpenAI, model: str, pair: Row) -> str:
    question, a, b = pair["question"], pair["a"], pair["b"]
    try:
        one, other = (
            _choice(client, model, BETTER.format(question=question, first=first, second=second), ("A", "B"))
            for first, second in ((a, b), (b, a))
        )
    except NoVerdictError:
        return "none"
    if one == other:
        return "first" if one == "A" else "second"
    return "a" if one == "A" else "b"


def _choice(client: OpenAI, model: str, request: str, words: tuple[str, str]) -> str:
    said = ask(client, model, request, temperature=0, max_tokens=VERDICT_TOKENS).text
    first_word = re.search(r"\w+", said)
    for word in words:
        if first_word and first_word[0].lower() == word.lower():
            return word
    raise NoVerdictError(f"the judge said {said[:40]!r}; expected {words[0]} or {words[1]}")


def _asking_cost(client: OpenAI, model: str, texts: Iterable[str], more_tokens: int) -> Decimal | None:
    if current_host(client).kind != "openai":
        return None
    try:
        price = price_of(model)
        return sum(
            (call_cost(count_text(text, model) + more_tokens, VERDICT_TOKENS, price) for text in texts), Decimal(0)
        )
    except UnknownPriceError:
        return None


def expected_of(row: Row) -> list[str]:
    """The texts of `expected`: one, or a list of which any will do."""
    expected = row["expected"]
    return [expected] if isinstance(expected, str) else list(expected)


def _as_words(text: str) -> str:
    """A pattern that does not match within a word. Chinese is written without spaces: there, words touch."""
    letter = rf"[^\W{CJK}]"
    before = rf"(?<!{letter})" if re.match(letter, text) else ""
    after = rf"(?!{letter})" if re.search(rf"{letter}$", text) else ""
    return before + re.escape(text) + after


def _bare(text: str) -> str:
    return text.strip().rstrip(".。").strip().lower()
