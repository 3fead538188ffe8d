"""A channel that sends its orders over HTTP, again and again until it is told that they were taken."""

import asyncio
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx

from contracts.channel import OrderPlaced
from ordermill.services import api_secret
from ordermill.stack import Stack
from services.intake.api.signature import sign
from tests.faults.workload import CHANNEL

Door = Callable[[Sequence[OrderPlaced]], Awaitable[None]]
PAUSE_S = 0.2


@asynccontextmanager
async def edge(stack: Stack, port: int) -> AsyncIterator[Door]:
    """Connect to the edge."""
    secret = b64decode(api_secret(stack, CHANNEL).removeprefix("whsec_"))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5.0) as client:

        async def take(orders: Sequence[OrderPlaced]) -> None:
            for order in orders:
                while not await _is_taken(client, order, secret):  # noqa: ASYNC110 -- nobody tells when
                    await asyncio.sleep(PAUSE_S)  # a channel's pause before it asks again

        yield take


async def _is_taken(client: httpx.AsyncClient, order: OrderPlaced, secret: bytes) -> bool:
    name, at, body = order.channel_order_id, str(int(time.time())), order.encode()
    headers = {
        "content-type": "application/json", "ordermill-channel": CHANNEL, "webhook-id": name, "webhook-timestamp": at,
        "webhook-signature": sign(b".".join((name.encode(), at.encode(), body)), secret).decode(),
    }  # fmt: skip
    try:
        response = await client.post("/v1/orders", content=body, headers=headers)
    except httpx.HTTPError:
        return False
    assert response.status_code in {HTTPStatus.ACCEPTED, HTTPStatus.SERVICE_UNAVAILABLE}, response.text
    return response.status_code == HTTPStatus.ACCEPTED
