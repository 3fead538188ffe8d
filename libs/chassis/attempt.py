"""One transaction: take a batch of messages, decide, write, announce — or leave no trace.

Everything lives in memory until it is written at the end; an attempt that fails is thrown away whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from chassis import needs, outbox, revisions
from chassis.crash import Point, reach
from chassis.entry import NOTES, Entry
from chassis.errors import FencedError, describe
from chassis.groups import cut
from chassis.later import Queues, Shelf
from chassis.turn import Turn
from contracts.topic import Service as Party
from contracts.topics import DEAD_LETTERS
from contracts.values import lane_of

if TYPE_CHECKING:
    from datetime import datetime

    from chassis.ports import Ledger
    from chassis.service import Service

# How an outcome counts against the log's end: everything else is in `later`.
_TALLIED = {"handled": "handled", "handed_over": "handled", "discarded": "handled"}
_TALLIED |= {"duplicate": "duplicate", "ignored": "ignored"}
_RESOLUTIONS = {"edit": "edited", "retry": "retried", "discard": "discarded"}


class Taken(NamedTuple):
    """What a committed attempt leaves to publish and to count."""

    said: outbox.Said
    outcomes: Counter[tuple[str, str]]  # by event type and outcome
    seconds: list[tuple[str, float]]  # of each handler call
    is_more_due: bool
    is_calling: bool


@dataclass
class Attempt:
    """One try at one batch."""

    service: Service
    ledger: Ledger
    epochs: Mapping[int, int]
    lanes: int
    now: datetime
    turn: Turn = field(init=False)
    shelf: Shelf = field(init=False)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    tally: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    seconds: list[tuple[str, float]] = field(default_factory=list)
    resting: list[tuple[Entry, int, dict[str, object]]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.turn, self.shelf = Turn(self.ledger.tx, self.now, self.service.says), Shelf(self.now)

    async def run(self, entries: Sequence[Entry], failure: BaseException | None, published: Sequence[int]) -> Taken:
        """Take these entries; with a failure, set the only one aside instead.

        Raises FencedError when a lane is lost, HoleError when a revision is missing, and whatever a handler raises.
        """
        if not self.epochs.keys() >= {entry.lane for entry in entries}:
            raise FencedError
        is_anyone_waiting = await self.ledger.fence(self.epochs, alone=self.service.exclusive)
        if published:
            await self.ledger.forget(published)
        ready = [*await self._still_there(entries), *await self._answers(entries), *await self._fresh(entries)]
        reach(Point.AFTER_REVISIONS)
        if ready:
            self.shelf.queues = Queues.of(await self.ledger.standing({entry.queue for entry in ready}), ready)
        for group in cut(ready):
            await self._take(group, failure)
        return await self._write(wake=is_anyone_waiting)

    async def _still_there(self, entries: Sequence[Entry]) -> list[Entry]:
        ids = [entry.row.id for entry in entries if entry.row]
        locked = await self.ledger.lock(ids) if ids else set()
        return [entry for entry in entries if entry.row and entry.row.id in locked]

    async def _answers(self, entries: Sequence[Entry]) -> list[Entry]:
        calls = {entry.call: entry for entry in entries if entry.call}
        self.closed = await self.ledger.close(calls.keys()) if calls else set()
        for call in calls.keys() - self.closed:
            self._count(calls[call], "duplicate")
        return [entry for call, entry in calls.items() if call in self.closed]

    async def _fresh(self, entries: Sequence[Entry]) -> list[Entry]:
        candidates = [entry for entry in entries if entry.row is None and entry.call is None]
        new = await revisions.fresh(self.service, self.ledger, candidates) if candidates else []
        kept = set(map(id, new))
        for entry in candidates:
            if id(entry) not in kept:
                self._count(entry, "duplicate")
            elif not entry.route and not entry.problem:
                self._count(entry, "ignored")
        return [entry for entry in new if entry.route or entry.problem]

    # --- one group ---

    async def _take(self, group: list[Entry], failure: BaseException | None) -> None:
        candidates = [entry for entry in group if not self._set_aside(entry, failure)]
        if candidates and not all(entry.is_home for entry in candidates):
            candidates = await self._bring_home(candidates)
        lacks = await needs.lacking(self.turn, candidates)
        ready = [entry for entry in candidates if self._may_pass(entry, lacks.of(entry))]
        if ready:
            assert ready[0].route is not None
            began = perf_counter()
            await ready[0].route.handle(self.turn, [entry.heard for entry in ready])
            self.seconds.append((ready[0].type, perf_counter() - began))
        for entry in ready:
            self._finish(entry, "handled")

    def _set_aside(self, entry: Entry, failure: BaseException | None) -> bool:
        """Whether something else than its handler must become of it."""
        if self.shelf.queues.hold(entry):
            self._stand_behind(entry)
        elif entry.row and entry.row.verdict == "discard":
            self._finish(entry, "discarded")
        elif entry.problem or failure:
            self._fail(entry, entry.problem or describe(failure or Exception()))
        else:
            return False
        return True

    async def _bring_home(self, candidates: list[Entry]) -> list[Entry]:
        """Bring messages from outside to their subject's lane: handled here if it is ours and nothing stands before."""
        subjects, lacks = await needs.homes(self.turn, [entry for entry in candidates if not entry.is_home])
        queues = {
            id(entry): f"{entry.heard.topic}>{subjects[id(entry)]}" for entry in candidates if id(entry) in subjects
        }
        standing = await self.ledger.standing(set(queues.values())) if queues else {}
        here = []
        for entry in candidates:
            if entry.is_home:
                here.append(entry)
            elif self._may_pass(entry, lacks.of(entry)) and await self._is_first(entry):
                queue = queues[id(entry)]
                is_free = queue not in standing and queue not in self.shelf.queues.tail
                if self._move(entry, queue, subjects[id(entry)], is_free=is_free):
                    here.append(entry)
        return here

    async def _is_first(self, entry: Entry) -> bool:
        """Whether a repaired message was not heard otherwise: when it came, nobody could read its sender's id."""
        if not entry.was_unread:
            return True
        if not await revisions.unseen(self.service, self.ledger, [entry]):
            self._finish(entry, "duplicate")
        elif entry.problem:
            self._fail(entry, entry.problem)
        else:
            return True
        return False

    def _move(self, entry: Entry, queue: str, subject: str, *, is_free: bool) -> bool:
        lane = lane_of(subject, self.lanes)
        # A row belongs to the queue it stands in, so it is always handed over as a new one.
        if lane in self.epochs and is_free and not entry.row:
            entry.queue, entry.heard.subject, entry.heard.lane = queue, subject, lane
            return True
        self.shelf.hand_over(entry, queue, subject, lane)
        self._finish(entry, "handed_over")
        return False

    def _may_pass(self, entry: Entry, name: str | None) -> bool:
        if self.shelf.queues.hold(entry):
            self._stand_behind(entry)
        elif name:
            self.shelf.wait(entry, name)
            self._count(entry, "early")
        else:
            return True
        return False

    # --- what becomes of an entry ---

    def _finish(self, entry: Entry, outcome: str) -> None:
        self._count(entry, outcome)
        self.shelf.finish(entry)
        if entry.row and entry.row.verdict:
            resolved = DEAD_LETTERS[Party(self.service.name)].events[1]
            resolution, actor, why = _RESOLUTIONS[entry.row.verdict], entry.row.actor, entry.row.why or ""
            facts = {"dead_letter_id": self._name(entry.row.id), "resolution": resolution, "actor": actor}
            self.turn.announce(entry.heard, resolved(**facts, reason=why), entry.key)

    def _stand_behind(self, entry: Entry) -> None:
        self.shelf.stand_behind(entry)
        self._count(entry, "behind")

    def _fail(self, entry: Entry, error: str) -> None:
        error = error.replace("\x00", "")[:500]  # a parser may quote a name out of the body
        tries = self.shelf.fail(entry, error, is_hopeless=bool(entry.problem))
        self._count(entry, "dead" if tries else "failed")
        if tries:
            reason = "malformed" if entry.problem else "failed"
            self.resting.append(
                (entry, len(self.shelf.added) - 1, {"reason": reason, "error": error, "attempts": tries})
            )

    def _announce_resting(self, numbers: Sequence[int]) -> None:
        """Say what rests from now on, once its row has a number."""
        dead_lettered = DEAD_LETTERS[Party(self.service.name)].events[0]
        for entry, place, why in self.resting:
            name = self._name(entry.row.id if entry.row else numbers[place])
            partition, offset = entry.origin or (None, None)
            about = {"topic": entry.heard.topic, "message_type": entry.type, "message_id": entry.heard.id or None}
            facts = {"dead_letter_id": name, "partition": partition, "offset": offset, **about, **why}
            self.turn.announce(entry.heard, dead_lettered(**facts), entry.key)

    def _name(self, row: int) -> str:
        return f"{self.service.name}/{row}"

    def _count(self, entry: Entry, outcome: str) -> None:
        # Types that are not ours are counted as one: a stranger's words do not become names of metrics.
        self.outcomes[entry.type if entry.route else "other", outcome] += 1
        topic, lane = entry.heard.topic, entry.lane
        if topic == NOTES:
            return  # they are in no log
        if entry.row is None:
            # Brought home, it counts as handled where it came from: its row has another lane.
            self.tally[topic, lane, "handled" if ">" in entry.queue else _TALLIED.get(outcome, "later")] += 1
        elif ">" not in entry.queue and outcome in _TALLIED:
            self.tally[topic, lane, "later"] -= 1
            self.tally[topic, lane, "handled"] += 1

    # --- what is written ---

    async def _write(self, *, wake: bool) -> Taken:
        turn, ledger = self.turn, self.ledger
        reach(Point.AFTER_WRITE)
        notes = outbox.notes(turn, self.lanes)
        is_more_due = bool(notes.rows) or not self.shelf.is_empty
        self._announce_resting(await self.shelf.write(ledger, notes))
        if self.shelf.done or self.closed:
            reach(Point.ROWS_DELETED)
        if turn.decisions:
            is_more_due |= await ledger.decide(turn.decisions, self.now)
        if turn.errands:
            await ledger.call(list(outbox.calls(turn, self.lanes)), self.now)
        if turn.names and (wake or is_more_due):
            is_more_due |= await ledger.wake(turn.names, self.now)
        said = await outbox.announce(ledger, turn, self.service.name, self.lanes)
        self.tally.update((event.topic, event.lane, "announced") for event in said.outgoing)
        if self.tally:
            await ledger.count(self.tally)
        reach(Point.AFTER_OUTBOX)
        return Taken(said, self.outcomes, self.seconds, is_more_due, bool(turn.errands))
