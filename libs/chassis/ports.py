"""The two doors of the loop: a memory (PostgreSQL) and a log (Kafka), as few methods each as it needs.

A deterministic simulator stands behind the same doors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, TypeVar

from chassis.queries import Tx
from chassis.wire import Headers, Outgoing

R = TypeVar("R")


class Later(NamedTuple):
    """A new row of `later`: the order of fields is that of its columns."""

    queue: str
    lane: int
    topic: str
    key: str
    subject: str
    value: bytes | None
    headers: Headers
    reason: str
    due: datetime | None
    awaits: str | None = None
    error: str | None = None
    tries: int = 0
    timer: bool = False


class Keep(NamedTuple):
    """Why and until when a row of `later` waits on."""

    id: int
    reason: str
    due: datetime | None
    awaits: str | None
    error: str | None
    tries: int


class Standing(NamedTuple):
    """A queue that has rows: its head and how many they are."""

    head: int
    number: int


class Parked(NamedTuple):
    """A row of `later` that is due, or stands behind one that is."""

    id: int
    queue: str
    lane: int
    topic: str
    key: str
    subject: str
    value: bytes | None
    headers: Headers
    tries: int
    verdict: str | None
    actor: str | None
    why: str | None


class Decision(NamedTuple):
    """What an operator decided about a dead letter: who, why, and the mended body where it was edited."""

    verdict: Literal["retry", "edit", "discard"]
    actor: str
    why: str
    value: bytes | None = None


class PlacedCall(NamedTuple):
    """A call to the outside, as it is placed and as it is claimed."""

    id: str
    queue: str
    lane: int
    subject: str
    type: str
    body: bytes
    trace: str
    tries: int = 0


class Ledger(Protocol):
    """One transaction of the memory."""

    @property
    def tx(self) -> Tx: ...
    async def fence(self, epochs: Mapping[int, int], *, alone: bool) -> bool: ...
    async def hear(self, revisions: Mapping[str, int]) -> dict[str, int]: ...
    async def remember(self, digests: Mapping[str, bytes]) -> dict[str, bytes]: ...
    async def standing(self, queues: Collection[str]) -> dict[str, Standing]: ...
    async def lock(self, rows: Collection[int]) -> set[int]: ...
    async def hold(self, queues: Collection[str]) -> set[str]: ...
    async def append(self, rows: Sequence[Later], now: datetime) -> Sequence[int]: ...
    async def keep(self, rows: Sequence[Keep]) -> None: ...
    async def decide(self, decisions: Mapping[int, Decision], now: datetime) -> bool: ...
    async def delete(self, rows: Collection[int]) -> None: ...
    async def promote(self, queues: Collection[str], now: datetime) -> None: ...
    async def wake(self, names: Collection[str], now: datetime) -> bool: ...
    async def draw(self, numbers: Mapping[str, int]) -> dict[str, int]: ...
    async def put_out(self, lanes: Sequence[int], outgoing: Sequence[Outgoing]) -> int: ...
    async def forget(self, batches: Collection[int]) -> None: ...
    async def call(self, calls: Sequence[PlacedCall], now: datetime) -> None: ...
    async def close(self, calls: Collection[str]) -> set[str]: ...
    async def count(self, tally: Counter[tuple[str, int, str]]) -> None: ...


class Memory(Protocol):
    """Everything the loop remembers between transactions."""

    async def transact(self, work: Callable[[Ledger], Awaitable[R]]) -> R: ...
    async def due(self, lanes: Collection[int], now: datetime, horizon: datetime, room: int) -> list[Parked]: ...
    async def next_due(self, lanes: Collection[int]) -> datetime | None: ...
    async def take_over(self, lanes: Collection[int]) -> dict[int, int]: ...
    async def bring_near(self, lanes: Collection[int], now: datetime, horizon: datetime) -> None: ...
    async def leftovers(self, lanes: Collection[int]) -> list[tuple[tuple[int, int], Outgoing]]: ...
    async def forget(self, batches: Collection[int]) -> None: ...
    async def forget_leftovers(self, places: Collection[tuple[int, int]]) -> None: ...
    async def claim(self, types: Collection[str], now: datetime, until: datetime, room: int) -> list[PlacedCall]: ...
    async def renew(self, claims: Collection[tuple[str, datetime]], until: datetime) -> None: ...
    async def put_off(self, call_id: str, due: datetime, error: str) -> None: ...
    async def answer(self, answers: Sequence[Later], calls: Collection[str], now: datetime) -> None: ...
    async def outlook(self) -> list[tuple[str, str, int, datetime | None]]: ...


class Log(Protocol):
    """Where announcements go and offsets are kept."""

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append in order and return when all are acknowledged.  Raises OutageError."""

    async def commit(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Commit offsets, best effort: revisions absorb what is delivered again."""

    def rewind(self, starts: Mapping[tuple[str, int], int]) -> None:
        """Deliver again from these offsets."""

    def backlog_since(self) -> datetime | None:
        """The time of the oldest record known to be not yet handled; None when there is none."""
