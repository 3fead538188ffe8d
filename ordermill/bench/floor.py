"""The floor: the same messages and rows as a run of the pipeline, through the bare clients, with nothing decided.

What there is to carry is read from the run just made: every message with its bytes, and how many rows each table
took. The rows themselves are the services' own, copied into tables of the same shape. One process for each service
sends what the service said, takes what it heard, and inserts its rows, in batches as large as the services', each
with its offsets in the same transaction. Updates and deletions are left out, and nobody waits for anybody.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiokafka.admin import NewTopic

from contracts.topic import Outside, Service
from contracts.topics import LANES, TOPICS, topic_named
from ordermill.bench.crew import Crew
from ordermill.bench.floor_worker import Job, Message, work
from ordermill.bench.meter import Meter, Spent
from ordermill.bench.pipeline import Run
from ordermill.broker import administering
from ordermill.errors import CommandError
from ordermill.stack import Stack

if TYPE_CHECKING:
    from chassis.wire import Record

OUTSIDE = "outside"  # the process that says what the load generator and the world said
PREFIX = "floor-"


@dataclass(frozen=True, slots=True)
class Floor:
    """What the floor took for as many orders."""

    orders: int
    seconds: float
    spent: Spent
    cpu_s: Mapping[str, float]


async def make_topics(servers: str) -> None:
    """Make a topic beside each of the pipeline's."""
    async with administering(servers) as admin:
        await admin.create_topics([NewTopic(PREFIX + topic.name, LANES, 1) for topic in TOPICS])


async def lay(stack: Stack, meter: Meter, run: Run, rows: Mapping[str, int]) -> Floor:
    """Carry what a run carried; raises CommandError when it is not known what that was."""
    jobs = jobs_of(stack, run.said.records, rows)
    await meter.connection.execute("drop schema if exists floor cascade; create schema floor")
    with Crew(work, jobs) as crew:
        await crew.ready()
        await meter.connection.execute("checkpoint")
        since = await meter.read()
        await crew.begin()
        began = time.monotonic()
        cpu_s = await crew.cpu_s()
        seconds = time.monotonic() - began
        return Floor(run.orders, seconds, await meter.spent(since), cpu_s)


def jobs_of(stack: Stack, records: Sequence[Record], rows: Mapping[str, int]) -> dict[str, Job]:
    """Each service's part of what was said, heard and written."""
    said: dict[str, list[Message]] = defaultdict(list)
    heard: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        topic = topic_named(record.topic)
        speaker = OUTSIDE if isinstance(topic.owner, Outside) else str(topic.owner)
        said[speaker].append(
            Message(PREFIX + topic.name, record.partition, record.key, record.value, list(record.headers))
        )
        for reader in topic.readers:
            heard[str(reader)][PREFIX + topic.name] += 1
    inside = [str(service) for service in Service if service is not Service.CONSOLE]
    tables = {name: {t: n for t, n in rows.items() if t.startswith(f"{name}.")} for name in inside}
    if silent := [name for name in inside if not (said[name] and heard[name] and tables[name])]:
        raise CommandError(f"what {', '.join(silent)} said, heard and wrote cannot be read: there is no floor")
    return {
        name: Job(name, stack.kafka, stack.admin_url, said[name], heard[name], tables.get(name, {}))
        for name in (*inside, OUTSIDE)
    }
