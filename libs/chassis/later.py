"""Later: what cannot be handled now waits in one table with its reason, and what follows it behind it; all else flows.

A queue is the rows of one topic and subject.  Only its head is tried; what is handled is deleted, which makes the next
row due.  The states: early (awaits a name), failed, dead (rests until an operator decides), behind, due (timers,
answers, hand-overs).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chassis.ports import Keep, Later, Standing
from chassis.wire import note_finding, note_origin

if TYPE_CHECKING:
    from chassis.entry import Entry
    from chassis.outbox import Left
    from chassis.ports import Ledger

TRIES_MAX = 3  # a message that fails alone this often rests
WAIT_FIRST = timedelta(seconds=1)  # the first wait of an early message; wake-ups are the fast path
WAIT_MAX = timedelta(minutes=5)


def wait_before(tries: int) -> timedelta:
    """How long a message waits before try number `tries` + 1: doubling, capped."""
    return min(WAIT_MAX, WAIT_FIRST * float(2 ** min(tries, 12)))


@dataclass(slots=True)
class Queues:
    """The queues of a batch: a head that is not here blocks, any row that is not here holds back the fresh."""

    blocked: set[str] = field(default_factory=set)
    tail: set[str] = field(default_factory=set)
    heads: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, standing: Mapping[str, Standing], entries: Iterable[Entry]) -> Queues:
        """Compare the rows that stand in each queue with those in the batch."""
        rows = {(entry.queue, entry.row.id) for entry in entries if entry.row}
        here = Counter(name for name, _ in rows)
        blocked = {name for name, (head, _) in standing.items() if (name, head) not in rows}
        tail = {name for name, (_, number) in standing.items() if number > here[name]}
        return cls(blocked, tail, {name: head for name, (head, _) in standing.items()})

    def hold(self, entry: Entry) -> bool:
        """Whether this entry must stand behind what is in its queue."""
        return entry.queue in self.blocked or (entry.row is None and entry.queue in self.tail)


@dataclass(slots=True)
class Shelf:
    """What one attempt sets aside, and what it takes off the table."""

    now: datetime
    queues: Queues = field(default_factory=Queues)
    added: list[Later] = field(default_factory=list)
    kept: list[Keep] = field(default_factory=list)
    done: list[Entry] = field(default_factory=list)

    def stand_behind(self, entry: Entry) -> None:
        """Append behind the queue's head; a row that is due and not the head waits for its turn."""
        if not entry.row:
            self.added.append(self._row(entry, "behind", None))
        elif self.queues.heads.get(entry.queue) != entry.row.id:
            self.kept.append(Keep(entry.row.id, "behind", None, None, None, entry.row.tries))

    def wait(self, entry: Entry, name: str) -> None:
        """Wait for a name, as long as it takes; the backoff is the guarantee, a wake-up the fast path."""
        tries = entry.row.tries if entry.row else 0
        self._hold_up(entry, "early", self.now + wait_before(tries), awaits=name, tries=min(tries + 1, 100))

    def fail(self, entry: Entry, error: str, *, is_hopeless: bool) -> int | None:
        """Note that it failed alone, and try again later; returns the number of tries when it now rests."""
        tries = (entry.row.tries if entry.row else 0) + 1
        rests = is_hopeless or tries >= TRIES_MAX
        due = None if rests else self.now + wait_before(tries)
        self._hold_up(entry, "dead" if rests else "failed", due, error=error, tries=tries)
        return tries if rests else None

    def hand_over(self, entry: Entry, queue: str, subject: str, lane: int) -> None:
        """Put a message into its subject's lane, due at once: only that lane's owner knows which row is the head."""
        row = self._row(entry, "due", self.now)
        self.added.append(row._replace(queue=queue, subject=subject, lane=lane))
        self.queues.tail.add(queue)  # what follows it in this batch goes the same way

    def finish(self, entry: Entry) -> None:
        """Take a handled row off the table."""
        if entry.row:
            self.done.append(entry)

    async def write(self, ledger: Ledger, left: Left) -> Sequence[int]:
        """Write all of it, with the notes that handlers left; returns the numbers of the rows that were added."""
        if self.done:
            await ledger.delete([entry.row.id for entry in self.done if entry.row])
        if self.kept:
            await ledger.keep(self.kept)
        if self.done:
            await ledger.promote({entry.queue for entry in self.done}, self.now)
        untaken = await ledger.hold(left.once) if left.once else set()
        rows = [*self.added, *(row for row in left.rows if row.queue not in untaken)]
        return await ledger.append(rows, self.now) if rows else ()

    @property
    def is_empty(self) -> bool:
        """Whether this attempt touched the table at all."""
        return not (self.added or self.kept or self.done)

    def _hold_up(self, entry: Entry, reason: str, due: datetime | None, **why: str | int | None) -> None:
        self.queues.blocked.add(entry.queue)
        row = self._row(entry, reason, due)._replace(**why)  # type: ignore[arg-type]
        if entry.row:
            self.kept.append(Keep(entry.row.id, reason, due, row.awaits, row.error, row.tries))
        else:
            self.added.append(row)

    @staticmethod
    def _row(entry: Entry, reason: str, due: datetime | None) -> Later:
        heard = entry.heard
        place = (entry.queue, heard.lane, heard.topic, entry.key, heard.subject)
        headers = note_finding(entry.headers, entry.finding)
        if entry.row is None and entry.origin:
            headers = note_origin(headers, entry.origin, heard.envelope.time)
        return Later(*place, entry.value, headers, reason, due)
