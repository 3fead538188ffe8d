"""Contracts into what pages show: topics as declared, bodies masked, schemas beside them."""

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import to_json

from chassis.wire import moment_of
from contracts.event import OutsideEvent
from contracts.floor import GoodsReceived
from contracts.inventory import GoodsBooked
from contracts.masking import MASK, masked
from contracts.one_line import one_line
from contracts.topic import Topic
from contracts.topics import DEAD_LETTERS, DESK_DECISIONS, TOPICS, event_class, topic_named
from contracts.values import outside_id_of
from services.console.core.places import Message, Place
from services.console.core.timeline import Said
from services.console.core.topics import Declared
from services.console.core.wording import duration

if TYPE_CHECKING:
    from chassis.wire import Record
    from contracts.event import Event

# Written by clients and by us alike; what else a stranger puts into a header of a personal topic may be personal.
KNOWN_HEADERS = frozenset({"content-type", "traceparent", "tracestate"})

_RECEIPTS = frozenset({GoodsReceived.type, GoodsBooked.type})


@cache
def declared_topics() -> dict[str, Declared]:
    """Give every topic of the registry by name."""
    return {topic.name: _declared(topic) for topic in TOPICS}


def _declared(topic: Topic) -> Declared:
    kept_s = topic.retention.total_seconds() if topic.retention is not None else float("inf")
    return Declared(
        name=topic.name,
        writers=[str(party) for party in topic.writers or (topic.owner,)],
        readers=sorted(str(party) for party in topic.readers),
        key=topic.key,
        kept="newest of each key" if topic.compacted else duration(kept_s),
        kept_s=kept_s,
        is_compacted=topic.compacted,
        is_personal=topic.personal,
        is_outside=topic.is_outside,
        is_about_letters=topic is DESK_DECISIONS or topic in DEAD_LETTERS.values(),
        events=[event.type for event in topic.events],
    )


# --- messages ---------------------------------------------------------------------------------------------------------


def key_of(record: "Record") -> str:
    """Give a record's key as text."""
    return (record.key or b"").decode(errors="replace")


def type_of(record: "Record") -> str:
    """Give a record's event type, as its header says."""
    return next((value.decode(errors="replace") for name, value in record.headers if name == "ce_type"), "")


def message_of(record: "Record", *, is_laid_out: bool = True) -> Message:
    """Give a record with what of it everybody may see: its body too, unless one line is enough."""
    personal = topic_named(record.topic).personal
    event = event_of(type_of(record), record.value)
    facts = masked(event) if event else {}
    return Message(
        place=Place(record.topic, record.partition),
        offset=record.offset,
        at=moment_of(record.timestamp),
        key=key_of(record),
        type=type_of(record),
        size=len(record.value or b""),
        headers=[(name, _header(name, value, is_personal=personal)) for name, value in record.headers],
        body=pretty(facts) if event and is_laid_out else "",
        brief=one_line(facts),
        # A body that nobody can read is not shown: who knows what is personal in it?
        is_readable=event is not None or record.value is None,
    )


def said_of(record: "Record") -> Said:
    """Give what a record says in a story."""
    message = message_of(record)
    return Said(
        brief=message.brief,
        body=message.body,
        is_readable=message.is_readable,
        items=_items(type_of(record), record.value),
        heard_as=_heard_as(record),
    )


def _heard_as(record: "Record") -> str:
    """Say by which id effects name a message from outside as their cause: its header's is whatever its sender likes."""
    event = event_of(type_of(record), record.value) if topic_named(record.topic).is_outside else None
    return outside_id_of(record.topic, event.identity()) if isinstance(event, OutsideEvent) else ""


def _items(wire_type: str, body: bytes | None) -> frozenset[str]:
    """Say which items a receipt brings; nothing for all other messages."""
    match event_of(wire_type, body) if wire_type in _RECEIPTS else None:
        case GoodsReceived(sku=sku):
            return frozenset({sku})
        case GoodsBooked(lines=lines):
            return frozenset(line.sku for line in lines)
        case _:
            return frozenset()


def event_of(wire_type: str, body: bytes | None) -> "Event | None":
    """Read a body as its type; None where nobody can."""
    try:
        return event_class(wire_type).decode(body) if body is not None else None
    except (ValidationError, KeyError):
        return None


def _header(name: str, value: bytes | None, *, is_personal: bool) -> str:
    if is_personal and not name.startswith("ce_") and name not in KNOWN_HEADERS:
        return MASK
    return (value or b"").decode(errors="replace")


def pretty(value: Any) -> str:  # noqa: ANN401 -- any JSON
    """Write JSON for people."""
    return to_json(value, indent=2).decode()


@cache
def contract_of(wire_type: str) -> tuple[str, str]:
    """Give what an event says, in a sentence, and its schema; empty for a type that nobody declared."""
    try:
        event = event_class(wire_type)
    except KeyError:
        return "", ""
    return " ".join((event.__doc__ or "").split()), pretty(event.model_json_schema())
