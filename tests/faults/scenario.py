"""One fault under load: orders of its own, placed while it strikes."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from contracts import intake
from contracts.channel import OrderPlaced
from tests.faults.door import Door
from tests.faults.evidence import Sums
from tests.faults.machines import PATIENCE_S, Machines
from tests.faults.workload import Work, id_of

DRAIN_S = float(os.environ.get("ORDERMILL_FAULTS_DRAIN_S", "30"))  # after the fault is over, everything is at rest
PORTION = 2  # orders said at once, so that a scenario's make many batches
OVER_S = 2.0  # the time over which they are placed


@dataclass
class Scenario:
    """One fault under load."""

    ground: Machines
    fault: str
    work: Work
    before: Sums
    ends_before: int
    fired: int = 0
    remark: str = ""
    may_break: bool = False
    """Whether processes may end by themselves, broken."""
    may_differ: Mapping[str, str] = field(default_factory=dict)
    """By kind of fact, a pattern of what the fault rightly changes: it is not compared with the run without it."""
    said_at: dict[str, datetime] = field(default_factory=dict)
    drain_s: float = DRAIN_S
    loading: asyncio.Task[None] | None = None

    def begin(self, over_s: float = OVER_S, **how: Any) -> None:
        """Begin to place orders, while the fault strikes."""
        self.loading = asyncio.create_task(self.load(over_s, **how))

    async def loaded(self) -> None:
        """Wait until the orders are placed."""
        assert self.loading, "begun"
        await self.loading

    def cease(self) -> None:
        """Place no more, whatever is left."""
        if self.loading:
            self.loading.cancel()

    async def load(
        self,
        over_s: float = OVER_S,
        door: Door | None = None,
        *,
        portion: int = PORTION,
        part: tuple[int, int] = (0, 1),
        without: OrderPlaced | None = None,
    ) -> None:
        """Place the orders that go all the way, a few at a time, and cancel those that are held; or a part of them."""
        first, parts = part
        ground, wishes = self.ground, self.work.cancellations()[first::parts]
        orders = [order for order in self.work.free if order is not without][first::parts]
        portions = [orders[place : place + portion] for place in range(0, len(orders), portion)]
        for number, together in enumerate(portions):
            self.said_at.update(dict.fromkeys(map(id_of, together), datetime.now(UTC)))
            await (door or ground.insist)(together)
            await ground.insist([*self.work.notices(together), *wishes[number :: len(portions)]])
            await asyncio.sleep(over_s / len(portions))  # a channel's rhythm

    async def until_under_way(self, share: float = 0.25) -> None:
        """Wait until some of the orders were received: the middle of the stream."""
        wanted = max(1, round(len(self.work.free) * share))

        def is_under_way() -> bool:
            received = {told.subject for told in self.ground.told[intake.OrderReceived]}
            return sum(id_of(order) in received for order in self.work.free) >= wanted

        await self.ground.wait(is_under_way, f"{self.fault}: {wanted} received orders", PATIENCE_S)

    def slowest_s(self, orders: Sequence[OrderPlaced]) -> float:
        """The longest time from the placing of one of these orders to its release."""
        ids = {id_of(order) for order in orders} & self.said_at.keys()
        released = {told.subject: told.at for told in self.ground.told[intake.OrderReleased] if told.subject in ids}
        return max(((at - self.said_at[subject]).total_seconds() for subject, at in released.items()), default=0.0)
