"""When goods leave and arrive, and what carriers ask."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.inventory.core.network import (
    ASSUMED_TARIFF,
    Destination,
    Lane,
    Promise,
    Tariff,
    working_days_after,
    zone_of,
)
from tests.unit.inventory.builders import LONDON, day, location, network, tariff


def utc(number: int, hour: int) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        (utc(2, 9), utc(2, 16)),  # Monday, before the cut-off
        (utc(2, 16), utc(2, 16)),  # just in time
        (utc(2, 17), utc(3, 16)),  # after it
        (utc(6, 17), utc(9, 16)),  # Friday evening: on Monday
    ],
)
def test_goods_leave_at_the_next_cut_off(now: datetime, leaves: datetime) -> None:
    assert network(now=now).next_dispatch("LON") == leaves


def test_a_cut_off_is_local_time_also_in_summer() -> None:
    assert network(now=datetime(2026, 7, 1, 9, tzinfo=UTC)).next_dispatch("LON") == datetime(2026, 7, 1, 15, tzinfo=UTC)


# London puts its clocks forward at 01:00 UTC on 29 March 2026, and back at 01:00 UTC on 25 October.
MARCH, OCTOBER = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    ("night", "cut_off", "instant"),
    [
        (MARCH, time(16), timedelta(hours=15)),
        (MARCH, time(0, 30), timedelta(minutes=30)),  # before the change
        (MARCH, time(1, 30), timedelta(minutes=90)),  # an hour that is left out
        (OCTOBER, time(16), timedelta(hours=16)),
        (OCTOBER, time(0, 30), timedelta(minutes=-30)),
        (OCTOBER, time(1, 30), timedelta(minutes=30)),  # an hour that comes twice: the first of the two
    ],
)
def test_a_night_of_another_clock_has_one_cut_off(night: datetime, cut_off: time, instant: timedelta) -> None:
    there = network(LON=location("LON", cut_off=cut_off, weekdays=EVERY_DAY), now=night)
    leaves = night + instant

    assert there.dispatch_after("LON", leaves - timedelta(microseconds=1)) == leaves
    assert there.dispatch_after("LON", leaves) == leaves
    assert there.dispatch_after("LON", leaves + timedelta(microseconds=1)) > leaves + timedelta(hours=22)


@pytest.mark.parametrize("night", [MARCH, OCTOBER])
@pytest.mark.parametrize("cut_off", [time(0, 30), time(1), time(1, 30), time(2), time(16)])
def test_who_asks_later_never_leaves_earlier(night: datetime, cut_off: time) -> None:
    there = network(LON=location("LON", cut_off=cut_off, weekdays=EVERY_DAY), now=night)
    moments = [night + timedelta(minutes=10 * number) for number in range(-24, 24)]

    leaves = [there.dispatch_after("LON", moment) for moment in moments]
    assert leaves == sorted(leaves)
    assert all(moment <= leave for moment, leave in zip(moments, leaves, strict=True))


@pytest.mark.parametrize("month", [1, 7])
def test_transit_counts_from_the_day_at_the_location(month: int) -> None:
    evening = location("NYC", zone="America/New_York", cut_off=time(20))  # in UTC that is tomorrow, winter and summer
    there = network(
        Lane(frozenset(), "*", (), tariff(100, 1)), NYC=evening, now=datetime(2026, month, 14, 12, tzinfo=UTC)
    )

    assert there.quote("NYC", LONDON, 500, None).promise.deliver_by == there.now.date() + timedelta(days=1)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Asia/Tokyo"])
@pytest.mark.parametrize("available_on", [date(2026, 3, 29), date(2026, 7, 1), date(2026, 10, 25)])
def test_goods_leave_on_the_day_that_they_come_and_not_before(zone: str, available_on: date) -> None:
    place = location("ONE", zone=zone, cut_off=time(22), weekdays=EVERY_DAY)

    promise = network(ONE=place).promise_from("ONE", LONDON, available_on)
    assert promise.ship_by.astimezone(ZoneInfo(zone)).date() == available_on


def test_nothing_leaves_on_a_day_off() -> None:
    closed = location("LON", days_off=(day(2), day(3)))

    assert network(LON=closed).next_dispatch("LON") == utc(4, 16)


def test_a_location_that_never_opens_is_bounded() -> None:
    closed = location("LON", weekdays=(), cut_off=time(16))

    assert network(LON=closed).next_dispatch("LON") == datetime(2026, 5, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "arrives"), [(day(2), 1, day(3)), (day(6), 1, day(9)), (day(7), 0, day(9)), (day(5), 3, day(10))]
)
def test_carriers_count_working_days(start: date, days: int, arrives: date) -> None:
    assert working_days_after(start, days) == arrives


def test_a_heavier_shipment_pays_a_heavier_step() -> None:
    steps = Tariff(carrier="c", service="s", transit_days=1, weights_g=(500, 1_000, 5_000), amounts=(50, 100, 300))

    assert [steps.price(weight) for weight in (0, 1_000, 1_001, 5_000, 5_001, 12_000)] == [50, 100, 300, 300, 600, 900]


def test_the_most_specific_lane_of_a_service_holds() -> None:
    lanes = (
        Lane(frozenset(), "GB", ("N1", "N2"), tariff(100, 1)),
        Lane(frozenset(), "GB", (), tariff(300, 3)),
        Lane(frozenset(), "*", (), tariff(900, 9)),
    )
    there = network(*lanes)

    assert there.quote("LON", LONDON, 500, None).cost == 100
    assert there.quote("LON", Destination("GB", "EH1"), 500, None).cost == 300
    assert there.quote("LON", Destination("FR", "75001"), 500, None).cost == 900


def test_the_cheapest_service_in_time_is_quoted() -> None:
    lanes = (
        Lane(frozenset(), "*", (), tariff(100, 5, "economy")),
        Lane(frozenset(), "*", (), tariff(400, 1, "express")),
    )
    there = network(*lanes)

    assert there.quote("LON", LONDON, 500, None).cost == 100
    assert there.quote("LON", LONDON, 500, day(9)).cost == 100
    assert there.quote("LON", LONDON, 500, day(4)).cost == 400
    assert there.quote("LON", LONDON, 500, day(1)).cost == 400
    assert there.quote("LON", LONDON._replace(service="express"), 500, None).cost == 400


def test_goods_to_come_are_promised_by_the_cheapest_way() -> None:
    lanes = (
        Lane(frozenset(), "*", (), tariff(100, 5, "economy")),
        Lane(frozenset(), "*", (), tariff(400, 1, "express")),
    )

    assert network(*lanes).promise_from("LON", LONDON, day(4)) == Promise(utc(4, 16), day(11))
    assert network(*lanes).promise_from("LON", LONDON, day(1)) == Promise(utc(2, 16), day(9))


def test_a_destination_beyond_all_rate_cards_still_has_a_way() -> None:
    only_france = Lane(frozenset(), "FR", (), tariff(100, 1))

    assert network(only_france).quote("LON", LONDON, 500, None).cost == ASSUMED_TARIFF.price(500)


def test_a_zone_that_is_none_keeps_the_worlds_time() -> None:
    assert zone_of("1").key == "UTC"
