"""Connections, bounded: how many there are, how long one may take to say what it wants, and what it is told.

uvicorn bounds what it has read of a request. It has no time-out for headers that never end, and answers what is not
HTTP in plain text.
"""

import asyncio
import secrets
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from helpers.practice.admission import NOT_ADMITTED
from helpers.practice.api.errors import ApiError
from helpers.practice.limits import Limits


class BoundedConnection(H11Protocol):
    """One connection. `limits` and `waiting` belong to the server: connection_class() sets them."""

    limits: Limits
    # Those without a whole request yet, and those whose request was refused, the longest first.
    waiting: dict["BoundedConnection", asyncio.TimerHandle]
    refused = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections and not self._made_room():
            self._refuse(ApiError(503, "Too many connections at once. Try again in a moment.", type="server_error"))
            return
        self._wait()

    def handle_events(self) -> None:
        super().handle_events()
        if self.scope is not None:  # the application begins with it when this method has returned
            self.scope["extensions"] = {NOT_ADMITTED: self.not_admitted}

    def not_admitted(self) -> None:
        """Nothing more is done for this connection than to drop a body, so it is the first to give up its place."""
        self.refused = True
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.refused:
            return
        if self.transport.is_closing() or self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        else:  # a request has begun, and its headers are not complete
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What cannot be read as HTTP gets an error of the same shape as every other."""
        self._refuse(ApiError(400, msg))

    def _wait(self) -> None:
        if self not in self.waiting:
            self.waiting[self] = self.loop.call_later(self.limits.header_seconds, self.give_up)

    def _stop_waiting(self) -> None:
        timer = self.waiting.pop(self, None)
        if timer is not None:
            timer.cancel()

    def give_up(self) -> None:
        """Close a connection on which no whole request has come."""
        self._stop_waiting()
        self.transport.close()

    def _made_room(self) -> bool:
        """Whoever has waited longest without asking for anything gives up the place."""
        longest = next(iter(self.waiting), None)
        if longest is None:
            return False
        longest.give_up()
        return True

    def _refuse(self, error: ApiError) -> None:
        if self.cycle is not None:
            self.cycle.disconnected = True  # an answer that was on its way is not sent any more
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._answer(error)
        self.transport.close()

    def _answer(self, error: ApiError) -> None:
        response = error.response()
        headers = [*response.raw_headers, (b"connection", b"close")]
        headers.append((b"x-request-id", f"req_{secrets.token_hex(16)}".encode()))
        reason = HTTPStatus(error.status).phrase.encode()
        parts = (
            h11.Response(status_code=error.status, headers=headers, reason=reason),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        )
        for part in parts:
            self.transport.write(self.conn.send(part))


def connection_class(limits: Limits) -> type[BoundedConnection]:
    """The class of the connections of one server, as uvicorn's `http` takes it."""
    return type("Connection", (BoundedConnection,), {"limits": limits, "waiting": {}})
