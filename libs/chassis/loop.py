"""The loop: due rows and fresh records in, one transaction, announcements out.

Retries what is an outage, halves what is poison, gives up its lanes when in doubt.  It knows a memory, a log and a
clock; what a transaction does is in `attempt.py`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from chassis.attempt import Attempt, Taken
from chassis.crash import Point, reach
from chassis.errors import (
    DoubtError,
    FencedError,
    FloodError,
    HoleError,
    PoisonError,
    StoppedError,
    TooLongError,
    describe,
    is_outage,
)
from chassis.later import WAIT_MAX
from chassis.reading import read_answer, read_parked, read_record
from chassis.wire import moment_of
from contracts.values import lane_of

if TYPE_CHECKING:
    from chassis.entry import Entry
    from chassis.metrics import Metrics
    from chassis.ports import Later, Ledger, Log, Memory
    from chassis.service import Service
    from chassis.wire import Record

_LOG: Final = structlog.stdlib.get_logger(__name__)
R = TypeVar("R")

PAUSE_FIRST_S: Final = 0.1
PAUSE_MAX_S: Final = 10.0  # an outage of minutes is found over within seconds
TOO_LONG: Final = timedelta(seconds=2)  # the server ends a transaction that thinks for 2.7 s, each time anew
DUE_PAUSE: Final = timedelta(milliseconds=500)  # rows that others made due (repairs, other lanes) are seen this late
FLOOD_WINDOW: Final = 1000
FLOOD_SHARE: Final = 0.05  # more than this, and at least FLOOD_MIN, failing alone: it is us
FLOOD_MIN: Final = 20


class Loop:
    """One instance of one service at work."""

    attempt: type[Attempt] = Attempt
    """What one transaction does; the simulator breaks it on purpose, to prove that it would notice."""

    def __init__(  # noqa: PLR0913 (its doors, each a protocol)
        self, service: Service, memory: Memory, log: Log, metrics: Metrics, *, lanes: int, batch_size: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._service, self._memory, self._log, self._metrics = service, memory, log, metrics
        self._lanes, self._batch_size, self._clock, self._pause = lanes, batch_size, clock, pause
        self.epochs: dict[int, int] = {}
        """The lanes held, and the epoch of each."""
        self.called = asyncio.Event()
        """Set when calls to the outside can be made: they were placed, or those before them were closed."""
        self.looked = asyncio.Event()
        """Set when something became due."""
        self.answers: dict[str, Later] = {}
        """What the outside answered and nobody has taken yet, by call; the call stays open until then."""
        self._published: list[int] = []
        self._unpublished_since: datetime | None = None
        self._look_at = datetime.min.replace(tzinfo=UTC)
        self._recent: deque[bool] = deque(maxlen=FLOOD_WINDOW)

    # --- lanes ---

    async def take_over(self, lanes: Sequence[int]) -> None:
        """Become the owner of these lanes: raise their epochs, then publish what their former owner left."""
        epochs = await self._insist(lambda: self._memory.take_over(lanes))
        reach(Point.TAKEOVER_BEGUN)
        rows = await self._insist(lambda: self._memory.leftovers(lanes))
        if rows:
            # A row's own lane is its cause's: that is whose owner must publish it.
            outgoing = [said._replace(lane=lane_of(said.key, self._lanes)) for _, said in rows]
            await self._insist(lambda: self._log.publish(outgoing))
            reach(Point.TAKEOVER_PUBLISHED)
            await self._insist(lambda: self._memory.forget_leftovers([place for place, _ in rows]))
        self.epochs.update(epochs)
        await self._insist(self.bring_near)
        self._metrics.takeovers.inc(len(lanes))
        self.look()
        _LOG.info("lanes_taken_over", lanes=sorted(lanes), leftovers=len(rows))

    async def bring_near(self) -> None:
        """Make due what the clock, set back since, put off by more than anything but a timer waits."""
        now, lanes = self._clock(), list(self.epochs)
        await self._memory.bring_near(lanes, now, now + 2 * WAIT_MAX)
        self.look()

    def drop(self, lanes: Sequence[int] | None = None) -> None:
        """Stop working these lanes, or all."""
        for lane in list(self.epochs) if lanes is None else lanes:
            self.epochs.pop(lane, None)

    @property
    def is_looking(self) -> bool:
        """Whether it is time to look for due rows and answers again."""
        return bool(self.epochs or self.answers) and self._clock() >= self._look_at

    @property
    def looks_in_s(self) -> float:
        """How long it is until it looks for due rows again, if nothing becomes due."""
        rest = min(max(self._look_at - self._clock(), timedelta()), DUE_PAUSE)
        return rest.total_seconds()

    def look(self) -> None:
        """Look for due rows with the next batch: something became due."""
        self._look_at = self._clock()
        self.looked.set()

    @property
    def unpublished_s(self) -> float:
        """How long ago the announcements in hand were committed; 0 when all are published."""
        since = self._unpublished_since
        return 0.0 if since is None else max(0.0, (self._clock() - since).total_seconds())

    # --- batches ---

    async def take(self, records: Sequence[Record]) -> bool:
        """Handle due rows and then these records; commit their offsets.  False: lanes were lost, nothing was committed.

        Raises FloodError and HoleError: a person must look.  Raises StoppedError.
        """
        is_done = False
        try:
            fresh = [read_record(self._service, record) for record in records]
            answered = await self._answered()
            entries = [*await self._due(records), *answered, *fresh]
            is_done = not entries or await self._run(entries)
            if is_done:
                self._forget(answered)
        finally:
            if not is_done:
                self._log.rewind(_first(records))
        if is_done and records:
            reach(Point.BEFORE_OFFSETS)
            await self._log.commit(_ends(records))
        return is_done

    async def _answered(self) -> list[Entry]:
        """The answers for our lanes; those for other lanes are handed over to their owners."""
        foreign = {call: row for call, row in self.answers.items() if row.lane not in self.epochs}
        if foreign:
            await self._insist(lambda: self._memory.answer(list(foreign.values()), list(foreign), self._clock()))
        for call in foreign:
            del self.answers[call]
        # Not all that is left: more may have come meanwhile.
        ours = [(call, row) for call, row in self.answers.items() if row.lane in self.epochs]
        return [read_answer(self._service, call, row) for call, row in ours]

    def _forget(self, answered: Sequence[Entry]) -> None:
        for entry in answered:
            del self.answers[entry.call or ""]
        if answered:
            self.called.set()  # those behind them in their queues can be made now

    async def tidy(self) -> None:
        """Delete published rows when no next batch did."""
        if published := self._published:
            await self._insist(lambda: self._memory.forget(published))
            self._published = []

    async def _due(self, records: Sequence[Record]) -> list[Entry]:
        now = self._clock()
        # Further ahead than a pause is only what a clock said that was set back since.
        if now < self._look_at <= now + DUE_PAUSE or not self.epochs:
            return []
        horizon = min(now, self._log.backlog_since() or now)
        if records:  # these are not yet handled either
            horizon = min(horizon, moment_of(min(record.timestamp for record in records)))
        lanes = list(self.epochs)
        rows = await self._insist(lambda: self._memory.due(lanes, now, horizon, self._batch_size))
        if not rows:
            await self._look_again(now)
        return [read_parked(self._service, row) for row in rows]

    async def _look_again(self, now: datetime) -> None:
        lanes = list(self.epochs)
        due = await self._insist(lambda: self._memory.next_due(lanes))
        # A timer that is due but beyond the horizon waits for the backlog: look again after the usual pause.
        self._look_at = min(now + DUE_PAUSE, due) if due and due > now else now + DUE_PAUSE

    async def _run(self, entries: Sequence[Entry]) -> bool:
        """Take entries in order; poison splits them by position until it stands alone."""
        pending: deque[tuple[Sequence[Entry], BaseException | None]] = deque([(entries, None)])
        while pending:
            part, failure = pending.popleft()
            try:
                await self._persist(part, failure)
            except (FencedError, DoubtError) as reason:
                self._give_up(reason)
                return False
            except (HoleError, StoppedError):
                raise
            except Exception as poison:
                if failure is not None or (isinstance(poison, MemoryError) and len(part) == 1):
                    raise  # not the message's fault: setting it aside failed as well, or there is no room for one
                _LOG.warning("batch_failed", messages=len(part), error=describe(poison), exc_info=len(part) == 1)
                if len(part) > 1:
                    middle = len(part) // 2
                    pending.extendleft([(part[middle:], None), (part[:middle], None)])
                else:
                    self._blame(part[0], poison)
                    pending.appendleft((part, poison))
        return True

    async def _persist(self, part: Sequence[Entry], failure: BaseException | None) -> None:
        """One attempt, repeated while a dependency is down; then publish what it said.

        Raises TooLongError when many messages were cut off after a long while, which would happen to them again.
        """
        began = time.perf_counter()

        async def once() -> Taken:
            reach(Point.BEFORE_BEGIN)
            now = self._clock()
            copies = [entry.copy() for entry in part]

            async def work(ledger: Ledger) -> Taken:
                attempt = self.attempt(self._service, ledger, dict(self.epochs), self._lanes, now)
                return await attempt.run(copies, failure, self._published)

            try:
                return await self._memory.transact(work)
            except Exception as error:
                if len(part) > 1 and is_outage(error) and self._clock() - now > TOO_LONG:
                    raise TooLongError(describe(error)) from error
                raise

        taken = await self._insist(once, doubtful=False)
        self._published = []
        if taken.said.batch is not None:
            reach(Point.AFTER_COMMIT)
            self._unpublished_since = self._clock()
            await self._insist(lambda: self._log.publish(taken.said.outgoing))
            self._unpublished_since = None
            reach(Point.AFTER_PUBLISH)
            self._published = [taken.said.batch]
        if taken.is_more_due:
            self.look()
        if taken.is_calling:
            self.called.set()
        self._recent.extend([True] * len(part))
        self._tell(len(part), taken, time.perf_counter() - began)

    def _tell(self, messages: int, taken: Taken, seconds: float) -> None:
        self._metrics.batch(messages, seconds, taken.outcomes)
        for kind, took in taken.seconds:
            self._metrics.group(kind, took)
        outcomes: Counter[str] = Counter()
        for (_, outcome), number in taken.outcomes.items():
            outcomes[outcome] += number
        duration_ms = round(seconds * 1000, 1)
        _LOG.info(
            "batch_finished", messages=messages, said=len(taken.said.outgoing), duration_ms=duration_ms, **outcomes
        )

    def _give_up(self, reason: Exception) -> None:
        """Fenced or in doubt: what was said must be out before anything newer, so the lanes are taken over anew."""
        (self._metrics.fenced if isinstance(reason, FencedError) else self._metrics.doubts).inc()
        _LOG.warning("lanes_dropped", lanes=sorted(self.epochs), reason=type(reason).__name__)
        self.drop()
        self._published = []

    def _blame(self, entry: Entry, poison: Exception) -> None:
        if isinstance(poison, PoisonError):
            return  # the service's own judgement of a message: nobody may stop it by sending what it refuses
        if entry.row is None or not entry.row.tries:
            self._recent.append(False)
        failed = self._recent.count(False)
        if failed >= FLOOD_MIN and failed > FLOOD_SHARE * len(self._recent):
            raise FloodError(f"{failed} of the last {len(self._recent)} messages failed alone")

    async def _insist(self, work: Callable[[], Awaitable[R]], *, doubtful: bool = True) -> R:
        """Repeat while a dependency is down, without end: outages never fill the dead letters.

        `doubtful`: the work may be repeated as well when nobody knows whether it was done.
        """
        pause_s = PAUSE_FIRST_S
        while True:
            try:
                return await work()
            except Exception as error:
                if not is_outage(error) and not (doubtful and isinstance(error, DoubtError)):
                    raise
                _LOG.warning("outage_waited_out", reason=describe(error), pause_s=round(pause_s, 1))
            await self._pause(pause_s * random.uniform(0.5, 1))  # noqa: S311 (jitter, not a secret)
            pause_s = min(pause_s * 2, PAUSE_MAX_S)


def _ends(records: Sequence[Record]) -> dict[tuple[str, int], int]:
    return {(record.topic, record.partition): record.offset + 1 for record in records}


def _first(records: Sequence[Record]) -> dict[tuple[str, int], int]:
    return {(record.topic, record.partition): record.offset for record in reversed(records)}
