"""A way through a SOCKS5 proxy for programs that speak with HTTP proxies only.

pip cannot install anything through SOCKS before PySocks is installed. The standard library alone is used here, because
this runs before any package is there.
"""

import os
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies

SOCKS_PORT = 1080
CONNECT_SECONDS = 30
NO_PASSWORD, PASSWORD = 0, 2  # ways to log in, as RFC 1928 numbers them
LENGTHS = {1: 4, 4: 16}  # of an address, by its kind


@contextmanager
def through_socks() -> Iterator[None]:
    """While it lasts, the programs that this one starts find an HTTP proxy where the environment names a SOCKS one.

    Nothing happens where none is named, or where http:// and https:// have proxies of their own.
    """
    named = getproxies()
    address = named.get("https") or named.get("all") or ""
    if not address.startswith("socks"):
        yield
        return
    before = dict(os.environ)
    with _Bridge(("127.0.0.1", 0), _Tunnel) as bridge:
        bridge.proxy = urlsplit(address)
        threading.Thread(target=bridge.serve_forever, args=(0.1,), daemon=True).start()
        for name in [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]:
            if os.environ[name].startswith("socks") or name.lower() != "http_proxy":
                del os.environ[name]
        os.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{bridge.server_address[1]}"
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            bridge.shutdown()


class _Bridge(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    proxy: SplitResult


class _Tunnel(socketserver.StreamRequestHandler):
    """Answers CONNECT, the request with which a program asks an HTTP proxy for a connection to an https:// host."""

    def handle(self) -> None:
        method, _, rest = self.rfile.readline().decode("latin-1").partition(" ")
        while self.rfile.readline().strip():
            pass  # the headers
        host, _, port = rest.partition(" ")[0].rpartition(":")
        if method != "CONNECT" or not port.isdigit():
            self.wfile.write(b"HTTP/1.1 501 Not Implemented\r\n\r\n")
            return
        try:
            far = connection_through(self.server.proxy, host.strip("[]"), int(port))
        except OSError:
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        with far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(far, self.connection), daemon=True)
            back.start()
            _copy(self.connection, far)
            back.join()


def connection_through(proxy: SplitResult, host: str, port: int) -> socket.socket:
    """A connection to a host through a SOCKS5 proxy (RFC 1928, RFC 1929), which looks up the host's name.

    Args:
        proxy: The address of the proxy, with user name and password where it wants them.
        host: The name or address of the host.
        port: Its port.

    Returns:
        The open connection.

    Raises:
        OSError: The proxy does not answer, refuses, or cannot reach the host.
    """
    far = socket.create_connection((proxy.hostname or "", proxy.port or SOCKS_PORT), CONNECT_SECONDS)
    try:
        _log_in(far, unquote(proxy.username or "").encode(), unquote(proxy.password or "").encode())
        name = host.encode("idna")
        far.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack("!H", port))
        _, answer, _, kind = _take(far, 4)
        if answer != 0:
            raise ConnectionError(f"the SOCKS proxy answers {answer}")
        _take(far, (LENGTHS.get(kind) or _take(far, 1)[0]) + 2)
        far.settimeout(None)
    except (OSError, UnicodeError) as error:
        far.close()
        raise ConnectionError(str(error)) from error
    return far


def _log_in(far: socket.socket, user: bytes, password: bytes) -> None:
    far.sendall(bytes([5, 1, PASSWORD if user else NO_PASSWORD]))
    _, way = _take(far, 2)
    if way == PASSWORD:
        far.sendall(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        way = _take(far, 2)[1]
    if way != 0:
        raise ConnectionError("the SOCKS proxy wants another way to log in")


def _take(far: socket.socket, count: int) -> bytes:
    taken = b""
    while len(taken) < count:
        piece = far.recv(count - len(taken))
        if not piece:
            raise ConnectionError("the SOCKS proxy has closed the connection")
        taken += piece
    return taken


def _copy(here: socket.socket, there: socket.socket) -> None:
    with suppress(OSError):
        while piece := here.recv(65536):
            there.sendall(piece)
    with suppress(OSError):
        there.shutdown(socket.SHUT_WR)
