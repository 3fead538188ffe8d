"""Crash points: named places at which a process can be told to end as in a power cut, so that a run can be cut there.

Nothing is armed unless an operator sets `<SERVICE>_CRASH_AT`, as `make faults` does.  Else a point is a call that finds
a global empty: less than 0.1 µs, a dozen times a batch of up to 2,000 messages, once for each call and each request.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

R = TypeVar("R")

SENT_S: Final = 0.001  # a turn of the event loop, after which what was written is with the kernel


class Point(StrEnum):
    """Where a process can be cut; the order is that of a batch's course."""

    BEFORE_BEGIN = "before_begin"
    AFTER_REVISIONS = "after_revisions"
    AFTER_WRITE = "after_write"
    """Handlers have written, nothing is announced yet."""
    ROWS_DELETED = "rows_deleted"
    """Timers, answers and what waited were handled, and their rows deleted, in a transaction that is still open."""
    AFTER_OUTBOX = "after_outbox"
    COMMIT_SENT = "commit_sent"
    """The database has it; its answer is not read."""
    AFTER_COMMIT = "after_commit"
    """Nothing is published yet."""
    PUBLISHING = "publishing"
    """One partition is acknowledged, the others are under way."""
    AFTER_PUBLISH = "after_publish"
    BEFORE_OFFSETS = "before_offsets"
    TAKEOVER_BEGUN = "takeover_begun"
    """The epochs are raised, the former owner's announcements not published."""
    TAKEOVER_PUBLISHED = "takeover_published"
    """They are published, and still in the outbox."""
    CALL_CLAIMED = "call_claimed"
    CALL_MADE = "call_made"
    """The outside did what it was asked for; its answer is not stored."""
    REQUEST_TAKEN = "request_taken"
    """Kafka has an order that came over HTTP; the answer is not sent."""


class Trap:
    """Ends this process at the n-th time that it reaches a point, and tells of it first, in a file that outlives it."""

    def __init__(self, wish: str, record: Path, name: str, end: Callable[[signal.Signals], object]) -> None:
        """Read `NAME[:nth][=STOP]`: freeze there instead.  Raises ValueError for a name that no point has."""
        place, _, how = wish.partition("=")
        point, _, nth = place.partition(":")
        self._point, self._nth, self._how = Point(point), int(nth or 1), signal.Signals[f"SIG{how or 'KILL'}"]
        self._record, self._name, self._end = record, name, end
        self._reached: Counter[Point] = Counter()

    def reach(self, point: Point) -> None:
        """Count, and end the process when it is time."""
        self._reached[point] += 1
        if point is self._point and self._reached[point] == self._nth:
            line = f"{self._name} {point}\n".encode()
            file = os.open(self._record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(file, line)  # whole or not at all, beside what other processes append
            os.close(file)
            self._end(self._how)

    async def send(self, point: Point, work: Coroutine[Any, Any, R]) -> R:
        """Let the work send what it sends; reach the point before its answer is looked at."""
        task = asyncio.ensure_future(work)
        await asyncio.sleep(SENT_S)
        self.reach(point)
        return await task


_trap: Trap | None = None


def arm(wish: str, record: Path, name: str) -> None:
    """Set the trap of this process, once, at its start."""
    global _trap  # noqa: PLW0603 -- one process, one end
    _trap = Trap(wish, record, name, lambda how: os.kill(os.getpid(), how))


def reach(point: Point) -> None:
    """Pass a point, or end there."""
    if _trap is not None:
        _trap.reach(point)


def sending(point: Point, work: Coroutine[Any, Any, R]) -> Coroutine[Any, Any, R]:
    """Pass a point between a request and its answer, or end there; unarmed, the work itself."""
    return work if _trap is None else _trap.send(point, work)
