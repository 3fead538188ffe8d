"""One transaction: take a batch of messages, decide, write, announce — or leave no trace.

Everything lives in memory until `_write`; an attempt that fails is thrown away whole.  Rules by number: `docs/architecture.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from contracts.topics import DEAD_LETTERS, topic_named
from contracts.topics import Service as Party
from contracts.values import event_id_of, lane_of, named_id

from chassis.batch import NOTES, Entry, Queues, cut, judge, next_due, wait_before
from chassis.errors import FencedError, OversizeError, describe
from chassis.ports import Keep, Later, PlacedCall
from chassis.reading import digest, home_of
from chassis.service import Home
from chassis.turn import Turn
from chassis.wire import Envelope, Outgoing, write_headers

if TYPE_CHECKING:
    from datetime import datetime

    from chassis.ports import Ledger
    from chassis.service import Heard, Service

BODY_BYTES_MAX = 900_000  # below every broker's default, with room for headers


class Said(NamedTuple):
    """What a committed attempt leaves to do and to count."""

    batch: int | None
    outgoing: Sequence[Outgoing]
    outcomes: Counter[tuple[str, str]]  # by event type and outcome
    is_more_due: bool


@dataclass
class Attempt:
    """One try at one batch."""

    service: Service
    ledger: Ledger
    epochs: Mapping[int, int]
    lanes: int
    now: datetime
    turn: Turn = field(init=False)
    queues: Queues = field(default_factory=Queues)
    handed: set[str] = field(default_factory=set)  # home queues that got a row in this attempt
    later: list[Later] = field(default_factory=list)
    keep: list[Keep] = field(default_factory=list)
    done: list[Entry] = field(default_factory=list)  # rows of `later` to delete
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    tally: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    is_anyone_waiting: bool = False

    def __post_init__(self) -> None:
        self.turn = Turn(self.ledger.tx, self.now, self.service.says)

    async def run(self, entries: Sequence[Entry], failure: BaseException | None, published: Sequence[int]) -> Said:
        """Take these entries; with a failure, set the only one aside instead.

        Raises FencedError when a lane is lost, HoleError when a revision is missing, and whatever a handler raises.
        """
        if not self.epochs.keys() >= {entry.lane for entry in entries}:
            raise FencedError
        self.is_anyone_waiting = await self.ledger.fence(self.epochs, alone=self.service.exclusive)
        fresh = await self._fresh([entry for entry in entries if entry.row is None])
        ready = [*await self._still_there([entry for entry in entries if entry.row]), *fresh]
        if ready:
            self.queues = Queues.of(await self.ledger.standing({entry.queue for entry in ready}), ready)
        for group in cut(ready):
            await self._take(group, failure)
        return await self._write(published)

    # --- what is new ---

    async def _still_there(self, entries: list[Entry]) -> list[Entry]:
        if not entries:
            return []
        locked = await self.ledger.lock([entry.row.id for entry in entries if entry.row])
        return [entry for entry in entries if entry.row and entry.row.id in locked]

    async def _fresh(self, entries: list[Entry]) -> list[Entry]:
        numbered = [entry for entry in entries if entry.heard.envelope.revision]
        news: set[int] = set()
        if numbered:
            leaps = frozenset(topic.name for topic in self.service.topics if topic.compacted or topic.shared)
            judged = judge(numbered, await self.ledger.heard({entry.queue for entry in numbered}), leaps)
            if judged.revisions:
                await self.ledger.hear(judged.revisions)
            news.update(map(id, judged.fresh))
        news.update(map(id, await self._unseen([entry for entry in entries if not entry.heard.envelope.revision])))
        for entry in entries:
            if id(entry) not in news:
                self._count(entry, "duplicate")
            elif not entry.route and not entry.problem:
                self._count(entry, "ignored")
        return [entry for entry in entries if id(entry) in news and (entry.route or entry.problem)]

    async def _unseen(self, entries: list[Entry]) -> list[Entry]:
        """Messages from outside are known by their sender's id, unreadable ones by their place in the log."""
        digests: dict[str, bytes] = {}
        mine: list[tuple[Entry, str, bytes]] = []
        for entry in entries:
            identity = _identity(entry)
            if identity:
                content = b"" if entry.problem else digest(entry.heard.event)
                mine.append((entry, identity, content))
                digests.setdefault(identity, content)
        known = await self.ledger.remember(digests) if digests else {}
        repeated = {
            id(entry) for entry, identity, content in mine if self._is_repeated(entry, identity, content, known)
        }
        return [entry for entry in entries if id(entry) not in repeated]

    def _is_repeated(self, entry: Entry, identity: str, content: bytes, known: dict[str, bytes]) -> bool:
        first = known.setdefault(identity, content) if identity in known else None
        if first is None:
            known[identity] = content  # a twin later in this batch is compared with this one
            return False
        if first == content:
            return True
        entry.route = self.service.conflicting.get(entry.heard.envelope.type)
        entry.problem = None if entry.route else "id_collision"
        return False

    # --- one group ---

    async def _take(self, group: list[Entry], failure: BaseException | None) -> None:
        candidates = [entry for entry in group if not self._set_aside(entry, failure)]
        homeless = [entry for entry in candidates if not entry.is_home and entry.route]
        if homeless:
            candidates = await self._bring_home(candidates, homeless)
        lacks = await self._lacks(candidates) if candidates else {}
        todo = []
        for entry in candidates:
            if self.queues.hold(entry):
                self._stand_behind(entry)
            elif name := lacks.get(id(entry)):
                self._wait(entry, name)
            else:
                todo.append(entry)
        if not todo:
            return
        route = todo[0].route
        assert route
        await route.handle(self.turn, [entry.heard for entry in todo])
        for entry in todo:
            self._finish(entry, "handled")

    def _set_aside(self, entry: Entry, failure: BaseException | None) -> bool:
        if self.queues.hold(entry):
            self._stand_behind(entry)
        elif entry.row and entry.row.verdict == "discard":
            self._finish(entry, "discarded")
        elif entry.problem:
            self._fail(entry, entry.problem, "malformed")
        elif failure:
            self._fail(entry, describe(failure), "failed")
        else:
            return False
        return True

    async def _bring_home(self, candidates: list[Entry], homeless: list[Entry]) -> list[Entry]:
        """Route messages from outside to their subject's lane: handled here if it is ours and nothing stands before."""
        subjects, lacks = await self._subjects(homeless)
        homes = {f"{entry.heard.topic}>{subjects[id(entry)]}" for entry in homeless if id(entry) in subjects}
        standing = await self.ledger.standing(homes) if homes else {}
        here = []
        for entry in candidates:
            if entry.is_home or not entry.route:
                here.append(entry)
            elif self.queues.hold(entry):
                self._stand_behind(entry)
            elif id(entry) not in subjects:
                self._wait(entry, lacks[id(entry)])
            elif self._move(entry, subjects[id(entry)], standing):
                here.append(entry)
        return here

    async def _subjects(self, entries: list[Entry]) -> tuple[dict[int, str], dict[int, str]]:
        subjects: dict[int, str] = {}
        lacks: dict[int, str] = {}
        route = entries[0].route
        assert route
        if isinstance(route.home, Home):
            keys = {id(entry): route.home.key(entry.heard.event) for entry in entries}
            found = await route.home.find(self.turn, sorted(set(keys.values())))
            for place, key in keys.items():
                if key in found:
                    subjects[place] = found[key]
                else:
                    lacks[place] = f"{route.home.kind}:{key}"
            return subjects, lacks
        for entry in entries:
            subjects[id(entry)] = home_of(route, entry.heard.event) or entry.key
        return subjects, lacks

    def _move(self, entry: Entry, subject: str, standing: Mapping[str, Sequence[int]]) -> bool:
        queue = f"{entry.heard.topic}>{subject}"
        lane = lane_of(subject, self.lanes)
        if lane in self.epochs and queue not in standing and queue not in self.handed:
            entry.queue, entry.heard.subject, entry.heard.lane = queue, subject, lane
            return True
        # Due at once, whatever stands there: only the lane's owner knows which row is the head.
        self.later.append(self._row(entry, "due", self.now)._replace(queue=queue, subject=subject, lane=lane))
        self.handed.add(queue)
        self._finish(entry, "handed_over")
        return False

    async def _lacks(self, entries: list[Entry]) -> dict[int, str]:
        """What each entry must wait for: the first name that nobody has written yet."""
        lacks: dict[int, str] = {}
        route = entries[0].route
        for need in route.needs if route else ():
            wanted = {id(entry): _names(need.key(entry.heard)) for entry in entries if id(entry) not in lacks}
            keys = {key for names in wanted.values() for key in names}
            unknown = keys.difference(await need.known(self.turn, sorted(keys))) if keys else set()
            if not unknown:
                continue
            for place, names in wanted.items():
                if missing := next((name for name in names if name in unknown), None):
                    lacks[place] = f"{need.kind}:{missing}"
        return lacks

    # --- what becomes of an entry ---

    def _finish(self, entry: Entry, outcome: str) -> None:
        self._count(entry, outcome)
        if not entry.row:
            return
        self.done.append(entry)
        if entry.row.verdict:
            resolution = "discarded" if entry.row.verdict == "discard" else "retried"
            event = DEAD_LETTERS[Party(self.service.name)].events[1]
            facts = event(dead_letter_id=_pointer(entry), resolution=resolution, actor=entry.row.actor, reason=entry.row.why)  # fmt: skip
            self.turn.announce(entry.heard, facts, entry.key)

    def _stand_behind(self, entry: Entry) -> None:
        self._count(entry, "behind")
        if not entry.row:
            self.later.append(self._row(entry, "behind", None))
        elif self.queues.heads.get(entry.queue) != entry.row.id:
            self.keep.append(Keep(entry.row.id, "behind", None, None, None, entry.row.tries))

    def _wait(self, entry: Entry, name: str) -> None:
        tries = entry.row.tries if entry.row else 0
        due = self.now + wait_before(tries)
        self._hold_up(entry, Keep(entry.row.id if entry.row else 0, "early", due, name, None, min(tries + 1, 100)))
        self._count(entry, "early")

    def _fail(self, entry: Entry, error: str, reason: str) -> None:
        tries = (entry.row.tries if entry.row else 0) + 1
        due = None if reason == "malformed" else next_due(tries, self.now)
        self._hold_up(
            entry, Keep(entry.row.id if entry.row else 0, "failed" if due else "dead", due, None, error, tries)
        )
        self._count(entry, "failed" if due else "dead")
        if due is None:
            event = DEAD_LETTERS[Party(self.service.name)].events[0]
            facts = event(dead_letter_id=_pointer(entry), topic=entry.heard.topic, message_type=entry.heard.envelope.type,
                          message_id=entry.heard.id or None, reason=reason, error=error[:500], attempts=tries)  # fmt: skip
            self.turn.announce(entry.heard, facts, entry.key)

    def _hold_up(self, entry: Entry, keep: Keep) -> None:
        self.queues.blocked.add(entry.queue)
        if entry.row:
            self.keep.append(keep)
        else:
            _, reason, due, awaits, error, tries = keep
            self.later.append(self._row(entry, reason, due)._replace(awaits=awaits, error=error, tries=tries))

    def _row(self, entry: Entry, reason: str, due: datetime | None) -> Later:
        heard = entry.heard
        return Later(
            entry.queue, heard.lane, heard.topic, entry.key, heard.subject, entry.value, entry.headers, reason, due
        )

    def _count(self, entry: Entry, outcome: str) -> None:
        self.outcomes[entry.heard.envelope.type, outcome] += 1
        if entry.row is None:
            # Brought home, it counts as handled where it came from: the row has another lane.
            known = "handled" if ">" in entry.queue else _TALLIED.get(outcome, "later")
            self.tally[entry.heard.topic, entry.lane, known] += 1
        elif "/" in entry.queue and entry.heard.topic != NOTES and outcome in _TALLIED:
            self.tally[entry.heard.topic, entry.lane, "later"] -= 1
            self.tally[entry.heard.topic, entry.lane, "handled"] += 1

    # --- what is written ---

    async def _write(self, published: Sequence[int]) -> Said:
        ledger = self.ledger
        if published:
            await ledger.forget(published)
        if self.done:
            await ledger.delete([entry.row.id for entry in self.done if entry.row])
        if self.keep:
            await ledger.keep(self.keep)
        if self.done:
            await ledger.promote({entry.queue for entry in self.done}, self.now)
        if self.turn.errands:
            await ledger.call(list(self._calls()), self.now)
        self.later.extend(self._notes())
        if self.later:
            await ledger.append(self.later, self.now)
        if self.is_anyone_waiting and self.turn.names:
            await ledger.wake(self.turn.names, self.now)
        batch, outgoing = await self._put_out()
        if self.tally:
            await ledger.count(self.tally)
        return Said(batch, outgoing, self.outcomes, bool(self.later or self.done or self.keep or self.turn.names))

    async def _put_out(self) -> tuple[int | None, list[Outgoing]]:
        said = self.turn.announcements
        if not said:
            return None, []
        numbers = Counter(f"{announcement.topic}/{announcement.key}" for announcement in said)
        last = await self.ledger.draw(numbers)
        revisions = {queue: last[queue] - number for queue, number in numbers.items()}
        time = self.now.isoformat()
        lanes, outgoing = [], []
        for cause, topic, key, kind, value in said:
            if value is not None and len(value) > BODY_BYTES_MAX:
                raise OversizeError(topic, len(value), BODY_BYTES_MAX)
            queue = f"{topic}/{key}"
            revisions[queue] += 1
            event_id = event_id_of(topic, key, revisions[queue])
            envelope = Envelope(event_id, kind, time, revisions[queue], cause.envelope.trace)
            headers = write_headers(envelope, self.service.name, key, cause.id)
            lanes.append(cause.lane)
            outgoing.append(Outgoing(topic, lane_of(key, self.lanes), key, value, headers))
            self.tally[topic, outgoing[-1].lane, "announced"] += 1
        return await self.ledger.put_out(lanes, outgoing), outgoing

    def _notes(self) -> Iterable[Later]:
        for number, (cause, note, subject, due) in enumerate(self.turn.reminders):
            note_id = f"{cause.id}.{note.type}.{number}"
            yield note_row(note_id, note, subject, self.lanes, self.now, due, cause.envelope.trace)

    def _calls(self) -> Iterable[PlacedCall]:
        for number, (cause, request, queue) in enumerate(self.turn.errands):
            call_id = named_id(f"{cause.id} {request.type} {queue} {number}")
            lane = lane_of(cause.subject, self.lanes)
            yield PlacedCall(call_id, queue, lane, cause.subject, request.type, request.encode(), cause.envelope.trace)


