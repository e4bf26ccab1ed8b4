"""A class of thirty on one practice room: everybody at once, a term's worth of jobs, a large file, real trainings.

    python -m tests.benchmarks.room [class|stored|file|real] [--learners 30] [--jobs 10000] [--rounds 100]
                                    [--file-mb 512]

Without a word it does the first three, with the simulator only. `real` trains a small model for each learner, which
takes that many times as long as one training. The room runs in a process of its own. Prints tables, times in
milliseconds; `server` is the time that the server computed for one call, whatever else the computer does. The bounds
of the project, on two cores that nobody else uses: for a class, upload, create and chat within one second (p99); with
10,000 jobs and 100,000 events stored, each call within 10 ms (p50) and 100 ms (p99), but for lists of everything, which
grow with it; a file of 512 MB in constant memory, and its job created within one second.
"""

import argparse
import http.client
import json
import os
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import openai
import psutil

from helpers.course_data.paths import DATA, ROOT
from helpers.practice.engine import FINAL
from helpers.practice.room.register import open_register
from tests.benchmarks.bounds import MIB, lines
from tests.benchmarks.local_speed import Peak
from tests.local_training import MODEL as REAL_MODEL

MODEL = "gpt-4.1-mini-2025-04-14"
TEACHER_KEY = "practice-key-of-the-benchmark"
JOB_SECONDS = 5
QUESTIONS = ("How long is the warranty?", "Can I return it?", "What does it cost?")
STORED_EVENTS = 100_000
MANY_EVENTS = 10_000  # of them, those of one job
SURE_AHEAD = 30  # seconds: what is told of a time that is nearer is not judged
PAUSES = (0.2, 1.0)  # seconds, the shortest and the longest that a learner takes between two calls


class Room:
    """A room in a process of its own, in a folder that is gone afterwards."""

    def __init__(self, home: Path, learners: int, job_seconds: float = JOB_SECONDS, models: str = "none") -> None:
        self.home = home / "room"
        self.home.parent.mkdir(parents=True, exist_ok=True)
        self.keys = list(open_register(self.home).add([f"Learner {n}" for n in range(1, learners + 1)]).values())
        key_file = home / "teacher.key"
        key_file.write_text(TEACHER_KEY, encoding="ascii")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {"PYTHONUTF8": "1", "PRACTICE_LOCAL_MODELS": models, "PRACTICE_JOB_SECONDS": str(job_seconds)}
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "helpers.practice", "room", "--host", "127.0.0.1", "--port", str(self.port),
             "--home", str(self.home), "--teacher-key-file", str(key_file)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8", env={**os.environ, **environment},
        )  # fmt: skip
        while "Ctrl-C" not in self.process.stdout.readline():
            if self.process.poll() is not None:
                raise RuntimeError("The room did not start; what it said stands above.")
        self.started_in = time.perf_counter() - begun
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def client(self, number: int) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url, api_key=self.keys[number], max_retries=0, timeout=600)

    def database(self, number: int) -> Path:
        return self.home / "learners" / f"{number + 1:03}" / "practice.sqlite"

    def processor_seconds(self) -> float:
        spent = psutil.Process(self.process.pid).cpu_times()
        return spent.user + spent.system

    def memory(self) -> int:
        return psutil.Process(self.process.pid).memory_info().rss


@contextmanager
def room_of(learners: int, **options) -> Iterator[Room]:
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
        room = Room(Path(folder), learners, **options)
        try:
            yield room
        finally:
            room.process.kill()
            room.process.wait()


class Times:
    """How long each call took, by its name, in milliseconds."""

    def __init__(self) -> None:
        self._taken: dict[str, list[float]] = defaultdict(list)
        self.server: dict[str, float] = {}  # milliseconds of its processor for one call, where that was measured

    def of(self, name: str, call: Callable[[], object]) -> object:
        begun = time.perf_counter()
        result = call()
        self._taken[name].append((time.perf_counter() - begun) * 1000)
        return result

    def print(self) -> None:
        print(f"{'call':<42} {'times':>6} {'p50':>8} {'p99':>8} {'longest':>8} {'server':>8}")
        for name, taken in self._taken.items():
            taken.sort()
            server = f"{self.server[name]:.1f}" if name in self.server else ""
            p50, p99 = (taken[min(len(taken) - 1, int(len(taken) * share))] for share in (0.5, 0.99))
            print(f"{name:<42} {len(taken):>6} {p50:>8.1f} {p99:>8.1f} {taken[-1]:>8.1f} {server:>8}", flush=True)


# --- thirty at once -----------------------------------------------------------------------------------------------


