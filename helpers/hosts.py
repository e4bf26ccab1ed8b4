"""Where the API lives: choosing a host, its key, and the client that every call goes through."""

import os
import threading
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import openai
from openai import DefaultHttpxClient, Omit, OpenAI

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
    UnusableProxyError,
    is_web_page,
)
from helpers.connection.identity import (
    OPENAI_URL,
    REHEARSAL,
    PracticeHome,
    address_of,
    is_openai,
    is_practice,
    is_unencrypted,
    know_home,
    shown_name,
    spellings_of,
    with_version,
)
from helpers.connection.keyring_store import forget_key, remembered_key
from helpers.connection.proxies import ask_this_computer_directly, is_loopback, proxies, unusable
from helpers.cost import Estimate, dollars
from helpers.display.tables import cut
from helpers.explain import explain
from helpers.practice import PracticeServer, start_server
from helpers.practice.settings import load_settings

# What OpenAI() reads of the environment and sends to a host.
VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS")
# The learner's own settings: what connect() has found in the environment and not written there itself.
ORIGINAL = {name: os.environ.get(name) for name in VARIABLES}
NAME_A_MODEL = "name a model in COURSE_BASE_MODEL before you start JupyterLab."
UNENCRYPTED = "Its address begins with http://, so your key and your texts can be read on their way there."
LONGEST_QUOTE = 300  # characters of what a host said
ANSWER_SECONDS = 10.0  # how long a host may take to say which models it has

# A form connects in a thread. The lock keeps the variables of the environment and what is known of them together; it is
# never held while a host is asked.
_lock = threading.RLock()
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
        client = _client_with(settings)
    else:
        client, settings = _client_that_is_answered(settings, named_by)
        wanted = "openai" if wanted == "openai" else settings["OPENAI_BASE_URL"]
    here = current_host(client)
    if here.kind == "practice":
        notes.adopt(client)
    with _lock:  # the notes first: they may be unreadable, and then nothing has changed
        if host is not None:
            notes.choose_host(wanted)
        if wanted != "practice":
            _given_keys[settings["OPENAI_BASE_URL"]] = client.api_key
        _write(settings)
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
    address = _address_in_one_form(text)
    return "openai" if address == OPENAI_URL else address


def _address_in_one_form(text: str) -> str:
    """As `address_of`; OpenAI has one address, so that its key never leaves over http://."""
    address = address_of(text)
    return OPENAI_URL if urlsplit(address).hostname == urlsplit(OPENAI_URL).hostname else address


def _settings_for(wanted: str, key: str | None, named_by: str) -> dict[str, str | None]:
    """The variables of VARIABLES with which OpenAI() means this host."""
    if wanted == "practice":
        return _settings_of(own_server())
    base_url = OPENAI_URL if wanted == "openai" else wanted
    own = _own_settings()
    # Organisation and project are OpenAI's, the headers belong to the host of OPENAI_API_KEY. None travels elsewhere.
    at_openai, at_own_host = base_url == OPENAI_URL, base_url == _own_address(own)
    return {
        "OPENAI_API_KEY": _key_for(base_url, key, named_by),
        "OPENAI_BASE_URL": base_url,
        "OPENAI_ORG_ID": own["OPENAI_ORG_ID"] if at_openai else None,
        "OPENAI_PROJECT_ID": own["OPENAI_PROJECT_ID"] if at_openai else None,
        "OPENAI_CUSTOM_HEADERS": own["OPENAI_CUSTOM_HEADERS"] if at_own_host else None,
    }


def _settings_of(server: PracticeServer) -> dict[str, str | None]:
    return dict.fromkeys(VARIABLES) | {"OPENAI_API_KEY": server.key, "OPENAI_BASE_URL": server.base_url}


