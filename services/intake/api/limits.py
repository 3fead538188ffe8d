"""How much the edge takes at once: requests in hand, requests a second of one channel, header bytes of a connection."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.intake.api.problem import RefusedError

HEADER_BYTES_MAX: Final = 16_384


class Gate:
    """Lets so many requests in at once; the next ones are told to come back."""

    def __init__(self, requests_max: int) -> None:
        self._free = requests_max

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Hold a place; raises RefusedError when none is free."""
        if not self._free:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class Rates:
    """Token buckets by channel: so many requests a second, with a burst of one second's worth."""

    def __init__(self, per_s: float, clock_s: Callable[[], float]) -> None:
        self._per_s, self._clock_s = per_s, clock_s
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, channel: str) -> None:
        """Count one request of a proven channel; raises RefusedError when it is one too many."""
        now = self._clock_s()
        tokens, then = self._buckets.get(channel, (self._per_s, now))
        tokens = min(self._per_s, tokens + (now - then) * self._per_s)
        if tokens < 1:
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "rate_exceeded")
        self._buckets[channel] = tokens - 1, now


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with what it lacks: a limit for the bytes of a request's head and for the time they take."""

    head_timeout_s = 10.0
    """As long as a whole body may take."""
    _head_bytes = 0
    _is_in_head = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 -- uvicorn narrows asyncio's own signature
        """Start the clock of the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count while a head is coming; a head that outgrows its limit ends the connection."""
        if self._is_in_head:
            if self._deadline is None:
                self._await_head()
            # Bytes of a body that came in the same packet count too, so a packet's worth is allowed on top.
            self._head_bytes += min(len(data), HEADER_BYTES_MAX)
            if self._head_bytes > 2 * HEADER_BYTES_MAX:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_clock()
        self._is_in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is another head."""
        self._is_in_head = True
        super().on_message_complete()

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(self.head_timeout_s, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: HTTPStatus) -> None:
        if not self.transport.is_closing():
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            self.transport.write(head.encode())
            self.transport.close()
