"""One process of the floor: bare aiokafka and bare asyncpg, as fast as they go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from math import ceil
from typing import Any, NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from chassis import Settings
from chassis.kafka import BATCH_BYTES, POLL_MS
from contracts.topics import LANES
from ordermill.bench.crew import Gate

BATCH: int = Settings.model_fields["batch_size"].default  # messages, as the services take them
OFFSETS = """
insert into floor.{0}_offsets select * from unnest($1::text[], $2::int[], $3::bigint[])
on conflict (topic, lane) do update set reached = excluded.reached
"""


class Message(NamedTuple):
    """What is appended to a log."""

    topic: str
    lane: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Job:
    """What one service has to carry."""

    name: str
    servers: str
    database: str = field(repr=False)
    said: Sequence[Message]
    # Messages by topic.
    heard: Mapping[str, int]
    # Rows by table.
    rows: Mapping[str, int]


@dataclass(slots=True)
class Table:
    """Rows on their way into one table."""

    name: str
    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]
    written: int = 0

    def until(self, share: float) -> Sequence[tuple[Any, ...]]:
        """The next rows, up to a share of all."""
        first, self.written = self.written, ceil(len(self.rows) * share)
        return self.rows[first : self.written]


async def work(job: Job, gate: Gate) -> float:
    """Carry it all."""
    producer = AIOKafkaProducer(
        bootstrap_servers=job.servers, acks="all", enable_idempotence=True, compression_type="zstd",
        max_batch_size=BATCH_BYTES,
    )  # fmt: skip
    consumer = AIOKafkaConsumer(bootstrap_servers=job.servers, enable_auto_commit=False)
    connection = await asyncpg.connect(job.database)
    await producer.start()
    await consumer.start()
    try:
        tables = await _prepare(job, connection)
        for topic in {message.topic for message in job.said}:
            await producer.partitions_for(topic)
        places = [TopicPartition(topic, lane) for topic in job.heard for lane in range(LANES)]
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places) if places else {}).items():
            consumer.seek(place, end)
        before = await gate.passed()
        await _carry(job, producer, consumer, connection, tables)
        return before
    finally:
        await consumer.stop()
        await producer.stop()
        await connection.close()


async def _carry(
    job: Job,
    producer: AIOKafkaProducer,
    consumer: AIOKafkaConsumer,
    connection: asyncpg.Connection,
    tables: list[Table],
) -> None:
    expected, taken = sum(job.heard.values()), 0
    parts = _parts(job.said)
    part = next(parts, None)
    while taken < expected or part:
        if part:
            await _send(producer, part)
            part = next(parts, None)
        if taken < expected:
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH)
            ends = {place: records[-1].offset + 1 for place, records in polled.items()}
            taken += sum(map(len, polled.values()))
            if ends:
                await _write(job, connection, tables, taken / expected, ends)


async def _send(producer: AIOKafkaProducer, messages: Sequence[Message]) -> None:
    by_place: dict[tuple[str, int], list[Message]] = {}
    for message in messages:
        by_place.setdefault((message.topic, message.lane), []).append(message)
    waiting = []
    for (topic, lane), part in by_place.items():
        batch = producer.create_batch()
        for message in part:
            record = {"key": message.key, "value": message.value, "timestamp": None, "headers": message.headers}
            if batch.append(**record) is None:
                waiting.append(await producer.send_batch(batch, topic, partition=lane))
                batch = producer.create_batch()
                batch.append(**record)
        waiting.append(await producer.send_batch(batch, topic, partition=lane))
    for acknowledged in waiting:
        await acknowledged


async def _write(
    job: Job,
    connection: asyncpg.Connection,
    tables: Sequence[Table],
    share: float,
    ends: Mapping[TopicPartition, int],
) -> None:
    topics, lanes = zip(*ends, strict=True)
    async with connection.transaction():
        for table in tables:
            if rows := table.until(share):
                await connection.copy_records_to_table(
                    table.name, schema_name="floor", columns=table.columns, records=rows
                )
        await connection.execute(OFFSETS.format(job.name), topics, lanes, list(ends.values()))


def _parts(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    return (messages[first : first + BATCH] for first in range(0, len(messages), BATCH))


# --- before the gate --------------------------------------------------------------------------------------------------


async def _prepare(job: Job, connection: asyncpg.Connection) -> list[Table]:
    """Make tables like the service's, and read rows for them."""
    name = job.name
    await connection.execute(
        f"create table floor.{name}_offsets (topic text, lane int, reached bigint, primary key (topic, lane))"
    )
    tables = [await _clone(connection, table, rows) for table, rows in job.rows.items()]
    missing = sum(rows - len(table.rows) for table, rows in zip(tables, job.rows.values(), strict=True))
    await connection.execute(f"create table floor.{name}_gone (number int primary key, key text, body bytea)")
    gone = enumerate(islice(cycle(job.said), missing) if job.said else ())
    rows = [(number, (message.key or b"").decode(), message.value) for number, message in gone]
    return [*tables, Table(f"{name}_gone", ("number", "key", "body"), rows)]


async def _clone(connection: asyncpg.Connection, table: str, rows: int) -> Table:
    """A table of the same shape with its indexes and checks; rows that were deleted again cannot be read."""
    copy = table.replace(".", "_")
    await connection.execute(f"create table floor.{copy} (like {table} including all)")
    found = await connection.fetch(f"select * from {table} limit $1", rows)  # noqa: S608  the catalogue's own name
    return Table(copy, list(found[0].keys()) if found else (), [tuple(row) for row in found])
