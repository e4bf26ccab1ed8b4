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
from hypothesis import strategies as st

from helpers.course_data.paths import ROOT
from helpers.data_format import check, repair
from helpers.own_file.dialect_readers.messages import ROLE_KEYS, TEXT_KEYS
from helpers.practice.training_file_errors import first_error
from helpers.training_file.jsonl import read_lines
from helpers.training_file.problem import carries_text
from helpers.training_file.report import Report

EXAMPLES = 150
MODEL = "gpt-4o-2024-08-06"
LARGEST = 20_000  # bytes of a real file that are taken
REAL = [
    path.read_bytes()[:LARGEST]
    for pattern in ("tests/training_file/cases/*", "tests/own_files/*.*", "data/broken/*", "data/*.jsonl")
    for path in sorted(ROOT.glob(pattern))
]
GOOD = [
    {
        "messages": [
            {"role": "system", "content": "Be brief and kind."},
            {"role": "user", "content": f"What does lamp number {number} cost?"},
            {"role": "assistant", "content": f"It costs {number} euros, delivery included."},
        ]
    }
    for number in range(12)
]
CALL = {"id": "call_1", "type": "function", "function": {"name": "price", "arguments": '{"lamp": "tin"}'}}
TOOL = {"type": "function", "function": {"name": "price", "parameters": {"type": "object", "properties": {}}}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a b.png"}}
ONE_OF_EACH = [
    {"messages": [{"role": "user", "content": "And the tin one?"}, {"role": "assistant", "tool_calls": [CALL]},
                  {"role": "tool", "tool_call_id": "call_1", "content": "Five euros."},
                  {"role": "assistant", "content": "It costs five.", "weight": 1}], "tools": [TOOL]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE], "name": "ada"},
                  {"role": "assistant", "content": "A tin lamp."}]},
    {"input": {"messages": [{"role": "user", "content": "Which lamp is best?"}]},
     "preferred_output": [{"role": "assistant", "content": "The tin one."}],
     "non_preferred_output": [{"role": "assistant", "content": "No idea."}]},
    {"conversations": [{"from": "human", "value": "Is it heavy?"}, {"from": "gpt", "value": "Two kilograms."}],
     "system": "Be exact."},
    {"instruction": "Say it in French.", "input": "A tin lamp", "output": "Une lampe d'étain"},
    {"prompt": "Is it heavy? ->", "completion": " Two kilograms. END"},
    {"contents": [{"role": "user", "parts": [{"text": "Is it heavy?"}]},
                  {"role": "model", "parts": [{"text": "Two kilograms."}]}]},
    {"prompt": "Is it heavy?", "chosen": "Two kilograms.", "rejected": "Who knows?"},
    {"text": "<|im_start|>user\nIs it heavy?<|im_end|>\n<|im_start|>assistant\nTwo kilograms.<|im_end|>"},
    {"question": "Is it heavy?", "answer": "Two kilograms."},
]  # fmt: skip
ODD_VALUES = [
    None, True, 0, -1, 0.5, 10**30, 1e308, "", " ", "user", "assistant", "bot", "human", "床\ud83d", "<|endoftext|>",
    "[1", '{"a": "so it is"}', "so\tit\u2028is", "data:image/gif;base64,R0lGODlh", "x y " * 600, [], {},
    [[]], {"": ""}, {"text": "so it is"}, [{"type": "text", "text": "so it is"}],
]  # fmt: skip
ODD_KEYS = [
    "", "content", "role", "text", "value", "from", "system", "output", "weight", "tools", "tool_calls", "messages",
    "id", "loss_weight", "function_call", "name", "\ud83dcontent", "chosen",
]  # fmt: skip
ODD_BYTES = [
    b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\r", b"\r\n", b"\n", b"\n\n", b"\t", b",",
    b"}", b"{", b"]", b"[", b'"', b"'", b"\\", b"\\ud83d", b"\\u0000", b"NaN", b"1e999", b"9" * 5_000, b"[" * 3_000,
    b'{"a":' * 3_000, b'"content": "said before", ', b"\xe2\x80\xa8", b"\x85", b"// so it is\n", "\uff0c".encode(),
]  # fmt: skip
CODECS = ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32", "gb18030", "cp1252", "cp1251", "shift_jis"]


def changed(draw: Callable[..., Any], value: Any) -> Any:
    """The value with something odd at one place."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value)))
        match draw(st.integers(0, 9)):
            case 0:
                return {other: each for other, each in value.items() if other != key}
            case 1:
                return {**value, draw(st.sampled_from(ODD_KEYS)): draw(st.sampled_from(ODD_VALUES))}
            case 2:
                return {
                    draw(st.sampled_from(ODD_KEYS)) if other == key else other: each for other, each in value.items()
                }
        return {**value, key: changed(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        place = draw(st.integers(0, len(value) - 1))
        if draw(st.integers(0, 6)) == 0:
            return value[:place] + value[place:] * 2
        return [*value[:place], changed(draw, value[place]), *value[place + 1 :]]
    return draw(st.sampled_from(ODD_VALUES))


def written(draw: Callable[..., Any], examples: list[Any]) -> bytes:
    """Examples as a program may write them."""
    match draw(st.integers(0, 15)):
        case 0:
            text = json.dumps(examples, indent=draw(st.sampled_from([None, 1])))
        case 1:
            text = "\n".join(json.dumps(each, indent=1) for each in examples)
        case 2:
            text = "\n".join(json.dumps(json.dumps(each)) for each in examples)
        case 3:
            text = "\n".join(map(str, examples))
        case 4:
            text = "".join(json.dumps(each) + ",\n" for each in examples)
        case 5:
            text = json.dumps({"data": examples})
        case 6:
            text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in examples)
        case _:
            text = "".join(json.dumps(each) + "\n" for each in examples)
    return text.encode("utf-8", "surrogatepass")


def damaged(draw: Callable[..., Any], content: bytes) -> bytes:
    """The bytes with something odd at one place."""
    place = draw(st.integers(0, len(content)))
    match draw(st.integers(0, 9)):
        case 0:
            return content[:place]
        case 1:
            return content[:place] + content[place + draw(st.integers(1, 30)) :]
        case 2:
            return content + draw(st.sampled_from(REAL))[:2_000]
        case 3:
            return content.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"\n\n", b" "])))
        case 4 if draw(st.booleans()):
            codec = draw(st.sampled_from(CODECS))
            return content.decode("utf-8", "replace").encode(codec, "replace")
        case 5:
            return content[:place] + draw(st.binary(max_size=8)) + content[place:]
    return content[:place] + draw(st.sampled_from(ODD_BYTES)) + content[place:]


@st.composite
def files(draw: Callable[..., Any]) -> bytes:
    """The content of a file: real or made up, with a few things that are odd."""
    if draw(st.integers(0, 2)) == 0:
        content = draw(st.sampled_from(REAL))
    else:
        odd = draw(st.lists(st.sampled_from([*ONE_OF_EACH, GOOD[0]]), max_size=3))
        for _ in range(draw(st.integers(0, 2)) if odd else 0):
            place = draw(st.integers(0, len(odd) - 1))
            odd[place] = changed(draw, odd[place])
        alone = draw(st.integers(0, 9)) == 0
        content = written(draw, odd * 10 if alone else [*GOOD[: draw(st.integers(10, 12))], *odd])
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 1, 2]))):
        content = damaged(draw, content)
    return content


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
