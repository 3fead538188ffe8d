"""Topics as the page shows them: what the registry declares beside what the broker tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.console.core.tables import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the registry says of a topic, in words."""

    name: str
    writers: Sequence[str]
    readers: Sequence[str]
    key: str
    kept: str
    kept_s: float
    is_compacted: bool
    is_personal: bool
    is_outside: bool
    is_about_letters: bool
    events: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLag:
    """How far one group is behind in one topic."""

    group: str
    messages: int
    seconds: float | None
    by_lane: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """One topic of the table."""

    declared: Declared
    partitions: int
    messages: int | None
    rate: float | None
    trend: Sequence[float]
    size: int | None
    lags: Sequence[GroupLag]

    @property
    def lag(self) -> int | None:
        """The messages that the slowest of its groups has not handled."""
        return max((lag.messages for lag in self.lags), default=None)

    @property
    def lag_s(self) -> float | None:
        """The age of the oldest message that a group has not handled."""
        return max((lag.seconds for lag in self.lags if lag.seconds is not None), default=None)


COLUMNS: Final[Sequence[Column[TopicRow]]] = (
    Column(key="name", heading="Topic", value=lambda row: row.declared.name),
    Column(key="writer", heading="Written by", value=lambda row: row.declared.writers),
    Column(key="readers", heading="Read by", value=lambda row: len(row.declared.readers)),
    Column(key="messages", heading="Messages", value=lambda row: row.messages, is_number=True),
    Column(key="rate", heading="Rate /s", value=lambda row: row.rate, is_number=True),
    Column(key="size", heading="Size", value=lambda row: row.size, is_number=True),
    Column(key="kept", heading="Kept", value=lambda row: row.declared.kept_s, is_number=True),
    Column(key="lag", heading="Lag", value=lambda row: row.lag, is_number=True),
)


def matching(rows: Sequence[TopicRow], search: str, side: str) -> list[TopicRow]:
    """Keep the topics in whose name, events or parties the text occurs, and those of one side: outside, own."""
    text = search.lower()
    return [row for row in rows if text in _searched(row.declared) and side in {"", _side(row.declared)}]


def _searched(declared: Declared) -> str:
    return " ".join((declared.name, *declared.events, *declared.writers, *declared.readers)).lower()


def _side(declared: Declared) -> str:
    if declared.name.endswith("-dead-letters"):
        return "dead"
    return "outside" if declared.is_outside else "own"
