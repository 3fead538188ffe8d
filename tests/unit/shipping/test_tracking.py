"""Carriers' codes on one scale, and what a report does to a parcel."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shipping.core import tracking
from services.shipping.core.carrier_codes import CARRIER_CODES
from services.shipping.core.tracking import (
    Closed,
    Delivered,
    Ignored,
    Meaning,
    Milestone,
    Progressed,
    Report,
    Step,
    Tracked,
    Trail,
    follow_all,
    meaning_of,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DISPATCHED = Trail(milestone=Milestone.ANNOUNCED, occurred_at=NOON)
REAL_CODES = Path(__file__).parents[4] / "shared/data/carriers/karrio/tracking_status_map.csv"


def report(milestone: str | None = None, exception: str | None = None, minutes: int = 0) -> Report:
    known = None if milestone is None else Milestone(milestone)
    meaning = Meaning(milestone=known, exception=exception)
    return Report(meaning=meaning, occurred_at=NOON + timedelta(minutes=minutes))


@dataclass(frozen=True)
class Walk:
    """One parcel's way through some reports."""

    trail: Trail
    steps: tuple[Step, ...]


def parcel(trail: Trail = DISPATCHED, *, is_void: bool = False) -> Tracked:
    return Tracked(parcel_id="p1", shipment_id="s1", lines={"a": 1}, is_void=is_void, trail=trail)


def follow(trail: Trail, reports: Sequence[Report]) -> Walk:
    followed = follow_all([parcel(trail)] * len(reports), reports)
    return Walk(followed.trails.get("p1", trail), followed.steps)


def after(*milestones: str) -> Walk:
    return follow(DISPATCHED, [report(milestone, minutes=n) for n, milestone in enumerate(milestones)])


# --- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carrier", "code", "milestone", "exception"),
    [
        ("ups", "D", Milestone.DELIVERED, None),
        ("UPS", "ot", Milestone.OUT, None),
        ("fedex", "DL", Milestone.DELIVERED, None),
        ("fedex", "DE", Milestone.OUT, "attempted"),
        ("DHL Express", "OK", Milestone.DELIVERED, None),
        ("dpd", "ParcelShop", Milestone.OUT, "awaiting_collection"),
        ("dhl-parcel-de", "ZU", Milestone.DELIVERED, None),
        ("a local courier", "Out for delivery", Milestone.OUT, None),
        ("ups", "LO", Milestone.LOST, None),
    ],
)
def test_each_carrier_speaks_its_own_codes(
    carrier: str, code: str, milestone: Milestone, exception: str | None
) -> None:
    assert meaning_of(carrier, code) == Meaning(milestone=milestone, exception=exception)


def test_a_code_nobody_wrote_down_means_nothing() -> None:
    assert meaning_of("ups", "ZZ-9") == tracking.UNKNOWN


def test_no_carrier_gives_one_code_two_meanings() -> None:
    for block in CARRIER_CODES.values():
        codes = [code for line in block.split("\n") for code in line.partition(":")[2].split()]

        assert len(codes) == len(set(codes))


# How an independent collection of carriers' codes names what we call so.
SAME_WORDS = {
    "pending": {Meaning(milestone=Milestone.ANNOUNCED)},
    "picked_up": {Meaning(milestone=Milestone.ACCEPTED)},
    "in_transit": {Meaning(milestone=Milestone.MOVING), Meaning(milestone=Milestone.ACCEPTED)},
    "out_for_delivery": {Meaning(milestone=Milestone.OUT), Meaning(milestone=Milestone.OUT, exception="attempted")},
    "ready_for_pickup": {Meaning(milestone=Milestone.OUT, exception="awaiting_collection")},
    "delivered": {Meaning(milestone=Milestone.DELIVERED)},
    "cancelled": {Meaning(exception="cancelled")},
}
# Their classes of exceptions are coarser than ours: a code there must not be a rung here, save an attempt or an end.
PROBLEMS = {"on_hold", "delivery_failed", "delivery_delayed", "return_to_sender"}


@pytest.mark.skipif(not REAL_CODES.exists(), reason="the collected carriers' codes are not beside this checkout")
def test_our_codes_agree_with_those_collected_from_carriers() -> None:
    with REAL_CODES.open(encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["carrier"] in CARRIER_CODES and row["carrier_code"]]

    disagreements = [
        (row["carrier"], row["carrier_code"], meaning)
        for row in rows
        for meaning in [meaning_of(row["carrier"], row["carrier_code"])]
        if not _agrees(meaning, row["normalised_status"])
    ]

    assert len(rows) > 150
    assert disagreements == []


def _agrees(meaning: Meaning, status: str) -> bool:
    if status in PROBLEMS:
        return meaning.exception is not None or meaning.milestone in {Milestone.RETURNED, Milestone.DESTROYED}
    return meaning in SAME_WORDS[status]


# --- reports ----------------------------------------------------------------------------------------------------------


def test_a_parcel_climbs_from_rung_to_rung() -> None:
    followed = after("accepted", "moving", "moving", "out", "delivered")

    assert followed.steps == (
        Ignored(verdict="repeated"),
        Progressed(rung="moving", exception=None),
        Ignored(verdict="repeated"),
        Progressed(rung="out", exception=None),
        Delivered(),
    )
    assert followed.trail.milestone is Milestone.DELIVERED


