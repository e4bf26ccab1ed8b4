"""A proxy stands between a notebook and the network, never between it and this computer."""

import os
import subprocess
import sys

import openai
import pytest

from helpers.connection.errors import GO_BACK, HostUnavailableError, UnusableProxyError
from helpers.connection.identity import is_practice
from helpers.connection.proxies import ask_this_computer_directly, is_loopback, proxy_for
from helpers.course_data.paths import ROOT
from helpers.explain import explain
from helpers.hosts import connect, rehearse
from helpers.setup_check import check_setup
from tests.other_host import HTML, other_host
from tests.proxy_servers import http_proxy, no_proxies, socks5_proxy

KEY = "sk-" + "secret" * 6
WAYS = [("HTTP_PROXY", http_proxy), ("http_proxy", http_proxy), ("ALL_PROXY", http_proxy), ("all_proxy", socks5_proxy)]


@pytest.fixture(autouse=True)
def own_process(fresh_kernel, monkeypatch):
    """Without a proxy, until a test sets one."""
    no_proxies(monkeypatch)


@pytest.fixture
def other():
    with other_host(KEY) as host:
        yield host


@pytest.mark.parametrize(("variable", "played"), WAYS)
def test_the_practice_server_is_asked_past_the_proxy(monkeypatch, other, variable, played):
    with played(other.port) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        client = connect(quiet=True)
        assert client.models.list().data and openai.OpenAI().models.list().data and rehearse().models.list().data
        assert proxy.asked == [] and client.api_key.encode() not in proxy.heard


@pytest.mark.parametrize(("variable", "played"), WAYS)
def test_a_host_on_the_network_is_asked_through_the_proxy(monkeypatch, other, variable, played):
    with played(other.port) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        client = connect("http://llama.example:81/v1", key=KEY, quiet=True)
        assert [model.id for model in client.models.list().data] == ["llama"]
        assert openai.OpenAI().models.list().data
        assert len(proxy.asked) >= 3 and set(proxy.asked) == {"llama.example:81"}


