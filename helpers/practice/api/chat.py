"""/v1/chat/completions, whole and streamed."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from helpers.practice.api.errors import model_not_found, model_unavailable
from helpers.practice.engine import ChatRequest, Engine, Reply
from helpers.practice.ids import random_id

router = APIRouter(prefix="/chat/completions")


class Message(BaseModel):
    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    include_usage: bool = False
    include_obfuscation: bool = False


class CreateCompletion(BaseModel):
    model_config = ConfigDict(extra="forbid")
    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
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
def create(request: Request, body: CreateCompletion) -> Any:
    asked = ChatRequest(
        model=body.model,
        messages=[message.model_dump(exclude_none=True) for message in body.messages],
        temperature=1.0 if body.temperature is None else body.temperature,
        top_p=body.top_p or 1.0,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        stop=stops(body.stop),
        seed=body.seed,
    )
    engine, reply = ask(request, asked)
    head = {
        "id": random_id("chatcmpl-"),
        "created": int(time.time()),
        "model": body.model,
        "service_tier": "default",
        "system_fingerprint": engine.fingerprint,
    }
    if body.stream:
        with_usage = body.stream_options is not None and body.stream_options.include_usage
        return server_sent(_chunks(head, reply, with_usage))
    message = {"role": "assistant", "content": "".join(reply), "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(reply)}


def ask(request: Request, asked: ChatRequest) -> tuple[Engine, Reply]:
    """The engine of the model, and its reply. A model that is unknown or gone is a 404, as on the real API."""
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


def server_sent(events: Iterator[str]) -> StreamingResponse:
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


def _chunks(head: dict[str, Any], reply: Reply, with_usage: bool) -> Iterator[str]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _line(
            {**head, "object": "chat.completion.chunk", "choices": [choice], **({"usage": None} if with_usage else {})}
        )

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in reply:
        yield chunk({"content": piece})
    yield chunk({}, reply.finish_reason)
    if with_usage:
        yield _line({**head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(reply)})
    yield "data: [DONE]\n\n"


def _line(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


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