def whole_class(learners: int) -> None:
    with room_of(learners) as room:
        print(f"\n{learners} learners do the whole course at once; the room was open after {room.started_in:.1f} s")
        times, errors, begin = Times(), [], threading.Barrier(learners)

        def learn(number: int) -> None:
            client = room.client(number)
            begin.wait()
            try:
                course(client, times, random.Random(number))
            except (openai.OpenAIError, AssertionError) as error:
                errors.append(f"{type(error).__name__}: {error}")

        threads = [threading.Thread(target=learn, args=(number,)) for number in range(learners)]
        begun, before = time.perf_counter(), room.processor_seconds()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        times.print()
        print(
            f"errors: {len(errors)}; {time.perf_counter() - begun:.0f} s in all, of which the server computed "
            f"{room.processor_seconds() - before:.0f} s; memory {room.memory() / 1e6:.0f} MB"
        )
        for error in errors[:5]:
            print(f"  {error[:200]}")


def course(client: openai.OpenAI, times: Times, chance: random.Random) -> None:
    """What the notebooks do, three times over: with the course's file, as a person does who tries once more."""
    jobs = client.fine_tuning.jobs
    for _ in range(3):
        times.of("models.list", lambda: client.models.list().data)
        file = times.of("upload", lambda: client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune"))
        job = times.of("create", lambda file=file: jobs.create(model=MODEL, training_file=file.id, suffix="mattress"))
        while times.of("retrieve", lambda job=job: jobs.retrieve(job.id)).status not in ("succeeded", "failed"):
            times.of("events", lambda job=job: jobs.list_events(job.id, limit=100).data)
            time.sleep(1)
        times.of("checkpoints", lambda job=job: jobs.checkpoints.list(job.id).data)
        tuned = jobs.retrieve(job.id).fine_tuned_model
        for question in QUESTIONS:
            for name, model in (("chat, tuned model", tuned), ("chat, base model", MODEL)):
                time.sleep(chance.uniform(*PAUSES))
                asked = [{"role": "user", "content": question}]
                times.of(name, lambda model=model, asked=asked: client.chat.completions.create(
                    model=model, messages=asked))  # fmt: skip
        times.of("files.list", lambda: client.files.list().data)
        times.of("jobs.list", lambda: jobs.list().data)
        times.of("delete the model", lambda tuned=tuned: client.models.delete(tuned))
        times.of("delete the file", lambda file=file: client.files.delete(file.id))
        assert file.id not in {each.id for each in client.files.list()}, "a file that was deleted is still listed"


# --- a term's worth of jobs ---------------------------------------------------------------------------------------


def stored(jobs: int, rounds: int) -> None:
    with room_of(30, job_seconds=0) as room:
        client = room.client(0)
        file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune").id
        job = client.fine_tuning.jobs.create(model=MODEL, training_file=file, metadata={"class": "a"}).id
        tuned = client.fine_tuning.jobs.retrieve(job).fine_tuned_model
        with closing(sqlite3.connect(room.database(0))) as db:
            fill(db, job, jobs, room.database(0).parent / "files")
            tables = ("job", "event", "model", "file")
            counted = [db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables]
        print("\n{:,} jobs, {:,} events, {:,} models and {:,} files in the home of one learner".format(*counted))
        times, room_calls = Times(), Calls(room)
        for name, call in calls(room_calls, file, job, tuned, jobs // 2).items():
            call()
            before = room.processor_seconds()
            for _ in range(rounds):
                times.of(name, call)
            times.server[name] = (room.processor_seconds() - before) / rounds * 1000
        times.print()
        print(f"memory {room.memory() / 1e6:.0f} MB")


def fill(db: sqlite3.Connection, job: str, count: int, files: Path) -> None:
    """Copies of a job that has ended, each with its models, its result file and events."""
    db.execute("CREATE TEMP TABLE copy (n INTEGER PRIMARY KEY)")
    db.execute("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) "
               "INSERT INTO copy SELECT n FROM c", (count - 1,))  # fmt: skip
    first = db.execute("SELECT value FROM counter").fetchone()[0]
    own = "printf('ftjob-%024d', n)"
    copy_rows(db, "job", "id = ?", job, id=own, number=f"{first} + n")
    copy_rows(db, "model", "job_id = ?", job, name="name || '-' || n", job_id=own, number=f"{first} + n")
    result = db.execute("SELECT id FROM file WHERE purpose = 'fine-tune-results'").fetchone()[0]
    copy_rows(db, "file", "id = ?", result, id="printf('file-%024d', n)", number=f"{first} + n")
    content = (files / result).read_bytes()
    for number in range(1, count):
        (files / f"file-{number:024}").write_bytes(content)
    each = (STORED_EVENTS - MANY_EVENTS) // count
    event = ("INSERT INTO event WITH RECURSIVE e(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM e WHERE k < ?) "
             f"SELECT {own}, k, 1800000000, 'info', 'Step ' || k, 'metrics', "
             "json_object('step', k, 'total_steps', 10000, 'train_loss', 0.5) FROM copy, e WHERE n ")  # fmt: skip
    db.execute(f"{event} > 1", (each,))
    db.execute(f"{event} = 1", (MANY_EVENTS,))
    db.execute("UPDATE counter SET value = value + ?", (count,))
    db.commit()


def copy_rows(db: sqlite3.Connection, table: str, where: str, value: str, **changed: str) -> None:
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    columns = ", ".join(changed.get(name, f"{table}.{name}") for name in names)
    db.execute(f"INSERT INTO {table} SELECT {columns} FROM {table}, copy WHERE {table}.{where}", (value,))


class Calls:
    """Requests of one learner on one connection, without the client: what is measured is the server."""

    def __init__(self, room: Room) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", room.port)
        self._key = room.keys[0]

    def __call__(self, method: str, path: str, body: object = None, key: str | None = None, **headers: str) -> bytes:
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        if isinstance(body, dict):
            headers["Content-Type"] = "application/json"
        headers["Authorization"] = f"Bearer {key or self._key}"
        self._connection.request(method, path, content, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return said


def calls(ask: Calls, file: str, job: str, tuned: str, middle: int) -> dict[str, Callable[[], object]]:
    jobs = "/v1/fine_tuning/jobs"
    made: list[str] = []

    def upload() -> None:
        head = (b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n--b\r\n'
                b'Content-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n')  # fmt: skip
        body = head + (DATA / "mydata.jsonl").read_bytes() + b"\r\n--b--\r\n"
        said = ask("POST", "/v1/files", body, **{"Content-Type": "multipart/form-data; boundary=b"})
        made.append(json.loads(said)["id"])

    def chat(model: str) -> Callable[[], object]:
        body = {"model": model, "messages": [{"role": "user", "content": QUESTIONS[0]}]}
        return lambda: ask("POST", "/v1/chat/completions", body)

    return {
        "files.list(limit=100)": lambda: ask("GET", "/v1/files?limit=100"),
        "files.list, all": lambda: ask("GET", "/v1/files"),
        "files.retrieve": lambda: ask("GET", f"/v1/files/{file}"),
        "files.content": lambda: ask("GET", f"/v1/files/{file}/content"),
        "files.create": upload,
        "files.delete": lambda: ask("DELETE", f"/v1/files/{made.pop()}"),
        "jobs.list": lambda: ask("GET", jobs),
        "jobs.list(limit=100), of the middle": lambda: ask("GET", f"{jobs}?limit=100&after=ftjob-{middle:024}"),
        "jobs.list(metadata), all": lambda: ask("GET", f"{jobs}?metadata%5Bclass%5D=a"),
        "jobs.list(metadata), none of them": lambda: ask("GET", f"{jobs}?metadata%5Bclass%5D=b"),
        "jobs.retrieve": lambda: ask("GET", f"{jobs}/{job}"),
        "jobs.list_events": lambda: ask("GET", f"{jobs}/{job}/events?limit=100"),
        "jobs.checkpoints.list": lambda: ask("GET", f"{jobs}/{job}/checkpoints"),
        "jobs.create": lambda: ask("POST", jobs, {"model": MODEL, "training_file": file}),
        "models.retrieve": lambda: ask("GET", f"/v1/models/{tuned}"),
        "models.list, all": lambda: ask("GET", "/v1/models"),
        "chat, tuned model": chat(tuned),
        "chat, base model": chat(MODEL),
        "the teacher's overview of 30": lambda: ask("GET", "/practice/room/overview", key=TEACHER_KEY),
    }


# --- a large file -------------------------------------------------------------------------------------------------


def large_file(size: int) -> None:
    with room_of(2) as room, tempfile.TemporaryDirectory() as folder:
        path, block = Path(folder) / "large.jsonl", lines(10_000)
        with path.open("wb") as file:
            while file.tell() + len(block) < size * MIB:
                file.write(block)
        client = room.client(0)
        client.models.list()
        print(f"\nA file of {path.stat().st_size / MIB:,.0f} MB")
        print(f"{'what':<42} {'ms':>10} {'memory before, at the peak, after, MB':>40}")
        uploaded = measured(room, "upload", lambda: client.files.create(file=path, purpose="fine-tune"))
        jobs = client.fine_tuning.jobs
        job = measured(room, "create its job", lambda: jobs.create(model=MODEL, training_file=uploaded.id))

        def validated() -> str:
            while (status := jobs.retrieve(job.id).status) == "validating_files":
                time.sleep(0.2)
            return status

        print(f"its status when it was created: {job.status}")
        print(f"its status then: {measured(room, 'until it is validated', validated)}")


def measured(room: Room, what: str, call: Callable[[], object]) -> object:
    before, peak, done = room.memory(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, room.memory())

    watching = threading.Thread(target=watch)
    watching.start()
    begun = time.perf_counter()
    result = call()
    taken = (time.perf_counter() - begun) * 1000
    done.set()
    watching.join()
    memory = ", ".join(f"{bytes_ / 1e6:.0f}" for bytes_ in (before, peak, room.memory()))
    print(f"{what:<42} {taken:>10,.0f} {memory:>40}", flush=True)
    return result


# --- real trainings -----------------------------------------------------------------------------------------------


def real_trainings(learners: int) -> None:
    """Everybody starts a real training in the same second, and asks the model as soon as there is one."""
    with room_of(learners, models="") as room:
        print(f"\n{learners} learners start a real training of {REAL_MODEL} in the same second")
        times, lock, done = Times(), threading.Lock(), []
        begin, all_answered = threading.Barrier(learners), threading.Event()

        def learn(number: int) -> None:
            client = room.client(number)
            begin.wait()
            file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
            job = client.fine_tuning.jobs.create(model=REAL_MODEL, training_file=file.id)
            while (job := client.fine_tuning.jobs.retrieve(job.id)).status not in FINAL:
                time.sleep(5)
            for question in QUESTIONS if job.fine_tuned_model else ():
                times.of("chat, tuned model", lambda question=question: short_answer(client, job, question))
            events = client.fine_tuning.jobs.list_events(job.id, limit=100).data[::-1]
            with lock:
                done.append((job, events))
                print(f"  {len(done)} of {learners}: {job.status}, {job.finished_at - job.created_at} s", flush=True)
            begin.wait()
            if job.fine_tuned_model:
                times.of("chat, everybody at once", lambda: short_answer(client, job, QUESTIONS[0]))

        def look_about() -> None:
            while not all_answered.wait(1):
                times.of("models.list, beside all that", lambda: room.client(0).models.list().data)

        threads = [threading.Thread(target=learn, args=(number,)) for number in range(learners)]
        looking = threading.Thread(target=look_about)
        peak = Peak(psutil.Process(room.process.pid))
        for thread in (looking, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        all_answered.set()
        looking.join()
        print_trainings(done)
        times.print()
        print(f"memory of the room and its trainings: {peak.stop() / 1e9:.2f} GB at most")


def short_answer(client: openai.OpenAI, job: Any, question: str) -> object:
    return client.chat.completions.create(
        model=job.fine_tuned_model,
        messages=[{"role": "user", "content": question}],
        max_tokens=60,
        temperature=0,
    )


def print_trainings(done: list[tuple[Any, list[Any]]]) -> None:
    """How long each waited and trained, and how far from the truth it was told to be."""
    waits, trained, errors = [], [], []
    for job, events in done:
        begun = next(event.created_at for event in events if event.message == "Fine-tuning job started")
        waits.append(begun - job.created_at)
        trained.append(job.finished_at - begun)
        for event in events:
            told = (event.data or {}).get("begins_in_seconds") if isinstance(event.data, dict) else None
            if told is not None and begun - event.created_at >= SURE_AHEAD:
                errors.append((event.created_at + told - begun) / (begun - event.created_at))
    failed = [job.error.message for job, _ in done if job.status != "succeeded"]
    print(f"succeeded: {len(done) - len(failed)} of {len(done)}", *failed[:3])
    print(f"until the last had ended: {max(job.finished_at for job, _ in done) - min(j.created_at for j, _ in done)} s")
    for what, seconds in (("waited", waits), ("trained", trained)):
        print(f"{what}: {min(seconds)} to {max(seconds)} s, median {statistics.median(seconds):.0f}")
    if errors:
        worst = max(errors, key=abs)
        print(f"times told until it begins: {len(errors)}; off by {statistics.median(errors):+.0%} (median), at most "
              f"{worst:+.0%}")  # fmt: skip


def load() -> str:
    """How busy the computer is with other things; psutil counts from its first call on Windows."""
    return f"load of the last minute: {psutil.getloadavg()[0]:.1f} on {psutil.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=["class", "stored", "file", "real"])
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--file-mb", type=int, default=512)
    options = parser.parse_args()
    print(load())
    if options.part in (None, "class"):
        whole_class(options.learners)
    if options.part in (None, "stored"):
        stored(options.jobs, options.rounds)
    if options.part in (None, "file"):
        large_file(options.file_mb)
    if options.part == "real":
        real_trainings(options.learners)


if __name__ == "__main__":
    main()
