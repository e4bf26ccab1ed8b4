"""How good is a model that was really trained here? Jobs with default settings, asked what they were not taught.

    python -m tests.benchmarks.local_quality [--sets bakery triage ...] [--recipes plain course] [--seeds 1 2 3 4 5 6]

For each set, recipe and seed: one training through the practice server with default settings, then its held-out
questions and the general ones, in batches and without chance. Prints the share of right answers of the base model and
of both recipes: the mean over the seeds, and the lowest and the highest. `general`: of the general questions that the
base model gets right, how many still are.

One training with its questions takes one to three minutes on two cores. What is done is kept in
build/local_quality.jsonl: a run that was stopped goes on where it was, and only `--again` asks anew. `--save` writes
data/local_quality.json, which notebook 01 shows.

The sets of tests/benchmarks/eval (its README says how each is scored) were written by somebody who had not seen the
recipe. `mattress` and `mattress_50` are the course's own.
"""

import argparse
import itertools
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any

import openai
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from helpers.course_data.paths import DATA, ROOT
from helpers.data_format import read
from helpers.graders import contains, exact, json_fields
from helpers.measured import NOT_YET, QUALITY_FILE
from helpers.practice import start_server
from helpers.practice.training.base_model import quietly, unpacked, weights_dtype
from helpers.take_away import take_away
from tests.benchmarks.evaluation import expect_one_recipe, kept, machine, recipe_said, save
from tests.benchmarks.measurements import in_voice
from tests.local_training import MODEL, wait_for

EVAL = Path(__file__).parent / "eval"
RESULTS = ROOT / "build" / "local_quality.jsonl"
COMMAND = "python -m tests.benchmarks.local_quality"
LONGEST = 60  # tokens of an answer
BATCH = 24
BASE = "base"

Row = dict[str, Any]


@dataclass(frozen=True)
class Set:
    """A training file and what is asked of its model: for each figure the questions, and when one is right."""

    training: Path
    asked: dict[str, tuple[Path, Callable[[str, Row], bool]]]
    general: Path = EVAL / "general.jsonl"


def mattress(training: str) -> Set:
    figures = {"facts": "heldout", "harder": "harder", "independent": "independent"}
    asked = {name: (DATA / f"{file}_questions.jsonl", contains) for name, file in figures.items()}
    return Set(DATA / training, asked, DATA / "general_questions.jsonl")


SETS = {
    "bakery": Set(EVAL / "bakery_train.jsonl", {"facts": (EVAL / "bakery_heldout.jsonl", contains)}),
    "triage": Set(EVAL / "triage_train.jsonl", {"format": (EVAL / "triage_heldout.jsonl", json_fields)}),
    "sentiment": Set(EVAL / "sentiment_train.jsonl", {"format": (EVAL / "sentiment_heldout.jsonl", exact)}),
    "style": Set(
        EVAL / "style_train.jsonl",
        {
            "voice": (EVAL / "style_heldout.jsonl", in_voice),
            "facts": (EVAL / "style_heldout.jsonl", contains),
        },
    ),
    "zh_bakery": Set(EVAL / "zh_bakery_train.jsonl", {"facts": (EVAL / "zh_bakery_heldout.jsonl", contains)}),
    "mattress": mattress("mydata.jsonl"),
    "mattress_50": mattress("mydata_50.jsonl"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--recipes", nargs="+", choices=["plain", "course"], default=["plain", "course"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6])
    parser.add_argument("--results", type=Path, default=RESULTS, help="where each result is kept as a line of JSON")
    parser.add_argument("--again", action="store_true", help="begin with an empty file of results")
    parser.add_argument("--save", action="store_true", help="write data/local_quality.json from what is kept")
    parser.add_argument("--machine", default=machine(), help="how the computer is described in that file")
    options = parser.parse_args()
    if options.again:
        options.results.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as home:
        os.environ["COURSE_WORKSPACE"] = str(Path(home) / "workspace")  # where a model is taken away to
        server = start_server(home=home)
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
        for done in results(client, unpacked(Path(home)), options):
            options.results.parent.mkdir(parents=True, exist_ok=True)
            with options.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done) + "\n")
            print({name: value for name, value in done.items() if name != "general_right"}, flush=True)
        server.stop()
    rows = kept(options.results)
    expect_one_recipe([{"recipe": f"{row['recipe']}: {row['said']}"} for row in rows if "said" in row])
    found = summary(rows, options)
    show(found)
    if options.save:
        save(recorded(found, options.machine), QUALITY_FILE)


