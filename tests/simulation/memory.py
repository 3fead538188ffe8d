"""`ports.Memory` and `ports.Ledger` on the simulated database, statement by statement as `sql/queries.sql` has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from chassis.errors import FencedError
from chassis.ports import Decision, Keep, Later, Ledger, Parked, PlacedCall, Standing
from chassis.queries import Query, Tx
from chassis.wire import Outgoing
from tests.simulation.database import Database, Row, Session
from tests.simulation.scheduler import Host

R = TypeVar("R")

# What a test handler can ask of its tables: things with a name, each a dict.
READ = Query("read", "", ("names",))
WRITE = Query("write", "", ("things",))
TELL = Query("tell", "", ("facts",))  # no statement: what the checks must know if this commits


class Waiting(NamedTuple):
    """A row of `later`, with what an operator decided about it."""

    row: Later
    verdict: str | None = None
    actor: str | None = None
    why: str | None = None


class Said(NamedTuple):
    """For the checks: an announcement, in the transaction that made it."""

    outgoing: Outgoing


class Fired(NamedTuple):
    """For the checks: a timer that was taken off the table."""

    due: datetime


class Decided(NamedTuple):
    """For the checks: a dead letter that an operator's decision woke."""

    number: int


class Placed(NamedTuple):
    """A row of `call`, in its place within its queue."""

    position: int
    call: PlacedCall
    due: datetime


