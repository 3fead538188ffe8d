"""Revisions: what is new, what was heard, and what is missing."""

import pytest

from chassis.errors import HoleError
from chassis.revisions import judge, newest
from chassis.service import Route
from contracts import intake
from tests.unit.chassis.entries import _nothing, entry

QUEUE = "intake-orders/x"


def test_the_newest_revision_of_each_queue_is_remembered() -> None:
    batch = [entry("x", revision=3), entry("y", revision=1), entry("x", revision=4), entry("x", revision=2)]

    assert newest(batch) == {QUEUE: 4, "intake-orders/y": 1}


def test_the_next_revisions_are_fresh() -> None:
    batch = [entry("x", revision=3), entry("y", revision=1), entry("x", revision=4)]

    assert judge(batch, {QUEUE: 2, "intake-orders/y": 0}, {}) == batch


def test_a_revision_heard_before_is_a_duplicate() -> None:
    batch = [entry("x", revision=2), entry("x", revision=3)]

    assert judge(batch, {QUEUE: 2}, {}) == batch[1:]


def test_the_same_revision_twice_in_a_batch_counts_once() -> None:
    assert len(judge([entry("x", revision=1), entry("x", revision=1)], {QUEUE: 0}, {})) == 1


def test_a_hole_tells_which_lane_stops() -> None:
    with pytest.raises(HoleError) as raised:
        judge([entry("x", revision=1), entry("x", revision=3)], {QUEUE: 0}, {})

    assert (raised.value.topic, raised.value.lane) == ("intake-orders", 0)
    assert (raised.value.expected, raised.value.found) == (2, 3)


@pytest.mark.parametrize("topic", ["intake-contacts", "inventory-stock"])
def test_a_compacted_or_shared_topic_may_leap_forward_only(topic: str) -> None:
    batch = [entry("x", revision=number, topic=topic) for number in (5, 3, 9)]

    assert judge(batch, {f"{topic}/x": 0}, {}) == [batch[0], batch[2]]


def test_an_older_word_after_a_newer_one_is_answered() -> None:
    again = Route(intake.ContactsRecorded, _nothing)
    batch = [entry("x", intake.ContactsRecorded.type, number, topic="intake-contacts") for number in (5, 5, 4)]

    judged = judge(batch, {"intake-contacts/x": 4}, {intake.ContactsRecorded.type: again})

    assert judged == [batch[0], batch[2]]
    assert [one.route is again for one in judged] == [False, True]
