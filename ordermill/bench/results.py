"""What a bench found, an order at a time, ready to be written as JSON and to be shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ordermill.bench.figures import Latency, middle
from ordermill.bench.floor import OUTSIDE, Floor
from ordermill.bench.meter import LOAD, Spent
from ordermill.bench.naive import Naive
from ordermill.bench.pipeline import Run
from ordermill.bench.workload import LINES
from ordermill.services import WORLD

SERVERS = ("postgres", "kafka")
# What stands for the outside: shown, and never part of what an order costs.
APART = (WORLD, LOAD, OUTSIDE)


@dataclass(frozen=True, slots=True)
class Part:
    """One form under one load; all but the rate is for one order."""

    orders: int
    orders_a_second: float
    cpu_us: Mapping[str, float]
    wal_bytes: float
    transactions: float
    messages: float = 0.0
    message_bytes: float = 0.0
    rows: float = 0.0
    latency: Mapping[str, Latency] = field(default_factory=dict)

    @property
    def lines_a_second(self) -> float:
        """The rate in lines."""
        return self.orders_a_second * LINES

    @property
    def inside_us(self) -> float:
        """CPU of the services and servers."""
        return sum(us for name, us in self.cpu_us.items() if name not in APART)

    @property
    def outside_us(self) -> float:
        """CPU of the simulated world and of the load generator."""
        return sum(us for name, us in self.cpu_us.items() if name in APART)

    def of(self, name: str) -> float:
        """CPU of one process."""
        return self.cpu_us.get(name, 0.0)

    @property
    def python_us(self) -> float:
        """CPU of the services alone."""
        return self.inside_us - sum(map(self.of, SERVERS))


@dataclass(frozen=True, slots=True)
class Results:
    """Everything."""

    made: Mapping[str, Any]
    # Medians of the rounds, by name.
    parts: Mapping[str, Part]
    rounds: Mapping[str, Sequence[Part]]
    memory_bytes: Mapping[str, int]
    # Shares of one core.
    idle: Mapping[str, float]
    # CPU of an order in µs, by service (and PostgreSQL) and mechanism.
    mechanisms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For programs, ratios included."""
        return {**dataclasses.asdict(self), "ratios": self.ratios()}

    def ratios(self) -> dict[str, float]:
        """How the forms compare: this carries over to other machines, where the figures do not."""
        ours, found = self.parts.get("pipeline"), {}
        if ours and (floor := self.parts.get("floor")):
            found["rate_to_floor"] = ours.orders_a_second / floor.orders_a_second
            found["cpu_to_floor"] = ours.inside_us / floor.inside_us
            found["wal_to_floor"] = ours.wal_bytes / floor.wal_bytes
        if ours and (naive := self.parts.get("naive")):
            found["rate_to_naive"] = ours.orders_a_second / naive.orders_a_second
            found["naive_cpu_to_ours"] = naive.inside_us / ours.inside_us
        if ours and (hot := self.parts.get("hot")):
            found["hot_to_uniform"] = hot.orders_a_second / ours.orders_a_second
        return found


def of_run(run: Run, rows: Mapping[str, int] | None = None) -> Part:
    """A run of the pipeline, an order at a time."""
    return Part(
        orders=run.orders,
        orders_a_second=run.orders_a_second,
        **_spent(run.spent, run.spent.cpu_s, run.orders),
        messages=run.said.number / run.orders,
        message_bytes=run.said.size_bytes / run.orders,
        rows=sum((rows or {}).values()) / run.orders,
        latency={"released": run.released, "dispatched": run.dispatched, "completed": run.completed},
    )


def of_floor(floor: Floor, run: Part) -> Part:
    """The floor of a run: as many messages and rows."""
    cpu_s = {name: floor.spent.cpu_s[name] for name in SERVERS} | dict(floor.cpu_s)
    return Part(
        orders=floor.orders, orders_a_second=floor.orders / floor.seconds,
        **_spent(floor.spent, cpu_s, floor.orders),
        messages=run.messages, message_bytes=run.message_bytes, rows=run.rows,
    )  # fmt: skip


def of_naive(naive: Naive) -> Part:
    """The naive form; what its processes did is one figure."""
    cpu_s = {name: naive.spent.cpu_s[name] for name in SERVERS} | {"services": sum(naive.cpu_s.values())}
    return Part(
        orders=naive.orders, orders_a_second=naive.orders / naive.seconds,
        **_spent(naive.spent, cpu_s, naive.orders),
        messages=naive.steps, rows=naive.steps * naive.rows,
    )  # fmt: skip


def _spent(spent: Spent, cpu_s: Mapping[str, float], orders: int) -> dict[str, Any]:
    return {
        "cpu_us": {name: seconds / orders * 1e6 for name, seconds in cpu_s.items()},
        "wal_bytes": spent.wal_bytes / orders,
        "transactions": spent.transactions / orders,
    }


def medians(parts: Sequence[Part]) -> Part:
    """The median of each figure over the rounds."""

    def of(figure: Callable[[Part], float]) -> float:
        return middle([figure(part) for part in parts])

    first = parts[0]
    return Part(
        orders=first.orders,
        orders_a_second=of(lambda part: part.orders_a_second),
        cpu_us={name: middle([part.of(name) for part in parts]) for name in first.cpu_us},
        wal_bytes=of(lambda part: part.wal_bytes),
        transactions=of(lambda part: part.transactions),
        messages=of(lambda part: part.messages),
        message_bytes=of(lambda part: part.message_bytes),
        rows=of(lambda part: part.rows),
        latency={name: _middle([part.latency[name] for part in parts]) for name in first.latency},
    )


def _middle(latencies: Sequence[Latency]) -> Latency:
    return Latency(
        middle([each.p50 for each in latencies]), middle([each.p99 for each in latencies]), latencies[0].number
    )