class SimTx:
    """`queries.Tx` for handlers of the test services."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def fetch(self, _query: Query, /, **params: Any) -> list[Any]:
        """Read things, without locking them."""
        await self._session.word("read")
        found = [(name, self._session.get("thing", name)) for name in sorted(params["names"])]
        return [{"name": name, "facts": facts} for name, facts in found if facts is not None]

    async def execute(self, query: Query, /, **params: Any) -> None:
        """Write things, or tell the checks."""
        if query is TELL:
            self._session.told += params["facts"]
            return
        await self._session.word("write")
        for name, facts in sorted(params["things"].items()):
            await self._session.upsert("thing", name, partial(_replaced, facts))


class SimLedger:
    """One transaction of the memory."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.tx = cast("Tx", SimTx(session))
        self._batch = 0

    async def fence(self, epochs: Mapping[int, int], *, alone: bool) -> bool:
        await self.session.word("fence")
        is_anyone_waiting = any(waiting.row.awaits is not None for waiting in self.session.scan("later").values())
        self._batch = self.session.database.next("batch")
        await self.compare(epochs)
        if alone:
            await self.decide_alone()
        return is_anyone_waiting

    async def compare(self, epochs: Mapping[int, int]) -> None:
        """Share-lock the epochs and compare them."""
        for lane in sorted(epochs):
            await self.session.lock(("lease", lane), share=True)
        if {lane: self.session.get("lease", lane) for lane in epochs} != epochs:
            raise FencedError

    async def decide_alone(self) -> None:
        """Take the advisory lock of services that decide one transaction at a time."""
        await self.session.word("decide alone")
        await self.session.lock("decide")

    async def hear(self, revisions: Mapping[str, int]) -> dict[str, int]:
        await self.session.word("hear")
        return await self._raise("heard", revisions, max)

    async def remember(self, digests: Mapping[str, bytes]) -> dict[str, bytes]:
        await self.session.word("remember")
        known = {}
        for identity in sorted(digests):
            await self.session.lock(("seen", identity))
            if (digest := self.session.get("seen", identity)) is None:
                self.session.put("seen", identity, digests[identity])
            else:
                known[identity] = digest
        return known

    async def standing(self, queues: Collection[str]) -> dict[str, Standing]:
        await self.session.word("standing")
        ids: dict[str, list[int]] = {}
        for number, waiting in self.session.scan("later").items():
            if waiting.row.queue in queues:
                ids.setdefault(waiting.row.queue, []).append(number)
        return {queue: Standing(min(rows), len(rows)) for queue, rows in ids.items()}

    async def lock(self, rows: Collection[int]) -> set[int]:
        await self.session.word("lock rows")
        for row in sorted(rows):
            await self.session.lock(("later", row))
        return {row for row in rows if self.session.get("later", row)}

    async def hold(self, queues: Collection[str]) -> set[str]:
        await self.session.word("hold")
        standing = [(number, waiting.row) for number, waiting in sorted(self.session.scan("later").items())]
        meant = [(number, row.queue) for number, row in standing if row.queue in queues and row.reason == "due"]
        return {queue for number, queue in meant if self.session.try_lock(("later", number), share=True)}

    async def append(self, rows: Sequence[Later], now: datetime) -> Sequence[int]:
        await self.session.word("append")
        numbers = [self.session.database.next("later") for _ in rows]
        for number, row in zip(numbers, rows, strict=True):
            self.session.put("later", number, Waiting(row))
        return numbers

    async def keep(self, rows: Sequence[Keep]) -> None:
        await self.session.word("keep")
        for row in rows:
            await self.session.lock(("later", row.id))
            if waiting := self.session.get("later", row.id):
                facts = row._asdict()
                del facts["id"]
                verdict = waiting.verdict if row.error is None else None
                self.session.put("later", row.id, Waiting(waiting.row._replace(**facts), verdict, waiting.actor))

    async def decide(self, decisions: Mapping[int, Decision], now: datetime) -> bool:
        await self.session.word("decide")
        found = False
        for number, decision in sorted(decisions.items()):
            waiting = self.session.get("later", number) if self.session.try_lock(("later", number)) else None
            if waiting and waiting.row.reason == "dead" and waiting.verdict is None:
                value = waiting.row.value if decision.value is None else decision.value
                mended = waiting.row._replace(due=now, tries=0, value=value)
                self.session.put("later", number, Waiting(mended, decision.verdict, decision.actor, decision.why))
                self.session.told.append(Decided(number))
                found = True
        return found

    async def delete(self, rows: Collection[int]) -> None:
        await self.session.word("delete")
        for number in sorted(rows):
            await self.session.lock(("later", number))
            waiting = self.session.get("later", number)
            if waiting and waiting.row.timer:
                self.session.told.append(Fired(waiting.row.due))
            self.session.put("later", number, None)

    async def promote(self, queues: Collection[str], now: datetime) -> None:
        await self.session.word("promote")
        heads: dict[str, int] = {}
        for number, waiting in self.session.scan("later").items():
            if waiting.row.queue in queues:
                heads[waiting.row.queue] = min(number, heads.get(waiting.row.queue, number))
        for _, number in sorted(heads.items()):
            await self._make_due(number, now, lambda row: row.due is None and row.reason == "behind")

    async def wake(self, names: Collection[str], now: datetime) -> bool:
        await self.session.word("wake")
        found = False
        for number, waiting in sorted(self.session.scan("later").items()):
            is_meant = waiting.row.awaits in names and waiting.row.due is not None
            if is_meant and self.session.try_lock(("later", number)):
                found |= await self._make_due(number, now, lambda row: row.awaits in names and row.due is not None)
        return found

    async def draw(self, numbers: Mapping[str, int]) -> dict[str, int]:
        await self.session.word("draw")
        before = await self._raise("said", numbers, int.__add__)
        return {queue: before[queue] + number for queue, number in numbers.items()}

    async def put_out(self, lanes: Sequence[int], outgoing: Sequence[Outgoing]) -> int:
        await self.session.word("put out")
        self.session.told += map(Said, outgoing)
        for position, (lane, said) in enumerate(zip(lanes, outgoing, strict=True)):
            self.session.insert("outbox", (self._batch, position), said._replace(lane=lane))
        return self._batch

    async def forget(self, batches: Collection[int]) -> None:
        await self.session.word("forget")
        await forget(self.session, lambda place: place[0] in batches)

    async def call(self, calls: Sequence[PlacedCall], now: datetime) -> None:
        await self.session.word("call")
        for call in calls:
            await self.session.lock(("call", call.id))
            self.session.insert("call", call.id, Placed(self.session.database.next("call"), call, now))

    async def close(self, calls: Collection[str]) -> set[str]:
        return {call for call in sorted(calls) if await _gone(self, call)}

    async def count(self, tally: Counter[tuple[str, int, str]]) -> None:
        await self.session.word("count")
        for key in sorted(tally):
            await self.session.upsert("tally", key, partial(_combined, int.__add__, tally[key]))

    async def _raise(self, table: str, numbers: Mapping[str, int], how: Callable[[int, int], int]) -> dict[str, int]:
        before = {}
        for queue, number in sorted(numbers.items()):
            before[queue] = await self.session.upsert(table, queue, partial(_combined, how, number)) or 0
        return before

    async def _make_due(self, number: int, now: datetime, is_meant: Callable[[Later], bool]) -> bool:
        await self.session.lock(("later", number))
        waiting = self.session.get("later", number)
        if waiting is None or not is_meant(waiting.row):
            return False
        self.session.put("later", number, waiting._replace(row=waiting.row._replace(due=now)))
        return True


def _replaced(facts: Row, _before: Row) -> Row:
    return facts


def _combined(how: Callable[[int, int], int], number: int, before: int | None) -> int:
    return how(before or 0, number)


async def forget(session: Session, is_meant: Callable[[tuple[int, int]], bool]) -> None:
    """Delete rows of the outbox."""
    for place in sorted(place for place in session.scan("outbox") if is_meant(place)):
        await session.lock(("outbox", place))
        session.put("outbox", place, None)


