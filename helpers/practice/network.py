"""A server that others can reach: under which addresses, and with which key."""

import ipaddress
import socket

SHORTEST_KEY = 16  # characters, where others can try keys
HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # a server that listens everywhere, as this computer reaches it
NO_ENCRYPTION = (
    "Nothing that is sent there is encrypted: whoever shares the network can read the keys and the texts. Use it only "
    "in a network that you trust, or put a server with HTTPS in front of it, such as Caddy or nginx."
)
# Addresses that are kept for documentation: nobody has them, so they stand for "somewhere far away".
FAR_AWAY = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def base_url(address: str, port: int) -> str:
    """The base URL of a server. An IPv6 address stands in brackets."""
    return f"http://[{address}]:{port}/v1" if ":" in address else f"http://{address}:{port}/v1"


def is_for_others(address: str) -> bool:
    """Whether a server that listens on this address can be reached from other computers."""
    return not ipaddress.ip_address(address).is_loopback


def check_key_for_others(key: str, address: str) -> None:
    """Raise ValueError if the key is too short for a server that others can reach: they can try many."""
    if is_for_others(address) and len(key) < SHORTEST_KEY:
        raise ValueError(
            f"PRACTICE_KEY or --key-file: found {len(key)} characters; expected at least {SHORTEST_KEY} on "
            f"{address}, where others can reach the server. Leave it out, and one is made."
        )


def addresses_for_others(listening: str) -> list[str]:
    """The addresses of this computer by which others reach a server that listens there, the likeliest first."""
    if not is_for_others(listening):
        return []
    if listening not in HERE:
        return [listening]
    found = [*_addresses_that_go_out(), *_addresses_by_name()]
    if listening == "0.0.0.0":
        found = [address for address in found if ":" not in address]
    usable = [address for address in found if _is_for_people(address)]
    return list(dict.fromkeys(usable))


def _addresses_that_go_out() -> list[str]:
    """The address that this computer sends from. To connect a UDP socket sends nothing: it only chooses the address."""
    found = []
    for family, far_away in FAR_AWAY:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far_away, 9))
                found.append(probe.getsockname()[0])
        except OSError:  # no network of this family
            continue
    return found


def _addresses_by_name() -> list[str]:
    try:
        return [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)]
    except OSError:  # the computer does not know its own name
        return []


def _is_for_people(address: str) -> bool:
    """Link-local addresses of IPv6 work only with the name of a network card, which differs on each computer."""
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)
