"""Where the API lives: choosing a host, its key, and the client that every call goes through."""

import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import openai
from openai import OpenAI

from helpers import notes
from helpers.connection.catalogue import LOCAL_DEFAULT, SIMULATED_DEFAULT
from helpers.connection.client import client_with
from helpers.connection.environment import VARIABLES, HostSettings, lock, own_address, own_settings, write
from helpers.connection.errors import (
    GO_BACK,
    HostUnavailableError,
    NoModelsError,
    NotAHostError,
    NotAnApiError,
    UnusableKeyError,
    is_web_page,
)
from helpers.connection.identity import (
    OPENAI_URL,
    REHEARSAL,
    PracticeHome,
    address_in_one_form,
    is_openai,
    is_practice,
    is_unencrypted,
    know_home,
    shown_name,
    with_version,
)
from helpers.connection.keys import accepted_no_more, keep_key, key_for
from helpers.connection.proxies import ask_this_computer_directly
from helpers.cost import Estimate, dollars
from helpers.display.tables import cut
from helpers.explain import explain
from helpers.practice import PracticeServer, start_server
from helpers.practice.settings import load_settings

NAME_A_MODEL = "name a model in COURSE_BASE_MODEL before you start JupyterLab."
UNENCRYPTED = "Its address begins with http://, so your key and your texts can be read on their way there."
LONGEST_QUOTE = 300  # characters of what a host said
ANSWER_SECONDS = 10.0  # how long a host may take to say which models it has

