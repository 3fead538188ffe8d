"""How far services are behind, from offsets alone."""

from datetime import timedelta

import pytest

from contracts.topics import INTAKE_ORDERS, PAYMENT_NOTICES
from ordermill.broker import Log, Place, home_of
from ordermill.lag import Lag, behind
from ordermill.render import duration

FIRST, SECOND = Place("intake-orders", 0), Place("intake-orders", 1)
SCANS = Place("floor-scans", 0)


def test_a_partition_without_a_commit_counts_from_its_start() -> None:
    logs = {FIRST: Log(0, 10), SECOND: Log(5, 8)}
    assert behind("billing", {FIRST: 4}, logs) == [Lag("billing", "intake-orders", 13, 9)]


def test_a_service_that_never_ran_is_behind_from_the_beginning_of_the_log() -> None:
    assert behind("billing", {}, {FIRST: Log(2, 10)}) == [Lag("billing", "intake-orders", 8, 8)]


def test_a_topic_that_a_service_is_not_declared_to_hear_is_none_of_its_lag() -> None:
    assert behind("billing", {SCANS: 4}, {FIRST: Log(0, 10), SCANS: Log(0, 10)}) == [
        Lag("billing", "intake-orders", 10, 10)
    ]


def test_what_was_deleted_before_it_was_read_is_no_lag() -> None:
    assert behind("billing", {FIRST: 2}, {FIRST: Log(6, 10)})[0].lag == 4


def test_outsiders_and_we_place_keys_by_different_functions() -> None:
    assert home_of(INTAKE_ORDERS, "123456789").lane == 0xCBF43926 % 12
    assert home_of(PAYMENT_NOTICES, "21").lane == (-973932308 & 0x7FFFFFFF) % 12


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=30), "30 d"),
        (timedelta(hours=5), "5 h"),
        (timedelta(seconds=1.5), "1.500 s"),
        (timedelta(seconds=150), "2.5 min"),
        (None, "for ever"),
    ],
)
def test_a_length_of_time_is_told_in_its_unit(length: timedelta | None, text: str) -> None:
    assert duration(length) == text
