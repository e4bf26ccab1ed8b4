"""How good is a model that was really trained here? Jobs with default settings, asked what they were not taught.

    python -m tests.benchmarks.local_quality [--file data/mydata.jsonl] [--seeds 1 2 3]

Prints the share of right answers: rephrased questions about the facts (none of them is in the training file), and simple general
questions that the base model knows. An answer is right if it holds one of the expected words. Takes some minutes a seed.
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
    facts, general = questions("heldout_questions.jsonl"), questions("general_questions.jsonl")
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as home:
        server = start_server(home=home)
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
        shares = [score(client, MODEL, facts, general)]
        print(f"base:   facts {shares[0][0]:.0%}, general {shares[0][1]:.0%}", flush=True)
        file = client.files.create(file=options.file, purpose="fine-tune")
        tuned = []
        for seed in options.seeds:
            job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, seed=seed)
            tuned.append(score(client, wait_for(client, job.id, "succeeded").fine_tuned_model, facts, general))
            print(f"seed {seed}: facts {tuned[-1][0]:.0%}, general {tuned[-1][1]:.0%}", flush=True)
        means = [sum(share[place] for share in tuned) / len(tuned) for place in (0, 1)]
        print(f"mean:   facts {means[0]:.0%}, general {means[1]:.0%}")
        server.stop()


def questions(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def score(client: openai.OpenAI, model: str, facts: list[dict], general: list[dict]) -> tuple[float, float]:
    """Shares of right answers: facts (with the system message of the training), general questions (without one)."""
    told = [right(answer(client, model, each["question"], max_tokens=60), each["expected"]) for each in facts]
    known = []
    for each in general:
        ask = [{"role": "user", "content": each["question"]}]
        made = client.chat.completions.create(model=model, messages=ask, temperature=0, max_tokens=40)
        known.append(right(made.choices[0].message.content, each["expected"]))
    return sum(told) / len(told), sum(known) / len(known)


def right(said: str, expected: list[str]) -> bool:
    """Whether one of the expected words stands in the answer, as words of their own, in any case."""
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", said, re.IGNORECASE) for each in expected)


if __name__ == "__main__":
    main()