def test_a_late_lower_milestone_never_regresses() -> None:
    followed = after("out", "moving", "announced")

    assert followed.trail.milestone is Milestone.OUT
    assert followed.steps[1:] == (Ignored(verdict="late"), Ignored(verdict="late"))
    assert after("delivered", "moving").steps[1] == Ignored(verdict="late")


def test_an_attempt_is_a_flag_on_the_rung_it_reached() -> None:
    followed = follow(DISPATCHED, [report("out"), report("out", "attempted", 1), report("delivered", minutes=2)])

    assert followed.steps[1:] == (Progressed(rung="out", exception="attempted"), Delivered())


def test_an_exception_is_told_once_until_another_comes() -> None:
    held, delayed = report(None, "held", 1), report(None, "delayed", 2)

    followed = follow(DISPATCHED, [held, held, delayed])

    assert followed.steps == (
        Progressed(rung="dispatched", exception="held"),
        Ignored(verdict="repeated"),
        Progressed(rung="dispatched", exception="delayed"),
    )


def test_an_exception_older_than_the_trail_is_late() -> None:
    followed = follow(DISPATCHED, [report("moving", minutes=5), report(None, "held", 1)])

    assert followed.steps[1] == Ignored(verdict="late")
    assert followed.trail.exception is None


def test_an_exception_is_left_behind_on_a_higher_rung() -> None:
    followed = follow(DISPATCHED, [report(None, "held", 1), report("accepted", minutes=2), report("moving", minutes=3)])

    assert followed.steps[1:] == (Ignored(verdict="repeated"), Progressed(rung="moving", exception=None))
    assert followed.trail.exception is None


def test_an_exception_outlives_a_report_of_the_same_rung() -> None:
    held, moving = report(None, "held", 2), report("moving", minutes=3)

    followed = follow(DISPATCHED, [report("moving", minutes=1), held, moving, report(None, "held", 4)])

    assert followed.steps[2:] == (Ignored(verdict="repeated"), Ignored(verdict="repeated"))
    assert followed.trail.exception == "held"


def test_a_higher_rung_brings_its_exception_however_late_it_is_told() -> None:
    followed = follow(DISPATCHED, [report("moving", minutes=5), report("out", "attempted", 1)])

    assert followed.steps[1] == Progressed(rung="out", exception="attempted")


@pytest.mark.parametrize("outcome", ["returned", "lost", "destroyed"])
def test_a_parcel_that_will_not_arrive_is_closed(outcome: str) -> None:
    (step,) = after(outcome).steps

    assert isinstance(step, Closed)
    assert step.outcome == outcome


def test_a_returning_parcel_is_delivered_to_its_sender() -> None:
    followed = follow(
        DISPATCHED, [report(None, "returning"), report("moving", minutes=1), report("delivered", minutes=2)]
    )

    assert followed.steps[-1] == Closed(outcome="returned")


def test_a_parcel_that_is_lost_on_its_way_back_is_lost() -> None:
    followed = follow(DISPATCHED, [report(None, "returning"), report("lost", minutes=1)])

    assert followed.steps[-1] == Closed(outcome="lost")


def test_an_unknown_code_changes_nothing() -> None:
    followed = follow(DISPATCHED, [Report(meaning=tracking.UNKNOWN, occurred_at=NOON)])

    assert followed == Walk(DISPATCHED, (Ignored(verdict="unknown"),))


def test_a_void_number_tells_nothing_about_its_parcel() -> None:
    followed = follow_all([parcel(is_void=True)], [report("delivered")])

    assert followed.steps == (Ignored(verdict="void"),)
    assert followed.trails == {}


ENDS = ("delivered", "returned", "lost", "destroyed")
# What a second end tells once more: a return's last scan is its delivery to us; what is destroyed is also lost.
SAME_STORY = {*zip(ENDS, ENDS, strict=True), ("returned", "delivered"), ("lost", "destroyed"), ("destroyed", "lost")}


@pytest.mark.parametrize(("first", "second"), list(product(ENDS, ENDS)))
def test_the_first_end_of_a_parcel_stands(first: str, second: str) -> None:
    followed = after(first, second)

    assert followed.trail.milestone == first
    assert followed.steps[1] == Ignored(verdict="repeated" if (first, second) in SAME_STORY else "contradicted")


REPORTS = st.lists(
    st.builds(
        report,
        st.sampled_from([None, *(str(milestone) for milestone in Milestone)]),
        st.sampled_from([None, "held", "attempted", "returning"]),
        st.integers(0, 60),
    )
)


def _is_end(step: Step) -> bool:
    return isinstance(step, Delivered | Closed)


@given(REPORTS)
def test_no_order_of_reports_lowers_a_parcel(reports: list[Report]) -> None:
    trail, ranks = DISPATCHED, []
    for one in reports:
        trail = follow(trail, [one]).trail
        ranks.append(tracking._RANK[trail.milestone])

    assert ranks == sorted(ranks)


@given(REPORTS)
def test_a_parcel_ends_once_whatever_is_reported(reports: list[Report]) -> None:
    assert sum(map(_is_end, follow(DISPATCHED, reports).steps)) <= 1


@given(REPORTS, st.integers(0, 20))
def test_two_batches_say_what_one_says(reports: list[Report], cut: int) -> None:
    first = follow(DISPATCHED, reports[:cut])
    second = follow(first.trail, reports[cut:])

    assert first.steps + second.steps == follow(DISPATCHED, reports).steps