_own: dict[str, PracticeServer] = {}  # the practice servers of this process, by their homes


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
        return f"{self._in_a_sentence()} {UNENCRYPTED}" if is_unencrypted(self.base_url) else self._in_a_sentence()

    def _in_a_sentence(self) -> str:
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

    A host that you name is remembered for the other notebooks once it has answered and accepted the key; without one,
    the host chosen last is used, else the one in COURSE_HOST. The practice server is started in this process when it is
    needed. OPENAI_BASE_URL and OPENAI_API_KEY of this process are set, so that a plain `OpenAI()` means the same host;
    where a proxy is set, NO_PROXY as well, so that it reaches a server on this computer without the proxy.
    A key in the environment never chooses a host, and a key goes only to the host that it was given with. After an
    error everything is as it was before.

    Raises:
        MissingKeyError: The host needs a key, and none was given.
        HostUnavailableError: It does not answer, or does not accept the key.
        UnusableProxyError: A proxy is set that the client cannot speak with.
        NotAHostError, UnusableKeyError: Both ValueErrors, for what is no host or no key.
        PracticeHomeError: The practice server cannot keep its files.
    """
    if key and host is None:
        raise UnusableKeyError(
            'key: found no host beside it; expected the host that it belongs to, as in connect("openai", key=...)'
        )
    ask_this_computer_directly()
    wanted, named_by = _wanted(host)
    settings = _settings_for(wanted, key, named_by)
    if wanted == "practice":
        client = client_with(settings)
    else:
        client, settings = _client_that_is_answered(settings, named_by)
        wanted = "openai" if wanted == "openai" else settings["OPENAI_BASE_URL"]
    here = current_host(client)
    if here.kind == "practice":
        notes.adopt(client)
    with lock:  # the notes first: they may be unreadable, and then nothing has changed
        if host is not None:
            notes.choose_host(wanted)
        if wanted != "practice":
            keep_key(settings["OPENAI_BASE_URL"], client.api_key)
        write(settings)
    if not quiet:
        print(here)
    return client


def current_host(client: OpenAI) -> Host:
    address = str(client.base_url).rstrip("/")
    if is_openai(client):
        return Host("openai", address, "openai")
    return Host(shown_name(client), address, "practice") if is_practice(client) else Host(address, address, "other")


def models_of(client: OpenAI, max_retries: int = 1) -> list[str] | None:
    """The ids of the models that a host lists, soon or not at all; None for a host that has no such list.

    Raises openai.OpenAIError if it does not answer, does not accept the key or does not speak the protocol.
    """
    asking = client.with_options(max_retries=max_retries, timeout=ANSWER_SECONDS)
    try:
        # Not models.list(): it fails without a word on an answer in another shape, such as the bare list of some hosts.
        answer = asking.get("/models", cast_to=object)
    except openai.NotFoundError as error:
        if is_web_page(error):
            raise
        return None
    except ValueError as error:
        raise NotAnApiError(f"{client.base_url}models answers with something that is not JSON") from error
    listed = answer.get("data", answer) if isinstance(answer, dict) else answer
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(model, dict) and "id" in model for model in listed):
        raise NotAnApiError(f"{client.base_url}models does not answer with a list of models")
    return [str(model["id"]) for model in listed]


def _wanted(host: str | None) -> tuple[str, str]:
    """Which host is meant, and in words who named it, where it was not the call itself."""
    if host is not None:
        named, named_by = host, ""
    elif named := notes.chosen_host():
        named_by = " It is the host that you chose last."
    elif named := os.environ.get("COURSE_HOST"):
        named_by = " The environment variable COURSE_HOST names it."
    else:
        named, named_by = "practice", ""
    try:
        return _host_in_one_form(named), named_by
    except ValueError as error:
        raise NotAHostError(f"{error}.{named_by}\n{GO_BACK}") from None


def _host_in_one_form(text: str) -> str:
    if text.strip() in ("practice", "openai"):
        return text.strip()
    address = address_in_one_form(text)
    return "openai" if address == OPENAI_URL else address


def _settings_for(wanted: str, key: str | None, named_by: str) -> HostSettings:
    """The variables of VARIABLES with which OpenAI() means this host."""
    if wanted == "practice":
        return _settings_of(own_server())
    base_url = OPENAI_URL if wanted == "openai" else wanted
    own = own_settings()
    # Organisation and project are OpenAI's, the headers belong to the host of OPENAI_API_KEY. None travels elsewhere.
    at_openai, at_own_host = base_url == OPENAI_URL, base_url == own_address(own)
    return {
        "OPENAI_API_KEY": key_for(base_url, key, named_by),
        "OPENAI_BASE_URL": base_url,
        "OPENAI_ORG_ID": own["OPENAI_ORG_ID"] if at_openai else None,
        "OPENAI_PROJECT_ID": own["OPENAI_PROJECT_ID"] if at_openai else None,
        "OPENAI_CUSTOM_HEADERS": own["OPENAI_CUSTOM_HEADERS"] if at_own_host else None,
    }


def _settings_of(server: PracticeServer) -> HostSettings:
    return dict.fromkeys(VARIABLES) | {"OPENAI_API_KEY": server.key, "OPENAI_BASE_URL": server.base_url}


def _client_that_is_answered(settings: HostSettings, named_by: str) -> tuple[OpenAI, HostSettings]:
    """A client whose host answers and accepts the key, and its settings. The questions cost nothing.

    The address is put right where the host itself shows how: it sends http:// on to https://, or it answers below /v1.
    Raises HostUnavailableError.
    """
    settings = _at(settings, _moved_to_https(settings) or settings["OPENAI_BASE_URL"])
    client, longer = client_with(settings), with_version(settings["OPENAI_BASE_URL"])
    try:
        found = models_of(client, max_retries=0) is not None
        error = None
    except openai.OpenAIError as raised:
        found, error = _knows_the_key(raised), raised
    if not found and longer and _is_the_address(client_with(_at(settings, longer))):
        return _client_that_is_answered(_at(settings, longer), named_by)
    if error is not None and not found:
        if isinstance(error, openai.AuthenticationError):
            accepted_no_more(settings["OPENAI_BASE_URL"], client.api_key)
        raise _unavailable(client, error, named_by) from error
    return client, settings


def _at(settings: HostSettings, base_url: str) -> HostSettings:
    return {**settings, "OPENAI_BASE_URL": base_url}


def _knows_the_key(error: openai.OpenAIError) -> bool:
    """Whether a host that refuses knows the key all the same. What it may do, preflight finds out."""
    return isinstance(error, openai.PermissionDeniedError | openai.RateLimitError) and not is_web_page(error)


def _is_the_address(client: OpenAI) -> bool:
    """Whether an API is here: it lists its models, or refuses the key in JSON."""
    try:
        return models_of(client, max_retries=0) is not None
    except openai.APIStatusError as error:
        return error.status_code in (401, 403, 429) and not is_web_page(error)
    except openai.OpenAIError:
        return False


def _moved_to_https(settings: HostSettings) -> str | None:
    """The https:// address of a host that sends a caller from http:// there. A redirected POST would become a GET.

    The key is not sent: it could be read on its way.
    """
    base_url = settings["OPENAI_BASE_URL"]
    if not is_unencrypted(base_url):
        return None
    asking = client_with(settings | {"OPENAI_API_KEY": "none"}, max_retries=0, timeout=ANSWER_SECONDS)
    try:
        asking.get("/models", cast_to=object, options={"follow_redirects": False})
    except openai.APIStatusError as error:
        to, asked = urlsplit(error.response.headers.get("location", "")), urlsplit(base_url)
        if to.scheme == "https" and to.hostname == asked.hostname and to.path.endswith("/models"):
            return f"https://{to.netloc}{to.path.removesuffix('/models')}"
    except (openai.OpenAIError, ValueError):  # not reached, or no JSON: the next question says it
        pass
    return None


def _unavailable(client: OpenAI, error: openai.OpenAIError, named_by: str = "") -> HostUnavailableError:
    found = explain(error)
    answered = isinstance(error, openai.APIStatusError) and not is_web_page(error)
    said = f"{found.speaker.capitalize()}: {cut(found.said, LONGEST_QUOTE)}\n" if answered else ""
    return HostUnavailableError(
        f"{str(client.base_url).rstrip('/')} cannot be used now. {found.what}. {found.why}{named_by}\n"
        f"What to do: {found.do_next}\n{said}{GO_BACK}"
    )


def own_server() -> PracticeServer:
    """The practice server of this process, started at first use and again if it has stopped or its home has changed."""
    return _server_of(load_settings().home)


def _server_of(home: Path, **options: Any) -> PracticeServer:
    with lock:  # two threads that ask at once get the same server
        server = _own.get(str(home))
        if server is None or not server.running:
            server = _own[str(home)] = start_server(home, **options)
            know_home(server.base_url, server.key, PracticeHome(server.home_id, server.home.name))
        return server


def base_model_for(client: OpenAI) -> str:
    """The base model that the course proposes on a host: COURSE_BASE_MODEL if it is set; else on a practice server the
    one that is really trained, if it can; else OpenAI's smallest that can still be tuned, or the host's first.

    Raises NoModelsError if the host lists none, HostUnavailableError if it cannot be used now.
    """
    if chosen := os.environ.get("COURSE_BASE_MODEL"):
        return chosen
    if is_openai(client):
        return SIMULATED_DEFAULT
    listed = _models_to_propose(client)
    for proposed in (LOCAL_DEFAULT, SIMULATED_DEFAULT):
        if proposed in listed:
            return proposed
    if not listed:
        raise NoModelsError(
            f"{current_host(client).name} lists no models, so the course cannot propose one. Compare the address with "
            f"the host's documentation; it usually ends in /v1. If it is right, {NAME_A_MODEL}\n{GO_BACK}"
        )
    return listed[0]


def _models_to_propose(client: OpenAI) -> list[str]:
    """Raises NoModelsError or HostUnavailableError, both with the way back: every first cell comes by here."""
    try:
        return models_of(client) or []
    except openai.PermissionDeniedError as error:
        if is_web_page(error):
            raise _unavailable(client, error) from error
        return []  # the key may do other things
    except openai.RateLimitError as error:
        found = explain(error)
        raise NoModelsError(
            f"{current_host(client).name} does not list its models now, so the course cannot propose one. "
            f"{found.what}. {found.why}\nWhat to do: {found.do_next} Or {NAME_A_MODEL}\n{GO_BACK}"
        ) from error
    except openai.OpenAIError as error:
        raise _unavailable(client, error) from error


def rehearse(fault: str | None = None, times: int = 1) -> OpenAI:
    """A client that is sure to point at a practice server, whatever host you are on, to meet a planted fault there.

    The next requests that fit meet the `fault`, one of wrong_key, training_not_available, rate_limit, daily_rate_limit,
    server_error, dropped_connection, safety_evaluation; without one, nothing goes wrong. The server has a home of its
    own, so your files and jobs are not touched.
    """
    server = _server_of(load_settings().home / REHEARSAL, job_seconds=0)
    client = client_with(_settings_of(server), max_retries=0)
    faults = f"{server.base_url.removesuffix('/v1')}/practice/faults"
    client.delete(faults, cast_to=object)
    if fault:
        client.post(faults, cast_to=object, body={"fault": fault, "times": times})
    return client


def confirm_cost(cost: Estimate | Decimal | str | None, client: OpenAI, limit_usd: Decimal | str | None = None) -> None:
    """Stop before a paid step that was not agreed to. On a free host, do nothing.

    On a paid host the amount is shown and you are asked; or it is compared with `limit_usd`, for scripts. Where the
    course does not know the amount (None), only `limit_usd="Infinity"` agrees to it.
    Raises NotConfirmedError unless the answer is yes, or the highest estimate is within the limit.
    """
    host = current_host(client)
    if not host.paid:
        return
    most = cost.high if isinstance(cost, Estimate) else cost
    most = None if most is None else Decimal(most)
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
            f"{question.split(' Type yes')[0]} Nobody could be asked here. In a script, pass limit_usd= with the most "
            "that you agree to. Nothing was done."
        ) from error
