"""A message in a batch: which group it joins, and what of it outlasts an attempt."""

from dataclasses import replace
from typing import Any

import pytest

from chassis.decisions import TOPIC as DECISIONS
from chassis.entry import CONFLICT, NOTES, UNREAD, Entry
from tests.unit.chassis.entries import entry


def test_messages_of_one_type_taken_in_one_way_are_of_one_kind() -> None:
    assert entry("x").kind == entry("y").kind
    assert entry("x").kind != entry("x", "another").kind


def test_one_type_taken_in_two_ways_is_of_two_kinds() -> None:
    taken, conflicting = entry("x"), entry("x", is_conflict=True)
    assert taken.route
    conflicting.route = replace(taken.route)

    assert taken.kind != conflicting.kind


def test_what_cannot_be_read_joins_none_that_can() -> None:
    assert entry("x", problem="no_body").kind not in (entry("x").kind, entry("x", "another", problem="no_body").kind)
    assert entry("x", problem="no_body").kind == entry("y", problem="bad_key").kind


def test_a_conflict_is_remembered_as_one_even_where_it_could_not_be_read() -> None:
    assert entry("x").finding == ""
    assert entry("x", was_unread=True).finding == UNREAD
    assert entry("x", is_conflict=True, was_unread=True).finding == CONFLICT


@pytest.mark.parametrize("home", [entry("x", revision=7), entry("x", revision=0, topic=NOTES),
                                  entry("x", revision=0, topic=DECISIONS), entry("x>y", revision=0)])  # fmt: skip
def test_what_is_at_home_needs_no_copy(home: Entry) -> None:
    assert home.copy() is home


def test_an_attempt_that_brings_a_message_home_leaves_it_as_it_was_read() -> None:
    read = entry("a key", revision=0)

    moved = read.copy()
    moved.queue, moved.heard.subject = "outside>o-1", "o-1"

    assert (read.queue, read.heard.subject, read.is_home) == ("intake-orders/a key", "a key", False)


def test_a_copy_is_equal_in_every_part() -> None:
    facts: dict[str, Any] = {
        "problem": "no_body",
        "is_conflict": True,
        "was_unread": True,
        "place": "3:17",
        "origin": (3, 17),
        "call": "c",
    }
    read = entry("a key", revision=0, row=5, **facts)
    plain = entry("a key", revision=0)
    assert all(getattr(read, name) != getattr(plain, name) for name in facts)

    assert read.copy() == read
    assert read.copy().heard is not read.heard
