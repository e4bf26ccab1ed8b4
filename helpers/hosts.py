"""Where the API lives: choosing a host, its key, and the client that every call goes through."""

import os
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import openai
from openai import OpenAI

from helpers import notes
from helpers.connection.catalogue import LOCAL_DEFAULT, SIMULATED_DEFAULT
from helpers.connection.identity import OPENAI_URL, REHEARSAL, host_name, is_openai, is_practice
from helpers.connection.keyring_store import forget_key, remembered_key
from helpers.cost import Estimate, dollars
from helpers.practice import PracticeServer, start_server
from helpers.practice.settings import load_settings

VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
# The learner's own settings, as they were before connect() changed any of them in this process.
ORIGINAL = {name: os.environ.get(name) for name in VARIABLES}

_own: dict[str, PracticeServer] = {}
_given_keys: dict[str, str] = {}  # of hosts, in the memory of this process only


class MissingKeyError(openai.OpenAIError):
    """A host needs a key, and none was given."""


class NotConfirmedError(RuntimeError):
    """A paid step was not agreed to, so it was not taken."""


@dataclass(frozen=True)
class Host:
    """Where a client points. `paid` is True wherever calls may cost money."""

    name: str
    base_url: str
    kind: Literal["practice", "openai", "other"]

    @property
    def paid(self) -> bool:
        return self.kind != "practice"

    def __str__(self) -> str:
        if self.kind == "practice":
            return (
                "Host: practice, on this computer. Costs nothing."
                if self.name == "practice"
                else (f"Host: a practice server at {self.base_url}. Costs nothing.")
            )
        name = "OpenAI" if self.kind == "openai" else self.base_url
        return f"Host: {name}. Calls there can cost money; you are asked before a job starts."


def connect(host: str | None = None, *, key: str | None = None, quiet: bool = False) -> OpenAI:
    """A client for a host: "practice" (the default), "openai", or the address of any compatible API.

    A host that you name is remembered for the other notebooks; without one, the host chosen last is used. The
    practice server
    is started in this process when it is needed. OPENAI_BASE_URL and OPENAI_API_KEY of this process are set,
    so that a plain `OpenAI()` means the same host. A key in the environment never chooses a host.

    Raises MissingKeyError if the host needs a key, PracticeHomeError if the practice server cannot keep its files.
    """
    wanted = host or notes.chosen_host() or os.environ.get("COURSE_HOST") or "practice"
    client = _client(wanted, key)
    if host:
        notes.choose_host(host)
    if not quiet:
        print(current_host(client))
    return client


def current_host(client: OpenAI) -> Host:
    kind = "openai" if is_openai(client) else "practice" if is_practice(client) else "other"
    return Host(host_name(client), str(client.base_url).rstrip("/"), kind)


def _client(wanted: str, key: str | None) -> OpenAI:
    if wanted == "practice":
        server = own_server()
        return _set(server.base_url, server.key)
    if wanted == "openai":
        return _set(OPENAI_URL, _key_for(OPENAI_URL, key), ORIGINAL["OPENAI_ORG_ID"], ORIGINAL["OPENAI_PROJECT_ID"])
    if not wanted.startswith(("http://", "https://")):
        raise ValueError(
            f'host: found "{wanted}"; expected "practice", "openai" or an address that begins with https://'
        )
    return _set(wanted.rstrip("/"), _key_for(wanted.rstrip("/"), key))


def _set(base_url: str, key: str, organization: str | None = None, project: str | None = None) -> OpenAI:
    """Point this process at a host. Organisation and project are OpenAI's and do not travel to another host."""
    values = (key, base_url, organization, project)
    for name, value in zip(VARIABLES, values, strict=True):
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return OpenAI()


