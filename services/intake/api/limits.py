"""How much the edge takes at once: requests in hand, requests a second of one channel, header bytes of a connection."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.intake.api.problem import RefusedError, problem

HEADER_BYTES_MAX: Final = 16_384
# Bytes of a body's first packet cannot be told from the head's, so as much is allowed on top.
FRAMING_BYTES_MAX: Final = 2 * HEADER_BYTES_MAX


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
    """uvicorn's protocol with what it lacks: bounds for a request's bytes beside its body, and for the time they take.

    Beside the body are its head, the sizes of chunks and the trailers, which uvicorn keeps however many there are, even
    when the request was refused long ago.
    """

    head_timeout_s = 10.0
    """As long as a whole body may take; also for the rest of a request that is answered already."""
    _received = _body = 0
    """Bytes of the request in hand."""
    _is_in_head = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 -- uvicorn narrows asyncio's own signature
        """Start the clock of the first head."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count; what outgrows its limit ends the connection."""
        if self._is_in_head and self._deadline is None:
            self._start_clock()
        self._received += len(data)
        super().data_received(data)
        # In chunks of a byte each there is more beside a body than in it: nobody sends so.
        if self._received - self._body > FRAMING_BYTES_MAX + self._body:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_clock()
        if self.parser.should_upgrade():
            # The parser reads no body behind such a head, and would take what follows for the next request.
            self._refuse(HTTPStatus.BAD_REQUEST, "upgrade_not_offered")
            return
        self._is_in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """What comes next is another head."""
        self._stop_clock()
        self._is_in_head, self._received, self._body = True, 0, 0
        if not self.transport.is_closing():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Give what is still to come of a request that was answered early some time, not all the time."""
        super().on_response_complete()
        if not self._is_in_head and self.cycle.response_complete:
            self._start_clock()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- uvicorn's sentence, always the same
        """Answer what is no HTTP in the form of all other refusals."""
        self._refuse(HTTPStatus.BAD_REQUEST, "not_http")

    def _start_clock(self) -> None:
        self._stop_clock()
        self._deadline = self.loop.call_later(
            self.head_timeout_s, self._refuse, HTTPStatus.REQUEST_TIMEOUT, "head_too_slow"
        )

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        """End the connection, with an answer where the request in hand has none yet."""
        if self.transport.is_closing():
            return
        if self._is_in_head or not self.cycle.response_started:
            answer = problem(status, code)
            head = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), b"connection: close"]
            head += [name + b": " + value for name, value in answer.raw_headers if name != b"connection"]
            self.transport.write(b"\r\n".join([*head, b"", bytes(answer.body)]))
        self.transport.close()
