"""How fast is the practice server when its home holds many jobs that have ended?

    python -m tests.benchmarks.stored_jobs [--jobs 0 5000 10000] [--rounds 200]

For each number of stored jobs it starts a practice server on a home of its own and times four calls of the `openai`
client, and the same requests without the client. Prints the median in milliseconds. A job has three models, as one of
three epochs or more has. Run it on an idle computer. The bound of the project: a chat takes less than 5 ms with 10,000
stored jobs. The list of models names every model, so it grows with their number.
"""

import argparse
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openai

from helpers.course_data.paths import DATA
from helpers.practice import PracticeServer, start_server
from helpers.practice.settings import load_settings
from helpers.practice.store import Store

MODEL = "gpt-4.1-mini-2025-04-14"
QUESTION = [{"role": "user", "content": "How long is the warranty?"}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=[0, 5_000, 10_000])
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    print(f"{'stored jobs':>11}  {'call':<22} {'client, ms':>10} {'HTTP, ms':>9}")
    for count in options.jobs:
        with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as home:
            fill(Path(home), count)
            server = start_server(home=home, job_seconds=0)
            for name, with_client, alone in measure(server, options.rounds):
                print(f"{count:>11,}  {name:<22} {with_client:>10.1f} {alone:>9.1f}", flush=True)
            server.stop()


def fill(home: Path, count: int) -> None:
    """Store jobs that have ended, each with its three models."""
    store = Store(load_settings(home, job_seconds=0))
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": "auto", "batch_size": "auto",
              "learning_rate_multiplier": "auto"}}}  # fmt: skip
    plan = {"seconds": 0, "failure": None, "examples": 15, "tokens": 1000, "sha256": "0" * 64, "validation": False,
            "unsafe": False,
            "hyperparameters": {"n_epochs": 6, "batch_size": 1, "learning_rate_multiplier": 2.0}}  # fmt: skip
    for number in range(count):
        job = store.add_job(
            created_at=time.time(), model=MODEL, engine="simulator", training_file="file-gone", validation_file=None,
            suffix="stored", seed=number, method=method, metadata={"class": "a"}, plan=plan,
        )  # fmt: skip
        name = f"ft:{MODEL}:personal:stored:{number:08}"
        models = [
            (f"{name}{end}", MODEL, step) for end, step in (("", None), (":ckpt-step-60", 60), (":ckpt-step-75", 75))
        ]
        store.settle_job(job.id, {"status": "succeeded", "finished_at": int(time.time()), "error": None}, models)
    store.close()


def measure(server: PracticeServer, rounds: int) -> list[tuple[str, float, float]]:
    """The name of each call, and its median with the client and without, in milliseconds."""
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    model = client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
    chat = {"model": model, "messages": QUESTION}
    calls: list[tuple[str, Callable[[], object], str, str, dict | None]] = [
        ("chat, tuned model", lambda: client.chat.completions.create(**chat), "POST", "/v1/chat/completions", chat),
        ("models.list", client.models.list, "GET", "/v1/models", None),
        ("jobs.list(limit=1)", lambda: client.fine_tuning.jobs.list(limit=1).data, "GET",
         "/v1/fine_tuning/jobs?limit=1", None),
        ("files.list(limit=1)", lambda: client.files.list(limit=1).data, "GET", "/v1/files?limit=1", None),
    ]  # fmt: skip
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}

    found = []
    for name, with_client, method, path, body in calls:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        content = json.dumps(body) if body else None

        def alone(connection=connection, method=method, path=path, content=content) -> None:
            connection.request(method, path, content, headers)
            connection.getresponse().read()

        without_client = median(alone, rounds)
        found.append((name, median(with_client, rounds), without_client))
    return found


def median(call: Callable[[], object], rounds: int) -> float:
    call()
    taken, begun = [], time.perf_counter()
    while len(taken) < rounds and (len(taken) < 5 or time.perf_counter() - begun < 20):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