def note_row(  # noqa: PLR0913 (a row has as many columns)
    note_id: str, note: Any, subject: str, lanes: int, now: datetime, due: datetime | None, trace: str
) -> Later:
    """A note to the service itself, in a queue of its own, in its subject's home lane."""
    headers = write_headers(Envelope(note_id, note.type, now.isoformat(), 0, trace), NOTES, subject, note_id)
    lane = lane_of(subject, lanes)
    row = Later(f"{NOTES}/{note_id}", lane, NOTES, subject, subject, note.encode(), headers, "due", due or now)
    return row._replace(timer=due is not None)


# How an outcome counts against the log's end: everything else is in `later`.
_TALLIED = {
    "handled": "handled",
    "handed_over": "handled",
    "discarded": "handled",
    "duplicate": "duplicate",
    "ignored": "ignored",
}


def _identity(entry: Entry) -> str | None:
    if entry.problem:
        return f"{entry.heard.topic}!{entry.place}"
    if entry.route is None or entry.heard.event is None or topic_named(entry.heard.topic).compacted:
        return None
    return f"{entry.heard.topic}:{entry.heard.event.identity()}"


def _names(key: str | Iterable[str]) -> list[str]:
    return [key] if isinstance(key, str) else list(key)


def _pointer(entry: Entry) -> str:
    return f"{entry.queue}#{entry.heard.id}" if entry.heard.id else entry.queue
