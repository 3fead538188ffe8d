"""What a run said: the messages of its time, how many and how large, and when each order reached what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.event import Event
from contracts.topics import TOPICS, topic_of
from contracts.values import named_id
from ordermill.broker import Log, Place, consuming, logs_of, messages, places_of

if TYPE_CHECKING:
    from chassis.wire import Record


@dataclass(frozen=True, slots=True)
class Said:
    """The messages of one run, as the log has them."""

    records: Sequence[Record]

    @property
    def counts(self) -> Counter[str]:
        """Messages by topic."""
        return Counter(record.topic for record in self.records)

    @property
    def size_bytes(self) -> int:
        """Keys, bodies and headers together, before compression."""
        return sum(map(size_of, self.records))

    def moments_ms(self, kind: type[Event]) -> dict[str, float]:
        """When the last event of a type about each order was appended to its log, by the log's clock."""
        topic, wanted = topic_of(kind), kind.type.encode()
        return {
            _order(topic.is_outside, record.key or b""): float(record.timestamp)
            for record in self.records
            if record.topic == topic.name and ("ce_type", wanted) in record.headers
        }


def size_of(record: Record) -> int:
    """The bytes of one message."""
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


def _order(is_outside: bool, key: bytes) -> str:  # noqa: FBT001 (a topic's property)
    return named_id(key.decode()) if is_outside else key.decode()


async def ends(servers: str) -> dict[Place, Log]:
    """How far every log reaches now."""
    async with consuming(servers) as consumer:
        return await logs_of(consumer, places_of(TOPICS))


async def said_since(servers: str, before: Mapping[Place, Log]) -> Said:
    """Everything that was said since the logs ended there."""
    async with consuming(servers) as consumer:
        records = [record async for record in messages(consumer, places_of(TOPICS), before)]
    return Said(records)
