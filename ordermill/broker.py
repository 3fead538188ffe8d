"""What the command line reads from the broker: how far logs reach, how far groups have come, and messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from chassis.client import mend
from contracts.topic import Topic
from contracts.topics import LANES
from contracts.values import lane_of
from ordermill.errors import CommandError

if TYPE_CHECKING:
    from chassis.wire import Record

mend()

POLL_MS = 500
RECORDS = 5_000


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    lane: int


class Log(NamedTuple):
    """How far a partition reaches: the first offset that is kept, and the one that will be next."""

    start: int
    end: int


def home_of(topic: Topic, key: str) -> Place:
    """Where a key lies: outsiders place keys as every client does, we by our own function."""
    lane = (murmur2(key.encode()) & 0x7FFFFFFF) % LANES if topic.is_outside else lane_of(key, LANES)
    return Place(topic.name, lane)


def places_of(topics: Iterable[Topic]) -> list[Place]:
    """Every partition of these topics."""
    return [Place(topic.name, lane) for topic in topics for lane in range(LANES)]


@asynccontextmanager
async def consuming(servers: str) -> AsyncIterator[Any]:
    """A reader that belongs to no group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest", max_poll_records=RECORDS
    )
    try:
        await consumer.start()
    except KafkaError as error:
        await consumer.stop()
        raise silent(servers) from error
    try:
        yield consumer
    finally:
        await consumer.stop()


async def logs_of(consumer: Any, places: Collection[Place]) -> dict[Place, Log]:  # noqa: ANN401 (aiokafka has no types)
    """How far each of these partitions reaches now."""
    wanted = [TopicPartition(*place) for place in places]
    if not all(consumer.partitions_for_topic(place.topic) for place in places):
        # Asks for all topics at once; else each is asked for when it is found unknown, a tenth of a second apart.
        consumer.assign(wanted)
        consumer.pause(*wanted)
    starts, ends = await consumer.beginning_offsets(wanted), await consumer.end_offsets(wanted)
    return {place: Log(starts[TopicPartition(*place)], ends[TopicPartition(*place)]) for place in places}


async def messages(
    consumer: Any,  # noqa: ANN401 (the same)
    places: Collection[Place],
    since: Mapping[Place, Log] | None = None,
) -> AsyncIterator[Record]:
    """Every message that is in these partitions now, in order within each; or those that came since they ended so."""
    begin = {place: log.end for place, log in (since or {}).items()}
    logs = {
        place: Log(begin.get(place, log.start), log.end) for place, log in (await logs_of(consumer, places)).items()
    }
    left = {TopicPartition(*place): log.end for place, log in logs.items() if log.end > log.start}
    consumer.assign(list(left))
    for place in left:
        consumer.seek(place, logs[Place(*place)].start)
    while left:
        polled: Mapping[TopicPartition, list[Record]] = await consumer.getmany(*left, timeout_ms=POLL_MS)
        for place, records in polled.items():
            for record in records:
                if record.offset < left[place]:
                    yield record
        for place in [place for place in left if await consumer.position(place) >= left[place]]:
            del left[place]


@asynccontextmanager
async def administering(servers: str) -> AsyncIterator[Any]:
    """Somebody who may ask about groups."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        raise silent(servers) from error
    try:
        yield admin
    finally:
        await admin.close()


async def reached(admin: Any, group: str) -> dict[Place, int]:  # noqa: ANN401 (the same)
    """The offset that a group will read next in each partition; where it committed nothing, none is given."""
    found = await admin.list_consumer_group_offsets(group)
    return {Place(place.topic, place.partition): said.offset for place, said in found.items() if said.offset >= 0}


def silent(servers: str) -> CommandError:
    """Kafka does not answer."""
    return CommandError(f"Kafka does not answer at {servers}", "look with: ordermill status")
