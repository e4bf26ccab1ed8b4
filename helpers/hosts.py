"""Where the API lives: choosing a host, its key, and the client that every call goes through."""

import os
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import openai
from openai import OpenAI

from helpers import notes
from helpers.connection.catalogue import LOCAL_DEFAULT, SIMULATED_DEFAULT
from helpers.connection.errors import (
    GO_BACK,
    HostUnavailableError,
    MissingKeyError,
    NoModelsError,
    NotAHostError,
    NotAnApiError,
    UnusableKeyError,
    is_web_page,
)
from helpers.connection.identity import OPENAI_URL, REHEARSAL, address_of, is_openai, is_practice, shown_name
from helpers.connection.keyring_store import forget_key, remembered_key
from helpers.cost import Estimate, dollars
from helpers.explain import explain
from helpers.practice import PracticeServer, start_server
from helpers.practice.settings import load_settings

VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
# The learner's own settings: what connect() has found in the environment and not written there itself.
ORIGINAL = {name: os.environ.get(name) for name in VARIABLES}
ANSWER_SECONDS = 10.0  # how long a host may take to say which models it has

_written: dict[str, str | None] = {}  # what connect() has written into the environment last
_own: dict[str, PracticeServer] = {}
_given_keys: dict[str, str] = {}  # of hosts that have accepted them, in the memory of this process only


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

    A host that you name is remembered for the other notebooks once it has answered and accepted the key; without one,
    the host chosen last is used, else the one in COURSE_HOST. The practice server is started in this process when it is
    needed. OPENAI_BASE_URL and OPENAI_API_KEY of this process are set, so that a plain `OpenAI()` means the same host.
    A key in the environment never chooses a host, and a key goes only to the host that it was given with. After an
    error everything is as it was before.

    Raises:
        MissingKeyError: The host needs a key, and none was given.
        HostUnavailableError: It does not answer, or does not accept the key.
        NotAHostError, UnusableKeyError: Both ValueErrors, for what is no host or no key.
        PracticeHomeError: The practice server cannot keep its files.
    """
    if key and host is None:
        raise UnusableKeyError(
            'key: found no host beside it; expected the host that it belongs to, as in connect("openai", key=...)'
        )
    wanted, named_by = _wanted(host)
    client = _client(wanted, key, named_by)
    if host is not None:
        notes.choose_host(wanted)
    here = current_host(client)
    if here.kind == "practice":
        notes.adopt(client)
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
    address = address_of(text)
    return "openai" if address == OPENAI_URL else address


def _client(wanted: str, key: str | None, named_by: str) -> OpenAI:
    own = _own_settings()
    if wanted == "practice":
        server = own_server()
        return _point_to(server.base_url, server.key)
    base_url, owner = (OPENAI_URL, own) if wanted == "openai" else (wanted, {})
    key = _key_for(base_url, key, named_by)
    # Organisation and project are OpenAI's and do not travel to another host.
    before = {name: os.environ.get(name) for name in VARIABLES}
    client = _point_to(base_url, key, owner.get("OPENAI_ORG_ID"), owner.get("OPENAI_PROJECT_ID"))
    try:
        _expect_an_answer(client, named_by)
    except BaseException as error:
        _put(before)
        if isinstance(error.__cause__, openai.AuthenticationError) and _given_keys.get(base_url) == key:
            del _given_keys[base_url]  # it was accepted once and is not any more
        raise
    _given_keys[base_url] = key
    return client


def _expect_an_answer(client: OpenAI, named_by: str) -> None:
    """Raises HostUnavailableError unless the host answers and accepts the key. The question costs nothing."""
    try:
        models_of(client, max_retries=0)
    except openai.OpenAIError as error:
        if isinstance(error, openai.PermissionDeniedError | openai.RateLimitError) and not is_web_page(error):
            return  # the key is known there; what it may do, preflight finds out
        found = explain(error)
        raise HostUnavailableError(
            f"{str(client.base_url).rstrip('/')} cannot be used now. {found.what}. {found.why}{named_by}\n"
            f"What to do: {found.do_next}\n{GO_BACK}"
        ) from error


def _point_to(base_url: str, key: str, organization: str | None = None, project: str | None = None) -> OpenAI:
    """Point this process at a host."""
    _put(dict(zip(VARIABLES, (key, base_url, organization, project), strict=True)))
    return OpenAI()


def _put(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    _written.update(values)


def _own_settings() -> dict[str, str | None]:
    """The learner's own OPENAI_... variables, also those that were set in a cell after connect() had set them."""
    for name in VARIABLES:
        if os.environ.get(name) != _written.get(name, ORIGINAL[name]):
            ORIGINAL[name] = os.environ.get(name)
    return ORIGINAL