def _key_for(base_url: str, key: str | None) -> str:
    """The key given now or before in this process, else the one of the environment that belongs to this host, else the one
    that the learner asked to be remembered for it.

    OPENAI_API_KEY belongs to the address in OPENAI_BASE_URL, or to OpenAI: it is never sent anywhere else.
    """
    key = key or _given_keys.get(base_url)
    if key is None and base_url == (ORIGINAL["OPENAI_BASE_URL"] or OPENAI_URL).rstrip("/"):
        key = ORIGINAL["OPENAI_API_KEY"]
    elif key is None and base_url != OPENAI_URL:
        key = os.environ.get("COURSE_API_KEY")
    key = key or remembered_key(base_url)
    if not key or (key.startswith("practice-") and base_url == OPENAI_URL):
        variable = "OPENAI_API_KEY" if base_url == OPENAI_URL else "COURSE_API_KEY"
        raise MissingKeyError(
            f"{base_url} needs a key, and none was given. Enter it in the form of notebook 00 (connect_form()), or set "
            f"{variable} before you start JupyterLab. Never write it into a cell."
        )
    _given_keys[base_url] = key
    return key


def drop_key(base_url: str) -> None:
    """Forget the key that was given for a host in this process."""
    _given_keys.pop(base_url, None)


def forget(base_url: str) -> bool:
    """Forget the key of a host: in this process, and in the keyring of this computer. Says whether one was remembered there."""
    drop_key(base_url)
    return forget_key(base_url)


def own_server() -> PracticeServer:
    """The practice server of this process, started at first use and again if it has stopped or its home has changed."""
    home = str(load_settings().home)
    server = _own.get(home)
    if server is None or not server.running:
        server = _own[home] = start_server(home)
    return server


def base_model_for(client: OpenAI) -> str:
    """The base model that the course proposes on a host: COURSE_BASE_MODEL if it is set; else on a practice server the
    one that is really trained, if it can; else OpenAI's smallest that can still be tuned, or the host's first."""
    if chosen := os.environ.get("COURSE_BASE_MODEL"):
        return chosen
    if is_openai(client):
        return SIMULATED_DEFAULT
    listed = [model.id for model in client.models.list()]
    for proposed in (LOCAL_DEFAULT, SIMULATED_DEFAULT):
        if proposed in listed:
            return proposed
    if not listed:
        raise LookupError(
            f"{host_name(client)} lists no models; name one in the environment variable COURSE_BASE_MODEL"
        )
    return listed[0]


def rehearse(fault: str | None = None, times: int = 1) -> OpenAI:
    """A client that is sure to point at a practice server, whatever host you are on, to try things that go wrong.

    With a `fault` the next requests that fit meet it: wrong_key, training_not_available, rate_limit, daily_rate_limit,
    server_error, dropped_connection, safety_evaluation. It has a home of its own, so your files and jobs are
    not touched.
    """
    home = load_settings().home / REHEARSAL
    server = _own.get(str(home))
    if server is None or not server.running:
        server = _own[str(home)] = start_server(home, job_seconds=0)
    client = OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    faults = f"{server.base_url.removesuffix('/v1')}/practice/faults"
    client.delete(faults, cast_to=object)
    if fault:
        client.post(faults, cast_to=object, body={"fault": fault, "times": times})
    return client


def confirm_cost(cost: Estimate | Decimal | str, client: OpenAI, limit_usd: Decimal | str | None = None) -> None:
    """Stop before a paid step that was not agreed to in so many words. On a free host, do nothing.

    On a paid host the amount is shown and you are asked; or it is compared with `limit_usd`, for scripts. Where the
    course does not know the amount, only `limit_usd="Infinity"` agrees to it.
    Raises NotConfirmedError unless the answer is yes, or the highest estimate is within the limit.
    """
    host = current_host(client)
    if not host.paid:
        return
    most = cost.high if isinstance(cost, Estimate) else Decimal(cost)
    amount = f"up to {dollars(most)}" if most is not None else "an amount that this course does not know"
    if limit_usd is not None:
        if (Decimal("Infinity") if most is None else most) > Decimal(limit_usd):
            raise NotConfirmedError(
                f"This step costs {amount} on {host.name}; your limit is ${limit_usd}. Nothing was done."
            )
        return
    if _answer(f"This step costs {amount} on {host.name}. Type yes to go on: ").strip().lower() != "yes":
        raise NotConfirmedError("You did not type yes, so nothing was done and nothing was spent.")


def _answer(question: str) -> str:
    try:
        return input(question)
    except (EOFError, NotImplementedError) as error:  # nobody can answer: no terminal, no notebook with a keyboard
        raise NotConfirmedError(
            f"{question.split(' Type yes')[0]} Nobody could be asked here. In a script, pass limit_usd= with the most that "
            "you agree to. Nothing was done."
        ) from error
