"""Revisions: what is new, what was heard, and what is missing."""

import pytest

from chassis.errors import HoleError
from chassis.revisions import judge
from tests.unit.chassis.entries import entry

NO_LEAPS: frozenset[str] = frozenset()


def test_the_next_revisions_are_fresh_and_remembered() -> None:
    batch = [entry("x", revision=3), entry("y", revision=1), entry("x", revision=4)]

    judged = judge(batch, {"intake-orders/x": 2}, NO_LEAPS)

    assert judged.fresh == batch
    assert judged.revisions == {"intake-orders/x": 4, "intake-orders/y": 1}


def test_a_revision_heard_before_is_a_duplicate() -> None:
    judged = judge([entry("x", revision=2), entry("x", revision=1)], {"intake-orders/x": 2}, NO_LEAPS)

    assert not judged.fresh
    assert not judged.revisions


def test_the_same_revision_twice_in_a_batch_counts_once() -> None:
    assert len(judge([entry("x", revision=1), entry("x", revision=1)], {}, NO_LEAPS).fresh) == 1


def test_a_hole_tells_which_lane_stops() -> None:
    with pytest.raises(HoleError) as raised:
        judge([entry("x", revision=1), entry("x", revision=3)], {}, NO_LEAPS)

    assert (raised.value.topic, raised.value.lane, raised.value.expected, raised.value.found) == (
        "intake-orders", 0, 2, 3,
    )  # fmt: skip


def test_a_compacted_topic_may_leap_forward_only() -> None:
    batch = [entry("x", revision=5), entry("x", revision=3), entry("x", revision=9)]

    judged = judge(batch, {}, frozenset({"intake-orders"}))

    assert [one.heard.revision for one in judged.fresh] == [5, 9]
