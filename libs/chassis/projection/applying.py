"""Batches applied, each once, together with how far each log was read.  Knows nothing of where records come from."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import asyncpg
import structlog

from chassis.errors import DoubtError, FloodError, OutageError, describe
from chassis.ledger import Statements
from chassis.postgres import Connection, Pool, in_transaction
from chassis.projection.reading import Entry, Item, Unreadable, as_unreadable, read_all
from chassis.queries import Queries
from chassis.wire import moment_of

if TYPE_CHECKING:
    from chassis.metrics import Metrics
    from chassis.wire import Record
    from contracts.event import Event

SQL: Final = Queries(Path(__file__).parents[1] / "sql" / "projection.sql")

# When that many of the last so many records fail alone, the fault is ours: stop, rather than set everything aside.
FLOOD: Final = 50
FLOOD_OF: Final = 1_000
_LOG: Final = structlog.stdlib.get_logger(__name__)

Place = tuple[str, int]
"""A topic and one of its partitions."""


class RewoundError(Exception):
    """The tables say less was read than we applied: they were exchanged for others.  Read on where these say."""


class Chore(NamedTuple):
    """Something to be done now and then, in a transaction of its own, between two batches."""

    every_s: float
    work: Callable[[Statements], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What a service projects: which topics, which bodies it must read, and what they mean to its tables."""

    name: str
    topics: Sequence[str]
    reads: Mapping[str, type[Event]]
    apply: Callable[[Statements, Sequence[Entry]], Awaitable[None]]
    chores: Sequence[Chore] = ()


class Applier:
    """The projection's transactions."""

    def __init__(self, projection: Projection, pool: Pool, metrics: Metrics, limit_s: float) -> None:
        self._projection, self._pool, self._metrics, self._limit_s = projection, pool, metrics, limit_s
        self._failed: deque[bool] = deque(maxlen=FLOOD_OF)
        self._reached: dict[Place, int] = {}

    async def begin(self, places: Sequence[Place]) -> dict[Place, int]:
        """Make sure that each log has a row; give where each is to be read on."""
        topics, lanes = [topic for topic, _ in places], [lane for _, lane in places]

        async def work(connection: Connection) -> dict[Place, int]:
            tx = Statements(connection)
            await tx.execute(SQL.begin_logs, topics=topics, lanes=lanes)
            return {(row["topic"], row["lane"]): row["next"] for row in await tx.fetch(SQL.positions)}

        self._reached = await in_transaction(self._pool, work, self._limit_s)
        return self._reached

    async def take(self, records: Sequence[Record]) -> None:
        """Apply records; what fails alone is set aside.

        Raises OutageError (nothing of the last attempt stands) or DoubtError (it may): the same again does no harm.
        RewoundError: these records are not the next.
        """
        begin = time.perf_counter()
        items = read_all(records, self._projection.reads)
        await self._divide(items)
        unread = sum(type(item) is Unreadable for item in items)
        outcomes = Counter({("", "unreadable"): unread, ("", "applied"): len(items) - unread})
        self._metrics.batch(len(items), time.perf_counter() - begin, +outcomes)

    async def _divide(self, items: Sequence[Item]) -> None:
        """Apply all of it, or each half by itself until what fails is alone."""
        try:
            await self._attempt(items)
        except (OutageError, DoubtError, RewoundError, asyncio.CancelledError):
            raise
        except asyncpg.SyntaxOrAccessError as error:  # no record makes a statement wrong: the fault is ours
            raise FloodError from error
        except Exception as error:  # noqa: BLE001 -- whatever one record provoked, the others must go on
            if len(items) > 1:
                half = len(items) // 2
                await self._divide(items[:half])
                await self._divide(items[half:])
            else:
                await self._set_aside(items[0], error)
        else:
            self._failed.extend([False] * min(len(items), FLOOD_OF))

    async def _set_aside(self, item: Item, error: Exception) -> None:
        self._failed.append(True)
        if sum(self._failed) >= FLOOD or not isinstance(item, Entry):
            raise FloodError from error
        place = {"topic": item.topic, "partition": item.lane, "offset": item.position}
        _LOG.error("record_set_aside", **place, type=item.envelope.type, reason=describe(error))
        await self._attempt([as_unreadable(item, describe(error))])

    async def _attempt(self, items: Sequence[Item]) -> None:
        logs = logs_of(items)
        ends = {place: log[-1].position + 1 for place, log in logs.items()}
        topics, lanes = [topic for topic, _ in ends], [lane for _, lane in ends]

        async def work(connection: Connection) -> None:
            tx = Statements(connection)
            rows = await tx.fetch(SQL.lock_positions, topics=topics, lanes=lanes)
            read = {(row["topic"], row["lane"]): row["next"] for row in rows}
            if len(read) < len(ends) or any(read[place] < self._reached[place] for place in ends):
                raise RewoundError
            fresh = [item for place, log in logs.items() for item in beyond(log, read[place])]
            if entries := [item for item in fresh if isinstance(item, Entry)]:
                await self._projection.apply(tx, entries)
            if unread := [item for item in fresh if isinstance(item, Unreadable)]:
                await _keep(tx, unread)
            nexts = [max(end, read[place]) for place, end in ends.items()]
            ats = [moment_of(max([item.logged_ms for item in log])) for log in logs.values()]
            await tx.execute(SQL.move_positions, topics=topics, lanes=lanes, nexts=nexts, ats=ats)

        await in_transaction(self._pool, work, self._limit_s)
        self._reached |= {place: max(end, self._reached[place]) for place, end in ends.items()}

    async def chore(self, chore: Chore) -> None:
        """Do one chore."""
        await in_transaction(self._pool, lambda connection: chore.work(Statements(connection)), self._limit_s)


def logs_of(items: Iterable[Item]) -> dict[Place, list[Item]]:
    """Give what came from each log, in its order."""
    logs: defaultdict[Place, list[Item]] = defaultdict(list)
    for place, run in groupby(items, key=attrgetter("topic", "lane")):
        logs[place] += run
    return dict(sorted(logs.items()))


def beyond(log: Sequence[Item], position: int) -> Sequence[Item]:
    """Leave out what was read before: nearly always nothing, and then the rest need not be asked."""
    return log if log[0].position >= position else [item for item in log if item.position >= position]


async def _keep(tx: Statements, unread: Sequence[Unreadable]) -> None:
    topics, lanes, positions, logged, keys, types, errors = map(list, zip(*unread, strict=True))
    await tx.execute(
        SQL.keep_unreadable,
        topics=topics,
        lanes=lanes,
        positions=positions,
        keys=keys,
        types=types,
        errors=errors,
        ats=[moment_of(logged_ms) for logged_ms in logged],
    )
