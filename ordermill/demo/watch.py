"""Watching a run: how far each stage has come, how fast, and whether it has ended, rests or is stuck."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chassis.queries import Queries
from ordermill.check import under_way

if TYPE_CHECKING:
    from chassis.postgres import Connection
    from ordermill.lag import Lag

SQL: Final = Queries.beside(__file__)

RATE_OVER_S = 3.0
LOOKS_LEAST = 2
# Held orders may still be let go by the desk or by a customer's payment: look so long whether anything moves.
QUIET_S = 3.0
# Mails are for nobody's order to wait for; they are waited for at the end, so long at most.
POST = frozenset({"told", "untold"})
POST_PATIENCE_S = 15.0
ENDS = frozenset({"completed", "cancelled", "rejected"})


@dataclass(frozen=True, slots=True)
class Look:
    """One look at everything."""

    at: float
    published: int
    stages: Mapping[str, int]
    states: Mapping[str, int]
    lags: Mapping[str, int]
    # Rows that services still have to work through; not looked for while there is lag.
    under_way: int

    @property
    def lag(self) -> int:
        """Messages that are still to be handled, of all services."""
        return sum(self.lags.values())

    @property
    def ended(self) -> int:
        """Orders at an end."""
        return sum(orders for state, orders in self.states.items() if state in ENDS)

    @property
    def held(self) -> int:
        """Orders that somebody must decide about."""
        return self.states.get("held", 0)

    @property
    def progress(self) -> tuple[object, ...]:
        """What changes when anything happens; mails aside, for which no order waits."""
        stages = [number for stage, number in self.stages.items() if stage not in POST]
        return self.published, stages, self.states, self.lag


@dataclass(slots=True)
class Watch:
    """The looks of the last seconds; says how far the run is, and when it is over."""

    # How it stood before: orders of earlier runs are there too.
    before: Look
    orders: int
    # Earlier orders that were not at an end: nobody counts them, and nobody waits for them.
    left: Sequence[str] = ()
    looks: deque[Look] = field(default_factory=deque)
    last_move: float = 0.0
    # When the orders came to their end.
    over_at: float | None = None

    def add(self, look: Look) -> None:
        """Remember a look."""
        if not self.looks or look.progress != self.looks[-1].progress:
            self.last_move = look.at
        self.looks.append(look)
        # Looks at a big run lie further apart than that: without two of them there is no rate.
        while len(self.looks) > LOOKS_LEAST and look.at - self.looks[0].at > RATE_OVER_S:
            self.looks.popleft()
        if not self.is_over:
            self.over_at = None
        elif self.over_at is None:
            self.over_at = look.at

    @property
    def newest(self) -> Look:
        """How it stands."""
        return self.looks[-1]

    @property
    def expected(self) -> int:
        """How many orders should be at an end, those of earlier runs among them."""
        return sum(self.before.states.values()) + self.orders

    def passed(self, stage: str) -> int:
        """How many passed a stage in this run."""
        return self.newest.stages[stage] - self.before.stages[stage]

    def came_to(self, state: str) -> int:
        """How many orders more are in a state than before."""
        return max(0, self.newest.states.get(state, 0) - self.before.states.get(state, 0))

    def rate(self, stage: str) -> float:
        """Orders (or shipments, parcels) a second that passed a stage lately."""
        first, last = self.looks[0], self.newest
        if last.at <= first.at:
            return 0.0
        return (last.stages[stage] - first.stages[stage]) / (last.at - first.at)

    @property
    def quiet_s(self) -> float:
        """For how long nothing has moved."""
        return self.newest.at - self.last_move

    @property
    def is_over(self) -> bool:
        """Whether every order is at an end, or rests until somebody decides, and nothing is on its way any more."""
        look = self.newest
        if look.lag or look.under_way:
            return False
        rests = look.ended + look.held >= self.expected and self.quiet_s >= QUIET_S
        return look.ended >= self.expected or rests

    @property
    def is_told(self) -> bool:
        """Whether the orders have come to their end and the mails about them are out, or take longer than we wait."""
        if self.over_at is None:
            return False
        return not self.newest.stages["untold"] or self.newest.at - self.over_at >= POST_PATIENCE_S


async def look(
    connection: Connection, lags: Callable[[], Awaitable[list[Lag]]], published: int, left: Sequence[str]
) -> Look:
    """Look at the tables and at the logs."""
    row = await connection.fetchrow(SQL.stages.text)
    states = await connection.fetch(SQL.states.text, left)
    behind = Counter[str]()
    for each in await lags():
        behind[each.group] += each.lag
    lag = sum(behind.values())
    return Look(
        under_way=0 if lag else await under_way(connection),
        at=time.monotonic(),
        published=published,
        stages=dict(row or {}),
        states={state["state"]: state["orders"] for state in states},
        lags=behind,
    )
