"""What can this host do today, in plain words: is it reached, is the key accepted, can jobs be created, until when?"""

import json
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import openai
from openai import OpenAI

from helpers.connection.catalogue import UnknownModelError, base_model
from helpers.cost import UnknownPriceError, price_of
from helpers.course_data.paths import DATA
from helpers.display.tables import Shown, html_table, plural, text_table
from helpers.explain import explain
from helpers.hosts import ANSWER_SECONDS, Host, current_host, models_of

NO_LIST = "Yes, but it has no list of models. If that surprises you, compare the address: it usually ends in /v1."


@dataclass(repr=False)
class Preflight(Shown):
    """What was found out. `ready` is True if, as far as one can see without paying, a job can be started here."""

    host: Host
    ready: bool
    findings: list[tuple[str, str]] = field(default_factory=list)
    models: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.host}\n{text_table(self.findings)}"

    def _repr_html_(self) -> str:
        return html_table(["question", "answer"], self.findings, caption=str(self.host))


def preflight(client: OpenAI, *, today: date | None = None) -> Preflight:
    """Ask a host what it can do, without starting a job and without paying."""
    host = current_host(client)
    client = client.with_options(max_retries=1, timeout=ANSWER_SECONDS)
    try:
        listed = models_of(client)
    except openai.OpenAIError as error:
        found = explain(error)
        return Preflight(
            host,
            False,
            [("Does it answer?", f"No. {found.what}."), ("Why?", found.why), ("What to do?", found.do_next)],
        )
    answers = "Yes, and it accepts the key." if listed is not None else NO_LIST
    findings = [("Does it answer?", answers)]
    ask = {"practice": _practice, "openai": _openai, "other": _other}[host.kind]
    ready, more, models = ask(client, listed or [], today or date.today())
    return Preflight(host, ready, findings + more, models)


Answer = tuple[bool, list[tuple[str, str]], list[str]]


def _practice(client: OpenAI, listed: list[str], today: date) -> Answer:
    bases = [name for name in listed if not name.startswith("ft:")]
    real = [name for name in bases if _is_real(name)]
    simulated = [name for name in bases if name not in real]
    rows = [("Can I start a job?", "Yes, always."), ("Which models are simulated?", ", ".join(simulated))]
    if real:
        rows.append(("Which models are really trained?", ", ".join(real)))
    own = len(listed) - len(bases)
    return (
        True,
        [
            *rows,
            ("Models of my own?", plural(own, "model") if own else "None yet."),
            ("What does it cost?", "Nothing."),
        ],
        bases,
    )


def _openai(client: OpenAI, listed: list[str], today: date) -> Answer:
    dates = wind_down()
    tunable = [name for name in listed if _is_tunable(name)]
    price = _price_row(tunable)
    if today >= date.fromisoformat(dates["closed_to_all"]):
        return (
            False,
            [("Can I start a job?", f"No. OpenAI closed fine-tuning for everybody on {dates['closed_to_all']}.")],
            [],
        )
    try:
        had_jobs = bool(client.fine_tuning.jobs.list(limit=1).data)
    except openai.OpenAIError as error:
        return False, [("Can I start a job?", f"Not with this key. {explain(error).do_next}")], []
    if not had_jobs:
        text = (
            f"Most likely not: this account has never had a job, and since {dates['closed_to_newcomers']} OpenAI lets "
            'no newcomers start one (403 training_not_available). Use connect("practice").'
        )
        return False, [("Can I start a job?", text)], tunable
    text = (
        f"Perhaps: this account has had jobs before. Since {dates['closed_to_inactive']} it must also have used a "
        f"fine-tuned model in the last 60 days. On {dates['closed_to_all']} it ends for everybody."
    )
    ends = f"On {dates['models_shut_down']} the last models and all tuned from them are shut down."
    rows = [
        ("Can I start a job?", text),
        ("Which models?", ", ".join(tunable) or "none"),
        ("Until when?", ends),
        *price,
    ]
    return bool(tunable), rows, tunable


def _other(client: OpenAI, listed: list[str], today: date) -> Answer:
    models = ", ".join(listed[:8]) + (" ..." if len(listed) > 8 else "") or "It lists none."
    try:
        client.fine_tuning.jobs.list(limit=1)
    except openai.NotFoundError:
        text = "No: it has no fine-tuning endpoint. You can ask its models, and train elsewhere."
        return False, [("Can I start a job?", text), ("Which models?", models)], listed
    except openai.OpenAIError as error:
        return False, [("Can I start a job?", f"Not with this key. {explain(error).do_next}")], listed
    cost = "This course does not know its prices. Look at the price list of the host before you start a job."
    return (
        True,
        [
            ("Can I start a job?", "It seems so: it lists jobs."),
            ("Which models?", models),
            ("What does it cost?", cost),
        ],
        listed,
    )


def _price_row(models: list[str]) -> list[tuple[str, str]]:
    prices = []
    for name in models:
        try:
            prices.append(f"{name}: ${price_of(name).train}")
        except UnknownPriceError:
            continue
    return [("What does training cost?", "; ".join(prices) + " per million tokens")] if prices else []


def _is_real(name: str) -> bool:
    try:
        return base_model(name).engine == "local"
    except UnknownModelError:
        return True  # a model of the learner's own, by configuration: only real training offers those


def _is_tunable(name: str) -> bool:
    try:
        entry = base_model(name)
    except UnknownModelError:
        return False
    return not name.startswith("ft:") and entry.engine == "simulator" and entry.fine_tunable


@cache
def wind_down() -> dict[str, str]:
    """The dates of data/wind_down.json, with their source."""
    return json.loads((DATA / "wind_down.json").read_text(encoding="utf-8"))
