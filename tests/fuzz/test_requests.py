"""Random requests to every endpoint: no 500, no hang, every error in OpenAI's shape, and the server goes on.

A few hundred here; with `--fuzz 5000`, so many. A request that fails the test is printed, with the seed of the run.
"""

import http.client
import json
import random
import socket
from collections import Counter
from typing import Any

import pytest

from helpers.practice import start_server
from helpers.practice.app import make_app
from helpers.practice.server_log import ServerLog
from helpers.practice.settings import load_settings
from tests.practice.raw_http import connect

REQUESTS, SECONDS = 300, 20
MODEL = "gpt-4.1-mini-2025-04-14"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {}}}}}
FORM = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "array", "items": {"enum": [1]}}}}
PART = {"type": "text", "text": "How long is the warranty?"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [PART, {"type": "image_url", "image_url": {"url": "https://a/b"}}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "5"},
        {"role": "user", "content": "How long?", "name": "ada"},
    ],
    "temperature": 0.5, "top_p": 0.5, "max_tokens": 20, "max_completion_tokens": 20, "stop": ["x"], "seed": 1,
    "stream": False, "stream_options": {"include_usage": True}, "tools": [TOOL], "tool_choice": "auto",
    "parallel_tool_calls": False, "response_format": FORM, "n": 1, "user": "u", "metadata": {"a": "b"},
}  # fmt: skip
RESPONSE = {
    "model": MODEL, "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
    "instructions": "Be brief.", "temperature": 1, "top_p": 1, "max_output_tokens": 16, "stream": False,
    "metadata": {"a": "b"}, "user": "u", "truncation": "auto",
}  # fmt: skip
HYPER = {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": 0.5}
JOB = {
    "model": MODEL, "training_file": "file-a", "validation_file": "file-a", "suffix": "a", "seed": 1,
    "method": {"type": "supervised", "supervised": {"hyperparameters": HYPER}}, "metadata": {"a": "b"},
    "integrations": [],
}  # fmt: skip
BODIES = {
    "/v1/chat/completions": CHAT,
    "/v1/responses": RESPONSE,
    "/v1/fine_tuning/jobs": JOB,
    "/practice/faults": {"fault": "safety_evaluation", "times": 1},
}
ODD = [
    None, True, False, 0, -1, 1, 10**30, -0.0, 0.1, 1e308, float("inf"), float("nan"), "", " ", "a", "\0", "\ud83d",
    "é床😀", "auto", "null", "../..", "%s{0}{{", "(", "x" * 5_000, [], {}, [None], [[]], {"": ""}, {"a": None}, "user",
    "developer", "function", "text", "json_object", "required", "none", "reinforcement", "dpo", "supervised",
    {"type": "text"}, {"$ref": "#"}, {"minItems": 5.0, "type": "array"}, {"pattern": "(", "type": "string"},
]  # fmt: skip
WORDS = ["", "a", "file-a", "ftjob-a", MODEL, "..", "%2e%2e", "%00", "%ED%A0%BD", "é", "x" * 300, "ft:a:b::c", "'", "?"]
QUERIES = [
    "", "limit=1", "limit=0", "limit=abc", "limit=99999999999999999999", "after=x", "after=", "order=asc", "order=x",
    "purpose=%00", "metadata[a]=b", "metadata=null", "metadata[]=&metadata[[]]=x", "after=%ED%A0%BD", "&&==", "%",
]  # fmt: skip


class Fuzzer:
    """Makes random requests, most of which are nearly right."""

    def __init__(self, seed: int, paths: list[tuple[str, str]], known: list[str]) -> None:
        self.chance, self.paths, self.known = random.Random(seed), paths, known

    def request(self) -> tuple[str, str, bytes, dict[str, str]]:
        method, path = self.chance.choice(self.paths)
        if self.chance.random() < 0.05:
            method = self.chance.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
        body, kind = self._body(method, path)
        while "{" in path:
            start, _, rest = path.partition("{")
            path = start + self.chance.choice([*WORDS, *self.known * 4]).replace("é", "%C3%A9") + rest.partition("}")[2]
        if query := self.chance.choice(QUERIES):
            path = f"{path}?{query}"
        return method, path.replace("?", "%3F", path.count("?") - 1), body, {"Content-Type": kind}

    def _body(self, method: str, path: str) -> tuple[bytes, str]:
        if path == "/v1/files":
            return (self._form(), "multipart/form-data; boundary=b") if method == "POST" else (b"", "text/plain")
        if method != "POST" or path not in BODIES:
            return b"", "application/json"
        body: Any = json.loads(json.dumps(BODIES[path]))
        for name in list(body):
            if self.chance.random() < 0.4 and name != "model":
                del body[name]
        for _ in range(self.chance.choice([0, 1, 1, 1, 2, 4])):
            body = self._changed(body)
        if "training_file" in str(body) and isinstance(body, dict) and self.chance.random() < 0.7:
            body = {**body, "training_file": self.chance.choice(self.known)}
        content = json.dumps(body).encode()
        if self.chance.random() < 0.05:
            content = content[: self.chance.randrange(len(content) + 1)] + self.chance.randbytes(3)
        return content, self.chance.choice(["application/json"] * 12 + ["text/plain", "", "application/x;", "a/b/c"])

    def _changed(self, value: Any) -> Any:
        """The value with something odd at one place."""
        if isinstance(value, dict) and value and self.chance.random() < 0.85:
            name = self.chance.choice(list(value))
            match self.chance.random():
                case chance if chance < 0.1:
                    return {other: each for other, each in value.items() if other != name}
                case chance if chance < 0.2:
                    return {**value, self.chance.choice(["", "extra", "\ud83d", "type", name + "x"]): value[name]}
            return {**value, name: self._changed(value[name])}
        if isinstance(value, list) and value and self.chance.random() < 0.85:
            number = self.chance.randrange(len(value))
            if self.chance.random() < 0.15:
                return [*value, *value[number:]]
            return [*value[:number], self._changed(value[number]), *value[number + 1 :]]
        return self.chance.choice(ODD)

    def _form(self) -> bytes:
        line = json.dumps({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})
        lines = self.chance.choice([line, line, "{}", "5", "", "\0", json.dumps(self._changed(json.loads(line)))])
        content = (lines + "\n").encode() * self.chance.choice([0, 1, 12])
        purpose = self.chance.choice(["fine-tune", "fine-tune", "user_data", "", "é", "x"])
        name = self.chance.choice(["a.jsonl", "", "../a", "é\\", "a" * 500, 'q"q'])
        head = f'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n{purpose}\r\n--b\r\n'
        head += f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        form = head.encode() + content + b"\r\n--b--\r\n"
        return form[self.chance.randrange(20) :] if self.chance.random() < 0.1 else form


@pytest.fixture
def paths(tmp_path) -> list[tuple[str, str]]:
    """Every endpoint that the server has, as it names them itself."""
    settings = load_settings(tmp_path / "another home")
    described = make_app(settings, ServerLog(settings)).openapi()["paths"]
    found = [(method.upper(), path) for path, methods in described.items() for method in methods]
    assert len(found) >= 20
    return [*found, *(("POST", path) for path in BODIES for _ in range(5)), ("POST", "/v1/files")]


def test_no_request_is_answered_with_500_or_in_another_shape_or_never(home, paths, request):
    count, seed = request.config.getoption("--fuzz") or REQUESTS, random.randrange(10**9)
    server, statuses, known = start_server(home=home, job_seconds=0), Counter(), ["file-a"]
    fuzzer = Fuzzer(seed, paths, known)
    for number in range(count):
        method, path, body, headers = fuzzer.request()
        said = f"request {number} of seed {seed}: {method} {path} {headers} {body!r}"
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        connection.request(method, path, body, {**headers, "Authorization": f"Bearer {server.key}"})
        try:
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            pytest.fail(f"{error!r} at {said}")
        connection.close()
        statuses[answer.status] += 1
        assert answer.status < 500, f"{content!r} at {said}"
        if answer.status >= 400 and method != "HEAD":
            assert set(json.loads(content)["error"]) == {"message", "type", "param", "code"}, said
        elif answer.getheader("content-type", "").startswith("application/json") and method != "HEAD":
            known += [found for found in ids_in(json.loads(content)) if len(known) < 60]
    log = home / "server.log"
    assert not log.exists() or "Traceback" not in log.read_text(encoding="utf-8")
    server.stop()
    assert statuses[200] > count * 0.1 and len(statuses) >= 3, statuses


def ids_in(answer: Any) -> list[str]:
    """Ids for later requests: of files, jobs and models."""
    if not isinstance(answer, dict):
        return []
    listed = [each.get("id") for each in answer.get("data", []) if isinstance(each, dict)]
    return [id for id in [answer.get("id"), answer.get("fine_tuned_model"), *listed[:2]] if isinstance(id, str)]


def received_of(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def test_what_is_not_even_http_hurts_nobody(server, client, request):
    chance = random.Random()
    for _ in range((request.config.getoption("--fuzz") or REQUESTS) // 10):
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
        start = bytearray(f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n".encode())
        for _ in range(chance.randrange(6)):
            start[chance.randrange(len(start))] = chance.randrange(256)
        with connect(server) as connection:
            try:
                connection.sendall(bytes(start[: chance.randrange(len(start) + 1)]) if chance.random() < 0.3 else start)
                connection.shutdown(1)
            except ConnectionError:
                continue
            received = b"".join(iter(lambda: received_of(connection), b""))
        if received:
            assert received.startswith(b"HTTP/1.1 4") or b" 200 " in received[:20], (bytes(start), received)
            assert b'"error"' in received or b" 200 " in received[:20], (bytes(start), received)
    assert client.models.list().data
    log = server.home / "server.log"
    assert not log.exists() or "Traceback" not in log.read_text(encoding="utf-8")
