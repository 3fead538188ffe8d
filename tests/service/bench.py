"""A service on a bench: its own handlers, tables and role on a real PostgreSQL, a log in memory and a clock to turn.

What the bench hears is taken exactly as in production, through the loop; what the service says lands in `log.appended`.
"""

import os
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from chassis import Service
from chassis.calls import Caller
from chassis.ledger import PostgresMemory
from chassis.loop import Loop
from chassis.metrics import Metrics
from chassis.migrate import CHASSIS_MIGRATIONS, prepare
from chassis.postgres import BY_KEY
from chassis.service import Call, Request
from chassis.wire import Envelope, Outgoing, read_envelope, write_headers
from contracts.event import Event, OutsideEvent
from contracts.topics import LANES, topic_of
from contracts.values import event_id_of, lane_of

ROOT = Path(__file__).resolve().parents[2]
E = TypeVar("E", bound=Event)


@dataclass
class FakeRecord:
    """A record as a log hands it over."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass
class MemoryLog:
    """`ports.Log` without a broker: remembers what was appended."""

    appended: list[Outgoing] = field(default_factory=list)
    backlog: datetime | None = None
    rewound: list[Mapping[tuple[str, int], int]] = field(default_factory=list)

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.appended.extend(outgoing)

    async def commit(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Offsets mean nothing here: records are handed in one by one."""

    def rewind(self, starts: Mapping[tuple[str, int], int]) -> None:
        self.rewound.append(starts)

    def backlog_since(self) -> datetime | None:
        return self.backlog


@dataclass
class Clock:
    """Time that passes only when told to."""

    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


async def _no_pause(_seconds: float) -> None:
    """A dependency that is down fails the test's own timeout; there is nothing to wait for here."""


class Bench:
    """One service, alone."""

    def __init__(self, service: Service, pool: "asyncpg.Pool[asyncpg.Record]", url: str) -> None:
        self.service, self.pool, self.url = service, pool, url
        self.clock, self.log = Clock(), MemoryLog()
        self.metrics = Metrics(service.name)
        self.memory = PostgresMemory(pool, 30)
        self.loop = self.instance()
        self._offsets: Iterator[int] = count()
        self._revisions: dict[tuple[str, str], int] = {}

    def instance(self) -> Loop:
        """Another instance of the service, without lanes."""
        return Loop(
            self.service, self.memory, self.log, self.metrics,
            lanes=LANES, batch_size=500, clock=self.clock, pause=_no_pause,
        )  # fmt: skip

    async def start(self, lanes: Sequence[int] = tuple(range(LANES))) -> None:
        """Take over the lanes, as a new instance does."""
        await self.loop.take_over(lanes)

    async def crash(self) -> None:
        """Lose everything in memory and come back as a new instance."""
        self.loop = self.instance()
        await self.start()

    def record(self, event: Event | None, subject: str = "", **how: Any) -> FakeRecord:
        """An event as a record: with the next revision of its subject, or as its outside sender writes it.

        `how`: revision, kind (the class, for a tombstone), at.
        """
        kind: type[Event] = how["kind"] if event is None else type(event)
        topic = topic_of(kind)
        key = event.subject() if isinstance(event, OutsideEvent) else subject
        revision, event_id = 0, f"outside-{next(self._offsets)}"
        if not topic.is_outside:
            revision = how.get("revision") or self._revisions.get((topic.name, key), 0) + 1
            self._revisions[topic.name, key] = max(revision, self._revisions.get((topic.name, key), 0))
            event_id = event_id_of(topic.name, key, revision)
        envelope = Envelope(event_id, kind.type, how.get("at", self.clock.now).isoformat(), revision, "")
        headers = write_headers(envelope, str(topic.owner), key, "")
        if not revision:
            headers = [header for header in headers if header[0] != "ce_sequence"]
        stamp = int(self.clock.now.timestamp() * 1000)
        value = event.encode() if event else None
        return FakeRecord(topic.name, lane_of(key, LANES), next(self._offsets), stamp, key.encode(), value, headers)

    async def hear(self, *events: Event, subject: str = "") -> None:
        """Take these events as one batch, then everything that became due by it."""
        await self.hear_records([self.record(event, subject) for event in events])

    async def hear_records(self, records: Collection[FakeRecord]) -> None:
        """Take these records as one batch, then everything that became due by it."""
        assert await self.loop.take(list(records)), "lanes were lost"
        await self.settle()

    async def settle(self) -> None:
        """Take what is due until nothing is."""
        for _ in range(100):
            due = await self.memory.next_due(range(LANES))
            if not self.loop.answers and (due is None or due > self.clock.now):
                return
            self.loop.look()
            assert await self.loop.take([]), "lanes were lost"
        raise AssertionError("something is due again and again")

    async def call(self, calls: Mapping[type[Request], Call]) -> None:
        """Make the outside calls that wait, with these functions, and take their answers."""
        caller = Caller(self.memory, calls, self.loop.answers, self.metrics, LANES, self.clock)
        while await caller.turn():
            await self.settle()

    def said(self, kind: type[E]) -> list[E]:
        """Every event of this type so far, in order."""
        return [kind.decode(value) for value in self._bodies(kind)]

    def said_about(self, kind: type[E], subject: str) -> list[E]:
        """Every event of this type about one subject."""
        return [kind.decode(value) for value in self._bodies(kind, subject)]

    def _bodies(self, kind: type[Event], subject: str | None = None) -> list[bytes]:
        topic = topic_of(kind).name
        return [
            said.value
            for said in self.log.appended
            if said.topic == topic
            and said.value is not None
            and (subject is None or said.key == subject)
            and read_envelope(said.headers, 0).type == kind.type
        ]

    async def rows(self, query: str, *params: object) -> list[dict[str, Any]]:
        """Ask the service's own tables, as its own role."""
        async with self.pool.acquire() as connection:
            return [dict(row) for row in await connection.fetch(query, *params)]

    async def waiting(self) -> list[dict[str, Any]]:
        """What is set aside, and why; timers left out."""
        return await self.rows("select queue, reason, awaits, error, tries from later where not timer order by id")


