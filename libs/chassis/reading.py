"""From what a log or the table `later` holds to entries of a batch: headers, then the body, outside any transaction."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from chassis.decisions import TOPIC as DECISIONS
from chassis.decisions import is_anothers
from chassis.entry import CONFLICT, NOTES, UNREAD, Entry
from chassis.errors import describe
from chassis.service import Heard
from chassis.wire import (
    BODY_BYTES_MAX,
    Envelope,
    UnreadableError,
    finding_of,
    moment_of,
    origin_of,
    read_envelope,
    time_of,
    without_notes,
)
from contracts.event import OutsideEvent
from contracts.topics import topic_named
from contracts.values import outside_id_of

if TYPE_CHECKING:
    from chassis.ports import Later, Parked
    from chassis.service import Route, Service
    from chassis.wire import Headers, Record

KEY_LENGTH_MAX = 256  # keys become keys of rows, which have a limit
_UNREAD: Any = None


def read_record(service: Service, record: Record) -> Entry:
    """Read one record; what has no readable headers or key stands in a queue of its own, where it blocks nobody.

    So does each decision of an operator: whichever comes first counts, and a garbled one holds up no good one.
    """
    place = f"{record.partition}:{record.offset}"
    key = place if record.key is None else record.key.decode("utf-8", "replace")
    envelope, problem = _read_envelope(record.headers, record.timestamp)
    if _is_outside(record.topic):
        envelope.revision = 0  # whatever a stranger claims
    elif not envelope.revision and not problem:
        problem = "no_ce_sequence"
    if record.key is None or len(key) > KEY_LENGTH_MAX or not key.isprintable():
        key, problem = place, "bad_key"
    queue = f"{record.topic}!{place}" if problem or record.topic == DECISIONS else f"{record.topic}/{key}"
    heard: Heard[Any] = Heard(_UNREAD, key, record.topic, record.partition, envelope)
    entry = Entry(queue, record.partition, key, heard, record.value, record.headers, place=place)
    entry.origin = (record.partition, record.offset)
    if is_anothers(service.name, record.topic, key):
        return entry
    entry.problem = problem
    return entry if problem else _read_body(service, entry)


def read_parked(service: Service, row: Parked) -> Entry:
    """Read a row of `later` again: a repaired body may be readable now."""
    envelope, problem = _read_envelope(without_notes(row.headers), 0)
    envelope.time = time_of(row.headers) or envelope.time
    heard: Heard[Any] = Heard(_UNREAD, row.subject, row.topic, row.lane, envelope)
    place = f"later:{row.id}"
    entry = Entry(row.queue, row.lane, row.key, heard, row.value, row.headers, row=row, problem=problem, place=place)
    entry.origin = None if row.topic == NOTES else origin_of(row.headers)
    if problem:
        return entry
    _read_body(service, entry)
    finding = finding_of(row.headers)
    entry.was_unread = finding == UNREAD
    if finding == CONFLICT:
        entry.is_conflict, entry.route = True, service.conflicting.get(entry.type, entry.route)
    return entry


def read_answer(service: Service, call: str, row: Later) -> Entry:
    """Read the answer of a call to the outside, which our own process has just written."""
    heard: Heard[Any] = Heard(_UNREAD, row.subject, row.topic, row.lane, read_envelope(row.headers, 0))
    place = f"call:{call}"
    return _read_body(
        service, Entry(row.queue, row.lane, row.key, heard, row.value, row.headers, place=place, call=call)
    )


def _read_envelope(headers: Headers, timestamp_ms: int) -> tuple[Envelope, str | None]:
    try:
        return read_envelope(headers, timestamp_ms), None
    except UnreadableError as error:
        return Envelope("", "unreadable", moment_of(timestamp_ms).isoformat(), 0, ""), error.reason


def _read_body(service: Service, entry: Entry) -> Entry:
    kind = entry.heard.envelope.type
    if entry.value is None:
        entry.route = service.erasing.get(kind)
        if kind in service.routes and not topic_named(entry.heard.topic).compacted:
            entry.problem = "no_body"
        return entry
    entry.route = service.routes.get(kind)
    if entry.route is None:
        return entry
    if kind not in _types(entry.heard.topic) and entry.heard.topic != NOTES:
        entry.problem = "wrong_topic"
    elif len(entry.value) > BODY_BYTES_MAX:
        entry.problem = "body_too_long"
    else:
        _decode(entry, entry.route, entry.value)
    return entry


@cache
def _is_outside(topic: str) -> bool:
    return topic_named(topic).is_outside


@cache
def _types(topic: str) -> frozenset[str]:
    return frozenset() if topic == NOTES else frozenset(event.type for event in topic_named(topic).events)


def _decode(entry: Entry, route: Route, body: bytes) -> None:
    try:
        entry.heard.event = route.event.decode(body)
    except (ValidationError, ValueError, RecursionError) as error:
        entry.problem = describe(error)
        return
    event = entry.heard.event
    if isinstance(event, OutsideEvent):
        # What a sender calls the message in its header need not be unique; what it says in the body must be.
        entry.heard.envelope.id = outside_id_of(entry.heard.topic, event.identity())
        if entry.row is None and event.subject() != entry.key:
            entry.problem = "key_mismatch"
