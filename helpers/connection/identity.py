"""Which host does a client point at? By what the host says itself, not by its address: a port changes at each start."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import idna
import openai
from openai import OpenAI

from helpers.connection.proxies import is_loopback

OPENAI_URL = "https://api.openai.com/v1"
REHEARSAL = "rehearsal"  # the home of the practice server that meets planted faults
LOOK_SECONDS = 3
# The part of an address that the client adds by itself. Documentation and curl commands show it with the address.
ENDPOINT = re.compile(r"/+(chat/completions|completions|responses|models|embeddings|files|fine_tuning/jobs|chat)$")
LONGEST_WORD = 24  # characters; a longer word in place of a host may be a key, and is not repeated


@dataclass(frozen=True)
class PracticeHome:
    """What a practice server says of the folder with its files, jobs and models. An old edition has no `id` for it."""

    id: str
    name: str


# Only what was found is kept: a server that has not answered yet, or not with this key, is asked again.
_found: dict[tuple[str, str], PracticeHome] = {}


def know_home(base_url: str, key: str, home: PracticeHome) -> None:
    """Keep what is known of a practice server that runs in this process: it need not be asked, however busy it is."""
    _found[f"{base_url}/", key] = home


def is_unencrypted(base_url: str) -> bool:
    """Whether what is sent there, the key included, can be read on its way."""
    parts = urlsplit(base_url)
    return parts.scheme == "http" and not is_loopback(parts.hostname)


def is_openai(client: OpenAI) -> bool:
    host = client.base_url.host
    return host == "openai.com" or host.endswith(".openai.com")


def is_practice(client: OpenAI) -> bool:
    """Whether a practice server answers there, this computer's or a teacher's."""
    return practice_home(client) is not None


def practice_home(client: OpenAI) -> PracticeHome | None:
    """The home of the practice server that answers there; None if another host does, or none."""
    if is_openai(client):
        return None
    asked = (str(client.base_url), client.api_key)
    home = _found.get(asked) or _ask_for_home(client)
    if home is not None:
        _found[asked] = home
    return home


def host_name(client: OpenAI) -> str:
    """Under which name the ids of a host are kept: `openai`, `practice` with the id of its home, or the address.

    The id tells one practice home from another, whatever the address of its server is today.
    """
    home = practice_home(client)
    return f"practice {home.id}" if home and home.id else shown_name(client)


def shown_name(client: OpenAI) -> str:
    """How a host is called in sentences and in the ledger: `practice` on this computer, `openai`, or the address.

    The home that meets planted faults is `practice rehearsal`, because what was tried there is not yours.
    """
    if is_openai(client):
        return "openai"
    home = practice_home(client)
    if home is not None and is_loopback(client.base_url.host):
        return f"practice {REHEARSAL}" if home.name == REHEARSAL else "practice"
    return _without_secrets(str(client.base_url)).rstrip("/")


def _without_secrets(base_url: str) -> str:
    """An address as it may stand in files. One that the learner has made a client of can hold a password or a key."""
    parts = urlsplit(base_url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def address_of(text: str) -> str:
    """The address of a host in the one form under which its key is kept: `https://API.example.com/v1/` and
    `https://api.example.com/v1/chat/completions` are both `https://api.example.com/v1`.

    Raises ValueError for what is no address, and for one with a password or a query: it would be kept in files.
    """
    text = text.strip()
    if is_loopback(_host_without_scheme(text)):
        text = f"http://{text}"  # only of this computer it is known how it is spoken with
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and _is_visible(text)
        if usable and not parts.hostname.isascii():
            idna.encode(parts.hostname)
    except ValueError:  # brackets that do not close, a port above 65535, a sign that no name of a computer has
        usable = False
    if not usable:
        raise ValueError(
            f'host: found {_quoted(text)}; expected "practice", "openai" or an address that begins with https://'
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "host: found an address with a user name, a password or a query in it; expected the address alone, such as "
            f"{parts.scheme}://{parts.hostname}/v1. A key belongs in the form: connect_form()"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{ENDPOINT.sub('', parts.path.rstrip('/'))}"


def with_version(base_url: str) -> str | None:
    """The address with the `/v1` that most have, and that is easily left out; None where a version stands in it."""
    return None if re.search(r"/v\d", urlsplit(base_url).path) else f"{base_url}/v1"


def spellings_of(base_url: str) -> tuple[str, ...]:
    """The address, then the same one with or without the `/v1` that may have been left out or been added."""
    return base_url, with_version(base_url) or base_url.removesuffix("/v1")


def _host_without_scheme(text: str) -> str | None:
    try:
        return None if "://" in text else urlsplit(f"//{text}").hostname
    except ValueError:  # brackets that do not close
        return None


def _is_visible(text: str) -> bool:
    """Whether every sign can be seen. Pages and chats put zero-width spaces and the like into what is copied there."""
    return " " not in text and text.isprintable()


def _quoted(text: str) -> str:
    if not text:
        return "nothing"
    may_hold_a_key = any(mark in text for mark in "@?#") if "://" in text else len(text) > LONGEST_WORD
    if may_hold_a_key:
        return f"a text of {len(text)} characters"
    hidden = sorted({f"U+{ord(sign):04X}" for sign in text if not sign.isprintable()})
    shown = "".join(sign for sign in text if sign.isprintable())
    return f'"{shown}" with a sign that cannot be seen ({", ".join(hidden)})' if hidden else f'"{text}"'


def _ask_for_home(client: OpenAI) -> PracticeHome | None:
    parts = urlsplit(str(client.base_url))
    # The client itself, because a new OpenAI() would add headers of the environment that are another host's.
    asking = client.with_options(max_retries=0, timeout=LOOK_SECONDS)
    try:
        answer = asking.get(f"{parts.scheme}://{parts.netloc}/practice/status", cast_to=object)
    except (openai.OpenAIError, ValueError):  # not reached, another key, no such page; or an answer that is no JSON
        return None
    if not isinstance(answer, dict) or answer.get("object") != "practice.status":
        return None
    return PracticeHome(str(answer.get("id", "")), str(answer.get("home", "")))


def address_in_one_form(text: str) -> str:
    """As `address_of`; OpenAI has one address, so that its key never leaves over http://."""
    address = address_of(text)
    return OPENAI_URL if urlsplit(address).hostname == urlsplit(OPENAI_URL).hostname else address
