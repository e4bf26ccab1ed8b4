"""Proxies, played by small real servers on this computer. Each keeps what it was asked for.

Both lead every name to one host on this computer, so a test can ask for a name that only the proxy knows.
"""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass
class PlayedProxy:
    """`asked`: host and port of each request. `heard`: everything that clients sent, also on to the host."""

    port: int
    scheme: str
    asked: list[str] = field(default_factory=list)
    heard: bytes = b""

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


def _pass_on(client: socket.socket, host: socket.socket, proxy: PlayedProxy, begun: bytes = b"") -> None:
    def to_host() -> None:
        with suppress(OSError):
            while piece := client.recv(65536):
                proxy.heard += piece
                host.sendall(piece)
            host.shutdown(socket.SHUT_WR)

    if begun:
        proxy.heard += begun
        host.sendall(begun)
    threading.Thread(target=to_host, daemon=True).start()
    with suppress(OSError):
        while piece := host.recv(65536):
            client.sendall(piece)


@contextmanager
def _serving(scheme: str, handle) -> Iterator[PlayedProxy]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            handle(proxy, self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    proxy = PlayedProxy(server.server_address[1], scheme)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def http_proxy(leads_to: int, answer: bytes | None = None) -> Iterator[PlayedProxy]:
    """A proxy for http://, which leads to this port; with `answer`, it answers that itself."""

    def handle(proxy: PlayedProxy, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return
            head += piece
        _, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        parts = urlsplit(target if "://" in target else f"//{target}")
        proxy.asked.append(f"{parts.hostname}:{parts.port or 80}")
        proxy.heard += head
        if answer is not None:
            client.sendall(answer)
            return
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        with socket.create_connection(("127.0.0.1", leads_to)) as host:
            # One request for each connection, so that the next one comes by here again.
            head = head.replace(target.encode(), path.encode(), 1).replace(b"keep-alive", b"close")
            _pass_on(client, host, proxy, head)

    with _serving("http", handle) as proxy:
        yield proxy


@contextmanager
def socks5_proxy(leads_to: int) -> Iterator[PlayedProxy]:
    """A SOCKS5 proxy without a password, which leads to this port."""

    def take(client: socket.socket, count: int) -> bytes:
        taken = b""
        while len(taken) < count and (piece := client.recv(count - len(taken))):
            taken += piece
        return taken

    def handle(proxy: PlayedProxy, client: socket.socket) -> None:
        take(client, take(client, 2)[1])
        client.sendall(b"\x05\x00")
        kind = take(client, 4)[3]
        if kind == 3:
            name = take(client, take(client, 1)[0]).decode()
        else:
            name = socket.inet_ntop(
                socket.AF_INET6 if kind == 4 else socket.AF_INET, take(client, 16 if kind == 4 else 4)
            )
        proxy.asked.append(f"{name}:{struct.unpack('!H', take(client, 2))[0]}")
        client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        with socket.create_connection(("127.0.0.1", leads_to)) as host:
            _pass_on(client, host, proxy)

    with _serving("socks5", handle) as proxy:
        yield proxy


def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which no proxy is set; what a test or the course sets is taken back at its end."""
    for name in VARIABLES:
        for spelling in (name, name.lower()):
            monkeypatch.setenv(spelling, "")  # so that it is put back, whoever sets it
            monkeypatch.delenv(spelling)
