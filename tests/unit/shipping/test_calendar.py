"""The day a carrier takes a parcel, and the day it arrives."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

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
