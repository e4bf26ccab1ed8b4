"""Proxies: the one that a network asks for, and none between a notebook and a server on the same computer.

OpenAI's library finds its proxies as Python's urllib does: in the environment variables HTTP_PROXY, HTTPS_PROXY,
ALL_PROXY and NO_PROXY, in capital or small letters; where none is set, in the settings of Windows and macOS.
"""

import ipaddress
import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass_environment

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SCHEMES = ("http", "https", "all")  # of the addresses that a proxy is for
SPOKEN = ("http", "https", "socks5", "socks5h")  # what OpenAI's library speaks with a proxy
PORTS = {"http": 80, "https": 443}
SOCKS_PORT = 1080
LOOK_SECONDS = 2


@dataclass(frozen=True)
class Proxy:
    """A proxy and what names it: a variable of the environment, or the system. `address` has no password."""

    scheme: str
    host: str
    port: int | None
    named_by: str

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{f':{self.port}' if self.port else ''}"

    @property
    def usable(self) -> bool:
        """Whether OpenAI's library can speak with it. A client cannot even be made beside one that it cannot."""
        return self.scheme in SPOKEN and bool(self.host)

    def answers(self) -> bool:
        """Whether any program listens there now."""
        port = self.port or PORTS.get(self.scheme, SOCKS_PORT)
        try:
            with socket.create_connection((self.host, port), LOOK_SECONDS):
                return True
        except (OSError, UnicodeError):  # UnicodeError: a name that cannot be one of a computer
            return False

    def __str__(self) -> str:
        return f"{self.address} ({self.named_by})"


def is_loopback(host: str | None) -> bool:
    """Whether a name or an address means this computer itself."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def proxies() -> list[Proxy]:
    """Every proxy that a client would be made with; none where NO_PROXY is `*`."""
    found = getproxies()
    if "*" in _entries(found.get("no", "")):
        return []
    each = (_proxy(scheme, found[scheme]) for scheme in SCHEMES if found.get(scheme))
    return list({proxy.address: proxy for proxy in each}.values())


def proxy_for(url: str) -> Proxy | None:
    """The proxy through which a plain `OpenAI()` asks this address."""
    parts, found = urlsplit(url), getproxies()
    if parts.hostname is None or proxy_bypass_environment(parts.hostname, found):
        return None
    named = next((scheme for scheme in (parts.scheme, "all") if found.get(scheme)), None)
    return _proxy(named, found[named]) if named else None


def ask_this_computer_directly() -> None:
    """Set the environment of this process so that a plain `OpenAI()` reaches a server on this computer.

    Without a proxy nothing changes. With one, the names of this computer are added to NO_PROXY, whose own entries stay.
    """
    named = {scheme: address for scheme, address in getproxies().items() if scheme in SCHEMES and address}
    if not named:
        return
    if not any(value for name, value in os.environ.items() if name.lower().endswith("_proxy")):
        # The proxies are those of Windows or macOS. urllib forgets them as soon as any *_PROXY variable is set.
        os.environ.update({f"{scheme.upper()}_PROXY": address for scheme, address in named.items()})
    os.environ.update(no_proxy_with_loopback())
    for name in (each for scheme in SCHEMES for each in _spellings(f"{scheme}_proxy")):
        if os.environ[name].startswith("socks://"):  # as the settings of GNOME and KDE write it
            os.environ[name] = os.environ[name].replace("socks://", "socks5://", 1)


def no_proxy_with_loopback() -> dict[str, str]:
    """NO_PROXY with the names of this computer added to what stands there, in each spelling that is set."""
    return {name: _with_loopback(os.environ.get(name, "")) for name in _spellings("no_proxy") or ["NO_PROXY"]}


def unusable(proxy: Proxy) -> str:
    """What is wrong with a proxy that OpenAI's library cannot use, in the words of a check."""
    return (
        f"{proxy.named_by}: found the proxy {proxy.address}; expected an address that begins with http://, https://, "
        "socks5:// or socks5h://"
    )


def _proxy(scheme: str, text: str) -> Proxy:
    variables = [name for name in _spellings(f"{scheme}_proxy") if os.environ[name] == text]
    named_by = (variables or ["the settings of this system"])[0]
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        # The host alone: whatever stands before it is a user name and a password.
        return Proxy(parts.scheme, parts.hostname or "", parts.port, named_by)
    except ValueError:  # a port that is no number, brackets that do not close
        return Proxy("", "", None, named_by)


def _with_loopback(no_proxy: str) -> str:
    """
    >>> _with_loopback("corp.example, localhost")
    'corp.example,localhost,127.0.0.1,::1'
    """
    entries = _entries(no_proxy)
    missing = [name for name in LOOPBACK if name not in entries and f"[{name}]" not in entries]
    return no_proxy if "*" in entries else ",".join([*entries, *missing])


def _spellings(name: str) -> list[str]:
    return [each for each in os.environ if each.lower() == name]


def _entries(no_proxy: str) -> list[str]:
    return [entry.strip() for entry in no_proxy.split(",") if entry.strip()]