def test_the_practice_server_is_reached_where_the_proxy_answers_nobody(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert is_practice(connect(quiet=True)) and openai.OpenAI().models.list().data


def test_a_socks_proxy_as_the_desktop_writes_it_is_understood(monkeypatch, other):
    with socks5_proxy(other.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url.replace("socks5://", "socks://"))
        assert connect("http://llama.example/v1", key=KEY, quiet=True).models.list().data
        assert set(proxy.asked) == {"llama.example:80"}


def test_hosts_that_need_no_proxy_keep_their_place_in_no_proxy(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:8080")
    monkeypatch.setenv("no_proxy", "corp.example, .local")
    ask_this_computer_directly()
    ask_this_computer_directly()
    assert os.environ["no_proxy"] == "corp.example,.local,127.0.0.1,localhost,::1"
    assert proxy_for("https://git.corp.example/") is None
    assert proxy_for("https://api.example.com/v1").address == "http://proxy.example:8080"


def test_no_proxy_at_all_stays_no_proxy_at_all(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    monkeypatch.setenv("NO_PROXY", "*")
    ask_this_computer_directly()
    assert os.environ["NO_PROXY"] == "*" and check_setup().network == ""


def test_an_environment_without_a_proxy_is_left_alone():
    ask_this_computer_directly()
    assert not [name for name in os.environ if name.lower().endswith("_proxy")]


def test_proxies_of_the_system_are_still_there_when_this_computer_is_excepted(monkeypatch):
    """Windows and macOS: urllib looks at the system's settings only while no *_PROXY variable is set."""
    system = {"http": "http://127.0.0.1:7890", "https": "http://127.0.0.1:7890"}
    monkeypatch.setattr("helpers.connection.proxies.getproxies", lambda: system)
    ask_this_computer_directly()
    assert os.environ["HTTPS_PROXY"] == os.environ["HTTP_PROXY"] == "http://127.0.0.1:7890"
    assert os.environ["NO_PROXY"] == "127.0.0.1,localhost,::1"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.0.1"])
def test_this_computer_is_known_by_all_its_names(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", None, "0.0.0.0", "192.168.1.5", "localhost.example", "llama"])
def test_another_computer_is_not_this_one(host):
    assert not is_loopback(host)


# --- when it fails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_a_proxy_at_which_nobody_answers_is_named(monkeypatch, address):
    monkeypatch.setenv("ALL_PROXY", address.replace("//", "//user:hidden-word@"))
    with pytest.raises(HostUnavailableError) as caught:
        connect("https://llama.example/v1", key=KEY)
    explanation = explain(caught.value)
    assert f"through the proxy {address} (ALL_PROXY)" in explanation.what and "NO_PROXY" in explanation.do_next
    assert "hidden-word" not in str(explanation) + str(caught.value) and GO_BACK in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        f"HTTP/1.1 403 Forbidden\r\ncontent-type: {HTML}\r\ncontent-length: 12\r\n\r\n<html>no</ht".encode(),
    ],
)
def test_an_answer_of_the_proxy_itself_names_the_proxy(monkeypatch, answer):
    with http_proxy(0, answer) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(openai.OpenAIError) as caught:
            openai.OpenAI(base_url="http://llama.example/v1", api_key=KEY, max_retries=0).models.list()
        assert f"{proxy.url} (HTTP_PROXY)" in str(explain(caught.value))


def test_a_proxy_that_refuses_a_safe_connection_is_named(monkeypatch):
    with http_proxy(0, b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(openai.APIConnectionError) as caught:
            openai.OpenAI(base_url="https://llama.example/v1", api_key=KEY, max_retries=0).models.list()
        assert f"through the proxy {proxy.url} (HTTPS_PROXY)" in explain(caught.value).what
        assert proxy.asked == ["llama.example:443"] and KEY.encode() not in proxy.heard


def test_what_the_host_said_is_not_blamed_on_the_proxy(monkeypatch, other):
    with http_proxy(other.port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(openai.AuthenticationError) as caught:
            openai.OpenAI(base_url="http://llama.example/v1", api_key="wrong", max_retries=0).models.list()
        assert "proxy" not in str(explain(caught.value))


@pytest.mark.parametrize("address", ["socks4://127.0.0.1:1080", "ftp://proxy.example", "http://proxy.example:no"])
def test_a_proxy_that_the_library_cannot_speak_with_is_named(monkeypatch, address):
    monkeypatch.setenv("ALL_PROXY", address)
    assert connect("practice", quiet=True).models.list().data
    with pytest.raises(UnusableProxyError, match=r"ALL_PROXY: found the proxy .*; expected .* socks5://"):
        connect("https://llama.example/v1", key=KEY)
    assert "ALL_PROXY" in check_setup().network
    with pytest.raises(Exception) as caught:  # which one it is, is the library's choice
        openai.OpenAI()
    assert "proxy" in str(explain(caught.value)) or "no" in address


def test_the_missing_package_for_socks_is_named():
    said = "Using SOCKS proxy, but the 'socksio' package is not installed."
    assert "pip install socksio" in explain(ImportError(said)).do_next


# --- before it fails ------------------------------------------------------------------------------------------------


def test_the_check_of_the_setup_names_a_proxy_that_answers(monkeypatch, other):
    with http_proxy(other.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//user:hidden-word@"))
        said = str(check_setup())
    assert f"A proxy is set: {proxy.url} (https_proxy)." in said and "Nobody answers" not in said
    assert "hidden-word" not in said and check_setup().problems == []


def test_the_check_of_the_setup_says_that_nobody_answers_at_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "127.0.0.1:9")
    assert "Nobody answers now at http://127.0.0.1:9 (HTTPS_PROXY)." in check_setup().network


def test_the_check_of_the_setup_is_silent_without_a_proxy():
    assert check_setup().network == "" and "proxy" not in str(check_setup())


def test_a_script_gets_the_line_that_leads_past_the_proxy(monkeypatch, tmp_path):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "corp.example")
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.practice", "--home", str(tmp_path / "home")],
        stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    printed = ""
    while "Ctrl-C" not in printed:
        printed += process.stdout.readline()
    process.terminate()
    process.communicate(timeout=10)
    assert "export no_proxy=corp.example,127.0.0.1,localhost,::1\n" in printed
    assert '$env:no_proxy="corp.example,127.0.0.1,localhost,::1"' in printed
