"""Random training files for the tests: real ones and made-up ones, with a few things in them that are odd."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from helpers.course_data.paths import ROOT

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
