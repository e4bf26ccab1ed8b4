"""Step 4: ask models, compare them, and keep a book of what was used and spent."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from openai import OpenAI

from helpers.cost import UnknownPriceError, call_cost, dollars, price_of
from helpers.display.tables import Shown, html_table, plural, text_table
from helpers.hosts import Host, current_host
from helpers.notes import told_if_not_kept, workspace

SIMULATED = "simulated"
LONGEST_COMPARED = 100  # tokens
LOCK_SECONDS = 10


@dataclass(frozen=True, repr=False)
class Answer(Shown):
    """An answer and what it took. `cost` in US dollars is None where this course knows no price, and 0 on a free host.

    `list_price` is what the same call costs on OpenAI, where that is known.
    """

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    seconds: float
    finish_reason: str | None
    cost: Decimal | None
    list_price: Decimal | None
    simulated: bool

    @property
    def shown(self) -> str:
        """The text, with a mark where it was cut off."""
        return f"{self.text} ..." if self.finish_reason == "length" else self.text

    def __str__(self) -> str:
        return self.text


class Asking:
    """An answer on its way: iterate over its pieces; `answer` is there when they are all taken."""

    def __init__(self, client: OpenAI, model: str, messages: list[dict[str, str]], **parameters: Any) -> None:
        self.client, self.model, self.messages, self.parameters = client, model, messages, parameters
        self.answer: Answer | None = None

    def __iter__(self) -> Iterator[str]:
        start, pieces, reason, usage, fingerprint = time.perf_counter(), [], None, None, None
        stream = self.client.chat.completions.create(
            model=self.model,
            messages=self.messages,
            stream=True,
            stream_options={"include_usage": True},
            **self.parameters,
        )
        for chunk in stream:
            usage = chunk.usage or usage
            fingerprint = chunk.system_fingerprint or fingerprint
            for choice in chunk.choices:
                reason = choice.finish_reason or reason
                if choice.delta.content:
                    pieces.append(choice.delta.content)
                    yield choice.delta.content
        used = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
        host = current_host(self.client)
        cost, list_price = _costs(host, self.model, *used)
        self.answer = Answer(
            "".join(pieces),
            self.model,
            *used,
            time.perf_counter() - start,
            reason,
            cost,
            list_price,
            SIMULATED in (fingerprint or ""),
        )
        _write_down(host, self.answer)


def ask(
    client: OpenAI, model: str, question: str, *, system: str | None = None, stream: bool = False, **parameters: Any
) -> Answer:
    """Ask a model one question. The use is entered in the ledger.

    Args:
        client: Where it is asked.
        model: A base model or a tuned one.
        question: What the user says.
        system: The system message; for a tuned model, the one of its training examples.
        stream: Print the answer while it is written.
        **parameters: More for the call, such as `temperature` or `max_tokens`.

    Returns:
        The answer, with its tokens, seconds and cost.

    Raises:
        openai.OpenAIError: The host did not answer, or refused; `explain` says why.
    """
    asking = Asking(client, model, messages_for(question, system), **parameters)
    for piece in asking:
        if stream:
            print(piece, end="", flush=True)
    if stream:
        print()
    return asking.answer


def messages_for(question: str, system: str | None = None) -> list[dict[str, str]]:
    start = [{"role": "system", "content": system}] if system else []
    return [*start, {"role": "user", "content": question}]


@dataclass(frozen=True, repr=False)
class Comparison(Shown):
    """The answers of several models to the same questions: `answers[question][model]`."""

    models: list[str]
    answers: dict[str, dict[str, Answer]]

    def __str__(self) -> str:
        blocks = []
        for question, by_model in self.answers.items():
            rows = [(f"{model}:", answer.shown) for model, answer in by_model.items()]
            blocks.append(f"{question}\n{text_table(rows)}")
        return "\n\n".join(blocks)

    def _repr_html_(self) -> str:
        rows = [(question, *(by_model[m].shown for m in self.models)) for question, by_model in self.answers.items()]
        return html_table(["question", *self.models], rows, caption="The same questions to each model")


def compare(
    client: OpenAI, models: list[str], questions: list[str], *, system: str | None = None, **parameters: Any
) -> Comparison:
    """Ask every model every question.

    Args:
        client: Where they are asked.
        models: Base models and tuned ones.
        questions: What the user says, one at a time.
        system: The system message, the same for all.
        **parameters: More for each call. Unless you say otherwise, `temperature` is 0, so that chance does not decide,
            and `max_tokens` is 100: a small base model that does not know the answer would go on for a page.

    Returns:
        The answers, a column for each model. A mark shows where one was cut off.

    Raises:
        openai.OpenAIError: The host did not answer, or refused; `explain` says why.
    """
    parameters = {"temperature": 0, "max_tokens": LONGEST_COMPARED, **parameters}
    answers = {
        question: {model: ask(client, model, question, system=system, **parameters) for model in models}
        for question in questions
    }
    return Comparison(models, answers)


# --- the book ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Ledger(Shown):
    """What the helpers have used, by host and model: calls, tokens in and out, money.

    `damaged` is how many lines of the book cannot be read.
    """

    rows: list[tuple[str, str, int, int, int, Decimal | None]]
    damaged: int = 0

    def _shown(self) -> list[tuple[str, ...]]:
        return [
            (
                host,
                model,
                f"{calls:,}",
                f"{tokens_in:,}",
                f"{tokens_out:,}",
                "price unknown" if cost is None else dollars(cost),
            )
            for host, model, calls, tokens_in, tokens_out, cost in self.rows
        ]

    @property
    def total(self) -> Decimal:
        """US dollars, without what has no known price."""
        return sum((row[-1] for row in self.rows if row[-1] is not None), Decimal(0))

    def _summary(self) -> str:
        unknown = sum(row[-1] is None for row in self.rows)
        more = f", and {plural(unknown, 'model')} without a known price" if unknown else ""
        lines = f"{plural(self.damaged, 'line')} of workspace/ledger.jsonl cannot be read"
        damaged = f". {lines}, and what stood there is not counted" if self.damaged else ""
        return f"Spent in this course: {dollars(self.total)}{more}{damaged}"

    def __str__(self) -> str:
        if not self.rows and not self.damaged:
            return "Nothing was asked yet."
        return f"{self._summary()}\n{text_table([HEADERS, *self._shown()])}"

    def _repr_html_(self) -> str:
        if not self.rows and not self.damaged:
            return f"<p>{self}</p>"
        return html_table(HEADERS, self._shown(), caption=self._summary())


HEADERS = ("host", "model", "calls", "tokens in", "tokens out", "cost")


def ledger(client: OpenAI | None = None) -> Ledger:
    """The book of this workspace; with a client, only its host. Calls that were made without the helpers are
    not in it."""
    host = current_host(client).name if client else None
    sums: dict[tuple[str, str], list[Any]] = {}
    entries, damaged = _entries()
    for entry in entries:
        if host in (None, entry["host"]):
            row = sums.setdefault((entry["host"], entry["model"]), [0, 0, 0, Decimal(0)])
            cost = entry["cost"]
            row[0] += 1
            row[1] += entry["in"]
            row[2] += entry["out"]
            row[3] = None if cost is None or row[3] is None else row[3] + cost
    return Ledger([(*key, *row) for key, row in sums.items()], damaged)


def _costs(host: Host, model: str, tokens_in: int, tokens_out: int) -> tuple[Decimal | None, Decimal | None]:
    """What a call cost here, and what it costs on OpenAI."""
    try:
        listed = call_cost(tokens_in, tokens_out, price_of(model))
    except UnknownPriceError:
        listed = None
    if not host.paid:
        return Decimal(0), listed
    return (listed if host.kind == "openai" else None), listed


def _path() -> Path:
    return workspace() / "ledger.jsonl"


def _write_down(host: Host, answer: Answer) -> None:
    """An answer may have cost money: it is given also where it cannot be entered in the book."""
    entry = {
        "when": datetime.now().astimezone().isoformat(timespec="seconds"),
        "host": host.name,
        "model": answer.model,
        "in": answer.input_tokens,
        "out": answer.output_tokens,
        "cost": None if answer.cost is None else str(answer.cost),
    }
    with told_if_not_kept(f"{answer.model} has answered", "The ledger does not count this call."):
        try:
            with (
                FileLock(workspace() / ".ledger.lock", timeout=LOCK_SECONDS),
                _path().open("a", encoding="utf-8", newline="\n") as file,
            ):
                file.write(json.dumps(entry) + "\n")
        except Timeout as error:
            raise TimeoutError("workspace/ledger.jsonl is held by another program") from error


def _entries() -> tuple[list[dict[str, Any]], int]:
    """The entries, and how many lines are none: a power cut or an editor may have damaged them."""
    if not _path().exists():
        return [], 0
    lines = [line for line in _path().read_text(encoding="utf-8", errors="replace").split("\n") if line.strip()]
    entries = [entry for line in lines if (entry := _entry(line)) is not None]
    return entries, len(lines) - len(entries)


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
        cost = entry["cost"]
        return {
            "host": str(entry["host"]),
            "model": str(entry["model"]),
            "in": int(entry["in"]),
            "out": int(entry["out"]),
            "cost": None if cost is None else Decimal(cost),
        }
    except (ValueError, TypeError, KeyError, InvalidOperation, RecursionError):
        return None
