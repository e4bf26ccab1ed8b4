"""Hosts that are far away or cost money, played by small real web servers on this computer."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

JSON, HTML = "application/json", "text/html; charset=utf-8"
NOT_HERE = (404, {"error": {"message": "Invalid URL", "code": None}}, JSON)


def models(*names: str) -> tuple[int, dict[str, Any]]:
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "x"} for name in names]
    return 200, {"object": "list", "data": listed}


def jobs(*ids: str) -> tuple[int, dict[str, Any]]:
    return 200, {"object": "list", "data": [{"id": id, "object": "fine_tuning.job"} for id in ids], "has_more": False}


@dataclass
class OtherHost:
    """`answers`: path -> (status, body) or (status, body, content type). With `key`, any other key gets 401."""

    port: int
    key: str | None = None
    answers: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    moved_to: str | None = None  # where it sends everybody, as a host does that speaks https:// alone
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)  # cleared: the host takes a call and says nothing

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def keys(self) -> set[str]:
        """The keys that were sent here."""
        return {headers.get("authorization", "").removeprefix("Bearer ") for _, headers in self.asked}

    def answer_to(self, path: str, headers: dict[str, str]) -> tuple[int, bytes, str]:
        self.asked.append((path, headers))
        self.go_on.wait(30)
        status, body, kind = (*self.answers.get(path, NOT_HERE), JSON)[:3]
        if self.key is not None and headers.get("authorization") != f"Bearer {self.key}":
            message = "Incorrect API key provided: sk-********wxyz."
            status, body, kind = 401, {"error": {"message": message, "code": "invalid_api_key"}}, JSON
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return status, content, kind


@contextmanager
def other_host(key: str | None = None) -> Iterator[OtherHost]:
    """A host that lists one model, until a test says otherwise."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, content, kind = host.answer_to(self.path.split("?")[0], headers)
            self.send_response(301 if host.moved_to else status)
            if host.moved_to:
                self.send_header("location", host.moved_to + self.path)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Quiet: a client that waits no longer has closed its connection."""

    server = Server(("127.0.0.1", 0), Handler)
    host = OtherHost(server.server_port, key, {"/v1/models": models("llama")})
    host.go_on.set()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()  # looks for its end often
    try:
        yield host
    finally:
        host.go_on.set()
        server.shutdown()
        server.server_close()


def only_these_names(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """These names lead to this computer, and no other name is known: nothing a test asks for leaves it."""
    real = socket.getaddrinfo

    def found(name: Any, *more: Any, **options: Any) -> Any:
        text = name.decode() if isinstance(name, bytes) else name
        if text in names:
            text = "127.0.0.1"
        elif text not in (None, "127.0.0.1", "localhost", "::1", "0.0.0.0"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(text, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setenv("NO_PROXY", "*")


@contextmanager
def played_openai(monkeypatch: pytest.MonkeyPatch, key: str) -> Iterator[OtherHost]:
    """OpenAI, as far as `connect("openai")` is concerned: the name api.openai.com, on a port of this computer."""
    from helpers import hosts
    from helpers.connection import environment, identity, keys
    from helpers.forms import connect

    only_these_names(monkeypatch, "api.openai.com")
    with other_host(key) as host:
        host.answers["/v1/models"] = models("gpt-4.1-mini-2025-04-14")
        for module in (identity, environment, keys, hosts, connect):
            monkeypatch.setattr(module, "OPENAI_URL", f"http://api.openai.com:{host.port}/v1")
        yield host
