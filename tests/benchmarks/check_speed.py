"""How long does `check` take for a large file, and how much memory, beside the usual way?

    python -m tests.benchmarks.check_speed [--lines 100000] [--rounds 3]

The usual way is that of OpenAI's cookbook: json.loads of every line into a list, then tiktoken on each value of each
message. It finds nothing but tokens. Each measurement runs in a process of its own, one way after the other, and the
fastest of the rounds counts. Seconds are those of the processor, so that others at work on it change little. Memory is
that of the whole process, pandas and the encoding included: 165 MB before the first line is read.

Prints a table, and beside each bound of the project the ratio within this run.
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
        short, long = Path(folder) / "lines.jsonl", Path(folder) / "ten_times.jsonl"
        write_examples(short, options.lines)
        write_examples(long, options.lines * 10)
        rows = [("usual", short), ("tokens", short), ("check", short), ("tokens", long)]
        rounds = [[in_own_process(*row) for row in rows] for _ in range(options.rounds)]
    usual, tokens, check, many = (min(seconds for seconds, _ in column) for column in zip(*rounds, strict=True))
    memory = [max(memory for _, memory in column) for column in zip(*rounds, strict=True)]
    print(f"{'':<40} {'lines':>9} {'seconds':>8} {'MB':>5}")
    for name, times, seconds, most in (
        ("json.loads, then tiktoken on each value", 1, usual, memory[0]),
        ("check, with tokens", 1, tokens, memory[1]),
        ("check, without tokens", 1, check, memory[2]),
        ("check, with tokens", 10, many, memory[3]),
    ):
        print(f"{name:<40} {options.lines * times:>9,} {seconds:>8.1f} {most / 1e6:>5,.0f}")
    print(f"\nwith tokens, as fast as the usual way: {usual / tokens:.2f} times (bound: 1.5 or more)")
    print(f"memory with tokens: {memory[1] / 1e6:.0f} MB (bound: 200 or less)")
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
    assert way == "check" or total
    return seconds, peak_memory()


def peak_memory() -> int:
    """The largest memory that this process has had, in bytes."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main()
