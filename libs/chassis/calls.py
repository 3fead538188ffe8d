"""Calls to the outside: claimed, made, answered; one in flight per queue, in order, never inside a batch.

A call's id is its idempotency key: one that was made and whose answer was lost is made again with the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from chassis.crash import Point, reach
from chassis.errors import OutageError, describe, is_outage
from chassis.outbox import note_row
from chassis.wire import Envelope

if TYPE_CHECKING:
    from chassis.metrics import Metrics
    from chassis.ports import Later, Memory, PlacedCall
    from chassis.service import Call, Note, Request

_LOG: Final = structlog.stdlib.get_logger(__name__)

CALL_LIMIT_S: Final = 20.0  # card networks answer within 10 s; a mail server greets within 10
CLAIM: Final = timedelta(seconds=15)  # who claims and dies delays a call by so much; a pause of a process is shorter
RENEW: Final = timedelta(seconds=10)  # what is left of a claim when it is renewed
ROOM: Final = 256  # calls in flight per process
GATHER_S: Final = 0.05  # how long answers that are there wait for others: together they cost one transaction …
GATHER_FULL_S: Final = 0.5  # … the longer the less room there is for more calls, so that a backlog costs few of them
PAUSE_MAX: Final = timedelta(minutes=5)
BREAKER_FAILURES: Final = 5  # so many in a row open it …
BREAKER_FIRST: Final = timedelta(seconds=1)  # … for this long, doubling
BREAKER_MAX: Final = timedelta(seconds=60)
_EVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Breaker:
    """Holds back calls of one type while the other side does not answer."""

    failures: int = 0
    open_until: datetime = _EVER

    def is_open(self, now: datetime) -> bool:
        """Whether to wait; no longer than the longest rest, should the clock have been set back."""
        return now < self.open_until <= now + BREAKER_MAX

    def answered(self) -> None:
        """The other side is there."""
        self.failures = 0

    def failed(self, now: datetime) -> None:
        """The other side is not there; after some failures in a row, leave it alone for a while."""
        self.failures += 1
        if self.failures >= BREAKER_FAILURES:
            rest = min(BREAKER_MAX, BREAKER_FIRST * 2 ** min(self.failures - BREAKER_FAILURES, 10))
            self.open_until = now + rest


class Caller:
    """Makes the calls of one process."""

    def __init__(
        self, memory: Memory, calls: Mapping[type[Request], Call], answers: dict[str, Later], metrics: Metrics,
        lanes: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._memory, self._answers, self._metrics = memory, answers, metrics
        self._lanes, self._clock = lanes, clock
        self._requests = {request.type: (request, make) for request, make in calls.items()}
        self._breakers = {kind: Breaker() for kind in self._requests}
        self._open: dict[asyncio.Task[tuple[str, Later] | None], tuple[str, datetime]] = {}
        """Calls in flight, each with its id and the end of its claim."""

    async def turn(self) -> int:
        """Claim calls while there is room, await those in flight for a moment, and give their answers to the loop.

        Returns how many were in flight; a slow one holds up no other for longer than that.  Raises OutageError.  A
        call whose answer is lost with this process is made again, with the same id.
        """
        now = self._clock()
        types = [kind for kind, breaker in self._breakers.items() if not breaker.is_open(now)]
        room = ROOM - len(self._open)
        claimed = await self._memory.claim(types, now, now + CLAIM, room) if types and room else []
        unanswered = [call for call in claimed if call.id not in self._answers]
        self._open |= {asyncio.ensure_future(self._make(call)): (call.id, now + CLAIM) for call in unanswered}
        return await self._gather() if self._open else 0

    async def finish(self) -> None:
        """Await what is in flight; claim nothing more."""
        while self._open:
            await self._gather()

    async def _gather(self) -> int:
        number = len(self._open)
        patience_s = GATHER_S + (GATHER_FULL_S - GATHER_S) * number / ROOM
        done, _ = await asyncio.wait(self._open, timeout=patience_s)
        for task in done:
            del self._open[task]
        self._answers.update(answer for task in done if (answer := task.result()))
        await self._renew()
        return number

    async def _renew(self) -> None:
        """Hold on to calls that take long, so that nobody else makes them meanwhile."""
        now = self._clock()
        old = {task: claim for task, claim in self._open.items() if claim[1] - now < RENEW and not task.done()}
        if old:
            await self._memory.renew(list(old.values()), now + CLAIM)
            self._open |= {task: (call_id, now + CLAIM) for task, (call_id, _) in old.items()}

    async def _make(self, call: PlacedCall) -> tuple[str, Later] | None:
        request, make = self._requests[call.type]
        reach(Point.CALL_CLAIMED)
        try:
            async with asyncio.timeout(CALL_LIMIT_S):
                answer = await make(request.decode(call.body), call.id)
            reach(Point.CALL_MADE)
        except Exception as error:  # noqa: BLE001 -- whatever a gateway raises, the call stays and is made again
            await self._put_off(call, error)
            return None
        self._breakers[call.type].answered()
        self._metrics.call(call.type, "answered")
        self._metrics.breaker(call.type, is_open=False)
        return call.id, self._answer(call, answer)

    def _answer(self, call: PlacedCall, answer: Note) -> Later:
        now = self._clock()
        envelope = Envelope(f"{call.id}.answer", answer.type, now.isoformat(), 0, call.trace)
        return note_row(envelope, answer, call.subject, self._lanes, now)

    async def _put_off(self, call: PlacedCall, error: Exception) -> None:
        now = self._clock()
        if not is_outage(error):
            # A bug of ours: shown, and tried again, since giving up a call could lose money or a promise.
            _LOG.error(
                "call_failed", type=call.type, call=call.id, tries=call.tries, error=describe(error), exc_info=True
            )
        breaker = self._breakers[call.type]
        breaker.failed(now)
        self._metrics.call(call.type, "unreachable" if isinstance(error, OutageError | TimeoutError) else "failed")
        self._metrics.breaker(call.type, is_open=breaker.open_until > now)
        pause = min(PAUSE_MAX, timedelta(seconds=0.5) * 2 ** min(call.tries, 12))
        with suppress(OutageError):  # then its claim expires by itself
            await self._memory.put_off(call.id, now + pause, describe(error)[:500])
