"""What a stranger, a long message, a long job and a large file cost the practice server.

    python -m tests.benchmarks.bounds [--file-mb 512]

The server runs in a process of its own, so its memory is its own. Prints a table: what was sent, the answer, the time
until it, and by how much the memory of the server was larger at its peak than before.
"""

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import openai
import psutil

from helpers.course_data.paths import ROOT
from helpers.practice.settings import load_settings

MIB = 1024 * 1024
MODEL = "gpt-4.1-mini-2025-04-14"
EXAMPLE = {
    "messages": [
        {"role": "user", "content": "How long is the warranty of the queen size mattress, and what does it cover?"},
        {"role": "assistant", "content": "It is ten years long and covers sagging, seams and the cover. " * 4},
    ]
}


class Server:
    """A practice server in a process of its own."""

    def __init__(self, home: str) -> None:
        self.key = load_settings(home).key
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "helpers.practice", "--home", home, "--port", str(self.port)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        while "Ctrl-C" not in self.process.stdout.readline():
            pass
        self.memory = psutil.Process(self.process.pid).memory_info
        url = f"http://127.0.0.1:{self.port}/v1"
        self.client = openai.OpenAI(base_url=url, api_key=self.key, max_retries=0, timeout=600)

    def post(self, path: str, body: Iterable[bytes], length: int, kind: str, key: bool = True) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        headers = {"Content-Type": kind, "Content-Length": str(length)}
        if key:
            headers["Authorization"] = f"Bearer {self.key}"
        with suppress(OSError):  # the server wants no more; its answer may be there
            connection.request("POST", path, body, headers)
        return connection.getresponse().status

    def measure(self, what: str, call: Callable[[], object]) -> None:
        """Print the answer of a call, its time, and the memory that the server needed for it."""
        before, peak, done = self.memory().rss, 0, threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.005):
                peak = max(peak, self.memory().rss)

        watching = threading.Thread(target=watch)
        watching.start()
        begun = time.perf_counter()
        try:
            answer = call()
        except openai.APIStatusError as error:
            answer = error.status_code
        taken = time.perf_counter() - begun
        done.set()
        watching.join()
        print(f"{what:<62} {answer!s:<18} {taken * 1000:>10,.0f} ms {(peak - before) / 1e6:>8,.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file-mb", type=int, default=512)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as home:
        server = Server(home)
        server.client.models.list()
        strangers(server)
        messages(server)
        long_job(server)
        large_file(server, options.file_mb)
        server.process.kill()


def strangers(server: Server) -> None:
    form, size = "multipart/form-data; boundary=b", 700 * MIB
    server.measure("no key, a form of 700 MB", lambda: server.post("/v1/files", many(size), size, form, key=False))
    for path, size in (("/v1/chat/completions", 300 * MIB), ("/v1/chat/completions", 11 * MIB)):
        server.measure(
            f"no key, {size // MIB} MB of JSON",
            lambda path=path, size=size: server.post(path, many(size), size, "application/json", key=False),
        )
    size = 300 * MIB
    server.measure("300 MB of JSON", lambda: server.post("/v1/chat/completions", many(size), size, "application/json"))
    halves = []
    for _ in range(300):
        half = socket.create_connection(("127.0.0.1", server.port))
        half.sendall(b"POST /v1/files HTTP/1.1\r\nHost: x\r\n")
        halves.append(half)
    server.measure("models.list beside 300 half-open requests", lambda: len(server.client.models.list().data))
    time.sleep(11)
    mine = psutil.Process(server.process.pid).net_connections()
    print(f"half-open requests that are still held after 11 s: {sum(c.status == 'ESTABLISHED' for c in mine)}")
    for half in halves:
        half.close()


def messages(server: Server) -> None:
    for size in (9_900_000, 990_000):
        asked = [{"role": "user", "content": "a" * size}]
        server.measure(
            f"a message of {size:,} letters",
            lambda asked=asked: server.client.chat.completions.create(model=MODEL, messages=asked).object[:15],
        )


def long_job(server: Server) -> None:
    file = server.client.files.create(file=("a.jsonl", lines(2_000)), purpose="fine-tune").id
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 50, "batch_size": 1}}}
    jobs = server.client.fine_tuning.jobs
    job = jobs.create(model=MODEL, training_file=file, method=method)
    time.sleep(8)
    server.measure("retrieve, 100,000 steps, running", lambda: jobs.retrieve(job.id).status)
    server.measure("100 newest events, running", lambda: len(jobs.list_events(job.id, limit=100).data))
    time.sleep(6)
    server.measure("retrieve, 100,000 steps, first look at its end", lambda: jobs.retrieve(job.id).status)
    for _ in range(2):
        server.measure("retrieve, 100,000 steps, ended", lambda: jobs.retrieve(job.id).status)
    page = jobs.list_events(job.id, limit=100)
    server.measure("the next 100 events", lambda: len(jobs.list_events(job.id, limit=100, after=page.data[-1].id).data))
    server.measure("jobs.list", lambda: len(jobs.list().data))


def large_file(server: Server, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, block = Path(folder) / "large.jsonl", lines(10_000)
        with path.open("wb") as file:
            while file.tell() + len(block) < size * MIB:
                file.write(block)
        jobs, uploaded = server.client.fine_tuning.jobs, []
        server.measure(
            f"upload of {path.stat().st_size / MIB:,.0f} MB",
            lambda: uploaded.append(server.client.files.create(file=path, purpose="fine-tune").id),
        )
    job = []
    server.measure(
        "create its job", lambda: job.append(jobs.create(model=MODEL, training_file=uploaded[0])) or job[0].status
    )
    times = []

    def wait() -> str:
        while (status := jobs.retrieve(job[0].id).status) == "validating_files":
            asked = [{"role": "user", "content": "Hello"}]
            begun = time.perf_counter()
            server.client.chat.completions.create(model=MODEL, messages=asked)
            times.append(time.perf_counter() - begun)
            time.sleep(0.1)
        return status

    server.measure("until it is validated", wait)
    times.sort()
    print(
        f"chats meanwhile: {len(times)}, p50 {times[len(times) // 2] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms"
    )


def lines(count: int) -> bytes:
    return (json.dumps(EXAMPLE) + "\n").encode() * count


def many(size: int) -> Iterable[bytes]:
    for _ in range(size // MIB):
        yield b"x" * MIB


if __name__ == "__main__":
    main()
