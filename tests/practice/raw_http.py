"""Requests that no client library would send, byte by byte, to a real server."""

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from helpers.practice import PracticeServer


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        """The error of an answer in the shape of OpenAI's."""
        error = json.loads(self.body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error


def connect(server: PracticeServer, seconds: float = 20) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=seconds)


def request(server: PracticeServer, start: str, *headers: str, body: bytes | Iterable[bytes] = b"") -> Answer:
    """Send a request and read the answer to its end. A body in pieces is sent until the server does not want more."""
    with connect(server) as connection:
        head = "\r\n".join([start, "Host: x", "Connection: close", *headers, "", ""])
        connection.sendall(head.encode("latin-1"))
        try:
            for piece in [body] if isinstance(body, bytes) else body:
                connection.sendall(piece)
        except OSError:  # it has closed the connection; the answer may be there
            pass
        return read(connection)


def read(connection: socket.socket) -> Answer:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionError:
        pass
    head, _, body = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return Answer(int(first.split()[1]), headers, body)


def with_key(server: PracticeServer) -> str:
    return f"Authorization: Bearer {server.key}"


def chunks(piece: bytes, count: int) -> Iterable[bytes]:
    """A body in chunks of HTTP."""
    for _ in range(count):
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
