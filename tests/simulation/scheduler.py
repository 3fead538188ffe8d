"""Virtual time and seeded choice: an event loop that never waits, and passes one point at a time.

Whatever touches a memory, a log or the outside world first awaits a `point`.  When no code can run any more, the loop
would sleep; instead it lets one point pass, chosen by the seed, or lets time jump.  So all interleavings of all
instances are one sequence of choices, and a seed replays it exactly.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final, TypeVar
from zlib import crc32

EPOCH: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PACES_S: Final = (0.0005, 0.002, 0.01, 0.05)  # how long the step from one point to the next takes
NAP_S: Final = 0.5  # while nobody can go on, sleepers wake this late: sleeping promises no upper bound
SLUGGISH: Final = 0.9  # how often a slow host is passed over
TRACE: Final = 4000
T = TypeVar("T")


class ViolationError(AssertionError):
    """A promise was broken: what, and how."""


@dataclass(eq=False)
class Host:
    """Whoever's code waits at points: an instance, a server, the world."""

    name: str
    is_frozen: bool = False
    is_slow: bool = False


@dataclass(eq=False, slots=True)
class _Point:
    host: Host
    what: str
    future: asyncio.Future[None]
    is_open: Callable[[], bool] | None


class Scheduler(asyncio.BaseEventLoop):
    """The event loop of one simulated run."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = Random(seed)
        self.steps = self.turns = self.digest = 0
        """Choices made, times asked, and a checksum of all choices."""
        self.trace: deque[str] = deque(maxlen=TRACE)
        self.before_turn: Callable[[], None] = lambda: None
        self.violation: ViolationError | None = None
        self._seconds = 0.0
        self._points: list[_Point] = []
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = count()
        self._selector = self
        self.set_exception_handler(lambda _loop, _context: None)  # what a cancelled task raises is of no interest

    # --- what simulated code asks for ---

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._seconds

    def now(self) -> datetime:
        """The true time, which servers and brokers go by."""
        return EPOCH + timedelta(seconds=self._seconds)

    async def point(self, host: Host, what: str, is_open: Callable[[], bool] | None = None) -> None:
        """Wait to be chosen, not before `is_open`."""
        point = _Point(host, what, self.create_future(), is_open)
        self._points.append(point)
        try:
            await point.future
        finally:
            if point in self._points:
                self._points.remove(point)

    def chance(self, share: float) -> bool:
        """Whether something that happens this often happens now."""
        return self.random.random() < share

    async def after(self, turns: int) -> None:
        """Wait until the loop was asked this many times more."""
        future = self.create_future()
        heappush(self._waiting, (self.turns + turns, next(self._count), future))
        await future

    def fail(self, promise: str, how: str) -> None:
        """Note the first broken promise; the run ends with it."""
        self.note(f"!! {promise}: {how}")
        if self.violation is None:
            self.violation = ViolationError(f"{promise}: {how}")

    def note(self, what: str) -> None:
        """Write a line into the story of this run."""
        self.trace.append(f"{self.steps:6} {self._seconds:9.3f}  {what}")

    def run(self, story: Awaitable[T]) -> T:
        """Run a story to its end, then end whatever still runs.  Raises ViolationError."""
        try:
            return self.run_until_complete(story)
        finally:
            self._bury()
            self.close()

    # --- what BaseEventLoop asks for ---

    def select(self, timeout: float | None) -> list[object]:
        """Stand in for the selector: where the loop would sleep, make a choice."""
        if timeout != 0:
            self._turn(timeout)
        return []

    def _process_events(self, _events: list[object]) -> None:
        """Nothing comes from outside."""

    def _write_to_self(self) -> None:
        """No other thread wakes this loop."""

    # --- choosing ---

    def _turn(self, timeout: float | None) -> None:
        self.turns += 1
        self.before_turn()
        if self.violation:
            raise self.violation
        self._wake()
        if self._ready:  # type: ignore[attr-defined]  # a fault or an awaited turn made somebody runnable
            return
        is_open = [
            point for point in self._points if not point.host.is_frozen and (not point.is_open or point.is_open())
        ]
        if is_open:
            self._pass(self._choose(is_open))
        else:
            self._seconds += max(timeout or 0, NAP_S)

    def _wake(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.turns:
            *_, future = heappop(self._waiting)
            if not future.done():
                future.set_result(None)

    def _choose(self, points: list[_Point]) -> _Point:
        point = self.random.choice(points)
        if point.host.is_slow and self.chance(SLUGGISH):
            point = self.random.choice(points)
        return point

    def _pass(self, point: _Point) -> None:
        self.steps += 1
        self._seconds += self.random.choice(PACES_S)
        self.digest = crc32(f"{point.host.name} {point.what}".encode(), self.digest)
        self.note(f"{point.host.name}  {point.what}")
        self._points.remove(point)
        if not point.future.done():
            point.future.set_result(None)

    def _bury(self) -> None:
        """Cancel what still runs; nobody has a choice any more."""
        self.before_turn = lambda: None
        self.violation = None
        while tasks := asyncio.all_tasks(self):
            for task in tasks:
                task.cancel()
            self.run_until_complete(asyncio.wait(tasks))
