"""How good is a model that was really trained here? Jobs with default settings, asked what they were not taught.

    python -m tests.benchmarks.local_quality [--file data/mydata.jsonl] [--seeds 1 2 3]

Prints the share of right answers: rephrased questions about the facts (none of them is in the training file), harder ones, which share
hardly a word with the file, and simple general questions that the base model knows. An answer is right if it holds one of the expected
words. Takes some minutes a seed.
"""

import argparse
import json
import re
import tempfile
from pathlib import Path

import openai

from helpers.practice import start_server
from tests.local_training import MODEL, answer, wait_for

DATA = Path(__file__).parents[2] / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, default=DATA / "mydata.jsonl")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as home:
        server = start_server(home=home)
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
        show("base", score(client, MODEL))
        file = client.files.create(file=options.file, purpose="fine-tune")
        tuned = []
        for seed in options.seeds:
            job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, seed=seed)
            tuned.append(score(client, wait_for(client, job.id, "succeeded").fine_tuned_model))
            show(f"seed {seed}", tuned[-1])
        show("mean", {name: sum(shares[name] for shares in tuned) / len(tuned) for name in tuned[0]})
        server.stop()


def show(whose: str, shares: dict[str, float]) -> None:
    print(f"{whose}:".ljust(8), ", ".join(f"{name} {share:.0%}" for name, share in shares.items()), flush=True)


def questions(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def score(client: openai.OpenAI, model: str) -> dict[str, float]:
    """Shares of right answers: facts (with the system message of the training), general questions (without one)."""
    shares = {}
    for name, file in (("facts", "heldout_questions.jsonl"), ("harder", "harder_questions.jsonl")):
        told = [
            right(answer(client, model, each["question"], max_tokens=60), each["expected"]) for each in questions(file)
        ]
        shares[name] = sum(told) / len(told)
    known = []
    for each in questions("general_questions.jsonl"):
        ask = [{"role": "user", "content": each["question"]}]
        made = client.chat.completions.create(model=model, messages=ask, temperature=0, max_tokens=40)
        known.append(right(made.choices[0].message.content, each["expected"]))
    return shares | {"general": sum(known) / len(known)}


def right(said: str, expected: list[str]) -> bool:
    """Whether one of the expected words stands in the answer, as words of their own, in any case."""
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", said, re.IGNORECASE) for each in expected)


if __name__ == "__main__":
    main()