class SimMemory:
    """Everything that one instance's loop remembers between transactions."""

    ledger: Callable[[Session], Any] = SimLedger

    def __init__(self, database: Database, host: Host, broker: Any = None) -> None:
        self.database, self.host, self.broker = database, host, broker

    async def transact(self, work: Callable[[Ledger], Awaitable[R]]) -> R:
        return await self.database.transact(self.host, lambda session: work(type(self).ledger(session)))

    async def due(self, lanes: Collection[int], now: datetime, horizon: datetime, room: int) -> list[Parked]:
        async def statement(session: Session) -> list[Parked]:
            return _due(session.scan("later"), lanes, now, horizon, room)

        return await self.database.alone(self.host, "due", statement)

    async def next_due(self, lanes: Collection[int]) -> datetime | None:
        async def statement(session: Session) -> datetime | None:
            rows = [waiting.row for waiting in session.scan("later").values()]
            return min((row.due for row in rows if row.due and row.lane in lanes), default=None)

        return await self.database.alone(self.host, "next due", statement)

    async def take_over(self, lanes: Collection[int]) -> dict[int, int]:
        async def statement(session: Session) -> dict[int, int]:
            return {lane: (await session.upsert("lease", lane, _next) or 0) + 1 for lane in sorted(lanes)}

        return await self.database.alone(self.host, f"take over {sorted(lanes)}", statement)

    async def bring_near(self, lanes: Collection[int], now: datetime, horizon: datetime) -> None:
        """Do nothing: no simulated clock is set back."""

    async def leftovers(self, lanes: Collection[int]) -> list[tuple[tuple[int, int], Outgoing]]:
        async def statement(session: Session) -> list[tuple[tuple[int, int], Outgoing]]:
            rows = sorted(session.scan("outbox").items())
            return [(place, said._replace(lane=-1)) for place, said in rows if said.lane in lanes]

        return await self.database.alone(self.host, "leftovers", statement)

    async def forget(self, batches: Collection[int]) -> None:
        await self.database.alone(
            self.host, "forget", lambda session: forget(session, lambda place: place[0] in batches)
        )

    async def forget_leftovers(self, places: Collection[tuple[int, int]]) -> None:
        await self.database.alone(
            self.host, "forget leftovers", lambda session: forget(session, lambda place: place in places)
        )

    async def claim(self, types: Collection[str], now: datetime, until: datetime, room: int) -> list[PlacedCall]:
        async def statement(session: Session) -> list[PlacedCall]:
            due = [row for row in _first(session).values() if row.due <= now and row.call.type in types]
            free = [row for row in sorted(due, key=lambda row: row.due) if session.try_lock(("call", row.call.id))]
            return [_claimed(session, row, until) for row in free[:room]]

        return await self.database.alone(self.host, "claim", statement)

    async def renew(self, claims: Collection[tuple[str, datetime]], until: datetime) -> None:
        async def statement(session: Session) -> None:
            for call_id, end in sorted(claims):
                await session.upsert("call", call_id, partial(_renewed, end, until))

        await self.database.alone(self.host, "renew", statement)

    async def put_off(self, call_id: str, due: datetime, error: str) -> None:
        async def statement(session: Session) -> None:
            await session.upsert("call", call_id, lambda row: row and row._replace(due=due))

        await self.database.alone(self.host, "put off", statement)

    async def answer(self, answers: Sequence[Later], calls: Collection[str], now: datetime) -> None:
        async def swap(ledger: Any) -> None:
            kept = [answer for call, answer in sorted(zip(calls, answers, strict=True)) if await _gone(ledger, call)]
            if kept:
                await ledger.append(kept, now)

        await self.transact(swap)

    async def outlook(self) -> list[tuple[str, str, int, datetime | None]]:
        return []


def _next(epoch: int | None) -> int:
    return (epoch or 0) + 1


def _first(session: Session) -> dict[str, Placed]:
    first: dict[str, Placed] = {}
    for row in session.scan("call").values():
        if row.call.queue not in first or row.position < first[row.call.queue].position:
            first[row.call.queue] = row
    return first


def _claimed(session: Session, row: Placed, until: datetime) -> PlacedCall:
    call = row.call._replace(tries=row.call.tries + 1)
    session.put("call", call.id, row._replace(call=call, due=until))
    return call


def _renewed(end: datetime, until: datetime, row: Placed | None) -> Placed | None:
    return row._replace(due=until) if row and row.due == end else row


async def _gone(ledger: Any, call: str) -> bool:
    """Delete a call; whether it was still there."""
    await ledger.session.word("delete call")
    return await ledger.session.upsert("call", call, lambda _row: None) is not None


def _due(
    table: Mapping[int, Waiting], lanes: Collection[int], now: datetime, horizon: datetime, room: int
) -> list[Parked]:
    rows = {number: waiting.row for number, waiting in table.items()}
    due = [number for number, row in rows.items() if row.lane in lanes and _is_due(row, now, horizon)]
    due.sort(key=lambda number: (rows[number].due, number))
    firsts: dict[str, int] = {}
    for number in due[:room]:
        firsts[rows[number].queue] = min(number, firsts.get(rows[number].queue, number))
    taken = []
    for queue, first in firsts.items():
        piece = sorted(number for number, row in rows.items() if row.queue == queue and number >= first)
        taken += list(enumerate(piece[: room // len(firsts) + 1]))
    return [_parked(number, table[number]) for number in sorted(number for _, number in sorted(taken)[:room])]


def _is_due(row: Later, now: datetime, horizon: datetime) -> bool:
    return row.due is not None and row.due <= now and (not row.timer or row.due <= horizon)


def _parked(number: int, waiting: Waiting) -> Parked:
    row = waiting.row
    place = (number, row.queue, row.lane, row.topic, row.key, row.subject, row.value, row.headers)
    return Parked(*place, row.tries, waiting.verdict, waiting.actor, waiting.why)
