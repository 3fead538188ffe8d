"""The story of one order: which messages on which topics belong to it, in time order, each with its cause.

What is about an order lies in its lane of every own topic. What outsiders said lies under keys of their own (a payment
reference, a tracking number …), which the order's events name. A bank's transfer is found as the cause of a payment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from chassis.wire import UnreadableError, read_envelope
from contracts.billing import PaymentApplied
from contracts.event import Event, OutsideEvent
from contracts.floor import GoodsReceived
from contracts.intake import OrderReceived, OrderRejected
from contracts.inventory import GoodsBooked, LinesBackordered
from contracts.masking import masked
from contracts.topic import Topic
from contracts.topics import DEAD_LETTERS, TOPICS, event_class, topic_named
from contracts.topics import PAYMENT_NOTICES as BANK_TOPIC
from contracts.values import order_id_of, outside_id_of
from ordermill.broker import Place, consuming, home_of, messages, places_of

if TYPE_CHECKING:
    from chassis.wire import Record

ORDER_KEY = "order id"
# Where the events of an order name the keys under which others speak about it.
KEYS = frozenset({"reference", "work_id", "tracking_number", "purchase_order_id"})


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a story."""

    id: str
    topic: str
    lane: int
    offset: int
    key: str
    type: str
    at: datetime
    revision: int
    cause_id: str
    event: Event | None  # None: nobody can read it

    @property
    def owner(self) -> str:
        """Who said it."""
        return str(topic_named(self.topic).owner)

    @property
    def name(self) -> str:
        """Its type without the version."""
        return self.type.rpartition(".v")[0] or self.type

    def body(self) -> dict[str, Any]:
        """Its facts, personal ones masked."""
        return masked(self.event) if self.event else {}


async def story_of(servers: str, order_id: str) -> list[Told]:
    """Everything that was said about an order and is still kept, in time order."""
    own = [topic for topic in TOPICS if topic.key == ORDER_KEY]
    async with consuming(servers) as consumer:
        told = [each async for each in _about(consumer, own, {order_id})]
        keys = keys_in(told)
        others = [topic for topic in TOPICS if topic not in own and not _is_shared(topic)]
        told += [each async for each in _about(consumer, others, keys)] if keys else []
        if causes := _transfers(told):
            bank = messages(consumer, places_of([BANK_TOPIC]))
            told += [each async for each in _read(bank) if each.id in causes]
    return in_order(concerning(told))


def in_order(told: Iterable[Told]) -> list[Told]:
    """By time; in one moment, causes first, then as they stand in their log."""
    found = {(each.topic, each.lane, each.offset): each for each in told}
    depths = _depths({each.id: each.cause_id for each in found.values()})
    return sorted(found.values(), key=lambda each: (each.at, depths[each.id], each.topic, each.lane, each.offset))


def concerning(told: Sequence[Told]) -> list[Told]:
    """Without what came with the same purchase order for other items: many orders share one."""
    skus = {line.sku for each in told if isinstance(each.event, LinesBackordered) for line in each.event.lines}
    return [each for each in told if not (items := _items(each.event)) or items & skus]


def _items(event: Event | None) -> set[str]:
    """Which items a receipt brings; nothing for all other messages."""
    if isinstance(event, GoodsReceived):
        return {event.sku}
    return {line.sku for line in event.lines} if isinstance(event, GoodsBooked) else set()


def keys_in(told: Sequence[Told]) -> set[str]:
    """Under which other keys somebody speaks about the same order."""
    keys = {value for each in told if each.event for value in _named(each.event)}
    for each in told:
        if isinstance(each.event, OrderReceived | OrderRejected):
            keys.add(f"{each.event.channel}:{each.event.channel_order_id}")
    return keys


def channel_order(told: Sequence[Told]) -> str:
    """The order's name in its channel, where the story tells it."""
    named = (f"{e.event.channel}:{e.event.channel_order_id}" for e in told if isinstance(e.event, OrderReceived))
    return next(named, "")


def order_of(channel_key: str) -> str:
    """The order that a channel calls `channel:number`."""
    channel, _, number = channel_key.partition(":")
    return order_id_of(channel, number)


def _is_shared(topic: Topic) -> bool:
    """Whether it is about things rather than orders; dead letters keep their message's key, so they are not."""
    return topic.shared or topic.key.startswith("kind:") or (topic.is_outside and topic in DEAD_LETTERS.values())


def _named(fact: BaseModel) -> Iterable[str]:
    for name in type(fact).model_fields:
        value = getattr(fact, name)
        if name in KEYS and isinstance(value, str):
            yield value
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from _named(part)


def _transfers(told: Sequence[Told]) -> set[str]:
    known = {each.id for each in told}
    return {each.cause_id for each in told if isinstance(each.event, PaymentApplied)} - known


async def _about(consumer: Any, topics: Sequence[Topic], keys: Collection[str]) -> AsyncIterator[Told]:  # noqa: ANN401
    """What is said under these keys; reads only the partitions in which they lie."""
    places: set[Place] = {home_of(topic, key) for topic in topics for key in keys}
    wanted = {key.encode() for key in keys}
    async for each in _read(record async for record in messages(consumer, places) if record.key in wanted):
        yield each


async def _read(records: AsyncIterator[Record]) -> AsyncIterator[Told]:
    async for record in records:
        yield told_by(record)


def told_by(record: Record) -> Told:
    """What one record tells; an outsider's has the id under which it is heard, which effects name as their cause."""
    place = (record.topic, record.partition, record.offset, (record.key or b"").decode(errors="replace"))
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    try:
        envelope = read_envelope(record.headers, record.timestamp)
    except UnreadableError:
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        name = f"{record.topic}/{record.partition}/{record.offset}"
        return Told(name, *place, headers.get("ce_type", "unreadable"), at, 0, "", None)
    event = _event(envelope.type, record.value)
    cause = headers.get("ce_causationid", "")
    heard_as = outside_id_of(record.topic, event.identity()) if isinstance(event, OutsideEvent) else envelope.id
    return Told(heard_as, *place, envelope.type, envelope.at, envelope.revision, cause, event)


def _event(wire_type: str, body: bytes | None) -> Event | None:
    try:
        return event_class(wire_type).decode(body) if body is not None else None
    except (ValidationError, KeyError):
        return None


def _depths(causes: dict[str, str]) -> dict[str, int]:
    """How many causes each message has behind it."""
    depths: dict[str, int] = {}
    for start in causes:
        chain = []
        each = start
        while each in causes and each not in depths and each not in chain:
            chain.append(each)
            each = causes[each]
        depth = depths.get(each, -1)
        for link in reversed(chain):
            depth += 1
            depths[link] = depth
    return depths
