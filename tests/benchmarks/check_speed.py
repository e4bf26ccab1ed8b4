"""How long does `check` take for a large file, and how much memory, beside the usual way?

    python -m tests.benchmarks.check_speed [--lines 100000] [--rounds 3]

The usual way is that of OpenAI's cookbook: json.loads of every line into a list, then tiktoken on each value of each
message. It finds nothing but tokens. Each measurement runs in a process of its own, one way after the other, and the
fastest of the rounds counts. Seconds are those of the processor, so that others at work on it change little. Prints a
table, and the bounds of the project as ratios within this run: with tokens at
least 1.5 times as fast as the usual way and in at most 200 MB; without tokens at least 3 times as fast as with; ten
times the lines in at most 11 times that.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.course_data.paths import DATA, ROOT

MODEL = "gpt-4.1-mini-2025-04-14"
SYSTEM = "You answer for CloudRest, a shop for beds and mattresses. Be brief, be kind, and say when you do not know."
SEED = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "FILE"), help="used by this program itself")
    options = parser.parse_args()
    if options.measure:
        way, path = options.measure
        print(*measured(way, Path(path)))
        return
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        usual_file, long_file = Path(folder) / "lines.jsonl", Path(folder) / "many.jsonl"
        write_examples(usual_file, options.lines)
        write_examples(long_file, options.lines * 10)
        rows = [("usual", usual_file), ("tokens", usual_file), ("check", usual_file), ("tokens", long_file)]
        best: dict[tuple[str, Path], tuple[float, int]] = {}
        for _ in range(options.rounds):
            for row in rows:
                seconds, memory = in_own_process(*row)
                before = best.get(row, (seconds, memory))
                best[row] = min(seconds, before[0]), max(memory, before[1])
        print(f"{'':<46} {'lines':>9} {'seconds':>8} {'MB':>5}")
        names = {
            "usual": "json.loads, then tiktoken on each value",
            "tokens": "check, with tokens",
            "check": "check, without tokens",
        }
        for row in rows:
            seconds, memory = best[row]
            lines = options.lines * (10 if row[1] == long_file else 1)
            print(f"{names[row[0]]:<46} {lines:>9,} {seconds:>8.1f} {memory / 1e6:>5,.0f}")
        usual, tokens, check, many = (best[row][0] for row in rows)
        print(f"\nwith tokens, as fast as the usual way: {usual / tokens:.2f} times (bound: 1.5 or more)")
        print(f"memory with tokens: {best[rows[1]][1] / 1e6:.0f} MB (bound: 200 or less)")
        print(f"without tokens, as fast as with: {tokens / check:.2f} times (bound: 3 or more)")
        print(f"ten times the lines: {many / tokens:.1f} times as long (bound: 11 or less)")


def write_examples(path: Path, count: int) -> None:
    """Examples of a question and an answer of one to four sentences, each different, with one system message."""
    chance = random.Random(SEED)
    words = " ".join(path.read_text(encoding="utf-8") for path in sorted(DATA.glob("*questions.jsonl"))).split()
    words = [word for word in words if word.isalpha()]

    def sentence() -> str:
        return " ".join(chance.choices(words, k=chance.randint(6, 20))).capitalize()

    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            messages = [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": f"{sentence()}, order {number}?"},
                {"role": "assistant", "content": ". ".join(sentence() for _ in range(chance.randint(1, 4))) + "."},
            ]
            file.write(json.dumps({"messages": messages}) + "\n")


def in_own_process(way: str, path: Path) -> tuple[float, int]:
    """Seconds, and the largest memory in bytes, of this way with this file."""
    command = [sys.executable, "-m", "tests.benchmarks.check_speed", "--measure", way, str(path)]
    seconds, memory = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), int(memory)


def measured(way: str, path: Path) -> tuple[float, int]:
    import psutil

    from helpers.data_format import check
    from helpers.tokens import load_encoding

    encoding = load_encoding("o200k_base")
    begun = time.process_time()
    if way == "usual":
        with path.open(encoding="utf-8") as file:
            examples = [json.loads(line) for line in file]
        total = sum(
            3
            + sum(3 + sum(len(encoding.encode(value)) for value in message.values()) for message in example["messages"])
            for example in examples
        )
    else:
        report = check(path, model=MODEL if way == "tokens" else None, progress=False)
        assert not report.errors
        total = report.tokens.total if report.tokens else 0
    seconds = time.process_time() - begun
    memory = psutil.Process().memory_info()
    assert way == "check" or total
    return seconds, getattr(memory, "peak_wset", 0) or peak_memory()


def peak_memory() -> int:
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main()
