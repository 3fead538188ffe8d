"""When goods leave and arrive, and what carriers ask."""

from datetime import UTC, date, datetime, time

import pytest

from services.inventory.core.network import ASSUMED_TARIFF, Destination, Lane, Tariff, working_days_after, zone_of
from tests.unit.inventory.builders import LONDON, day, location, network, tariff


def utc(number: int, hour: int) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        (utc(2, 9), utc(2, 16)),  # Monday, before the cut-off
        (utc(2, 17), utc(3, 16)),  # after it
        (utc(6, 17), utc(9, 16)),  # Friday evening: on Monday
    ],
)
def test_goods_leave_at_the_next_cut_off(now: datetime, leaves: datetime) -> None:
    assert network(now=now).next_dispatch("LON") == leaves


def test_a_cut_off_is_local_time_also_in_summer() -> None:
    assert network(now=datetime(2026, 7, 1, 9, tzinfo=UTC)).next_dispatch("LON") == datetime(2026, 7, 1, 15, tzinfo=UTC)


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
    steps = Tariff(carrier="c", service="s", transit_days=1, weights_g=(1_000, 5_000), amounts=(100, 300))

    assert [steps.price(weight) for weight in (0, 1_000, 1_001, 5_000, 5_001, 12_000)] == [100, 100, 300, 300, 600, 900]


def test_the_most_specific_lane_of_a_service_holds() -> None:
    lanes = (
        Lane(frozenset(), "*", (), tariff(900, 9)),
        Lane(frozenset(), "GB", (), tariff(300, 3)),
        Lane(frozenset(), "GB", ("N1", "N2"), tariff(100, 1)),
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
    assert there.quote("LON", LONDON, 500, day(4)).cost == 400
    assert there.quote("LON", LONDON, 500, day(1)).cost == 400
    assert there.quote("LON", LONDON._replace(service="express"), 500, None).cost == 400


def test_a_destination_beyond_all_rate_cards_still_has_a_way() -> None:
    only_france = Lane(frozenset(), "FR", (), tariff(100, 1))

    assert network(only_france).quote("LON", LONDON, 500, None).cost == ASSUMED_TARIFF.price(500)


def test_a_zone_that_is_none_keeps_the_worlds_time() -> None:
    assert zone_of("1").key == "UTC"
