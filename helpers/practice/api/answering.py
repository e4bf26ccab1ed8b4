"""Answers are made in threads, and wait for their place without one: whatever else is asked goes on meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

Result = TypeVar("Result")


async def in_its_place(place: AbstractAsyncContextManager, make: Callable[[], Result]) -> Result:
    async with place:
        return await run_in_threadpool(make)


def server_sent(place: AbstractAsyncContextManager, events: Iterator[bytes]) -> StreamingResponse:
    """A stream of events, each sent when it is made."""
    sent = _as_they_are_made(place, events)
    return StreamingResponse(sent, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


async def _as_they_are_made(place: AbstractAsyncContextManager, events: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The place is free when all is made, however slowly it is read. Of a reader who is gone, no more is made."""
    loop, made, is_read = asyncio.get_running_loop(), asyncio.Queue(), True

    def make() -> None:
        for event in events:
            if not is_read:
                return
            loop.call_soon_threadsafe(made.put_nowait, event)

    async def make_in_place() -> None:
        try:
            await in_its_place(place, make)
        finally:
            made.put_nowait(None)

    making = asyncio.create_task(make_in_place())
    try:
        while (event := await made.get()) is not None:
            yield event
        await making  # for its error, if there was one
    finally:
        is_read = False
