"""The payment provider's gateway: definite answers are notes, doubt is an outage, the request id is the key."""

import json
from collections.abc import Callable

import httpx
import pytest

from chassis import OutageError
from services.billing.gateway import HttpProvider, ProviderRequest

REQUEST = ProviderRequest(
    wish="capture", request_id="o.request-1", payment_id="pay-1", reference="ref-1", amount=1_000, currency="EUR"
)


async def ask(answer: Callable[[httpx.Request], httpx.Response]) -> tuple[object, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def remember(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request)

    async with httpx.AsyncClient(base_url="http://provider", transport=httpx.MockTransport(remember)) as client:
        return await HttpProvider(client)(REQUEST, "call-1"), seen


async def test_a_granted_request_carries_its_id_as_the_key() -> None:
    answer, (seen,) = await ask(lambda _: httpx.Response(200, json={"operation_id": "op-1", "outcome": "succeeded"}))

    assert answer.model_dump(include={"operation_id", "succeeded", "amount"}) == {  # type: ignore[attr-defined]
        "operation_id": "op-1",
        "succeeded": True,
        "amount": 1_000,
    }
    assert (seen.url.path, seen.headers["Idempotency-Key"]) == ("/v1/captures", "o.request-1")
    assert json.loads(seen.content) == {
        "request_id": "o.request-1",
        "payment_id": "pay-1",
        "reference": "ref-1",
        "amount": 1_000,
        "currency": "EUR",
    }


async def test_a_refusal_is_an_answer_like_any_other() -> None:
    body = {"operation_id": "op-1", "outcome": "declined", "reason": "insufficient_funds"}

    answer, _ = await ask(lambda _: httpx.Response(200, json=body))

    assert answer.succeeded is False  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [400, 404, 409, 429, 500, 503])
async def test_an_unclear_status_leaves_the_request_to_be_repeated(status: int) -> None:
    with pytest.raises(OutageError):
        await ask(lambda _: httpx.Response(status))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"outcome":"succeeded"}', b'{"operation_id":"o","outcome":"odd"}'])
async def test_an_unreadable_answer_leaves_the_request_to_be_repeated(body: bytes) -> None:
    with pytest.raises(OutageError):
        await ask(lambda _: httpx.Response(200, content=body))


async def test_a_provider_out_of_reach_is_an_outage() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(OutageError):
        await ask(refuse)
