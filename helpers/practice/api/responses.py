"""/v1/responses: OpenAI's newer interface to the same models, whole and streamed."""

import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ConfigDict, Field

from helpers.practice.api.answering import in_its_place, server_sent
from helpers.practice.api.chat import ask
from helpers.practice.api.content import InputMessage
from helpers.practice.api.json_body import JsonBody, encoded
from helpers.practice.engine import ChatRequest, Reply
from helpers.practice.ids import random_id

router = APIRouter(prefix="/responses")


class CreateResponse(JsonBody):
    model_config = ConfigDict(extra="forbid")
    model: str
    input: str | Annotated[list[InputMessage], Field(min_length=1)]
    instructions: str | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_output_tokens: Annotated[int, Field(ge=16)] | None = None
    stream: bool | None = None
    metadata: dict[str, str] | None = None
    # These fields are accepted because they change nothing in what the practice server answers.
    store: bool | None = None
    user: str | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    truncation: Literal["auto", "disabled"] | None = None


@router.post("")
async def create(request: Request, body: CreateResponse) -> Any:
    asked = ChatRequest(
        model=body.model,
        messages=_messages(body),
        temperature=1.0 if body.temperature is None else body.temperature,
        top_p=body.top_p or 1.0,
        max_tokens=body.max_output_tokens,
    )
    engine, reply = await run_in_threadpool(ask, request, asked)
    answer, place = Answer(body, reply), engine.place_to_answer()
    return server_sent(place, answer.events()) if body.stream else await in_its_place(place, answer.whole)


def _messages(body: CreateResponse) -> list[dict[str, Any]]:
    start = [{"role": "system", "content": body.instructions}] if body.instructions else []
    if isinstance(body.input, str):
        return [*start, {"role": "user", "content": body.input}]
    return [*start, *(message.model_dump(exclude_none=True) for message in body.input)]


class Answer:
    """One response: its object at the start, on the way and at the end, and the events in between."""

    def __init__(self, body: CreateResponse, reply: Reply) -> None:
        self.body, self.reply = body, reply
        self.id, self.item_id = random_id("resp_"), random_id("msg_")
        self.created_at = int(time.time())
        self.sequence = -1

    def whole(self) -> dict[str, Any]:
        return self._response(self._status(), "".join(self.reply))

    def events(self) -> Iterator[bytes]:
        place = {"item_id": self.item_id, "output_index": 0, "content_index": 0}
        yield self._event("response.created", response=self._response("in_progress"))
        yield self._event("response.in_progress", response=self._response("in_progress"))
        yield self._event("response.output_item.added", output_index=0, item=self._item("in_progress", []))
        yield self._event("response.content_part.added", **place, part=_part(""))
        pieces = []
        for piece in self.reply:
            pieces.append(piece)
            yield self._event("response.output_text.delta", **place, delta=piece, logprobs=[])
        text = "".join(pieces)
        yield self._event("response.output_text.done", **place, text=text, logprobs=[])
        yield self._event("response.content_part.done", **place, part=_part(text))
        status = self._status()
        yield self._event("response.output_item.done", output_index=0, item=self._item(status, [_part(text)]))
        yield self._event(f"response.{status}", response=self._response(status, text))

    def _status(self) -> Literal["completed", "incomplete"]:
        # The reason to stop is known when the last piece is taken; a simulated reply knows it from the start.
        return "incomplete" if self.reply.finish_reason == "length" else "completed"

    def _event(self, kind: str, **data: Any) -> bytes:
        self.sequence += 1
        body = encoded({"type": kind, "sequence_number": self.sequence, **data})
        return b"event: %s\ndata: %s\n\n" % (kind.encode(), body)

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self.item_id, "type": "message", "status": status, "role": "assistant", "content": content}

    def _response(self, status: str, text: str | None = None) -> dict[str, Any]:
        body, ended = self.body, text is not None
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "completed_at": int(time.time()) if status == "completed" else None,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "instructions": body.instructions,
            "max_output_tokens": body.max_output_tokens,
            "max_tool_calls": None,
            "metadata": body.metadata or {},
            "model": body.model,
            "output": [self._item(status, [_part(text)])] if ended else [],
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "service_tier": "default",
            "temperature": 1.0 if body.temperature is None else body.temperature,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": body.top_p or 1.0,
            "truncation": body.truncation or "disabled",
            "usage": self._usage() if ended else None,
            "user": body.user,
        }

    def _usage(self) -> dict[str, Any]:
        reply = self.reply
        return {
            "input_tokens": reply.prompt_tokens,
            "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0},
            "output_tokens": reply.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
