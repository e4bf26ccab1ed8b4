"""Function calls and JSON from a model that writes text: how its answer is begun, and what is read from it.

Nothing keeps a model from writing something else. A model that was trained on answers of this form writes it as a rule.
"""

import json
import re
from typing import Any

from helpers.practice.engine import ChatRequest

TAG = "<tool_call>"  # around each call, in the chat templates of Qwen, Hermes and others
TAGS = re.compile(r"</?tool_call>|[\s;]+")
DECODER = json.JSONDecoder()


def begin(request: ChatRequest, template: str) -> str:
    """The first letters of an answer that has to be a call or JSON; the model writes on from there.

    Args:
        request: What is asked for.
        template: The chat template; empty for a model that was tuned, and so writes calls as its examples did.

    Returns:
        The letters, empty where the answer may be any text.
    """
    if not request.functions:
        return "" if request.output == "text" else "{"
    if not request.must_call:
        return ""
    only = list(request.functions) if len(request.functions) == 1 else []
    # No blank at the end: tokenizers join it to what follows, so a model that sees it alone writes on in an odd way.
    named = f'{{"name": "{only[0]}", "arguments":' if only else '{"name": "'
    return f"{TAG}\n{named}" if TAG in template else named


def calls_in(text: str, functions: dict[str, Any]) -> tuple[dict[str, str], ...]:
    """The calls in an answer that consists of nothing else; () if it is anything but calls of these functions."""
    calls, place = [], _skip(text, 0)
    while place < len(text):
        try:
            written, place = DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return ()
        call = _call(written, functions)
        if call is None:
            return ()
        calls.append(call)
        place = _skip(text, place)
    return tuple(calls)


def end_of_object(text: str) -> int | None:
    """Where the JSON object ends with which a text begins; None if it does not end yet."""
    try:
        return DECODER.raw_decode(text)[1]
    except (ValueError, RecursionError):
        return None


def _skip(text: str, place: int) -> int:
    while found := TAGS.match(text, place):
        place = found.end()
    return place


def _call(written: Any, functions: dict[str, Any]) -> dict[str, str] | None:
    if not isinstance(written, dict) or written.get("name") not in functions:
        return None
    arguments = written.get("arguments", written.get("parameters", {}))
    if isinstance(arguments, dict):
        arguments = json.dumps(arguments, ensure_ascii=False)
    readable = isinstance(arguments, str) and end_of_object(arguments) is not None
    return {"name": written["name"], "arguments": arguments} if readable else None