def _key_for(base_url: str, key: str | None, named_by: str) -> str:
    """The key given now or before in this process, else the one of the environment that belongs to this host, else the
    one that the learner asked to be remembered for it."""
    for found in (key, _given_keys.get(base_url), _key_in_environment(base_url), remembered_key(base_url)):
        found = (found or "").strip()
        if found and not (found.startswith("practice-") and base_url == OPENAI_URL):
            return _sound(found, base_url, named_by)
    raise _missing_key(base_url, named_by)


def _missing_key(base_url: str, named_by: str) -> MissingKeyError:
    if base_url == OPENAI_URL:
        to_set, unused = "OPENAI_API_KEY", _own_settings()["OPENAI_API_KEY"]
        why = " The one in OPENAI_API_KEY belongs to the address in OPENAI_BASE_URL." if unused else ""
    else:
        to_set, unused = f"COURSE_HOST to {base_url} and COURSE_API_KEY to its key", os.environ.get("COURSE_API_KEY")
        why = " The one in COURSE_API_KEY is not sent, because COURSE_HOST does not name this host." if unused else ""
    return MissingKeyError(
        f"{base_url} needs a key, and none was given.{why}{named_by}",
        "Give it to the form, in a cell of this notebook: from helpers.forms import connect_form; connect_form(). "
        f"Or set {to_set} before you start JupyterLab. Never write a key into a cell.",
    )


def _key_in_environment(base_url: str) -> str | None:
    """The key that stands in the environment beside this address.

    OPENAI_API_KEY belongs to the address in OPENAI_BASE_URL, or to OpenAI where that is not set. COURSE_API_KEY belongs
    to the address in COURSE_HOST, or to the one in OPENAI_BASE_URL, and never to OpenAI. Neither is sent anywhere else.
    """
    own = _own_settings()
    other = _address(own["OPENAI_BASE_URL"])
    openai_address = other if own["OPENAI_BASE_URL"] else OPENAI_URL
    course_address = _address(os.environ.get("COURSE_HOST")) or other
    openai_key = own["OPENAI_API_KEY"] if base_url == openai_address else None
    course_key = os.environ.get("COURSE_API_KEY") if base_url == course_address != OPENAI_URL else None
    return openai_key or course_key


def _address(text: str | None) -> str | None:
    """A setting of the environment as an address; None if it is none."""
    try:
        return address_of(text or "")
    except ValueError:
        return None


def _sound(key: str, base_url: str, named_by: str) -> str:
    """Raises UnusableKeyError for what cannot be sent as a key. The library's own error would show it."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UnusableKeyError(
            f"key: found one for {base_url} with a space, a line break or a letter that no key has; expected the key "
            f"alone.{named_by}\nWhat to do: Copy it again.\n{GO_BACK}"
        )
    return key


def forget(base_url: str) -> bool:
    """Forget the key of a host, in this process and in this computer's keyring; says whether one was remembered."""
    _given_keys.pop(base_url, None)
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
    try:
        listed = models_of(client) or []
    except openai.PermissionDeniedError:
        listed = []  # the key may do other things
    for proposed in (LOCAL_DEFAULT, SIMULATED_DEFAULT):
        if proposed in listed:
            return proposed
    if not listed:
        raise NoModelsError(
            f"{current_host(client).name} lists no models, so the course cannot propose one. Compare the address with "
            "the host's documentation; it usually ends in /v1. If it is right, name a model in COURSE_BASE_MODEL "
            f"before you start JupyterLab.\n{GO_BACK}"
        )
    return listed[0]


def rehearse(fault: str | None = None, times: int = 1) -> OpenAI:
    """A client that is sure to point at a practice server, whatever host you are on, to meet a planted fault there.

    The next requests that fit meet the `fault`, one of wrong_key, training_not_available, rate_limit, daily_rate_limit,
    server_error, dropped_connection, safety_evaluation; without one, nothing goes wrong. The server has a home of its
    own, so your files and jobs are not touched.
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
    """Stop before a paid step that was not agreed to. On a free host, do nothing.

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
            f"{question.split(' Type yes')[0]} Nobody could be asked here. In a script, pass limit_usd= with the most "
            "that you agree to. Nothing was done."
        ) from error
