"""The pipeline at a glance: what waits where, how fast it moves, what is about to break its promise."""

from dataclasses import dataclass
from datetime import date, datetime

from services.console.core.stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFlow:
    """One stage: orders that wait in it, since when the oldest, and how many leave it a second."""

    stage: Stage
    worked_by: str
    waiting: int
    oldest: datetime | None
    per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """All stages in the order of the way; `received_per_s` is what comes in, `ended` what is over, by how."""

    stages: tuple[StageFlow, ...]
    received_per_s: float
    ended: dict[Stage, int]
    held: int
    backordered: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """How many open orders have broken their promise, and how many will soon unless something happens."""

    late_to_ship: int
    soon_to_ship: int
    late_to_arrive: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """An order that is about to break its newest promise, or has."""

    order_id: str
    channel: str | None
    channel_order_id: str | None
    stage: Stage
    since: datetime | None
    ship_by: datetime | None
    deliver_by: date | None
    units: int
    units_dispatched: int
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Records of one type a second, over the last minute, on the topic that carries them."""

    topic: str
    type: str
    per_s: float
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How many records of a type came in one stretch of time: what a small chart draws."""

    at: datetime
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one log was read into the model."""

    topic: str
    lane: int
    next: int
    at: datetime
