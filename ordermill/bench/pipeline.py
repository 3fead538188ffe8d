"""The pipeline under load: orders in, everything watched until nothing is left to do, and the books checked.

A run of which anything does not tie has measured nothing, and is void.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chassis.kafka import Publisher
from contracts.channel import OrderPlaced
from contracts.intake import OrderCompleted, OrderReleased
from contracts.shipping import ShipmentDispatched
from ordermill.bench import logs
from ordermill.bench.figures import Latency, waits
from ordermill.bench.logs import Said
from ordermill.bench.meter import SQL, Meter, Spent
from ordermill.bench.workload import Steady
from ordermill.check import examine, under_way
from ordermill.check.snapshot import POST, rows_under_way
from ordermill.errors import CommandError
from ordermill.lag import gauging
from ordermill.stack import Stack
from ordermill.world.speech import CHUNK, outgoing

if TYPE_CHECKING:
    from chassis.postgres import Connection
    from chassis.wire import Outgoing

LOOK_S = 0.2
LOOK_SHARE = 0.01  # of the time may go into looking: counting 300,000 orders takes a while
REST_SHARE = 0.05  # the same, when only mails are left: a run ends soon after the last one, lest idling count
COMPLETED = "completed"
STALL_S = 60.0  # nothing has moved for so long: it never will


class VoidError(CommandError):
    """A run that measured nothing, because not everything it did was right."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the pipeline: so many orders from placement to completion."""

    orders: int
    # From the first order's place in the log to the last one's completion.
    seconds: float
    spent: Spent
    said: Said
    released: Latency
    dispatched: Latency
    completed: Latency

    @property
    def orders_a_second(self) -> float:
        """How many came through."""
        return self.orders / self.seconds


Send = Callable[[], Awaitable[dict[str, float]]]


class Pipeline:
    """The running services, to be loaded and watched; `whole`: what they said is kept, since a floor is made of it."""

    def __init__(self, stack: Stack, meter: Meter, *, whole: bool) -> None:
        self.stack, self.meter, self.whole = stack, meter, whole

    async def saturate(self, orders: Steady) -> Run:
        """Publish orders at full speed; latencies count from when the log took them."""
        messages = [outgoing(event, at) for event, at in orders.orders()]
        return await self.run(orders, lambda: self._publish(messages))

    async def run(self, orders: Steady, send: Send) -> Run:
        """Send orders, wait until all is done, and tell what it took. Raises VoidError.

        `send` returns the moment in ms at which each order should have been sent, where it knows; else the log does.
        """
        done = (await self._states())[COMPLETED]
        before = await logs.ends(self.stack.kafka)
        await self.meter.connection.execute("checkpoint")
        since = await self.meter.read()
        sending = asyncio.ensure_future(send())
        await self._completed(done + orders.number, sending)
        await self._rested()
        spent = await self.meter.spent(since)
        await self._check()
        said = await logs.said_since(self.stack.kafka, before, whole=self.whole)
        return told(orders, spent, said, sending.result())

    async def _publish(self, messages: Sequence[Outgoing]) -> dict[str, float]:
        async with publishing(self.stack) as publisher:
            for first in range(0, len(messages), CHUNK):
                await publisher.publish(messages[first : first + CHUNK])
        return {}

    async def _completed(self, wanted: int, sending: asyncio.Future[dict[str, float]]) -> None:
        states, moved = Counter[str](), time.monotonic()
        while states[COMPLETED] < wanted or not sending.done():
            if sending.done():
                sending.result()
            began = time.monotonic()
            before, states = states, await self._states()
            moved = time.monotonic() if states != before else moved
            if time.monotonic() - moved > STALL_S:
                where = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
                raise VoidError(f"no order got any further for {STALL_S:.0f} s: {where}")
            await _pause(began, LOOK_SHARE)

    async def _states(self) -> Counter[str]:
        """How many orders there are, by state."""
        return Counter({row["state"]: row["orders"] for row in await self.meter.connection.fetch(SQL.states.text)})

    async def _rested(self) -> None:
        """Wait until nobody has anything to do any more, the last mail included."""
        least, moved = sys.maxsize, time.monotonic()
        async with gauging(self.stack.kafka) as lags:
            began = moved
            while left := sum(each.lag for each in await lags()) + await _left(self.meter.connection):
                if left < least:
                    least, moved = left, time.monotonic()
                if time.monotonic() - moved > STALL_S:
                    raise VoidError(f"all orders are completed, but {left:,} rows and messages stay as they are")
                await _pause(began, REST_SHARE)
                began = time.monotonic()

    async def _check(self) -> None:
        broken = [finding for finding in await examine(self.stack) if not finding.holds]
        if broken:
            first = broken[0]
            raise VoidError(f"{len(broken)} laws do not hold. {first.law.says} {first.skipped or dict(first.rows[0])}")


async def _pause(began: float, share: float) -> None:
    """Wait before looking again, since tables announce nothing: looks, like that which began then, take so much."""
    await asyncio.sleep(max(LOOK_S, (time.monotonic() - began) / share))


async def _left(connection: Connection) -> int:
    return await under_way(connection) + await rows_under_way(connection, POST)


def told(orders: Steady, spent: Spent, said: Said, due_ms: dict[str, float]) -> Run:
    """What a run's messages tell. Raises VoidError when an order is missing among them."""
    placed = due_ms or said.moments_ms(OrderPlaced)
    completed = said.moments_ms(OrderCompleted)
    if not set(orders.order_ids()) == placed.keys() == completed.keys():
        raise VoidError(f"{orders.number:,} were ordered, {len(placed):,} placed, {len(completed):,} completed")
    return Run(
        orders=orders.number,
        seconds=(max(completed.values()) - min(placed.values())) / 1000,
        spent=spent,
        said=said,
        released=Latency.of(waits(placed, said.moments_ms(OrderReleased))),
        dispatched=Latency.of(waits(placed, said.moments_ms(ShipmentDispatched))),
        completed=Latency.of(waits(placed, completed)),
    )


@asynccontextmanager
async def publishing(stack: Stack) -> AsyncIterator[Publisher]:
    """A producer as channels have it."""
    publisher = Publisher(stack.kafka, "ordermill-bench")
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


def now_ms() -> float:
    """The clock that logs use."""
    return datetime.now(UTC).timestamp() * 1000