_PREPARED: dict[str, set[str]] = {}
"""The databases that were made, and the services whose tables are in each."""


@asynccontextmanager
async def bench_of(
    service: Service, admin_url: str, migrations: Path | None = None, *, beside: str | None = None
) -> AsyncIterator[Bench]:
    """A bench for the service with empty tables, in a database of its own that is made once a run.

    `migrations`: those of a service that lives in a test; `beside`: the name of a database that several share.
    """
    own = migrations or ROOT / "services" / service.name / "sql" / "migrations"
    name = beside or (own.parent.name if migrations else service.name)
    server, database = admin_url.rpartition("/")[0], database_named(name)
    if database not in _PREPARED:
        await _make(admin_url, database)
        _PREPARED[database] = set()
    if service.name not in _PREPARED[database]:
        await prepare(f"{server}/{database}", service.name, [CHASSIS_MIGRATIONS, own], "bench")
        _PREPARED[database].add(service.name)
    else:
        await _empty(f"{server}/{database}", service.name)
    url = f"postgresql://{service.name}:bench@{server.rpartition('@')[2]}/{database}"
    session = {"search_path": service.name, "jit": "off", **BY_KEY}
    async with asyncpg.create_pool(url, min_size=1, max_size=4, server_settings=session) as pool:
        bench = Bench(service, pool, url)
        await bench.start()
        yield bench


def database_named(name: str) -> str:
    """The database of a bench, or of several, in this run."""
    return f"bench_{name}_{os.getpid()}"


async def drop_benches(admin_url: str) -> None:
    """Remove the databases that this run made."""
    admin = await asyncpg.connect(admin_url)
    try:
        for database in _PREPARED:
            await admin.execute(f"drop database if exists {database} with (force)")
        _PREPARED.clear()
    finally:
        await admin.close()


async def _make(admin_url: str, database: str) -> None:
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f"create database {database}")
    finally:
        await admin.close()


async def _empty(url: str, schema: str) -> None:
    admin = await asyncpg.connect(url)
    try:
        rows = await admin.fetch(
            "select tablename from pg_tables where schemaname = $1 and tablename <> 'migration'", schema
        )
        tables = ", ".join(f"{schema}.{row['tablename']}" for row in rows)
        await admin.execute(f"truncate {tables} restart identity cascade")
    finally:
        await admin.close()
