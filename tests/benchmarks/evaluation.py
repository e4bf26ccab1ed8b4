"""The measurements of notebook 05, with real trainings of the small model: data/measured.json is made by this.

    python -m tests.benchmarks.evaluation                            all, three trainings of each: writes the file
    python -m tests.benchmarks.evaluation --experiments facts voice  only these; the file needs all of them
    python -m tests.benchmarks.evaluation --few 3 --seeds 1 ...      a try with three questions of each set
    python -m tests.benchmarks.evaluation --placeholder              the file without numbers, marked as not measured

What is done is kept in build/evaluation.jsonl, a line for each training and set of questions: a run that was stopped
goes on where it was. Trainings of another recipe than before are refused; `--again` begins anew.

What is trained and asked: measurements.py. For each seed these are 18 trainings of the length of that in notebook 03,
each with one to five sets of 24 to 75 questions, asked one by one.
"""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import openai

from helpers.course_data.paths import ROOT
from helpers.course_data.safe_writing import written_safely
from helpers.data_format import read, write
from helpers.evaluate import Way, evaluate
from helpers.graders import judge_pairs
from helpers.measured import FILE, NOT_YET
from helpers.practice import start_server
from tests.benchmarks.measurements import (
    CONTEXTS,
    EXPERIMENTS,
    JUDGES,
    QUESTIONS,
    SETS,
    TITLES,
    TRAININGS,
    Line,
    Training,
)
from tests.local_training import MODEL, events_of, wait_for

RESULTS = ROOT / "build" / "evaluation.jsonl"
COMMAND = "python -m tests.benchmarks.evaluation"
LONGEST = 60  # tokens of an answer
KEPT_ANSWERS = 12  # of each way, for the reader
TRAINING_SECONDS = 7200  # the longest that one may take

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", nargs="+", choices=list(TITLES), default=list(TITLES), metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--few", type=int, help="ask only so many questions of each set, to try this program")
    parser.add_argument("--results", type=Path, help="where each result is kept as a line of JSON")
    parser.add_argument("--output", type=Path, help="write the chosen experiments there instead of data/measured.json")
    parser.add_argument("--machine", default=machine(), help="how the computer is described in the file")
    parser.add_argument("--again", action="store_true", help="begin with an empty file of results")
    parser.add_argument("--placeholder", action="store_true", help="only write data/measured.json without numbers")
    options = parser.parse_args()
    if options.placeholder:
        save(not_measured(), FILE)
        return
    options.results = options.results or (RESULTS.with_stem("evaluation_few") if options.few else RESULTS)
    if options.again:
        options.results.unlink(missing_ok=True)
    measure(options)
    if options.output is None and (options.few or set(options.experiments) != set(TITLES)):
        print(f"{FILE.name} is left as it is: it is written when everything was measured.")
        return
    save(assembled(kept(options.results), options), options.output or FILE)


# --- measuring --------------------------------------------------------------------------------------------------------


def measure(options: argparse.Namespace) -> None:
    """Measure what is not kept yet, and keep each result at once."""
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
        os.environ["COURSE_WORKSPACE"] = str(Path(folder) / "workspace")  # the learner's own ledger is left alone
        server = start_server(home=Path(folder) / "home")
        client = openai.OpenAI(base_url=server.base_url, api_key=server.key)
        for result in results(client, options):
            options.results.parent.mkdir(parents=True, exist_ok=True)
            with options.results.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")
            print(summary(result), flush=True)
        server.stop()


def results(client: openai.OpenAI, options: argparse.Namespace) -> Iterator[Row]:
    """The base model first, then each seed with all its trainings, so that a whole picture comes early."""
    done = {(json.dumps(row["key"]), row["seed"]) for row in kept(options.results)}
    lines = needed_lines(options.experiments)
    for seed in (0, *options.seeds):
        by_training: dict[str | None, list[Line]] = {}
        for line in lines:
            if (line.training is None) == (seed == 0) and (json.dumps(line.key), seed) not in done:
                by_training.setdefault(line.training, []).append(line)
        for training, to_ask in by_training.items():
            model, recipe = (MODEL, None) if training is None else trained(client, TRAININGS[training], seed)
            for line in to_ask:
                yield {"key": line.key, "seed": seed, "recipe": recipe, **asked(client, model, line, options.few)}
            if training is not None:
                client.models.delete(model)
    for name in JUDGES:
        if name in options.experiments and (json.dumps([name]), 0) not in done:
            pairs = judged_pairs(name, kept(options.results))[: options.few]
            counts = dict(judge_pairs(client, MODEL, pairs).rows())
            yield {"key": [name], "seed": 0, "recipe": None, "counts": counts}


def needed_lines(experiments: list[str]) -> list[Line]:
    """Each line once, in the order of the trainings. What a judge is given has to be asked first."""
    names = [name for name in experiments if name in EXPERIMENTS]
    lines = [line for name in names for line in EXPERIMENTS[name].lines]
    if "judge-of-itself" in experiments:
        lines += [Line("base", None, "general"), Line("voice", "voice", "general")]
    return list({json.dumps(line.key): line for line in lines}.values())


def trained(client: openai.OpenAI, training: Training, seed: int) -> tuple[str, str]:
    """Train a model through the server, as a learner does; returns its name and what the job said of its recipe."""
    os.environ["PRACTICE_RECIPE"] = training.recipe
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training.jsonl"
        write(training.examples(), path)
        file = client.files.create(file=path, purpose="fine-tune")
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": training.epochs}}}
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, seed=seed, method=method)
    job = wait_for(client, job.id, "succeeded", seconds=TRAINING_SECONDS)
    return job.fine_tuned_model, f"{training.recipe}: {recipe_said(client, job.id)}"


