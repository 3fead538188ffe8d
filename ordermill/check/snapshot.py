"""One look at everything: all services' tables as they were at one moment, and how far the logs and their readers were.

Readers' positions are taken before that moment and the logs' ends after it, so that whatever moves meanwhile is on its
way, and never seems to be lost or to have come to rest.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chassis.migrate import AUDITOR
from contracts.topics import TOPICS
from ordermill.access import connected, database_url
from ordermill.broker import Log, Place, administering, consuming, logs_of, places_of, reached
from ordermill.check.laws import Finding, When, every_law
from ordermill.lag import GROUPS, behind
from ordermill.services import service_names
from ordermill.stack import Stack

if TYPE_CHECKING:
    from chassis.postgres import Connection

POST = "notifications"
# A law that takes longer than a minute over the whole of a big stack does not end at all.
LIMIT_S = 60
LOOK_EVERY_S = 0.5
# What was heard and is not done: it must happen before services can agree with each other.
UNDER_WAY = """
select
    (select count(*) from {0}.outbox)
    + (select count(*) from {0}.call)
    + (select count(*) from {0}.later where reason in ('early', 'failed') or (reason = 'due' and due <= now()))
"""
# Every law is one pass over whole tables: looking rows up one by one, or compiling the statement, costs more than it
# saves, and what is sorted or hashed should stay in memory.
SESSION = f"""
set local jit = off;
set local enable_nestloop = off;
set local work_mem = '64MB';
set local statement_timeout = '{LIMIT_S}s';
"""


class Busy(NamedTuple):
    """How many messages are on their way: those that orders wait for, and with them the mails."""

    orders: int
    mails: int

    def before(self, when: When) -> int:
        """What must be over before such a law can be asked."""
        return {When.ALWAYS: 0, When.DRAINED: self.orders, When.TOLD: self.mails}[when]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What laws are asked of."""

    connection: Connection
    # What the broker knows, as the laws take it.
    logs: Mapping[str, str]
    busy: Busy

    async def examine(self) -> list[Finding]:
        """Ask every law."""
        laws = every_law()
        return [await law.ask(self.connection, self.logs, self.busy.before(law.when)) for law in laws]


async def examine(running: Stack, patience_s: float = 0.0) -> list[Finding]:
    """Ask every law of one snapshot: of the first with nothing on its way, if there is one within this time."""
    deadline = time.monotonic() + patience_s
    while True:
        async with snapshot_of(running) as snapshot:
            if not any(snapshot.busy) or time.monotonic() >= deadline:
                return await snapshot.examine()
        await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def snapshot_of(running: Stack) -> AsyncIterator[Snapshot]:
    """Take a snapshot of a stack; it lasts as long as the context."""
    async with snapshot_at(running.kafka, database_url(running, AUDITOR)) as snapshot:
        yield snapshot


@asynccontextmanager
async def snapshot_at(servers: str, url: str) -> AsyncIterator[Snapshot]:
    """Take a snapshot of what runs at these addresses; it lasts as long as the context."""
    async with consuming(servers) as consumer, administering(servers) as admin:
        positions = {group: await reached(admin, group) for group in GROUPS}
        async with (
            connected(url) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute(SESSION)
            orders, mails = await under_way(connection), await rows_under_way(connection, POST)
            ends = await logs_of(consumer, places_of(TOPICS))
            lag = sum(each.lag for group in GROUPS for each in behind(group, positions[group], ends))
            yield Snapshot(connection, known_of(positions, ends), Busy(lag + orders, lag + orders + mails))


def known_of(positions: Mapping[str, Mapping[Place, int]], ends: Mapping[Place, Log]) -> dict[str, str]:
    """What laws ask about logs: how far they reach, how far readers came, and who reads which."""
    logs = [{"topic": place.topic, "lane": place.lane, "end": log.end} for place, log in ends.items()]
    passed = [
        {"service": group, "topic": place.topic, "lane": place.lane, "next": offset}
        for group, reached_in in positions.items()
        for place, offset in reached_in.items()
    ]
    names = service_names()
    readers = [{"service": name, "topic": topic.name} for topic in TOPICS for name in names if name in topic.readers]
    return {"logs": json.dumps(logs), "positions": json.dumps(passed), "readers": json.dumps(readers)}


async def under_way(connection: Connection) -> int:
    """What services have heard and not done yet, or announced and not published, but for mails."""
    return sum([await rows_under_way(connection, service) for service in service_names() if service != POST])


async def rows_under_way(connection: Connection, service: str) -> int:
    """What one service has heard and not done yet, or announced and not published."""
    number: int = await connection.fetchval(UNDER_WAY.format(service))
    return number
