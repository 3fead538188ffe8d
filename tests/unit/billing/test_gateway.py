"""The payment provider's gateway: definite answers are notes, doubt is an outage, the request id is the key."""

import asyncio
import json
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from chassis import OutageError
from services.billing.gateway import ProviderRequest, provider_calls

REQUEST = ProviderRequest(
    wish="capture", request_id="o.request-1", payment_id="pay-1", reference="ref-1", amount=1_000, currency="EUR"
)


class Answer(NamedTuple):
    """What the provider says, whatever it is asked."""

    status: int
    body: bytes = b""


def answer(**body: object) -> Answer:
    return Answer(200, json.dumps(body).encode())


async def ask(said: Answer) -> tuple[Any, web.BaseRequest]:
    """Make one request of a provider that says this; gives our answer, and the request as it came."""
    seen: list[web.BaseRequest] = []

    async def provide(request: web.BaseRequest) -> web.Response:
        await request.read()
        seen.append(request)
        return web.Response(status=said.status, body=said.body)

    async with RawTestServer(provide) as server, provider_calls(str(server.make_url("/pay")), 5, 1)() as calls:
        answered = await calls[ProviderRequest](REQUEST, "call-1")
    (request,) = seen
    return answered, request


async def test_a_granted_request_carries_its_id_as_the_key() -> None:
    answered, seen = await ask(answer(operation_id="op-1", outcome="succeeded"))

    assert answered.model_dump(include={"operation_id", "succeeded", "amount"}) == {
        "operation_id": "op-1",
        "succeeded": True,
        "amount": 1_000,
    }
    assert (seen.path, seen.headers["Idempotency-Key"]) == ("/pay/v1/captures", "o.request-1")
    assert await seen.json() == {
        "request_id": "o.request-1",
        "payment_id": "pay-1",
        "reference": "ref-1",
        "amount": 1_000,
        "currency": "EUR",
    }


async def test_a_refusal_is_an_answer_like_any_other() -> None:
    answered, _ = await ask(answer(operation_id="op-1", outcome="declined", reason="insufficient_funds"))

    assert answered.succeeded is False


@pytest.mark.parametrize("status", [302, 400, 404, 409, 429, 500, 503])
async def test_an_unclear_status_leaves_the_request_to_be_repeated(status: int) -> None:
    with pytest.raises(OutageError):
        await ask(Answer(status))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"outcome":"succeeded"}', b'{"operation_id":"o","outcome":"odd"}'])
async def test_an_unreadable_answer_leaves_the_request_to_be_repeated(body: bytes) -> None:
    with pytest.raises(OutageError):
        await ask(Answer(200, body))


async def test_a_provider_out_of_reach_is_an_outage() -> None:
    async with RawTestServer(_silent) as server:
        url = str(server.make_url("/"))

    async with provider_calls(url, 5, 1)() as calls:
        with pytest.raises(OutageError):
            await calls[ProviderRequest](REQUEST, "call-1")


async def test_a_provider_that_says_nothing_is_an_outage_in_time() -> None:
    async with RawTestServer(_silent) as server, provider_calls(str(server.make_url("/")), 0.1, 1)() as calls:
        with pytest.raises(OutageError):
            await calls[ProviderRequest](REQUEST, "call-1")


async def _silent(_request: web.BaseRequest) -> web.Response:
    await asyncio.sleep(2)
    return web.Response()
