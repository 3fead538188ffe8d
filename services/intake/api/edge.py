"""POST /v1/orders and /v1/cancellations: proven, bounded, well formed; 202 only once Kafka has it, 503 when it may not.

What an order means is decided behind the topic, and told to the channel there: the edge only keeps out what cannot be
read.  It remembers nothing: the same message twice is two acknowledgements and, by its sender's id, one effect.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chassis import OutageError
from chassis.crash import Point, reach
from contracts.channel import CancellationRequested, OrderPlaced
from services.intake.api.body import check_json, read_body, too_large
from services.intake.api.limits import HEADER_BYTES_MAX, Gate, Rates
from services.intake.api.metrics import EdgeMetrics
from services.intake.api.problem import RefusedError, faults_of
from services.intake.api.signature import Claim, SignatureError, claim_of, prove
from services.intake.gateway import Publisher, headers_of, outgoing
from services.intake.settings import EdgeSettings, secret_bytes

_TRACEPARENT: Final = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")
_JSON: Final = re.compile(r'application/json(?:\s*;\s*charset="?utf-8"?)?', re.IGNORECASE)

Message = type[OrderPlaced] | type[CancellationRequested]
Clock = Callable[[], float]


class Edge:
    """Takes requests of channels and appends their messages to the log."""

    def __init__(
        self, settings: EdgeSettings, publisher: Publisher, metrics: EdgeMetrics, clock_s: Clock = time.time
    ) -> None:
        self._settings, self._publisher, self._metrics, self._clock_s = settings, publisher, metrics, clock_s
        self._gate, self._rates = Gate(settings.requests_max), Rates(settings.rate_per_s, clock_s)
        self._secrets: Mapping[str, Sequence[bytes]] = {
            channel: [secret_bytes(secret) for secret in secrets] for channel, secrets in settings.secrets.items()
        }

    async def take_order(self, request: Request) -> Response:
        """POST /v1/orders."""
        return await self._answer(request, OrderPlaced)

    async def take_cancellation(self, request: Request) -> Response:
        """POST /v1/cancellations."""
        return await self._answer(request, CancellationRequested)

    async def _answer(self, request: Request, kind: Message) -> Response:
        with self._metrics.timed(request.url.path) as outcome:
            try:
                with self._gate.entered():
                    response: Response = await self._take(request, kind)
            except RefusedError as refused:
                response = refused.response()
                outcome.code = refused.code
            outcome.status = response.status_code
            return response

    async def _take(self, request: Request, kind: Message) -> Response:
        self._check_head(request)
        claim = self._claim(request)
        body = await read_body(request, self._settings.body_bytes_max, self._settings.body_timeout_s)
        self._prove(claim, body)
        self._rates.take(claim.channel)
        check_json(body)
        event = _parse(kind, body)
        if event.channel != claim.channel:
            raise RefusedError(HTTPStatus.FORBIDDEN, "other_channel", "the body names a channel that is not the signer")
        await self._publish(event, body, claim, _trace(request))
        reach(Point.REQUEST_TAKEN)
        return JSONResponse(
            {"order_id": event.home(), "message_id": claim.message_id},
            HTTPStatus.ACCEPTED,
            headers={"Cache-Control": "no-store"},
        )

    # --- before the body ---

    def _check_head(self, request: Request) -> None:
        headers = request.headers
        if sum(len(name) + len(value) for name, value in headers.raw) > HEADER_BYTES_MAX:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large")
        if not _JSON.fullmatch(headers.get("content-type", "").strip()):
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json_type", "application/json in UTF-8 only")
        if headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "compressed", "uncompressed bodies only")
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > self._settings.body_bytes_max:
            raise too_large(self._settings.body_bytes_max)

    def _claim(self, request: Request) -> Claim:
        try:
            return claim_of(request.headers.raw, self._clock_s())
        except SignatureError as error:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, error.code) from None

    # --- the body ---

    def _prove(self, claim: Claim, body: bytes) -> None:
        try:
            prove(claim, body, self._secrets)
        except SignatureError as error:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, error.code) from None

    async def _publish(
        self, event: OrderPlaced | CancellationRequested, body: bytes, claim: Claim, trace: bytes
    ) -> None:
        now = datetime.fromtimestamp(self._clock_s(), UTC)
        headers = headers_of(event, claim.message_id, claim.channel, now, trace)
        message = outgoing(event, body, headers, self._settings.lanes)
        try:
            async with asyncio.timeout(self._settings.publish_timeout_s):
                await self._publisher.publish([message])
        except (OutageError, TimeoutError):
            detail = "the message may or may not have been taken: send it again, unchanged"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "log_unavailable", detail) from None


def _parse(kind: Message, body: bytes) -> OrderPlaced | CancellationRequested:
    try:
        return kind.decode(body)
    except ValidationError as error:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", faults=faults_of(error)) from None


def _trace(request: Request) -> bytes:
    """Carry the sender's trace on where it is one; anything else is dropped, not repeated."""
    found = [value for name, value in request.headers.raw if name == b"traceparent"]
    return found[0] if len(found) == 1 and _TRACEPARENT.fullmatch(found[0]) else b""
