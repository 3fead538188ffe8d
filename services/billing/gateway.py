"""The payment provider: one HTTP call for each request, its id as idempotency key.

A definite answer, also a refusal, is a note; anything that leaves doubt (no connection, timeout, 5xx, 429, an answer
that cannot be read) is an outage, and the same request is made again.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Final, Literal

import aiohttp
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from chassis import Note, OutageError, Request
from chassis.service import Call

PATHS: Final = {
    "authorization": "/v1/authorizations",
    "capture": "/v1/captures",
    "void": "/v1/voids",
    "refund": "/v1/refunds",
}


class ProviderRequest(Request):
    """Ask the provider to authorize, capture, void or refund."""

    type = "billing.provider_request"

    wish: Literal["authorization", "capture", "void", "refund"]
    request_id: str
    payment_id: str
    reference: str
    amount: int
    currency: str


class ProviderAnswered(Note):
    """The provider answered our request: it did so, or definitely will not."""

    type = "billing.provider_answered"

    request_id: str
    payment_id: str
    operation_id: str
    succeeded: bool
    amount: int
    expires_at: AwareDatetime | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    operation_id: str
    outcome: Literal["succeeded", "declined"]
    expires_at: AwareDatetime | None = None


class HttpProvider:
    """The provider over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url.rstrip("/")

    async def __call__(self, request: ProviderRequest, call_id: str) -> ProviderAnswered:
        """Make one request. Its own id is the key, so that the notice of the same operation names it too."""
        del call_id
        body = request.model_dump(include={"request_id", "payment_id", "reference", "amount", "currency"})
        address, key = f"{self._url}{PATHS[request.wish]}", {"Idempotency-Key": request.request_id}
        try:
            async with self._session.post(address, json=body, headers=key, allow_redirects=False) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutageError(f"payment provider: {type(error).__name__}") from error
        if response.status != HTTPStatus.OK:
            raise OutageError(f"payment provider answered {response.status}")
        return _read(request, content)


def _read(request: ProviderRequest, body: bytes) -> ProviderAnswered:
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        raise OutageError("payment provider answered what nobody can read") from error
    return ProviderAnswered(
        request_id=request.request_id,
        payment_id=request.payment_id,
        operation_id=answer.operation_id,
        succeeded=answer.outcome == "succeeded",
        amount=request.amount,
        expires_at=answer.expires_at,
    )


def provider_calls(
    url: str, timeout_s: float, connections: int
) -> Callable[[], AbstractAsyncContextManager[Mapping[type[Request], Call]]]:
    """Open one pool of connections for the process's life."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Mapping[type[Request], Call]]:
        connector = aiohttp.TCPConnector(limit=connections)
        # Not in all: a request may wait for its turn behind others.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout_s, sock_read=timeout_s)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            yield {ProviderRequest: HttpProvider(session, url)}

    return opened