def recipe_said(client: openai.OpenAI, job_id: str) -> str:
    """What the events of a job say of its recipe."""
    said = [event.message for event in events_of(client, job_id) if "LoRA" in event.message]
    return said[0] if said else "no word of it in the events"


def asked(client: openai.OpenAI, model: str, line: Line, few: int | None) -> Row:
    """What a model answered to a set of questions, and what that took."""
    questions = QUESTIONS[line.questions]
    examples = read(questions.examples) if questions.examples else []
    system = examples[0]["messages"][0]["content"] if examples else None
    context = CONTEXTS[line.context](examples) if line.context else None
    way = Way(model, system=line.system, context=context)
    rows = questions.rows()[:few]
    done = evaluate(client, {"way": way}, rows, grader=questions.grader, system=system, max_tokens=LONGEST)
    [score] = done.scores
    answers = [
        [row["question"], reply.answer.shown if reply.answer else "", reply.right]
        for row, reply in zip(rows, done.replies["way"], strict=True)
    ]
    return {
        "model": "ft" if line.training else "base",
        "marks": "".join("-" if mark is None else str(int(mark)) for mark in score.marks),
        "tokens_in": score.tokens_in,
        "tokens_out": score.tokens_out,
        "seconds": round(score.seconds, 1),
        "answers": answers,
    }


def judged_pairs(name: str, rows: list[Row]) -> list[Row]:
    """For the judge of itself: the questions that both models answered right, with both answers."""
    if name == "judge":
        return read(SETS / "judge_pairs.jsonl")
    own = next(row for row in rows if row["key"] == [None, "general", None, None])
    tuned = next(row for row in rows if row["key"] == ["voice", "general", None, None])
    return [
        {"question": a[0], "a": a[1], "b": b[1]}
        for a, b in zip(own["answers"], tuned["answers"], strict=True)
        if a[2] and b[2]
    ]


def kept(path: Path) -> list[Row]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def summary(result: Row) -> str:
    what = ", ".join(str(part) for part in result["key"] if part is not None)
    if "counts" in result:
        return f"{what}: {result['counts']}"
    right, all_marks = result["marks"].count("1"), len(result["marks"])
    return f"seed {result['seed']}  {what}: {right} of {all_marks} right, {result['seconds']} s"


# --- the file that comes with the course ------------------------------------------------------------------------------


def not_measured() -> Row:
    """The file before anything was measured. It holds the names of the measurements and no number."""
    return {
        "measured": False,
        "notice": f"{NOT_YET}. There is no number in this file. It is made by: {COMMAND}",
        "model": MODEL,
        "command": COMMAND,
        "date": None,
        "machine": None,
        "versions": None,
        "experiments": {name: {"title": title} for name, title in TITLES.items()},
    }


def assembled(rows: list[Row], options: argparse.Namespace) -> Row:
    """The whole file. Raises SystemExit if something is missing, or was trained with two recipes of the same name."""
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        if row["seed"] in (0, *options.seeds):
            by_key.setdefault(json.dumps(row["key"]), []).append(row)
    expect_one_recipe(rows)
    experiments = {}
    for name in options.experiments:
        if name in JUDGES:
            [found] = by_key[json.dumps([name])]
            experiments[name] = {"title": TITLES[name], "counts": found["counts"]}
            continue
        ways = []
        for line in EXPERIMENTS[name].lines:
            runs = by_key.get(json.dumps(line.key), [])
            expected = 1 if line.training is None else len(options.seeds)
            if len(runs) != expected:
                raise SystemExit(
                    f"{name}, {line.way}: found {len(runs)} runs of {expected}; start the same command again"
                )
            ways.append(way_of(line, runs))
        experiments[name] = {"title": TITLES[name], "ways": ways}
    return {
        "measured": True,
        "notice": f"Measured with real trainings. It is made by: {COMMAND}",
        "model": MODEL,
        "command": COMMAND,
        "date": date.today().isoformat(),
        "machine": options.machine,
        "versions": ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "trl", "peft")),
        "recipes": sorted({row["recipe"] for row in rows if row["recipe"]}),
        "experiments": experiments,
    }


def expect_one_recipe(rows: list[Row]) -> None:
    said: dict[str, set[str]] = {}
    for row in rows:
        if row["recipe"]:
            said.setdefault(row["recipe"].partition(":")[0], set()).add(row["recipe"])
    for name, sentences in said.items():
        if len(sentences) > 1:
            listed = "\n  ".join(sorted(sentences))
            raise SystemExit(f"The recipe {name} has changed between two runs:\n  {listed}\nBegin anew with --again.")


def way_of(line: Line, runs: list[Row]) -> Row:
    every = max(1, len(runs[0]["answers"]) // KEPT_ANSWERS)
    return {
        "way": line.way,
        "model": f"ft:{MODEL}:practice::{line.training}" if line.training else MODEL,
        "runs": [
            {"seed": run["seed"], **{name: run[name] for name in ("marks", "tokens_in", "tokens_out", "seconds")}}
            for run in runs
        ],
        "answers": runs[0]["answers"][::every][:KEPT_ANSWERS],
    }


def save(whole: Row, path: Path) -> None:
    with written_safely(path, overwrite=True) as file:
        file.write((json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))
    print(f"{path} is written.")


def machine() -> str:
    """What a reader needs to know of the computer, and nothing that would name it."""
    import torch

    where = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return f"{os.cpu_count()} processor cores, {platform.system()} {platform.machine()}{where}"


if __name__ == "__main__":
    main()
