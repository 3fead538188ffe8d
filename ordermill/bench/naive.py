"""The naive form: plain FastStream, one message a transaction, in a chain with as many steps as an order has messages.

Each step parses the event, inserts as many rows as the pipeline does for a message, commits, and publishes the next.
That is how most services on these libraries are written; what batches are worth is the distance to it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
from aiokafka.admin import NewTopic
from faststream.kafka import KafkaBroker
from pydantic import BaseModel

from chassis import Settings
from chassis.wire import Outgoing
from ordermill.bench.crew import Crew, Gate
from ordermill.bench.meter import Meter, Spent
from ordermill.bench.pipeline import Run, publishing
from ordermill.broker import administering
from ordermill.services import service_names
from ordermill.stack import Stack

TABLE = """
drop schema if exists naive cascade;
create schema naive;
create table naive.fact (topic text, order_id text, number int, said_at timestamptz, body text,
                         primary key (topic, order_id, number));
"""
INSERT = "insert into naive.fact values ($1, $2, $3, $4, $5)"
CONNECTIONS: int = Settings.model_fields["pool_size_max"].default  # as a service has them
LOOK_S = 0.05


class Fact(BaseModel):
    """An event of about the size of the pipeline's."""

    order_id: str
    said_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Job:
    """The steps of one process."""

    servers: str
    database: str = field(repr=False)
    # Each step's topic, and where it goes on; the last one goes nowhere.
    steps: Mapping[str, str]
    orders: int
    rows: int


@dataclass(frozen=True, slots=True)
class Naive:
    """What the naive form took for as many orders."""

    orders: int
    seconds: float
    spent: Spent
    cpu_s: Mapping[str, float]
    steps: int
    # A message.
    rows: int


async def lay(stack: Stack, meter: Meter, run: Run, rows: Mapping[str, int], orders: int) -> Naive:
    """Carry some orders one message at a time."""
    messages = run.said.number
    topics = [f"naive-{time.time_ns()}-{step:03d}" for step in range(round(messages / run.orders))]
    async with administering(stack.kafka) as admin:
        await admin.create_topics([NewTopic(topic, 1, 1) for topic in topics])
    await meter.connection.execute(TABLE)
    rows_a_message = max(1, round(sum(rows.values()) / messages))
    jobs = jobs_of(stack, topics, orders, rows_a_message)
    first = openings(topics[0], orders, run.said.size_bytes // messages)
    async with publishing(stack) as publisher:
        with Crew(work, jobs) as crew:
            await crew.ready()
            await meter.connection.execute("checkpoint")
            since = await meter.read()
            await crew.begin()
            began = time.monotonic()
            await publisher.publish(first)
            cpu_s = await crew.cpu_s()
            seconds = time.monotonic() - began
            return Naive(orders, seconds, await meter.spent(since), cpu_s, len(topics), rows_a_message)


def jobs_of(stack: Stack, topics: Sequence[str], orders: int, rows: int) -> dict[str, Job]:
    """As many processes as there are services, each with every so manieth step."""
    following = dict(zip(topics, [*topics[1:], ""], strict=True))
    names = service_names()
    return {
        f"naive {number + 1}": Job(
            stack.kafka, stack.admin_url, {t: following[t] for t in topics[number :: len(names)]}, orders, rows
        )
        for number in range(len(names))
    }


def openings(topic: str, orders: int, size_bytes: int) -> list[Outgoing]:
    """The events that begin it."""
    at = datetime.now(UTC)
    facts = [Fact(order_id=f"N-{number:07d}", said_at=at, body="") for number in range(orders)]
    padding = "x" * max(0, size_bytes - len(facts[0].model_dump_json()))
    return [
        Outgoing(topic, 0, fact.order_id, fact.model_copy(update={"body": padding}).model_dump_json().encode(), [])
        for fact in facts
    ]


async def work(job: Job, gate: Gate) -> float:
    """Take every step of this process for every order."""
    taken: set[tuple[str, str]] = set()
    async with asyncpg.create_pool(job.database, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        broker = KafkaBroker(job.servers.split(","), logger=None)
        steps = [_step(broker, pool, topic, job, taken) for topic in job.steps]
        await broker.start()
        while not all(step.consumer.assignment() for step in steps):  # noqa: ASYNC110  groups announce nothing
            await asyncio.sleep(LOOK_S)
        before = await gate.passed()
        while len(taken) < job.orders * len(job.steps):  # noqa: ASYNC110  subscribers know no end
            await asyncio.sleep(LOOK_S)
        await broker.stop()
    return before


def _step(broker: KafkaBroker, pool: asyncpg.Pool, topic: str, job: Job, taken: set[tuple[str, str]]) -> Any:  # noqa: ANN401 (FastStream's)
    subscriber = broker.subscriber(topic, group_id=topic, auto_offset_reset="earliest")

    @subscriber
    async def take(fact: Fact) -> None:
        async with pool.acquire() as connection, connection.transaction():
            for number in range(job.rows):
                body = "" if number else fact.body
                await connection.execute(INSERT, topic, fact.order_id, number, fact.said_at, body)
        if following := job.steps[topic]:
            await broker.publish(fact, following, key=fact.order_id.encode())
        taken.add((topic, fact.order_id))

    return subscriber
