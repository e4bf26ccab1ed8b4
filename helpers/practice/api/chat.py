"""/v1/chat/completions, whole and streamed."""

import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from helpers.practice.api.answering import in_its_place, server_sent
from helpers.practice.api.chat_options import (
    NamedTool,
    ResponseFormat,
    ToolChoice,
    Tools,
    form_options,
    function_options,
)
from helpers.practice.api.content import Message
from helpers.practice.api.errors import ApiError, model_not_found, model_unavailable
from helpers.practice.api.json_body import JsonBody, encoded
from helpers.practice.api.unseen_images import BlindReply, unseen_images
from helpers.practice.engine import ChatRequest, Engine, Reply
from helpers.practice.ids import random_id
from helpers.tokens import count_characters

router = APIRouter(prefix="/chat/completions")

PIECE_OF_ARGUMENTS = 12  # characters, as long as a few tokens


Stop = Annotated[str, StringConstraints(min_length=1)]


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    include_usage: bool = False
    include_obfuscation: bool = False


class CreateCompletion(JsonBody):
    model_config = ConfigDict(extra="forbid")
    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    # These fields are accepted because they change nothing in what the practice server answers.
    n: Annotated[int, Field(ge=1, le=1)] | None = None
    logprobs: Literal[False] | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None


@router.post("")
async def create(request: Request, body: CreateCompletion) -> Any:
    messages = [message.model_dump(exclude_none=True) for message in body.messages]
    asked = ChatRequest(
        model=body.model,
        messages=messages,
        temperature=1.0 if body.temperature is None else body.temperature,
        top_p=body.top_p or 1.0,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        stop=stops(body.stop),
        seed=body.seed,
        **function_options(body.tools, body.tool_choice, body.parallel_tool_calls),
        **form_options(body.response_format, messages),
    )
    engine, reply = await run_in_threadpool(ask, request, asked)
    head = {
        "id": random_id("chatcmpl-"),
        "created": int(time.time()),
        "model": body.model,
        "service_tier": "default",
        "system_fingerprint": engine.fingerprint,
    }
    place, named = engine.place_to_answer(), isinstance(body.tool_choice, NamedTool)
    if not body.stream:
        return await in_its_place(place, lambda: _completion(head, reply, named))
    if asked.functions:  # whether the model calls a function is known at the end of what it says
        reply, place = await in_its_place(place, lambda: Complete(reply)), nullcontext()
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    return server_sent(place, _chunks(head, reply, with_usage, named))


def _completion(head: dict[str, Any], reply: Reply, named: bool) -> dict[str, Any]:
    text, calls = "".join(reply), _tool_calls(reply)
    message = {"role": "assistant", "content": text or (None if calls else ""), "refusal": None, "annotations": []}
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(reply, named)}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(reply)}


class Complete:
    """A reply of which all pieces were taken."""

    def __init__(self, reply: Reply) -> None:
        self._pieces = list(reply)
        self.prompt_tokens, self.completion_tokens = reply.prompt_tokens, reply.completion_tokens
        self.finish_reason, self.calls = reply.finish_reason, reply.calls

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)


def _tool_calls(reply: Reply) -> list[dict[str, Any]]:
    return [{"id": random_id("call_"), "type": "function", "function": dict(call)} for call in reply.calls]


def _reason(reply: Reply, named: bool) -> str:
    """Why the answer ends. As on the real API, a call that the request itself has named ends as any text does."""
    return "tool_calls" if reply.calls and reply.finish_reason == "stop" and not named else reply.finish_reason


def ask(request: Request, asked: ChatRequest) -> tuple[Engine, Reply]:
    """The engine of the model, and its reply. A model that is unknown or gone is a 404, as on the real API."""
    _check_length(asked, request.app.state.settings.limits.text_characters)
    engine, reply = _ask(request, asked)
    images = unseen_images(asked.messages)
    # In JSON there is no place for a sentence.
    return engine, BlindReply(reply, images) if images and asked.output == "text" else reply


def _check_length(asked: ChatRequest, largest: int) -> None:
    """Before the tokenizer, which needs a second or two for what is let through, and a minute for ten megabytes."""
    length = count_characters(asked.messages) + sum(len(json.dumps(each)) for each in asked.functions.values())
    if length > largest:
        raise ApiError(
            400,
            f"Invalid 'messages': string too long. Expected messages with at most {largest} characters in all, but got "
            f"{length} instead.",
            code="string_above_max_length",
            param="messages",
        )


def _ask(request: Request, asked: ChatRequest) -> tuple[Engine, Reply]:
    for engine in request.app.state.engines.values():
        if asked.model in engine.base_models():
            return engine, engine.reply(asked.model, None, asked)
    tuned = request.app.state.jobs.model(asked.model)
    if tuned is None:
        raise model_not_found(asked.model)
    job = request.app.state.store.job(tuned.job_id)
    engine = request.app.state.engines.get(job.engine)
    if engine is None:
        message = "This model was trained for real, and real training is not installed here: python course.py --local"
        raise model_unavailable(message, code="engine_not_installed")
    return engine, engine.reply(tuned.base, tuned, asked)


def stops(stop: str | list[str] | None) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def _chunks(head: dict[str, Any], reply: Reply, with_usage: bool, named: bool) -> Iterator[bytes]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _line(
            {**head, "object": "chat.completion.chunk", "choices": [choice], **({"usage": None} if with_usage else {})}
        )

    yield chunk({"role": "assistant", "content": None if reply.calls else "", "refusal": None})
    for piece in reply:
        if piece:
            yield chunk({"content": piece})
    for number, call in enumerate(_tool_calls(reply)):
        # As on the real API: the name first, then the arguments in pieces.
        arguments = call["function"]["arguments"]
        yield chunk({"tool_calls": [{**call, "index": number, "function": {**call["function"], "arguments": ""}}]})
        for start in range(0, len(arguments), PIECE_OF_ARGUMENTS):
            piece = arguments[start : start + PIECE_OF_ARGUMENTS]
            yield chunk({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
    yield chunk({}, _reason(reply, named))
    if with_usage:
        yield _line({**head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(reply)})
    yield b"data: [DONE]\n\n"


def _line(data: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % encoded(data)


def _usage(reply: Reply) -> dict[str, Any]:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
