"""Who may send what: the key is looked at before the body, and no body is longer than its bound.

A key opens an application: that of the one practice home, or in a room that of the learner whose key it is.

A stranger on the same network is refused before anything of the body is kept, in memory or on disk.
"""

import asyncio
import base64
import binascii
import secrets
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from helpers.practice.api.errors import KEY_OF_A_SERVER, ApiError, missing_key, wrong_key
from helpers.practice.limits import Limits

UPLOAD = "/v1/files"  # the one place that takes a file
NOT_ADMITTED = "practice.not_admitted"  # of ASGI's extensions: to be called when a request is refused unread


class Admission:
    """Answers a request that has no right to be here, or that is too large; lets every other one through.

    Args:
        opened_by: The application that a key opens; None if it opens none.
        limits: How large a request may be.
        for_browsers: Where a browser may ask its user for the key, with a path that begins like this.
        where_it_is: Where somebody with a wrong key finds the right one.
    """

    def __init__(
        self,
        opened_by: Callable[[str], Any],
        limits: Limits,
        for_browsers: str | None = None,
        where_it_is: str = KEY_OF_A_SERVER,
    ) -> None:
        self.opened_by, self.limits = opened_by, limits
        self.for_browsers, self.where_it_is = for_browsers, where_it_is

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers, largest = Headers(scope=scope), self._largest_body(scope)
        in_browser = self.for_browsers is not None and scope["path"].startswith(self.for_browsers)
        key = given_key(headers) or (key_from_browser(headers) if in_browser else "")
        app = self.opened_by(key) if key else None
        refusal = self._too_large(headers, largest)
        if app is None:
            refusal = wrong_key(key, self.where_it_is) if key else missing_key()
            if in_browser:
                refusal.headers["www-authenticate"] = 'Basic realm="Practice room", charset="UTF-8"'
        if refusal is None:
            await app(scope, bounded(receive, largest, self.limits), send)
            return
        await refuse(refusal, scope, receive, send, self.limits)

    def _largest_body(self, scope: Any) -> int:
        if scope["method"] == "POST" and scope["path"] == UPLOAD:
            return self.limits.file_bytes + self.limits.form_bytes
        return self.limits.body_bytes

    def _too_large(self, headers: Headers, largest: int) -> ApiError | None:
        length = headers.get("content-length", "0")
        return ApiError(413, too_large(largest)) if int(length) > largest else None


def one_key(key: str, app: Any) -> Callable[[str], Any]:
    """The application for who has this key."""
    return lambda given: app if secrets.compare_digest(given.encode(), key.encode()) else None


def given_key(headers: Headers) -> str:
    """The key as clients of the API send it; empty if there is none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def key_from_browser(headers: Headers) -> str:
    """The password that a person has typed when the browser asked; empty if there is none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given.strip(), validate=True).decode("utf-8").partition(":")[2].strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""


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


async def refuse(refusal: ApiError, scope: Any, receive: Any, send: Any, limits: Limits) -> None:
    """Answer with an error, and end the connection. The body is not wanted.

    Args:
        refusal: The error.
        scope: As ASGI gives it.
        receive: As ASGI gives it.
        send: As ASGI gives it.
        limits: How much of a body is read and dropped.
    """
    if not_admitted := scope.get("extensions", {}).get(NOT_ADMITTED):
        not_admitted()
    if "expect" not in Headers(scope=scope):  # with "Expect: 100-continue" nothing of the body was sent yet
        await _drop_body(receive, limits)
    refusal.headers["connection"] = "close"  # the rest of the body, if there is one, is not read
    await refusal.response()(scope, receive, send)


async def _drop_body(receive: Any, limits: Limits) -> None:
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
