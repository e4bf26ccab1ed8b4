"""A server that others can reach: its addresses, and how long its key is."""

import ipaddress
import socket
from urllib.request import Request, urlopen

import pytest

from helpers.practice import start_server
from helpers.practice.network import addresses_for_others, base_url

LONG = "a-key-of-a-whole-class"


@pytest.fixture
def started():
    servers = []

    def start(*arguments, **options):
        servers.append(start_server(*arguments, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("key", ["1", "short", "fifteen-letters"])
def test_where_others_can_try_keys_a_short_one_is_refused(home, key):
    with pytest.raises(ValueError, match=rf"found {len(key)} characters; expected at least 16 on 0\.0\.0\.0") as caught:
        start_server(home=home, host="0.0.0.0", key=key)
    assert key not in str(caught.value).split("found")[0]


def test_on_this_computer_a_key_may_be_short(started, home):
    assert started(home, key="1").addresses == []


def test_a_server_that_listens_everywhere_names_an_address_that_works_here_and_none_that_works_nowhere(started, home):
    server = started(home, host="0.0.0.0", key=LONG)
    assert server.base_url == f"http://127.0.0.1:{server.port}/v1"
    assert all(not ipaddress.ip_address(url.split("/")[2].split(":")[0]).is_loopback for url in server.addresses)


def test_an_address_of_ipv6_stands_in_brackets_and_can_be_used(started, home):
    assert base_url("2001:db8::5", 80) == "http://[2001:db8::5]:80/v1"
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this computer has no IPv6")
    server = started(home, host="::1")
    assert server.base_url == f"http://[::1]:{server.port}/v1"
    with urlopen(Request(f"{server.base_url}/models", headers={"Authorization": f"Bearer {server.key}"})) as answer:
        assert answer.status == 200


def test_a_server_on_one_address_of_the_network_is_reached_there_and_nowhere_else():
    assert addresses_for_others("192.168.1.20") == ["192.168.1.20"]
    assert addresses_for_others("127.0.0.1") == addresses_for_others("::1") == []


def test_addresses_for_others_of_a_server_that_listens_everywhere_are_each_named_once():
    found = addresses_for_others("::")
    assert len(found) == len(set(found)) and not any(address.startswith(("fe80", "127.", "::1")) for address in found)
