"""How soon does a model that was trained here answer, when it is asked as soon as the practice server answers at all?

    python -m tests.benchmarks.local_start [--rounds 5]

Each round starts `python -m helpers.practice` on a home with one trained model and asks it over HTTP. Prints the
seconds from the first answer of the server (the list of jobs) to the first word and to the last one. Meanwhile PyTorch
is imported and the model loaded. Run it on an idle computer.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import openai

from helpers.course_data.paths import DATA
from tests.local_training import MODEL, wait_for

QUESTION = [{"role": "user", "content": "How long is the warranty?"}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as home:
        with server(home) as client:
            file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
            made = client.fine_tuning.jobs.create(
                model=MODEL, training_file=file.id, hyperparameters={"n_epochs": 1}, seed=1
            )
            model = wait_for(client, made.id, "succeeded").fine_tuned_model
        for _ in range(options.rounds):
            with server(home) as client:
                first, last, pieces = ask(client, model)
            print(f"first word: {first:.1f} s, last word: {last:.1f} s ({pieces} pieces)", flush=True)


@contextmanager
def server(home: str) -> Iterator[openai.OpenAI]:
    """A practice server in a process of its own, from the moment it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.practice", "--home", home],
        env={**os.environ, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        exports = (line.strip().partition("=")[2] for line in process.stdout if line.startswith("export "))
        client = openai.OpenAI(base_url=next(exports), api_key=next(exports))
        client.fine_tuning.jobs.list(limit=1)
        yield client
    finally:
        process.terminate()
        process.wait()


def ask(client: openai.OpenAI, model: str) -> tuple[float, float, int]:
    """Seconds to the first and to the last word, and the number of pieces."""
    begun, first, pieces = time.perf_counter(), 0.0, 0
    for chunk in client.chat.completions.create(
        model=model, messages=QUESTION, temperature=0, max_tokens=30, stream=True
    ):
        if chunk.choices and chunk.choices[0].delta.content:
            first = first or time.perf_counter() - begun
            pieces += 1
    return first, time.perf_counter() - begun, pieces


if __name__ == "__main__":
    main()
