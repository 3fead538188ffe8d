"""What a carrier's report means, and what it changes: one monotone scale for all carriers.

A late report of a lower rung changes nothing; a parcel's first end stands, and what contradicts it is kept and shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, Literal, assert_never

from services.shipping.core.carrier_codes import CARRIER_CODES
from services.shipping.core.parcel import Lines
from services.shipping.core.tracking_number import spelt


class Milestone(StrEnum):
    """The scale, lowest first; from delivered on, a parcel's journey has ended."""

    ANNOUNCED = "announced"
    ACCEPTED = "accepted"
    MOVING = "moving"
    OUT = "out"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DESTROYED = "destroyed"


_RANK: Final = {milestone: rank for rank, milestone in enumerate(Milestone)}
_ENDS: Final = frozenset(list(Milestone)[_RANK[Milestone.DELIVERED] :])

Rung = Literal["dispatched", "moving", "out"]
# Our manifest says that a parcel left, so a carrier's "announced" and "accepted" tell nobody anything new.
_RUNG: Final[Mapping[Milestone, Rung]] = {
    Milestone.ANNOUNCED: "dispatched",
    Milestone.ACCEPTED: "dispatched",
    Milestone.MOVING: "moving",
    Milestone.OUT: "out",
}

Outcome = Literal["returned", "lost", "destroyed"]
_OUTCOME: Final[Mapping[Milestone, Outcome]] = {
    Milestone.RETURNED: "returned",
    Milestone.LOST: "lost",
    Milestone.DESTROYED: "destroyed",
}

Verdict = Literal["progressed", "ended", "repeated", "late", "unknown", "contradicted", "void"]
# What a second end means, by the first: most tell the same story again, some cannot both be true.
_SECOND_END: Final[Mapping[Milestone, Mapping[Milestone, Verdict]]] = {
    Milestone.DELIVERED: {
        Milestone.DELIVERED: "repeated",
        Milestone.RETURNED: "contradicted",
        Milestone.LOST: "contradicted",
        Milestone.DESTROYED: "contradicted",
    },
    Milestone.RETURNED: {
        Milestone.DELIVERED: "repeated",  # to us: the carrier's last scan of a return
        Milestone.RETURNED: "repeated",
        Milestone.LOST: "contradicted",
        Milestone.DESTROYED: "contradicted",
    },
    Milestone.LOST: {
        Milestone.DELIVERED: "contradicted",
        Milestone.RETURNED: "contradicted",
        Milestone.LOST: "repeated",
        Milestone.DESTROYED: "repeated",
    },
    Milestone.DESTROYED: {
        Milestone.DELIVERED: "contradicted",
        Milestone.RETURNED: "contradicted",
        Milestone.LOST: "repeated",
        Milestone.DESTROYED: "repeated",
    },
}

RETURNING: Final = "returning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a code says: a milestone, an exception, both, or nothing that we know."""

    milestone: Milestone | None = None
    exception: str | None = None


UNKNOWN: Final = Meaning()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One scan, in our words."""

    meaning: Meaning
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """How far a parcel has come."""

    milestone: Milestone
    exception: str | None = None
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A parcel that carriers report about; void: under a number that we gave up."""

    parcel_id: str
    shipment_id: str
    lines: Lines
    is_void: bool
    trail: Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """A new rung, or a new exception on the present one."""

    rung: Rung
    exception: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The parcel arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The parcel will not arrive."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """The report changes nothing, and why."""

    verdict: Verdict


Step = Progressed | Delivered | Closed | Ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Where parcels stand that moved, by parcel, and what each report did, in their order."""

    trails: Mapping[str, Trail]
    steps: tuple[Step, ...]


# --- codes ------------------------------------------------------------------------------------------------------------


def _parse(meaning: str) -> Meaning:
    milestone, _, exception = meaning.partition("+")
    return Meaning(milestone=Milestone(milestone) if milestone else None, exception=exception or None)


