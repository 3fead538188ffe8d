"""Records as a projection sees them: headers always, bodies of the types asked for, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError, create_model

from chassis.errors import describe
from chassis.wire import Envelope, UnreadableError, read_envelope
from contracts.event import Event, Fact

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from chassis.wire import Record

E = TypeVar("E", bound=Event)

KEY_MAX: Final = 1_024  # bytes: keys become keys of rows, which have a limit; ours and our partners' have some 100
KEY_SHOWN: Final = 512  # of an unreadable record's key: enough to find it by


class Entry(NamedTuple):
    """One record that can be read; `event` and `body` only where its type is asked for, and nothing erased it."""

    topic: str
    lane: int
    position: int
    logged_ms: int
    key: str
    envelope: Envelope
    cause: str
    event: Event | None
    body: bytes


class Unreadable(NamedTuple):
    """One record that cannot be read, or failed alone."""

    topic: str
    lane: int
    position: int
    logged_ms: int
    key: str
    type: str
    error: str


Item = Entry | Unreadable


def part_of(kind: type[E], *names: str) -> type[E]:
    """Give a type that reads only these facts of an event: what nobody asks for is neither checked nor kept.

    Of each of its lines, `lines.cost` reads the cost alone.  So it reads a body of a hundred lines of which a handler
    needs three words in an eighth of the time.
    """
    part = create_model(kind.__name__, __base__=Event, **_facts(kind, names))
    part.type = kind.type
    return part  # type: ignore[return-value]  # as far as its reader looks


def _facts(kind: type[BaseModel], names: Iterable[str]) -> dict[str, Any]:
    inner: dict[str, list[str]] = {}
    for name in names:
        first, _, rest = name.partition(".")
        inner.setdefault(first, []).extend([rest] if rest else [])
    return {
        name: (_annotation(kind.model_fields[name], wanted), kind.model_fields[name]) for name, wanted in inner.items()
    }


def _annotation(field: FieldInfo, wanted: Sequence[str]) -> Any:
    """Give a field's type: as declared, or a tuple of parts."""
    if not wanted:
        return field.annotation
    whole, _ = get_args(field.annotation)  # a part of a tuple of any length
    return GenericAlias(tuple, (create_model(whole.__name__, __base__=Fact, **_facts(whole, wanted)), ...))


def read_all(records: Iterable[Record], reads: Mapping[str, type[Event]]) -> list[Item]:
    """Read records, each by itself; whatever is in one, the others are read."""
    return [_read(record, reads) for record in records]


def _read(record: Record, reads: Mapping[str, type[Event]]) -> Item:
    wire_type = ""
    try:
        envelope = read_envelope(record.headers, record.timestamp)
        wire_type = envelope.type
        kind = reads.get(wire_type)
        body = record.value if kind is not None else None
        return Entry(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            _key(record.key),
            envelope,
            _cause(record),
            kind.decode(body) if kind is not None and body is not None else None,
            body or b"",
        )
    except UnreadableError as error:
        return _unreadable(record, wire_type, error.reason)
    except ValidationError as error:
        return _unreadable(record, wire_type, describe(error))


def _key(key: bytes | None) -> str:
    if key is not None and len(key) > KEY_MAX:
        raise UnreadableError("key_too_long")
    try:
        text = (key or b"").decode()
    except UnicodeDecodeError:
        raise UnreadableError("key_not_utf8") from None
    if "\x00" in text:  # PostgreSQL refuses it
        raise UnreadableError("key_not_text")
    return text


def _cause(record: Record) -> str:
    for name, value in record.headers:
        if name == "ce_causationid":
            return value.decode("latin-1")
    return ""


def _unreadable(record: Record, wire_type: str, error: str) -> Unreadable:
    # As JSON writes it: what is not printable shows, and does not harm.
    key = json.dumps((record.key or b"").decode("utf-8", "replace"))[1:-1][:KEY_SHOWN]
    return Unreadable(record.topic, record.partition, record.offset, record.timestamp, key, wire_type, error)


def as_unreadable(entry: Entry, error: str) -> Unreadable:
    """Set aside a record that can be read and cannot be applied."""
    return Unreadable(
        entry.topic, entry.lane, entry.position, entry.logged_ms, entry.key[:KEY_SHOWN], entry.envelope.type, error
    )
