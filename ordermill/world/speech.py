"""How the outside speaks on topics: CloudEvents headers, keys placed as every ordinary client places them."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache

from aiokafka.partitioner import murmur2

from chassis.kafka import Publisher
from chassis.wire import Headers, Outgoing
from contracts.event import OutsideEvent
from contracts.topics import LANES, topic_of
from contracts.values import outside_id_of

CHUNK = 2_000  # messages appended at once: about 2 MB


class Speaker:
    """Publishes what anybody outside says."""

    def __init__(self, servers: str, name: str = "world") -> None:
        self._publisher = Publisher(servers, name)

    async def start(self) -> None:
        """Connect."""
        await self._publisher.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._publisher.stop()

    async def say(self, events: Iterable[tuple[OutsideEvent, datetime]]) -> int:
        """Publish these events, each with the time it happened; returns how many."""
        number, chunk = 0, []
        for event, at in events:
            chunk.append(outgoing(event, at))
            number += 1
            if len(chunk) == CHUNK:
                await self._publisher.publish(chunk)
                chunk = []
        if chunk:
            await self._publisher.publish(chunk)
        return number


def outgoing(event: OutsideEvent, at: datetime) -> Outgoing:
    """The record of one message from outside; its id is its sender's."""
    topic, constants = _constants(type(event))
    key = event.subject()
    headers = [
        *constants,
        ("ce_id", outside_id_of(topic, event.identity()).encode()),
        ("ce_time", at.isoformat().encode()),
        ("ce_subject", key.encode()),
    ]
    return Outgoing(topic, _lane(key), key, event.encode(), headers)


@cache
def _constants(kind: type[OutsideEvent]) -> tuple[str, Headers]:
    """The topic of a type of message, and the headers that are the same in all of them."""
    topic = topic_of(kind)
    return topic.name, [
        ("ce_specversion", b"1.0"),
        ("ce_type", kind.type.encode()),
        ("ce_source", str(topic.owner).encode()),
        ("content-type", b"application/json"),
    ]


@lru_cache(maxsize=10_000)
def _lane(key: str) -> int:
    """The partition as ordinary clients choose it; remembered, since much is said about the same work or parcel."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % LANES
