"""A stream holds the place of its answer for as long as it is made, and not for as long as somebody reads it."""

import asyncio
import threading

import pytest

from helpers.practice.api.answering import server_sent

EVENTS = [b"one", b"two", b"three"]
WAIT = 20  # seconds


def test_a_place_is_free_when_all_is_made_though_it_is_not_read_yet():
    async def read_slowly():
        place = asyncio.Lock()
        events = server_sent(place, iter(EVENTS)).body_iterator
        first = await anext(events)
        async with asyncio.timeout(WAIT), place:
            return [first, *[event async for event in events]]

    assert asyncio.run(read_slowly()) == EVENTS


def test_nothing_more_is_made_of_a_stream_whose_reader_is_gone():
    gone, ended = threading.Event(), threading.Event()

    def without_end():
        yield b"one"
        gone.wait(WAIT)
        while True:
            yield b"more"

    async def leave():
        place = asyncio.Lock()
        events = server_sent(place, without_end()).body_iterator
        await anext(events)
        await events.aclose()
        gone.set()
        async with asyncio.timeout(WAIT), place:
            ended.set()

    asyncio.run(leave())
    assert ended.is_set()


def test_what_goes_wrong_while_a_stream_is_made_is_raised_after_what_was_made():
    def breaks_off():
        yield b"one"
        raise OSError("the model is gone")

    async def read():
        return [event async for event in server_sent(asyncio.Lock(), breaks_off()).body_iterator]

    with pytest.raises(OSError, match="the model is gone"):
        asyncio.run(read())
