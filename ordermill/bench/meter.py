"""What a piece of work used: time, CPU by process, write-ahead log, transactions, rows and messages."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from chassis.queries import Queries
from ordermill.bench import machine
from ordermill.bench.mechanisms import of_postgres
from ordermill.services import service_names
from ordermill.stack import Stack

if TYPE_CHECKING:
    from chassis.postgres import Connection

SQL: Final = Queries.beside(__file__)
N = TypeVar("N", int, float)
LOAD = "load generator"  # this very process: it publishes, and looks whether all is done
# PostgreSQL's backends hand in their counts of rows at the latest ten seconds after they fell idle.
COUNTS_LATE_S = 11.0


@dataclass(frozen=True, slots=True)
class Reading:
    """All meters at one moment."""

    at_s: float
    cpu_s: Mapping[str, float]
    wal_bytes: int
    transactions: int
    postgres_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used between two readings."""

    seconds: float
    cpu_s: Mapping[str, float]
    wal_bytes: int
    transactions: int
    # PostgreSQL's part of the CPU, by what its processes do.
    postgres_s: Mapping[str, float] = field(default_factory=dict)


class Meter:
    """Reads the meters of one stack."""

    def __init__(self, stack: Stack, connection: Connection) -> None:
        self._stack, self.connection = stack, connection

    @property
    def roots(self) -> dict[str, int]:
        """Every process of the stack, and ourselves."""
        return {process.name: process.pid for process in self._stack.processes()} | {LOAD: os.getpid()}

    async def read(self) -> Reading:
        """Read all of them."""
        wal = await self.connection.fetchval(SQL.wal.text)
        transactions = await self.connection.fetchval(SQL.transactions.text)
        roots = self.roots
        postgres_s = of_postgres(machine.cpu_by_title_s(roots["postgres"]), service_names())
        return Reading(time.monotonic(), by_service(machine.cpu_s(roots)), wal, transactions, postgres_s)

    async def spent(self, since: Reading) -> Spent:
        """What was used since a reading."""
        now = await self.read()
        return Spent(
            seconds=now.at_s - since.at_s,
            cpu_s={name: cpu - since.cpu_s.get(name, 0.0) for name, cpu in now.cpu_s.items()},
            wal_bytes=now.wal_bytes - since.wal_bytes,
            transactions=now.transactions - since.transactions,
            postgres_s=grown(since.postgres_s, now.postgres_s),
        )

    async def rows(self) -> dict[str, int]:
        """Rows inserted so far, by table; waits until PostgreSQL has counted them all."""
        await asyncio.sleep(COUNTS_LATE_S)
        found = await self.connection.fetch(SQL.inserted.text, service_names())
        return {row["name"]: row["rows"] for row in found}

    def memory_bytes(self) -> dict[str, int]:
        """The memory of every process now."""
        return by_service(machine.memory_bytes(self.roots))


def by_service(figures: Mapping[str, N]) -> dict[str, N]:
    """Add up the instances of each service: `billing`, `billing.2`."""
    sums: dict[str, N] = {}
    for name, figure in figures.items():
        service = name.partition(".")[0]
        sums[service] = sums[service] + figure if service in sums else figure
    return sums


def grown(before: Mapping[str, N], after: Mapping[str, N]) -> dict[str, N]:
    """What was added to each count, where anything was."""
    return {name: more for name, count in after.items() if (more := count - before.get(name, 0))}
