"""Which key goes to which host: never one to a host that it was not given with."""

import os
from functools import partial

from helpers.connection.environment import address_or_none, lock, own_address, own_settings
from helpers.connection.errors import GO_BACK, MissingKeyError, UnusableKeyError
from helpers.connection.identity import OPENAI_URL, spellings_of
from helpers.connection.keyring_store import forget_key, remembered_key

_given: dict[str, str] = {}  # keys of hosts that have accepted them, in the memory of this process only


def keep_key(base_url: str, key: str) -> None:
    """The host has accepted this key."""
    with lock:
        _given[base_url] = key


def accepted_no_more(base_url: str, key: str) -> None:
    """The host has refused this key: another one of this host, which it may have accepted meanwhile, is kept."""
    with lock:
        if _given.get(base_url) == key:
            del _given[base_url]


def forget(base_url: str) -> bool:
    """Forget the key of a host, in this process and in this computer's keyring; says whether one was remembered."""
    with lock:
        for address in spellings_of(base_url):
            _given.pop(address, None)
    return any([forget_key(address) for address in spellings_of(base_url)])


def key_for(base_url: str, key: str | None, named_by: str) -> str:
    """The key given now or before in this process, else the one of the environment that belongs to this host, else the
    one that the learner asked to be remembered for it."""
    # Each is asked only if those before have none: a keyring may want its password first.
    sources = (_given.get, _key_in_environment, remembered_key)
    asked = (partial(source, address) for source in sources for address in spellings_of(base_url))
    for source in (lambda: key, *asked):
        found = (source() or "").strip()
        if found and not (found.startswith("practice-") and base_url == OPENAI_URL):
            return _sound(found, base_url, named_by)
    raise _missing_key(base_url, named_by)


def _missing_key(base_url: str, named_by: str) -> MissingKeyError:
    if base_url == OPENAI_URL:
        to_set, unused = "OPENAI_API_KEY", own_settings()["OPENAI_API_KEY"]
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
    own = own_settings()
    course_address = address_or_none(os.environ.get("COURSE_HOST")) or address_or_none(own["OPENAI_BASE_URL"])
    openai_key = own["OPENAI_API_KEY"] if base_url == own_address(own) else None
    course_key = os.environ.get("COURSE_API_KEY") if base_url == course_address != OPENAI_URL else None
    return openai_key or course_key


def _sound(key: str, base_url: str, named_by: str) -> str:
    """Raises UnusableKeyError for what cannot be sent as a key. The library's own error would show it."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UnusableKeyError(
            f"key: found one for {base_url} with a space, a line break or a letter that no key has; expected the key "
            f"alone.{named_by}\nWhat to do: Copy it again.\n{GO_BACK}"
        )
    return key
