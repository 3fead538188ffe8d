"""What a handler may say: on its own service's topics alone, about its cause's subject unless it names another."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from chassis import Service, Turn
from contracts import billing, intake
from tests.service.counter.service import example
from tests.unit.chassis.entries import entry

CAUSE = entry("o-1").heard
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def turn() -> Turn:
    """A turn of intake."""
    return Turn(cast("Any", None), NOW, Service("intake").says)


def test_what_is_said_is_about_the_subject_of_its_cause_or_another(turn: Turn) -> None:
    turn.announce(CAUSE, example(intake.OrderHeld))
    turn.announce(CAUSE, example(intake.OrderHeld), "o-2")
    turn.erase(CAUSE, intake.ContactsRecorded)
    turn.erase(CAUSE, intake.ContactsRecorded, "o-2")

    assert [(said.topic, said.key, said.value is None) for said in turn.announcements] == [
        ("intake-orders", "o-1", False), ("intake-orders", "o-2", False),
        ("intake-contacts", "o-1", True), ("intake-contacts", "o-2", True),
    ]  # fmt: skip


def test_a_service_says_nothing_on_another_s_topic(turn: Turn) -> None:
    with pytest.raises(AssertionError, match="does not own"):
        turn.announce(CAUSE, example(billing.FundsSecured))


def test_a_topic_that_keeps_every_record_has_no_tombstones(turn: Turn) -> None:
    with pytest.raises(AssertionError, match="has no tombstones"):
        turn.erase(CAUSE, intake.OrderHeld)


def test_a_service_erases_nothing_of_another_s() -> None:
    others = Turn(cast("Any", None), NOW, Service("billing").says)

    with pytest.raises(AssertionError, match="not this service's"):
        others.erase(CAUSE, intake.ContactsRecorded)


def test_names_that_are_written_wake_what_awaits_them(turn: Turn) -> None:
    turn.written("order", ["o-1", "o-2"])

    assert turn.names == {"order:o-1", "order:o-2"}
