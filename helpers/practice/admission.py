"""Who may send what: the key is looked at before the body, and no body is longer than its bound.

A stranger on the same network is refused before anything of the body is kept, in memory or on disk.
"""

import asyncio
import secrets
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from helpers.practice.api.errors import ApiError, missing_key, wrong_key
from helpers.practice.limits import Limits
from helpers.practice.settings import Settings

UPLOAD = "/v1/files"  # the one place that takes a file


class Admission:
    """Answers a request that has no right to be here, or that is too large; lets every other one through."""

    def __init__(self, app: Any, settings: Settings) -> None:
        self.app, self.key, self.limits = app, settings.key, settings.limits

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, largest = Headers(scope=scope), self._largest_body(scope)
        refusal = self._wrong_key(headers) or self._too_large(headers, largest)
        if refusal is None:
            await self.app(scope, bounded(receive, largest, self.limits), send)
            return
        if "expect" not in headers:  # with "Expect: 100-continue" nothing of the body was sent yet
            await drop_body(receive, self.limits)
        refusal.headers["connection"] = "close"  # the rest of the body, if there is one, is not read
        await refusal.response()(scope, receive, send)

    def _wrong_key(self, headers: Headers) -> ApiError | None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given:
            return missing_key()
        return None if secrets.compare_digest(given.encode(), self.key.encode()) else wrong_key(given)

    def _largest_body(self, scope: Any) -> int:
        if scope["method"] == "POST" and scope["path"] == UPLOAD:
            return self.limits.file_bytes + self.limits.form_bytes
        return self.limits.body_bytes

    def _too_large(self, headers: Headers, largest: int) -> ApiError | None:
        length = headers.get("content-length", "0")
        return ApiError(413, too_large(largest)) if int(length) > largest else None


def too_large(largest: int) -> str:
    return f"The body of the request is larger than the maximum of {largest:,} bytes."


def bounded(receive: Any, largest: int, limits: Limits) -> Any:
    """`receive` of ASGI, for a body that is at most so large and does not stop in the middle.

    A body in chunks names no length ahead, so it is counted as it comes.
    """
    seen, complete = 0, False

    async def receive_bounded() -> Any:
        nonlocal seen, complete
        if complete:  # what comes now is the end of the connection, however late
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), limits.body_seconds)
        except TimeoutError as error:
            stopped = f"The body of the request did not go on for {limits.body_seconds:g} seconds."
            raise HTTPException(408, stopped, {"connection": "close"}) from error
        seen += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if seen > largest:
            raise HTTPException(413, too_large(largest))
        return message

    return receive_bounded


async def drop_body(receive: Any, limits: Limits) -> None:
    """Read a body that is not wanted, up to a bound, and keep nothing of it.

    If a server closes a connection while the client still sends, the operating system of the client may throw away the
    answer with the connection, and the client sees a broken connection in place of the error.
    """
    seen = 0
    try:
        async with asyncio.timeout(limits.refused_seconds):
            while seen < limits.refused_bytes:
                message = await receive()
                seen += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