def results(client: openai.OpenAI, base: Path, options: argparse.Namespace) -> Iterator[Row]:
    """What is not kept yet: the base model on each set, then each seed on all of them, so that means come early."""
    rows = kept(options.results)
    done = {(row["recipe"], row["set"], row["seed"]) for row in rows}
    known = {row["set"]: row["general_right"] for row in rows if row["recipe"] == BASE}
    for name in options.sets:
        if name not in known:
            asker = Asker(base)
            known[name] = graded(asker, SETS[name].general, contains)
            shares = {figure: mean(each) for figure, each in graded_set(asker, SETS[name]).items()}
            yield {"recipe": BASE, "set": name, "seed": 0, **shares, "general_right": known[name]}
    for seed, recipe, name in itertools.product(options.seeds, options.recipes, options.sets):
        if (recipe, name, seed) in done:
            continue
        os.environ["PRACTICE_RECIPE"] = recipe
        file = client.files.create(file=SETS[name].training, purpose="fine-tune")
        job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, seed=seed)
        model = wait_for(client, job.id, "succeeded", seconds=3600).fine_tuned_model
        said = recipe_said(client, job.id)
        asker = Asker(base, take_away(client, model).folder)
        shares = {figure: mean(each) for figure, each in graded_set(asker, SETS[name]).items()}
        general = graded(asker, SETS[name].general, contains)
        still = mean(now for now, before in zip(general, known[name], strict=True) if before)
        yield {"recipe": recipe, "said": said, "set": name, "seed": seed, **shares, "general": still}
        client.models.delete(model)


class Asker:
    """A base model, with an adapter or without, that answers many questions at once, always with the likeliest word."""

    def __init__(self, base: Path, adapter: Path | None = None) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(base, padding_side="left")
        with quietly():  # and not while the server loads the model that it has just trained
            model = AutoModelForCausalLM.from_pretrained(base, dtype=weights_dtype())
            self.model = (PeftModel.from_pretrained(model, adapter) if adapter else model).eval()

    def answers(self, questions: list[str], system: Row | None) -> list[str]:
        chats = [[*([system] if system else []), {"role": "user", "content": each}] for each in questions]
        texts = [self.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) for chat in chats]
        by_length = sorted(range(len(texts)), key=lambda number: len(texts[number]))  # less padding
        found = {}
        for first in range(0, len(texts), BATCH):
            numbers = by_length[first : first + BATCH]
            given = self.tokenizer(
                [texts[number] for number in numbers], return_tensors="pt", padding=True, add_special_tokens=False
            )
            with torch.inference_mode():
                made = self.model.generate(**given, max_new_tokens=LONGEST, do_sample=False)
            answers = self.tokenizer.batch_decode(made[:, given.input_ids.shape[1] :], skip_special_tokens=True)
            found |= dict(zip(numbers, answers, strict=True))
        return [found[number] for number in range(len(texts))]


def graded_set(asker: Asker, asked: Set) -> dict[str, list[bool]]:
    """Which answers are right, by the name of each figure, with the system message of the training file."""
    messages = read(asked.training)[0]["messages"]
    system = next((message for message in messages if message["role"] == "system"), None)
    return {name: graded(asker, file, right, system) for name, (file, right) in asked.asked.items()}


def graded(asker: Asker, file: Path, right: Callable[[str, Row], bool], system: Row | None = None) -> list[bool]:
    """Ask all questions of a file. Returns which answers are right."""
    rows = read(file)
    answers = asker.answers([row["question"] for row in rows], system)
    return [right(answer, row) for answer, row in zip(answers, rows, strict=True)]


def summary(rows: list[Row], options: argparse.Namespace) -> list[Row]:
    """For each set, figure and recipe: the mean of its trainings, the lowest, the highest and their number."""
    found = []
    for name in options.sets:
        for figure in [*SETS[name].asked, "general"]:
            for recipe in (BASE, *options.recipes):
                shares = [
                    row[figure] for row in rows if (row["recipe"], row["set"]) == (recipe, name) and figure in row
                ]
                if shares:
                    spread = {"mean": mean(shares), "low": min(shares), "high": max(shares), "trainings": len(shares)}
                    found.append({"set": name, "figure": figure, "recipe": recipe, **spread})
    return found


def show(found: list[Row]) -> None:
    for row in found:
        spread = f"{row['mean']:4.0%}  ({row['low']:.0%} to {row['high']:.0%}, {row['trainings']})"
        print(f"{row['set']:12} {row['figure']:11} {row['recipe']:7} {spread}")


def recorded(found: list[Row], machine: str | None) -> Row:
    """data/local_quality.json. Without rows it holds no number, and says so."""
    made_by = f"It is made by: {COMMAND} --save"
    return {
        "measured": bool(found),
        "notice": f"Measured with real trainings. {made_by}"
        if found
        else f"{NOT_YET}. There is no number in this file. {made_by}",
        "model": MODEL,
        "command": COMMAND,
        "date": date.today().isoformat() if found else None,
        "machine": machine if found else None,
        "rows": found,
    }


if __name__ == "__main__":
    main()