def _client_with(settings: dict[str, str | None], **options: Any) -> OpenAI:
    """A client that sends what these settings say, whatever the environment says now or later.

    Only the proxies are those of the environment, and never for a server on this computer.
    """
    if is_loopback(urlsplit(settings["OPENAI_BASE_URL"]).hostname):
        options["http_client"] = DefaultHttpxClient(trust_env=False)
    elif wrong := [proxy for proxy in proxies() if not proxy.usable]:
        raise UnusableProxyError(f"{unusable(wrong[0])}\n{GO_BACK}")
    key, organization, project = (settings[name] for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"))
    client = OpenAI(
        api_key=key,
        base_url=settings["OPENAI_BASE_URL"],
        organization=organization,
        project=project,
        default_headers=_headers_with(settings),
        **options,
    )
    # OpenAI() and with_options() take None for "as in the environment".
    client.organization, client.project = organization, project
    return client


def _headers_with(settings: dict[str, str | None]) -> dict[str, str | Omit]:
    """Default headers that keep what OpenAI() and with_options() would add from the environment off a host that it is
    not meant for."""
    of_openai = {"OpenAI-Organization": settings["OPENAI_ORG_ID"], "OpenAI-Project": settings["OPENAI_PROJECT_ID"]}
    kept_off = {name: Omit() for name, value in of_openai.items() if value is None}
    own = _headers_in(_own_settings()["OPENAI_CUSTOM_HEADERS"])
    if settings["OPENAI_CUSTOM_HEADERS"]:
        return kept_off | own
    for name in own:
        if name.lower() == "authorization":
            kept_off["Authorization"] = f"Bearer {settings['OPENAI_API_KEY']}"
        else:
            kept_off[name] = Omit()
    return kept_off


def _headers_in(text: str | None) -> dict[str, str]:
    """The headers of OPENAI_CUSTOM_HEADERS: a line for each, with its name, a colon and its value."""
    lines = (line.partition(":") for line in (text or "").split("\n"))
    return {name.strip(): value.strip() for name, colon, value in lines if colon}


def _client_that_is_answered(settings: dict[str, str | None], named_by: str) -> tuple[OpenAI, dict[str, str | None]]:
    """A client whose host answers and accepts the key, and its settings. The questions cost nothing.

    The address is put right where the host itself shows how: it sends http:// on to https://, or it answers below /v1.
    Raises HostUnavailableError.
    """
    settings = _at(settings, _moved_to_https(settings) or settings["OPENAI_BASE_URL"])
    client, longer = _client_with(settings), with_version(settings["OPENAI_BASE_URL"])
    try:
        found = models_of(client, max_retries=0) is not None
        error = None
    except openai.OpenAIError as raised:
        found, error = _knows_the_key(raised), raised
    if not found and longer and _is_the_address(_client_with(_at(settings, longer))):
        return _client_that_is_answered(_at(settings, longer), named_by)
    if error is not None and not found:
        if isinstance(error, openai.AuthenticationError):
            _accepted_no_more(settings["OPENAI_BASE_URL"], client.api_key)
        raise _unavailable(client, error, named_by) from error
    return client, settings


def _at(settings: dict[str, str | None], base_url: str) -> dict[str, str | None]:
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


def _moved_to_https(settings: dict[str, str | None]) -> str | None:
    """The https:// address of a host that sends a caller from http:// there. A redirected POST would become a GET.

    The key is not sent: it could be read on its way.
    """
    base_url = settings["OPENAI_BASE_URL"]
    if not is_unencrypted(base_url):
        return None
    asking = _client_with(settings | {"OPENAI_API_KEY": "none"}, max_retries=0, timeout=ANSWER_SECONDS)
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


def _accepted_no_more(base_url: str, key: str) -> None:
    with _lock:
        if _given_keys.get(base_url) == key:
            del _given_keys[base_url]


def _write(settings: dict[str, str | None]) -> None:
    """Point this process at a host: a plain OpenAI() means it from now on."""
    with _lock:
        for name, value in settings.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _written.update(settings)


def _own_settings() -> dict[str, str | None]:
    """The learner's own OPENAI_... variables, also those that were set in a cell after connect() had set them."""
    with _lock:
        for name in VARIABLES:
            if os.environ.get(name) != _written.get(name, ORIGINAL[name]):
                ORIGINAL[name] = os.environ.get(name)
        return dict(ORIGINAL)


def _key_for(base_url: str, key: str | None, named_by: str) -> str:
    """The key given now or before in this process, else the one of the environment that belongs to this host, else the
    one that the learner asked to be remembered for it."""
    # Each is asked only if those before have none: a keyring may want its password first.
    sources = (_given_keys.get, _key_in_environment, remembered_key)
    asked = (partial(source, address) for source in sources for address in spellings_of(base_url))
    for source in (lambda: key, *asked):
        found = (source() or "").strip()
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
    course_address = _address(os.environ.get("COURSE_HOST")) or _address(own["OPENAI_BASE_URL"])
    openai_key = own["OPENAI_API_KEY"] if base_url == _own_address(own) else None
    course_key = os.environ.get("COURSE_API_KEY") if base_url == course_address != OPENAI_URL else None
    return openai_key or course_key


def _own_address(own: dict[str, str | None]) -> str | None:
    """The host that the learner's own OPENAI_... variables belong to; None if OPENAI_BASE_URL is no address."""
    return _address(own["OPENAI_BASE_URL"]) if own["OPENAI_BASE_URL"] else OPENAI_URL


def _address(text: str | None) -> str | None:
    """A setting of the environment as an address; None if it is none."""
    try:
        return _address_in_one_form(text or "")
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
    with _lock:
        for address in spellings_of(base_url):
            _given_keys.pop(address, None)
    return any([forget_key(address) for address in spellings_of(base_url)])


def own_server() -> PracticeServer:
    """The practice server of this process, started at first use and again if it has stopped or its home has changed."""
    return _server_of(load_settings().home)


def _server_of(home: Path, **options: Any) -> PracticeServer:
    with _lock:  # two threads that ask at once get the same server
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
    client = _client_with(_settings_of(server), max_retries=0)
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
