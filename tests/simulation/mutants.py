"""The chassis, broken on purpose: one mechanism each, to prove that the simulation would notice.

A mutant is a worker with another loop, another door, or another attempt; nothing is patched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from chassis.attempt import Attempt
from chassis.entry import Entry
from chassis.loop import Loop
from chassis.ports import Decision, Keep, Later, Ledger, Parked, PlacedCall, Standing
from chassis.wire import Outgoing, Record
from contracts.topics import INTAKE_CONTACTS
from tests.simulation.database import Session
from tests.simulation.instance import Worker
from tests.simulation.log import SimLog
from tests.simulation.memory import Said, SimLedger, SimMemory

R = TypeVar("R")
CONTACTS = INTAKE_CONTACTS.name
MUTANTS: dict[str, type[Worker]] = {}
"""Every mutant, by what is broken in it."""


def _by(loop: type[Loop] = Loop, log: type[SimLog] = SimLog, memory: type[SimMemory] = SimMemory) -> type[Worker]:
    return type("Mutant", (Worker,), {"loop": loop, "log": log, "memory": memory})


def memory(name: str) -> Callable[[type[SimMemory]], type[SimMemory]]:
    """Declare a mutant that is a broken memory."""

    def declare(kind: type[SimMemory]) -> type[SimMemory]:
        MUTANTS[name] = _by(memory=kind)
        return kind

    return declare


def ledger(name: str) -> Callable[[type[SimLedger]], type[SimLedger]]:
    """Declare a mutant whose transactions are broken."""

    def declare(kind: type[SimLedger]) -> type[SimLedger]:
        MUTANTS[name] = _by(memory=type("MutantMemory", (SimMemory,), {"ledger": kind}))
        return kind

    return declare


def attempt(name: str) -> Callable[[type[Attempt]], type[Attempt]]:
    """Declare a mutant that takes a batch wrongly."""

    def declare(kind: type[Attempt]) -> type[Attempt]:
        MUTANTS[name] = _by(loop=type("MutantLoop", (Loop,), {"attempt": kind}))
        return kind

    return declare


def loop(name: str) -> Callable[[type[Loop]], type[Loop]]:
    """Declare a mutant whose loop is broken."""

    def declare(kind: type[Loop]) -> type[Loop]:
        MUTANTS[name] = _by(loop=kind)
        return kind

    return declare


def log(name: str) -> Callable[[type[SimLog]], type[SimLog]]:
    """Declare a mutant whose log is broken."""

    def declare(kind: type[SimLog]) -> type[SimLog]:
        MUTANTS[name] = _by(log=kind)
        return kind

    return declare


# --- once ---


@attempt("revisions are not checked")
class _Deaf(Attempt):
    async def _fresh(self, entries: Sequence[Entry]) -> list[Entry]:
        await super()._fresh([entry for entry in entries if not entry.heard.envelope.revision])
        return [entry for entry in entries if entry.row is None and (entry.route or entry.problem)]


@ledger("senders' ids are not remembered")
class _Forgetful(SimLedger):
    async def remember(self, digests: Mapping[str, bytes]) -> dict[str, bytes]:
        return {}


@ledger("a sender's id with another content passes for a repetition")
class _Trustful(SimLedger):
    async def remember(self, digests: Mapping[str, bytes]) -> dict[str, bytes]:
        return {identity: digests[identity] for identity in await super().remember(digests)}


@ledger("a compacted topic's older record counts as new")
class _Backward(SimLedger):
    async def hear(self, revisions: Mapping[str, int]) -> dict[str, int]:
        heard = await super().hear(revisions)
        return {queue: number * (not queue.startswith(CONTACTS)) for queue, number in heard.items()}


@ledger("an answer is kept although its call is gone")
class _Repeating(SimLedger):
    async def close(self, calls: Collection[str]) -> set[str]:
        await super().close(calls)
        return set(calls)


class _Nameless(SimLedger):
    async def close(self, calls: Collection[str]) -> set[str]:
        closed = await super().close({call.split()[0] for call in calls})
        return {call for call in calls if call.split()[0] in closed}


@memory("each try of a call has an id of its own")
class _Anonymous(SimMemory):
    ledger = _Nameless

    async def claim(self, types: Collection[str], now: datetime, until: datetime, room: int) -> list[PlacedCall]:
        claimed = await super().claim(types, now, until, room)
        return [call._replace(id=f"{call.id} {call.tries}") for call in claimed]

    async def answer(self, answers: Sequence[Later], calls: Collection[str], now: datetime) -> None:
        await super().answer(answers, [call.split()[0] for call in calls], now)


# --- lanes ---


@ledger("epochs are not compared")
class _Unfenced(SimLedger):
    async def compare(self, epochs: Mapping[int, int]) -> None:
        """Whoever took over does not matter."""


@ledger("epochs are compared without a lock")
class _Lockless(SimLedger):
    async def compare(self, epochs: Mapping[int, int]) -> None:
        held, self.session.lock = self.session.lock, _no_lock  # type: ignore[method-assign]
        await super().compare(epochs)
        self.session.lock = held  # type: ignore[method-assign]


async def _no_lock(*_: Any, **__: Any) -> None:
    """Lock nothing."""


@loop("an error at COMMIT is retried in place")
class _Trusting(Loop):
    async def _insist(self, work: Callable[[], Awaitable[R]], *, doubtful: bool = True) -> R:
        return await super()._insist(work, doubtful=True)


@memory("leftovers are not published on takeover")
class _Ungrateful(SimMemory):
    async def leftovers(self, lanes: Collection[int]) -> list[tuple[tuple[int, int], Outgoing]]:
        return []


@memory("leftovers are published in any order")
class _Untidy(SimMemory):
    async def leftovers(self, lanes: Collection[int]) -> list[tuple[tuple[int, int], Outgoing]]:
        return [*reversed(await super().leftovers(lanes))]


@attempt("what belongs to another lane is handled here")
class _Homeless(Attempt):
    def _move(self, entry: Entry, queue: str, subject: str, *, is_free: bool) -> bool:
        entry.queue, entry.heard.subject = queue, subject
        return True


@log("a batch that was given up is not delivered again")
class _Onward(SimLog):
    def rewind(self, starts: Mapping[tuple[str, int], int]) -> None:
        """Stay where we are."""


@loop("offsets are committed before the batch")
class _Hasty(Loop):
    async def take(self, records: Sequence[Record]) -> bool:
        await self._log.commit({(record.topic, record.partition): record.offset + 1 for record in records})
        return await super().take(records)


# --- saying ---


@memory("announcements are published before the commit")
class _Premature(SimMemory):
    async def transact(self, work: Callable[[Ledger], Awaitable[R]]) -> R:
        async def publish_first(ledger: Any) -> R:
            taken: Any = await work(ledger)
            said = [fact.outgoing for fact in ledger.session.told if isinstance(fact, Said)]
            self.broker.say(said)
            return taken  # type: ignore[no-any-return]

        return await super().transact(publish_first)


@ledger("revisions are drawn outside the lock")
class _Racing(SimLedger):
    async def fence(self, epochs: Mapping[int, int], *, alone: bool) -> bool:
        self._seen = self.session.scan("said")
        return await super().fence(epochs, alone=alone)

    async def draw(self, numbers: Mapping[str, int]) -> dict[str, int]:
        await self.session.word("draw")
        last = {queue: self._seen.get(queue, 0) + number for queue, number in numbers.items()}
        for queue, number in last.items():
            self.session.put("said", queue, number)
        return last


@ledger("the outbox is forgotten before the broker has it")
class _Careless(SimLedger):
    async def put_out(self, lanes: Sequence[int], outgoing: Sequence[Outgoing]) -> int:
        batch = await super().put_out(lanes, outgoing)
        await self.forget([batch])
        return batch


@memory("the outbox is never tidied")
class _Hoarding(SimMemory):
    async def forget(self, batches: Collection[int]) -> None:
        """Keep it all."""


# --- later ---


@ledger("followers of a poison are not held")
class _Impatient(SimLedger):
    async def standing(self, queues: Collection[str]) -> dict[str, Standing]:
        return {}


@ledger("wake-ups and backoff are both lost")
class _Asleep(SimLedger):
    async def wake(self, names: Collection[str], now: datetime) -> bool:
        return False

    async def keep(self, rows: Sequence[Keep]) -> None:
        await super().keep([row._replace(due=None) if row.awaits else row for row in rows])

    async def append(self, rows: Sequence[Later], now: datetime) -> Sequence[int]:
        return await super().append([row._replace(due=None) if row.awaits else row for row in rows], now)


@ledger("the next in a queue is not made due")
class _Stuck(SimLedger):
    async def promote(self, queues: Collection[str], now: datetime) -> None:
        """Leave it behind nobody."""


@ledger("a note that is being taken counts as one that stands")
class _Believing(SimLedger):
    async def hold(self, queues: Collection[str]) -> set[str]:
        return {waiting.row.queue for waiting in self.session.scan("later").values() if waiting.row.queue in queues}


@memory("timers overtake the backlog")
class _Overtaking(SimMemory):
    async def due(self, lanes: Collection[int], now: datetime, horizon: datetime, room: int) -> list[Parked]:
        return await super().due(lanes, now, now, room)


@attempt("what lacks something is handled all the same")
class _Reckless(Attempt):
    def _may_pass(self, entry: Entry, name: str | None) -> bool:
        return super()._may_pass(entry, None)


@attempt("what lacks something is dropped")
class _Dismissive(Attempt):
    def _may_pass(self, entry: Entry, name: str | None) -> bool:
        if name:
            self._finish(entry, "discarded")
        return super()._may_pass(entry, None) if not name else False


@attempt("what was discarded is handled all the same")
class _Thrifty(Attempt):
    def _set_aside(self, entry: Entry, failure: BaseException | None) -> bool:
        if entry.row and entry.row.verdict == "discard":
            entry.row = entry.row._replace(verdict="retry")
        return super()._set_aside(entry, failure)


@attempt("tombstones are passed over")
class _Remembering(Attempt):
    async def _fresh(self, entries: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in await super()._fresh(entries) if entry.value is not None]


@attempt("a stale record stays the last of its log")
class _Content(Attempt):
    async def _fresh(self, entries: Sequence[Entry]) -> list[Entry]:
        again = self.service.restating.values()
        return [entry for entry in await super()._fresh(entries) if entry.route not in again]


@attempt("poison is dropped")
class _Squeamish(Attempt):
    def _fail(self, entry: Entry, error: str) -> None:
        self._finish(entry, "discarded")


# --- batches ---


@loop("a batch is sorted by type")
class _Sorted(Loop):
    async def _run(self, entries: Sequence[Entry]) -> bool:
        return await super()._run(sorted(entries, key=lambda entry: entry.type))


@ledger("decisions on shared rows are not made alone")
class _Crowded(SimLedger):
    async def decide_alone(self) -> None:
        """Let all decide at once."""


@ledger("counters are not written")
class _Innumerate(SimLedger):
    async def count(self, tally: Counter[tuple[str, int, str]]) -> None:
        """Count nothing."""


@ledger("operators' decisions are dropped")
class _Obstinate(SimLedger):
    async def decide(self, decisions: Mapping[int, Decision], now: datetime) -> bool:
        """Wake nothing."""
        return False


@memory("a takeover does not wait for the transaction in hand")
class _Pushing(SimMemory):
    async def take_over(self, lanes: Collection[int]) -> dict[int, int]:
        async def statement(session: Session) -> dict[int, int]:
            epochs = {lane: (session.get("lease", lane) or 0) + 1 for lane in lanes}
            for lane, epoch in epochs.items():
                session.put("lease", lane, epoch)
            return epochs

        return await self.database.alone(self.host, "take over", statement)
