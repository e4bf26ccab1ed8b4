"""The client of a host: it sends what belongs to this host and nothing else that the environment holds."""

from typing import Any
from urllib.parse import urlsplit

from openai import DefaultHttpxClient, Omit, OpenAI

from helpers.connection.environment import HostSettings, own_settings
from helpers.connection.errors import GO_BACK, UnusableProxyError
from helpers.connection.proxies import is_loopback, proxies, unusable


def client_with(settings: HostSettings, **options: Any) -> OpenAI:
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


def _headers_with(settings: HostSettings) -> dict[str, str | Omit]:
    """Default headers that keep what OpenAI() and with_options() would add from the environment off a host that it is
    not meant for."""
    of_openai = {"OpenAI-Organization": settings["OPENAI_ORG_ID"], "OpenAI-Project": settings["OPENAI_PROJECT_ID"]}
    kept_off = {name: Omit() for name, value in of_openai.items() if value is None}
    own = _headers_in(own_settings()["OPENAI_CUSTOM_HEADERS"])
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
