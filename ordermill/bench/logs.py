"""What a run said: the messages of its time, how many and how large, and when each order reached what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from contracts.channel import OrderPlaced
from contracts.event import Event
from contracts.intake import OrderCompleted, OrderReleased
from contracts.shipping import ShipmentDispatched
from contracts.topics import TOPICS, topic_named
from contracts.values import named_id
from ordermill.broker import Log, Place, consuming, logs_of, messages, places_of

if TYPE_CHECKING:
    from chassis.wire import Record

MILESTONES: Final[frozenset[type[Event]]] = frozenset({OrderPlaced, OrderReleased, ShipmentDispatched, OrderCompleted})
_TYPES: Final = {kind.type.encode() for kind in MILESTONES}


@dataclass(slots=True)
class Said:
    """What one run said, as the log has it."""

    number: int
    """How many messages."""
    size_bytes: int = 0
    """Keys, bodies and headers of those that are kept, before compression."""
    records: list[Record] = field(default_factory=list)
    """The messages themselves, where they are kept."""
    _moments: dict[bytes, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    def read(self, record: Record, *, keep: bool) -> None:
        """Take note of a message."""
        kind = next((value for name, value in record.headers if name == "ce_type"), b"")
        if kind in _TYPES:
            is_outside = topic_named(record.topic).is_outside
            self._moments[kind][_order(is_outside, record.key or b"")] = float(record.timestamp)
        if keep:
            self.size_bytes += size_of(record)
            self.records.append(record)

    def moments_ms(self, milestone: type[Event]) -> dict[str, float]:
        """When the last event of a milestone about each order was appended to its log, by the log's clock."""
        return self._moments[milestone.type.encode()]


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


async def said_since(servers: str, before: Mapping[Place, Log], *, whole: bool) -> Said:
    """What was said since the logs ended there.

    `whole`: every message is read, and kept. Else only when orders came to their milestones is, and how many messages
    there were: those of a large run are more than fit into memory.
    """
    topics = TOPICS if whole else [topic for topic in TOPICS if not MILESTONES.isdisjoint(topic.events)]
    async with consuming(servers) as consumer:
        now = await logs_of(consumer, places_of(TOPICS))
        said = Said(sum(log.end - (before[place].end if place in before else log.start) for place, log in now.items()))
        async for record in messages(consumer, places_of(topics), before):
            said.read(record, keep=whole)
    return said
