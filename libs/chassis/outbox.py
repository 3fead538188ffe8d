"""The outbox: announcements get their revisions and are written in the deciding transaction; publishing comes after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chassis.entry import NOTES
from chassis.ports import Later, PlacedCall
from chassis.wire import Envelope, Outgoing, check_length, write_headers
from contracts.values import event_id_of, lane_of, named_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.ports import Ledger
    from chassis.service import Note
    from chassis.turn import Announcement, Turn


class Said(NamedTuple):
    """What one transaction announced: its batch in the outbox (None: nothing), and the events in order."""

    batch: int | None
    outgoing: Sequence[Outgoing]


async def announce(ledger: Ledger, turn: Turn, service: str, lanes: int) -> Said:
    """Number what was said under its subjects' locks and write it to the outbox.

    Raises OversizeError for a body that no broker would take.
    """
    said = turn.announcements
    if not said:
        return Said(None, [])
    numbers = Counter(f"{announcement.topic}/{announcement.key}" for announcement in said)
    last = await ledger.draw(numbers)
    revisions = {queue: last[queue] - number for queue, number in numbers.items()}
    outgoing, time = [], turn.now.isoformat()
    for announcement in said:
        queue = f"{announcement.topic}/{announcement.key}"
        revisions[queue] += 1
        outgoing.append(_event(announcement, revisions[queue], service, time, lanes))
    batch = await ledger.put_out([announcement.cause.lane for announcement in said], outgoing)
    return Said(batch, outgoing)


class Left(NamedTuple):
    """What was left for this service itself, and the queues of what need not be left twice."""

    rows: Sequence[Later]
    once: Collection[str]


def notes(turn: Turn, lanes: int) -> Left:
    """The rows of what was left for this service itself; what is said once has a queue by what it says."""
    rows: dict[str, Later] = {}
    once = set()
    for number, (cause, note, subject, due) in enumerate(turn.reminders):
        note_id = named_id(f"{cause.id} {note.type} {number}")
        envelope = Envelope(note_id, note.type, turn.now.isoformat(), 0, cause.envelope.trace)
        row = note_row(envelope, note, subject, lanes, turn.now)
        if due is not None:
            row = row._replace(due=due, timer=True)
        elif note.said_once:
            row = row._replace(queue=f"{NOTES}/{note.type}/{note.encode().decode()}/{subject}")
            once.add(row.queue)
        rows.setdefault(row.queue, row)
    return Left(list(rows.values()), once)


def calls(turn: Turn, lanes: int) -> Iterator[PlacedCall]:
    """The rows of what the outside world was asked for; the id is the idempotency key of every try."""
    for number, (cause, request, queue) in enumerate(turn.errands):
        call_id = named_id(f"{cause.id} {request.type} {queue} {number}")
        lane = lane_of(cause.subject, lanes)
        yield PlacedCall(call_id, queue, lane, cause.subject, request.type, request.encode(), cause.envelope.trace)


def note_row(envelope: Envelope, note: Note, subject: str, lanes: int, now: datetime) -> Later:
    """A note to the service itself, due now, in a queue of its own, in its subject's home lane."""
    headers = write_headers(envelope, NOTES, subject, envelope.id)
    lane = lane_of(subject, lanes)
    return Later(f"{NOTES}/{envelope.id}", lane, NOTES, subject, subject, note.encode(), headers, "due", now)


def _event(said: Announcement, revision: int, service: str, time: str, lanes: int) -> Outgoing:
    cause, topic, key, kind, value = said
    if value is not None:
        check_length(topic, value)
    envelope = Envelope(event_id_of(topic, key, revision), kind, time, revision, cause.envelope.trace)
    headers = write_headers(envelope, service, key, cause.id)
    return Outgoing(topic, lane_of(key, lanes), key, value, headers)