def _codes(block: str) -> dict[str, Meaning]:
    rows = [line.partition(":") for line in block.split("\n") if line.strip()]
    return {code: _parse(meaning.strip()) for meaning, _, codes in rows for code in codes.split()}


_COMMON: Final = _codes(CARRIER_CODES["*"])
_MEANINGS: Final = {carrier: {**_COMMON, **_codes(block)} for carrier, block in CARRIER_CODES.items()}


@lru_cache(maxsize=4096)
def meaning_of(carrier: str, code: str) -> Meaning:
    """Look a carrier's code up; one that nobody wrote down means nothing yet."""
    return _MEANINGS.get(spelt(carrier), _COMMON).get(spelt(code), UNKNOWN)


# --- reports ----------------------------------------------------------------------------------------------------------


def follow_all(parcels: Sequence[Tracked], reports: Sequence[Report]) -> Followed:
    """Take reports in their order, each about the parcel that stands at its place.

    A void number tells nothing about its parcel: somebody else's may travel under it.
    """
    trails: dict[str, Trail] = {}
    steps: list[Step] = []
    for parcel, report in zip(parcels, reports, strict=True):
        if parcel.is_void:
            steps.append(Ignored(verdict="void"))
            continue
        before = trails.get(parcel.parcel_id, parcel.trail)
        step, after = follow(before, report)
        steps.append(step)
        if after != parcel.trail:
            trails[parcel.parcel_id] = after
    return Followed(trails=trails, steps=tuple(steps))


def verdict_of(step: Step) -> Verdict:
    """Say in one word what a report did."""
    match step:
        case Progressed():
            return "progressed"
        case Delivered() | Closed():
            return "ended"
        case Ignored():
            return step.verdict
        case _:
            assert_never(step)


def follow(trail: Trail, report: Report) -> tuple[Step, Trail]:
    """Say what a report changes about a parcel, and where the parcel stands then."""
    milestone = report.meaning.milestone
    if report.meaning == UNKNOWN:
        return Ignored(verdict="unknown"), trail
    if trail.milestone in _ENDS:
        verdict = _SECOND_END[trail.milestone][milestone] if milestone in _ENDS else "late"
        return Ignored(verdict=verdict), trail
    if milestone in _ENDS:
        return _end(trail, milestone, report.occurred_at)
    return _climb(trail, report)


def _end(trail: Trail, milestone: Milestone, occurred_at: datetime) -> tuple[Step, Trail]:
    # A parcel on its way back is "delivered" to its sender.
    if milestone is Milestone.DELIVERED and trail.exception == RETURNING:
        milestone = Milestone.RETURNED
    ended = Trail(milestone=milestone, occurred_at=occurred_at)
    outcome = _OUTCOME.get(milestone)
    return (Closed(outcome=outcome) if outcome else Delivered()), ended


def _climb(trail: Trail, report: Report) -> tuple[Step, Trail]:
    """Rise to a higher rung, which leaves an older exception behind, or take up a newer exception."""
    meaning = report.meaning
    reached = meaning.milestone or trail.milestone
    is_higher, is_newer = _RANK[reached] > _RANK[trail.milestone], report.occurred_at >= trail.occurred_at
    # On its way back a parcel climbs the same rungs again; the flag must outlive them.
    stays = trail.exception if trail.exception == RETURNING or not is_higher else None
    exception = meaning.exception if meaning.exception and (is_newer or is_higher) else stays
    climbed = Trail(
        milestone=reached if is_higher else trail.milestone,
        exception=exception,
        occurred_at=max(trail.occurred_at, report.occurred_at),
    )
    is_flagged = exception is not None and exception != trail.exception
    if _RUNG[climbed.milestone] != _RUNG[trail.milestone] or is_flagged:
        return Progressed(rung=_RUNG[climbed.milestone], exception=exception), climbed
    is_late = not is_newer or _RANK[reached] < _RANK[trail.milestone]
    return Ignored(verdict="late" if is_late else "repeated"), climbed
