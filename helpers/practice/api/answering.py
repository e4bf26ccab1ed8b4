"""Answers are made in threads, and wait for their place without one: whatever else is asked goes on meanwhile."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from fastapi.concurrency import iterate_in_threadpool, run_in_threadpool
from fastapi.responses import StreamingResponse

Result = TypeVar("Result")


async def in_its_place(place: AbstractAsyncContextManager, make: Callable[[], Result]) -> Result:
    async with place:
        return await run_in_threadpool(make)


def server_sent(place: AbstractAsyncContextManager, events: Iterator[bytes]) -> StreamingResponse:
    """A stream keeps its place to its end."""

    async def in_place() -> AsyncIterator[bytes]:
        async with place:
            async for event in iterate_in_threadpool(events):
                yield event

    return StreamingResponse(in_place(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
