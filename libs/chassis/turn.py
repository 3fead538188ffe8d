"""What a handler can do inside its transaction: read and write rows, announce, set timers, place calls.

Everything said here is collected in memory and written by the loop in the same transaction; an attempt that fails
discards it with the rows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from contracts.topics import topic_of

if TYPE_CHECKING:
    from datetime import datetime

    from asyncpg import Record

    from chassis.ports import Decision
    from chassis.queries import Query, Tx
    from chassis.service import Heard, Note, Request
    from contracts.event import Event


class Announcement(NamedTuple):
    """An event that was said, and the message that caused it."""

    cause: Heard[Any]
    topic: str
    key: str
    type: str
    value: bytes | None


class Reminder(NamedTuple):
    """A note to this service itself, due now (a hand-over) or at a time (a timer)."""

    cause: Heard[Any]
    note: Note
    subject: str
    due: datetime | None


class Errand(NamedTuple):
    """A call to the outside, one in flight per queue, in order."""

    cause: Heard[Any]
    request: Request
    queue: str


@dataclass(slots=True)
class Turn:
    """One group's transaction as a handler sees it."""

    tx: Tx
    now: datetime
    """The only clock there is: the moment this attempt began, in UTC."""
    says: frozenset[str]
    announcements: list[Announcement] = field(default_factory=list)
    reminders: list[Reminder] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    decisions: dict[int, Decision] = field(default_factory=dict)
    """What operators decided about rows of `later`: filled by the chassis' own handler."""

    async def fetch(self, query: Query, /, **params: object) -> list[Record]:
        """Run a named query and return its rows."""
        return await self.tx.fetch(query, **params)

    async def execute(self, query: Query, /, **params: object) -> None:
        """Run a named statement that returns nothing."""
        await self.tx.execute(query, **params)

    def announce(self, cause: Heard[Any], event: Event, key: str | None = None) -> None:
        """Say that something happened, about `key` (default: the subject of the cause)."""
        topic = topic_of(type(event)).name
        assert topic in self.says, f"{event.type} belongs to {topic}, which this service does not own"
        self.announcements.append(Announcement(cause, topic, key or cause.subject, event.type, event.encode()))

    def erase(self, cause: Heard[Any], event: type[Event], key: str | None = None) -> None:
        """Say a tombstone on the compacted topic of `event`."""
        topic = topic_of(event)
        assert topic.compacted, f"{topic.name} has no tombstones"
        assert topic.name in self.says, f"{topic.name} is not this service's to erase"
        self.announcements.append(Announcement(cause, topic.name, key or cause.subject, event.type, None))

    def remind(self, cause: Heard[Any], note: Note, due: datetime | None = None, subject: str | None = None) -> None:
        """Leave a note for the subject's home lane: at `due`, or at once.

        When a timer fires its handler checks that it is still wanted: there is no way to cancel one.
        """
        self.reminders.append(Reminder(cause, note, subject or cause.subject, due))

    def call(self, cause: Heard[Any], request: Request, queue: str) -> None:
        """Ask the outside world; the answer comes as a note about the cause's subject."""
        self.errands.append(Errand(cause, request, queue))

    def written(self, kind: str, keys: Collection[str]) -> None:
        """Wake what waits for one of these, e.g. ``written("order", order_ids)``."""
        self.names.update(f"{kind}:{key}" for key in keys)
