"""The day a carrier takes a parcel, and the day it arrives."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shipping.core.calendar import Calendar, arrival_day, pickup_day

MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)
WEEKDAYS = Calendar(zone=UTC, cut_off=time(16), weekdays=frozenset({1, 2, 3, 4, 5}))


def packed(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def test_a_parcel_packed_before_the_cut_off_leaves_today() -> None:
    assert pickup_day(packed(MONDAY, 15), WEEKDAYS) == MONDAY


def test_a_parcel_packed_at_the_cut_off_leaves_tomorrow() -> None:
    assert pickup_day(packed(MONDAY, 16), WEEKDAYS) == date(2026, 3, 3)


def test_the_cut_off_is_the_hour_of_the_location() -> None:
    tokyo = Calendar(zone=ZoneInfo("Asia/Tokyo"), cut_off=time(16), weekdays=WEEKDAYS.weekdays)

    assert pickup_day(packed(MONDAY, 6), tokyo) == MONDAY
    assert pickup_day(packed(MONDAY, 7), tokyo) == date(2026, 3, 3)


# London puts its clocks forward at 01:00 UTC on 29 March 2026, and back at 01:00 UTC on 25 October.
@pytest.mark.parametrize(
    ("day", "cut_off", "last_call"),
    [
        (date(2026, 3, 29), time(16), time(15)),
        (date(2026, 3, 29), time(1, 30), time(1, 30)),  # an hour that is left out
        (date(2026, 10, 25), time(16), time(16)),
        (date(2026, 10, 25), time(1, 30), time(0, 30)),  # an hour that comes twice: the first of the two
    ],
)
def test_a_night_of_another_clock_has_one_pickup(day: date, cut_off: time, last_call: time) -> None:
    london = Calendar(zone=ZoneInfo("Europe/London"), cut_off=cut_off, weekdays=frozenset(range(1, 8)))
    leaves = datetime.combine(day, last_call, UTC)
    moments = [leaves + timedelta(minutes=10 * number) for number in range(-3, 7)]

    assert [pickup_day(moment, london) for moment in moments] == [day] * 3 + [day + timedelta(days=1)] * 7


def test_friday_evening_waits_for_the_next_working_day() -> None:
    closed = Calendar(zone=UTC, cut_off=time(16), weekdays=WEEKDAYS.weekdays, days_off=frozenset({date(2026, 3, 9)}))

    assert pickup_day(packed(FRIDAY, 17), closed) == date(2026, 3, 10)


def test_a_location_without_working_days_still_sends() -> None:
    assert pickup_day(packed(MONDAY, 9), Calendar(zone=UTC, cut_off=time(16), weekdays=frozenset())) == MONDAY


def test_transit_skips_the_weekend() -> None:
    assert arrival_day(FRIDAY, 1) == date(2026, 3, 9)
    assert arrival_day(FRIDAY, 5) == date(2026, 3, 13)
    assert arrival_day(MONDAY, 0) == MONDAY


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 60))
def test_one_more_day_of_transit_arrives_later(pickup: date, days: int) -> None:
    assert arrival_day(pickup, days) < arrival_day(pickup, days + 1) or pickup.isoweekday() > 5
