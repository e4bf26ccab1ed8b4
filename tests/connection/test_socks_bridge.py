"""What speaks with HTTP proxies only, such as pip, gets through a SOCKS proxy as well."""

import http.client
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from helpers.connection.socks_bridge import through_socks
from helpers.course_data.paths import ROOT
from tests.other_host import other_host
from tests.proxy_servers import http_proxy, no_proxies, socks5_proxy


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch):
    no_proxies(monkeypatch)


def asked_through(address: str) -> int:
    """The status with which https://packages.example answers, asked through an HTTP proxy. (It speaks http here.)"""
    proxy = urlsplit(address)
    connection = http.client.HTTPConnection(proxy.hostname, proxy.port, timeout=10)
    connection.set_tunnel("packages.example", 443)
    try:
        connection.request("GET", "/v1/models")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "https_proxy"])
def test_a_program_finds_an_http_proxy_that_leads_through_the_socks_one(monkeypatch, variable):
    with other_host() as host, socks5_proxy(host.port) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        with through_socks():
            assert asked_through(os.environ["HTTPS_PROXY"]) == 200
            names = {name for name in os.environ if name.lower() in ("all_proxy", "https_proxy")}
            assert names == {"HTTPS_PROXY"}
        assert proxy.asked == ["packages.example:443"]
        assert os.environ[variable] == proxy.url and ("HTTPS_PROXY" in os.environ) == (variable == "HTTPS_PROXY")


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:9"])
def test_where_no_socks_proxy_is_named_nothing_changes(monkeypatch, address):
    monkeypatch.setenv("ALL_PROXY", address)
    before = dict(os.environ)
    with through_socks():
        assert dict(os.environ) == before


def test_an_https_proxy_of_its_own_is_used_as_it_is(monkeypatch):
    with http_proxy(0) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
        with through_socks():
            assert os.environ["https_proxy"] == proxy.url


def test_a_socks_proxy_that_is_gone_is_an_error_of_the_program_and_not_of_the_bridge(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with through_socks(), pytest.raises(OSError, match="502"):
        asked_through(os.environ["HTTPS_PROXY"])


def test_pip_asks_the_index_through_the_socks_proxy(monkeypatch):
    with other_host() as host, socks5_proxy(host.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        asked = [sys.executable, "-m", "pip", "download", "--no-deps", "--retries", "0", "--isolated"]
        index = ["--index-url", "https://packages.example/simple", "no-such-package"]
        with through_socks():
            done = subprocess.run([*asked, *index], capture_output=True, text=True, timeout=60)
        # The host played here has no certificate, so pip gets no further; but it has come as far as the host.
        assert done.returncode != 0 and "SOCKS" not in done.stdout + done.stderr
        assert "packages.example:443" in proxy.asked


def test_the_bridge_needs_nothing_but_the_standard_library():
    code = "from helpers.connection.socks_bridge import through_socks"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
