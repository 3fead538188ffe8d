"""Orders through the real edge: signed requests over several connections, at a steady rate in an open loop."""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from contracts.channel import OrderPlaced
from contracts.values import order_id_of
from ordermill.bench.figures import Latency
from ordermill.bench.open_loop import Ask, ask_all, schedule
from ordermill.bench.pipeline import Pipeline, Run, VoidError, now_ms, publishing
from ordermill.bench.workload import Steady
from ordermill.services import api_address, api_secret
from ordermill.stack import Stack
from ordermill.world.orders import CHANNELS
from ordermill.world.speech import outgoing
from services.intake.api.signature import sign

CONNECTIONS = 32  # of channels that keep them open; the edge takes a hundred requests at once
REST_S = 3.0  # a connection that rested so long is opened anew: the edge closes those that say nothing
LEAD_S = 0.5  # until the first request is due, so that every connection is open by then


@dataclass(frozen=True, slots=True)
class Letter:
    """One order, ready to be signed."""

    order: OrderPlaced
    body: bytes


class Door:
    """One connection to the edge."""

    def __init__(self, host: str, port: int, secrets: dict[str, bytes]) -> None:
        self._host, self._port, self._secrets = host, port, secrets
        self._used_at = 0.0

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._used_at = time.monotonic()

    def close(self) -> None:
        """Disconnect."""
        self._writer.close()

    async def post(self, letter: Letter) -> None:
        """Post an order. Raises VoidError when it is not accepted."""
        if time.monotonic() - self._used_at > REST_S:
            self.close()
            await self.open()
        self._writer.write(request(letter, self._secrets[letter.order.channel], time.time()))
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
        body = await self._reader.readexactly(length)
        self._used_at = time.monotonic()
        if int(lines[0].split()[1]) != HTTPStatus.ACCEPTED:
            raise VoidError(f"the edge did not accept an order: {lines[0]} {body.decode()}")


def request(letter: Letter, secret: bytes, now_s: float) -> bytes:
    """A signed request, as Standard Webhooks has it."""
    name, at = letter.order.channel_order_id.encode(), b"%d" % now_s
    signature = sign(b".".join((name, at, letter.body)), secret)
    head = (
        b"POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
        b"ordermill-channel: %s\r\nwebhook-id: %s\r\nwebhook-timestamp: %s\r\nwebhook-signature: %s\r\n\r\n"
    )
    return head % (len(letter.body), letter.order.channel.encode(), name, at, signature) + letter.body


async def half_load(pipeline: Pipeline, orders: Steady, rate_a_second: float) -> tuple[Run, Latency]:
    """Post orders at this rate; the run's latencies count from when each was due, as does that of the acceptance."""
    late_s: list[float] = []

    async def send() -> dict[str, float]:
        due_ms, late = await _post_all(pipeline.stack, orders, rate_a_second)
        late_s.extend(late)
        return due_ms

    run = await pipeline.run(orders, send)
    return run, Latency.of(late * 1000 for late in late_s)


async def _post_all(stack: Stack, orders: Steady, rate_a_second: float) -> tuple[dict[str, float], list[float]]:
    events = list(orders.orders())
    letters = [Letter(event, event.encode()) for event, _ in events if isinstance(event, OrderPlaced)]
    # Payments are noticed by their provider, not by the channel, in the same rhythm.
    notices = [outgoing(event, at) for event, at in events if not isinstance(event, OrderPlaced)]
    dues = schedule(len(letters), rate_a_second)
    async with _doors(stack) as doors, publishing(stack) as publisher:
        begin, begin_ms = time.monotonic() + LEAD_S, now_ms() + LEAD_S * 1000

        async def notice(place: int) -> None:
            await publisher.publish([notices[place]])

        late, _ = await asyncio.gather(
            ask_all([begin + due for due in dues], [_asker(door, letters) for door in doors], time.monotonic),
            ask_all(
                [begin + due for due in schedule(len(notices), rate_a_second * len(notices) / len(letters))],
                [notice], time.monotonic,
            ),
        )  # fmt: skip
    return {_id(letter): begin_ms + due * 1000 for letter, due in zip(letters, dues, strict=True)}, late


def _asker(door: Door, letters: Sequence[Letter]) -> Ask:
    async def ask(place: int) -> None:
        await door.post(letters[place])

    return ask


def _id(letter: Letter) -> str:
    return order_id_of(letter.order.channel, letter.order.channel_order_id)


@asynccontextmanager
async def _doors(stack: Stack) -> AsyncIterator[list[Door]]:
    address = urlsplit(api_address(stack))
    secrets = {name: b64decode(api_secret(stack, name).removeprefix("whsec_")) for name in CHANNELS}
    async with AsyncExitStack() as opened:
        doors = []
        for _ in range(CONNECTIONS):
            door = Door(address.hostname or "", address.port or 0, secrets)
            await door.open()
            opened.callback(door.close)
            doors.append(door)
        yield doors
