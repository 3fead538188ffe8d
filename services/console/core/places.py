"""Where messages lie and how far that reaches: what the pages compute from a broker's numbers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Protocol, TypeVar


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    lane: int


class Log(NamedTuple):
    """How far a partition reaches: the first offset that is kept, and the one that will be next."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A record as it lies in its log, and what of it may be shown."""

    place: Place
    offset: int
    at: datetime
    key: str
    type: str
    size: int
    headers: Sequence[tuple[str, str]]
    body: str
    brief: str
    is_readable: bool

    @property
    def id(self) -> str:
        """Its address within the topic."""
        return f"{self.place.lane}/{self.offset}"


class Placed(Protocol):
    """Something that lies in a log at a time: a message, or what is to become one."""

    @property
    def place(self) -> Place:
        """In which log."""

    @property
    def offset(self) -> int:
        """Where in it."""

    @property
    def at(self) -> datetime:
        """By its sender's clock, or the log's."""


P = TypeVar("P", bound=Placed)

# --- lag --------------------------------------------------------------------------------------------------------------


def behind(positions: Mapping[Place, int], logs: Mapping[Place, Log], heard: Collection[str]) -> dict[Place, int]:
    """Tell how many messages a group has not handled, in each partition of the topics that it hears.

    Where it has no position it has handled nothing yet.
    """
    return {
        place: log.end - max(positions.get(place, log.start), log.start)
        for place, log in logs.items()
        if place.topic in heard
    }


def by_topic(counts: Mapping[Place, int]) -> dict[str, int]:
    """Add up what is counted by partition."""
    sums: dict[str, int] = {}
    for place, count in counts.items():
        sums[place.topic] = sums.get(place.topic, 0) + count
    return sums


# --- looking through a topic ------------------------------------------------------------------------------------------

WINDOW_LEAST: Final = 8
WINDOW_GROWTH: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one partition: from an offset up to, and without, another."""

    place: Place
    low: int
    high: int

    @property
    def count(self) -> int:
        """How many offsets it has."""
        return max(self.high - self.low, 0)


def spans(
    logs: Mapping[Place, Log], cursor: Mapping[int, int], *, is_forward: bool, window: int = WINDOW_LEAST
) -> list[Span]:
    """Say what to read next in each partition: `window` offsets behind the cursor's, or before them."""
    found = []
    for place, log in logs.items():
        at = min(max(cursor.get(place.lane, log.start if is_forward else log.end), log.start), log.end)
        low, high = (at, min(at + window, log.end)) if is_forward else (max(at - window, log.start), at)
        found.append(Span(place=place, low=low, high=high))
    return [span for span in found if span.count]


def passed(cursor: Mapping[int, int], read: Iterable[Span], *, is_forward: bool) -> dict[int, int]:
    """Move a cursor past what was read."""
    return {**cursor, **{span.place.lane: span.high if is_forward else span.low for span in read}}


def cut(
    found: Sequence[P], cursor: Mapping[int, int], count: int, *, is_forward: bool
) -> tuple[list[P], dict[int, int]]:
    """Keep so many messages, the nearest in time; the cursor goes back to the first that is left out."""
    ordered = _in_turn(found, is_forward=is_forward)
    kept, left = ordered[:count], ordered[count:]
    moved = dict(cursor)
    for each in reversed(left):
        moved[each.place.lane] = each.offset if is_forward else each.offset + 1
    return kept, moved


def _in_turn(found: Sequence[P], *, is_forward: bool) -> list[P]:
    """Sort by time, but never against the order of a partition: its senders' clocks may differ."""
    turns: list[tuple[datetime, int, int, P]] = []
    reached: dict[int, datetime] = {}
    for each in sorted(found, key=lambda each: each.offset, reverse=not is_forward):
        lane = each.place.lane
        at = (max if is_forward else min)(each.at, reached.get(lane, each.at))
        reached[lane] = at
        turns.append((at, lane, each.offset, each))
    return [turn[3] for turn in sorted(turns, key=lambda turn: turn[:3], reverse=not is_forward)]


def cursor_text(cursor: Mapping[int, int]) -> str:
    """Write a cursor for a URL."""
    return ".".join(f"{lane}-{offset}" for lane, offset in sorted(cursor.items()))


def cursor_of(text: str) -> dict[int, int]:
    """Read a cursor; what makes no sense in it is left out."""
    parts = [part.split("-") for part in text[:1_000].split(".")]
    return {int(part[0]): int(part[1]) for part in parts if _is_position(part)}


def _is_position(part: Sequence[str]) -> bool:
    return len(part) == 2 and all(each.isascii() and each.isdigit() and len(each) < 19 for each in part)  # noqa: PLR2004 -- lane and offset, an int64 each
