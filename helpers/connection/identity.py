"""Which host does a client point at? By what the host itself says, not by its address: a port changes at every
start."""

from functools import lru_cache
from urllib.parse import urlsplit

import openai
from openai import OpenAI

OPENAI_URL = "https://api.openai.com/v1"
REHEARSAL = "rehearsal"  # the home of the practice server on which errors are tried


def is_openai(client: OpenAI) -> bool:
    host = client.base_url.host
    return host == "openai.com" or host.endswith(".openai.com")


def is_practice(client: OpenAI) -> bool:
    """Whether a practice server answers there, this computer's or a teacher's."""
    return not is_openai(client) and _practice_home(str(client.base_url), client.api_key) is not None


def host_name(client: OpenAI) -> str:
    """Under which name the ids of a host are kept: `practice`, `openai`, or the address.

    A teacher's practice server is another one than your own and goes by its address. The one of `rehearse` has a name of its own,
    `practice rehearsal`, because what was tried there is not yours.
    """
    if is_openai(client):
        return "openai"
    if is_practice(client) and client.base_url.host in ("127.0.0.1", "localhost", "::1"):
        rehearsed = _practice_home(str(client.base_url), client.api_key) == REHEARSAL
        return f"practice {REHEARSAL}" if rehearsed else "practice"
    return str(client.base_url).rstrip("/")


@lru_cache(maxsize=32)
def _practice_home(base_url: str, key: str) -> str | None:
    """The name of the home of the practice server that answers there; None if another host does."""
    parts = urlsplit(base_url)
    asking = OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=3)
    try:
        answer = asking.get(f"{parts.scheme}://{parts.netloc}/practice/status", cast_to=object)
    except openai.OpenAIError:
        return None  # another host: it does not know this page, or wants another key
    known = isinstance(answer, dict) and answer.get("object") == "practice.status"
    return str(answer.get("home", "")) if known else None
