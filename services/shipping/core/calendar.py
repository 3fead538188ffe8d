"""On which day a carrier takes a parcel, and on which it arrives."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

# Carriers count transit in Monday to Friday wherever they deliver on more days.
_CARRIER_WEEKDAYS = frozenset({1, 2, 3, 4, 5})
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a location hands parcels over: its zone, ISO weekdays, days off, and the local hour of the last pickup."""

    zone: tzinfo
    cut_off: time
    weekdays: frozenset[int]
    days_off: frozenset[date] = frozenset()


def _next_working_day(day: date, weekdays: Collection[int], days_off: Collection[date]) -> date:
    while day.isoweekday() not in weekdays or day in days_off:
        day += _DAY
    return day


def pickup_day(moment: datetime, calendar: Calendar) -> date:
    """Give the day of the pickup that a parcel ready at this moment still catches."""
    day = moment.astimezone(calendar.zone).date()
    # As instants: on the night on which clocks are put back, one hour comes twice, and its pickup once.
    if moment >= datetime.combine(day, calendar.cut_off, calendar.zone).astimezone(UTC):
        day += _DAY
    # A location that never works would search for ever; its parcels leave as if it always did.
    return _next_working_day(day, calendar.weekdays or range(1, 8), calendar.days_off)


def arrival_day(pickup: date, transit_days: int) -> date:
    """Count a carrier's working days from the pickup on; none means the same day."""
    weeks, days = divmod(transit_days, 5)
    day = pickup + 7 * weeks * _DAY
    for _ in range(days):
        day = _next_working_day(day + _DAY, _CARRIER_WEEKDAYS, ())
    return day
