"""The variables of the environment by which `OpenAI()` means a host: the learner's own, and what connect() writes."""

import os
import threading

from helpers.connection.identity import OPENAI_URL, address_in_one_form

# What OpenAI() reads of the environment and sends to a host.
VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS")
# The learner's own settings: what connect() has found in the environment and not written there itself.
ORIGINAL = {name: os.environ.get(name) for name in VARIABLES}

HostSettings = dict[str, str | None]
"""The value of each of VARIABLES, None for one that is not to be set."""

# A form connects in a thread. The lock keeps the variables of the environment and what is known of them together; it is
# never held while a host is asked.
lock = threading.RLock()
_written: HostSettings = {}  # what connect() has written into the environment last


def write(settings: HostSettings) -> None:
    """Point this process at a host: a plain OpenAI() means it from now on."""
    with lock:
        for name, value in settings.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _written.update(settings)


def own_settings() -> HostSettings:
    """The learner's own OPENAI_... variables, also those that were set in a cell after connect() had set them."""
    with lock:
        for name in VARIABLES:
            if os.environ.get(name) != _written.get(name, ORIGINAL[name]):
                ORIGINAL[name] = os.environ.get(name)
        return dict(ORIGINAL)


def own_address(own: HostSettings) -> str | None:
    """The host that the learner's own OPENAI_... variables belong to; None if OPENAI_BASE_URL is no address."""
    return address_or_none(own["OPENAI_BASE_URL"]) if own["OPENAI_BASE_URL"] else OPENAI_URL


def address_or_none(text: str | None) -> str | None:
    """A setting of the environment as an address; None if it is none."""
    try:
        return address_in_one_form(text or "")
    except ValueError:
        return None
