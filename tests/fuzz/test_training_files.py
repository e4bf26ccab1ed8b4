"""Training files as nobody should save them: `check` raises nothing and is of one mind with the practice server, and
`repair` loses no text and leaves nothing for a second repair.

Real files are changed at random by Hypothesis. A few hundred here, always the same ones; with `--fuzz 20000`, so many,
and others each time. Hypothesis prints the smallest file that fails.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import HealthCheck, given, settings

from helpers.data_format import check, repair
from helpers.own_file.dialect_readers.messages import ROLE_KEYS, TEXT_KEYS
from helpers.practice.training_file_errors import first_error
from helpers.training_file.jsonl import read_lines
from helpers.training_file.problem import carries_text
from helpers.training_file.report import Report
from tests.fuzz.random_files import files

EXAMPLES = 150
MODEL = "gpt-4o-2024-08-06"


@pytest.fixture
def for_many_files(request) -> Callable[[Callable[[bytes], None]], None]:
    """Tries a property on a few hundred files, or on as many as `--fuzz` says."""
    count = request.config.getoption("--fuzz")
    profile = settings(
        max_examples=count or EXAMPLES, derandomize=not count, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return lambda holds: profile(given(files())(holds))()


def test_check_raises_nothing_and_calls_an_error_what_the_server_refuses(for_many_files, client, tmp_path):
    client = client.with_options(max_retries=2)  # a connection may have waited too long while files were made up

    def holds(content: bytes) -> None:
        report, refused = checked_and_sent(content, client, tmp_path / "mine.jsonl")
        assert (refused is None) == report.ok, f"the server: {refused}; the check: {report}"

    for_many_files(holds)


def checked_and_sent(content: bytes, client: openai.OpenAI, path: Path) -> tuple[Report, str | None]:
    """What `check` says of a file, and what the practice server refuses it with; None if it takes it."""
    path.write_bytes(content)
    report = check(path, model=MODEL)
    assert str(report) and report._repr_html_()
    try:
        file = client.files.create(file=path, purpose="fine-tune")
    except openai.BadRequestError as error:
        return report, str(error)
    if report.kind == "dpo":  # the simulator offers no such jobs; this is what they would fail with
        error = first_error(line for _, line in read_lines(path, decode=False))
    else:
        job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
        error = client.fine_tuning.jobs.retrieve(job.id).error
    return report, getattr(error, "message", None)


def test_repair_loses_no_text_and_leaves_nothing_for_a_second_one(for_many_files, tmp_path):
    for_many_files(lambda content: repaired_twice(content, tmp_path))


def repaired_twice(content: bytes, folder: Path) -> None:
    source, once, twice = (folder / name for name in ("mine.jsonl", "once.jsonl", "twice.jsonl"))
    source.write_bytes(content)
    done = repair(source, once, overwrite=True)
    again = repair(once, twice, overwrite=True)
    assert source.read_bytes() == content
    if once.read_bytes() == content:
        return
    assert again.changes == [] and twice.read_bytes() == once.read_bytes(), (done.changes, again.changes)
    lost = words_said(content) - words_left(once.read_bytes()) - words(" ".join(what for _, what in done.changes))
    assert not lost, (lost, done.changes)


# --- what is said in a file ---

# Names of keys and roles, and marks of other formats: no text, and repaired.
KNOWN = set("""
    messages role content name weight tools tool_calls tool_call_id function function_call arguments parameters type id
    user assistant system developer tool bot gpt human model value from text conversations conversation instruction
    input output prompt completion chosen rejected question answer preferred_output non_preferred_output contents parts
    image_url url properties object none null true false None True False loss_weight im_start im_end data END STOP
    preferred_completion non_preferred_completion Question Answer Instruction Response Input Human Assistant User
    USER ASSISTANT SYSTEM HUMAN
""".split())  # fmt: skip


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.encode("utf-8", "ignore").decode("utf-8"))) - KNOWN


def words_said(content: bytes) -> set[str]:
    """The words of all that is said in a file, as `repair` understands it: ids, labels and numbers are not."""
    try:
        text = content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        return set()  # which text these bytes are is a guess
    if text.count("\0") > 20:
        return set()  # of UTF-16 without its mark
    found: set[str] = set()
    for line in text.split("\n"):
        try:
            value = json.loads(line, object_pairs_hook=list)
        except (ValueError, RecursionError):
            found |= {word for word in words(unescaped(line)) if len(word) > 3 and word.isascii() and word.isalpha()}
        else:
            found |= {
                word
                for key, said in texts(value)
                if key in TEXT_KEYS or carries_text(key, said)
                for word in words(said)
            }
    return found


def unescaped(line: str) -> str:
    """A line that is no JSON, with the characters that JSON writes with a backslash."""
    line = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), line)
    return re.sub(r"\\[nrtbf]", " ", line).replace("\\", "")


def words_left(content: bytes) -> set[str]:
    """Every word of a repaired file."""
    text = content.decode("utf-8", "replace")
    found = words(text) | words(unescaped(text))
    for line in text.split("\n"):
        try:
            value = json.loads(line, object_pairs_hook=list)
        except (ValueError, RecursionError):
            continue
        found |= {word for _, said in texts(value) for word in words(said)}
    return found


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a value, also in JSON that was written as text, with the key under which it stands."""
    if isinstance(value, tuple):
        name, part = value
        if name not in ROLE_KEYS or not isinstance(part, str):
            yield from texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part, key)
    elif isinstance(value, str):
        try:
            inside = json.loads(value, object_pairs_hook=list) if value.strip()[:1] in ("{", "[") else None
        except (ValueError, RecursionError):
            inside = None
        yield from [(key, value)] if inside is None else texts(inside, key)
