"""The decisions of one batch, as pure functions: what is new, which group handles it, what stands in its way.

No log, no database and no clock: a simulator drives the same code.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chassis.errors import HoleError
from chassis.service import Heard, Route

NOTES = "note"  # the topic of a service's messages to itself, which never leave its tables
TRIES_MAX = 3  # a message that fails alone this often rests until an operator decides
WAIT_FIRST = timedelta(seconds=1)  # the first wait of an early message; wake-ups are the fast path
WAIT_MAX = timedelta(minutes=5)


class Row(NamedTuple):
    """What is known of an entry that comes from `later`."""

    id: int
    tries: int
    verdict: str | None
    actor: str | None
    why: str | None


@dataclass(slots=True)
class Entry:
    """One message in a batch: fresh from a topic (`row` is None), or due again."""

    queue: str
    lane: int
    key: str
    heard: Heard[Any]
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    row: Row | None = None
    route: Route | None = None  # None: a type that this service does not hear
    problem: str | None = None  # why it cannot be read; its reason code
    place: str = ""  # partition and offset of a fresh record

    @property
    def kind(self) -> Hashable:
        """What its group has in common: one type taken one way."""
        return id(self.route) if self.route else self.heard.envelope.type

    @property
    def is_home(self) -> bool:
        """Whether it stands under its own subject; a message from outside must be brought there first."""
        return ">" in self.queue or self.heard.topic == NOTES or bool(self.heard.envelope.revision)


@dataclass(slots=True)
class Queues:
    """The queues of a batch as they stand: a head that is not here blocks, a row that is not here holds back the fresh."""

    blocked: set[str] = field(default_factory=set)
    tail: set[str] = field(default_factory=set)
    heads: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, standing: Mapping[str, Sequence[int]], entries: Iterable[Entry]) -> Queues:
        """Compare the rows that stand in each queue, oldest first, with those in the batch."""
        here = {entry.row.id for entry in entries if entry.row}
        queues = cls()
        for name, ids in standing.items():
            queues.heads[name] = ids[0]
            if ids[0] not in here:
                queues.blocked.add(name)
            if not here.issuperset(ids):
                queues.tail.add(name)
        return queues

    def hold(self, entry: Entry) -> bool:
        """Whether this entry must stand behind what is in its queue."""
        return entry.queue in self.blocked or (entry.row is None and entry.queue in self.tail)


class Judged(NamedTuple):
    """The fresh entries of a batch after comparison with what was heard before."""

    fresh: list[Entry]
    duplicates: list[Entry]
    revisions: dict[str, int]


def judge(entries: Iterable[Entry], heard: Mapping[str, int], leaps: frozenset[str]) -> Judged:
    """Tell the next revisions from duplicates.

    `leaps` are topics on which any newer revision is the next (compacted or shared).  Raises HoleError when a revision
    is missing: what came before it was lost, and no later one may be handled.
    """
    fresh: list[Entry] = []
    duplicates: list[Entry] = []
    revisions: dict[str, int] = {}
    for entry in entries:
        revision = entry.heard.envelope.revision
        last = revisions.get(entry.queue) or heard.get(entry.queue, 0)
        if revision <= last:
            duplicates.append(entry)
            continue
        if revision > last + 1 and entry.heard.topic not in leaps:
            raise HoleError(entry.heard.topic, entry.key, last + 1, revision)
        revisions[entry.queue] = revision
        fresh.append(entry)
    return Judged(fresh, duplicates, revisions)


def cut(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Cut a batch into groups of one type each, handled one after the other.

    An entry joins the first group of its type that does not stand before the last group of its queue's subject, else it
    opens a new one: no subject is reordered, and 500 movements of one hot item are one group.
    """
    groups: list[list[Entry]] = []
    places: dict[Hashable, list[int]] = {}
    last: dict[str, int] = {}
    for entry in entries:
        earliest = last.get(entry.heard.subject, 0)
        mine = places.setdefault(entry.kind, [])
        place = next((index for index in mine if index >= earliest), None)
        if place is None:
            place = len(groups)
            groups.append([])
            mine.append(place)
        groups[place].append(entry)
        last[entry.heard.subject] = place
    return groups


def wait_before(tries: int) -> timedelta:
    """How long a message waits before try number `tries` + 1: doubling, capped."""
    return min(WAIT_MAX, WAIT_FIRST * float(2 ** min(tries, 12)))


def next_due(tries: int, now: datetime) -> datetime | None:
    """When a message that failed alone for the `tries`-th time is tried again; None: it rests."""
    return now + wait_before(tries) if tries < TRIES_MAX else None
