"""What each key figure is, and how it is divided."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.console.core.figures import DEFINITIONS, Counted, Day, Name, day_value, figure_of, value_of
from services.console.core.stages import Stage

PLACED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ORDER = Counted(
    order_id="o", channel="web", channel_order_id="1", currency="EUR", total=3_495, counted_at=PLACED, placed_at=PLACED,
    packed_at=PLACED + timedelta(hours=2), shipped_at=PLACED + timedelta(hours=3),
    delivered_at=PLACED + timedelta(hours=30), first_ship_by=PLACED + timedelta(hours=3),
    first_deliver_by=date(2026, 3, 4), stage=Stage.COMPLETED, value_cancelled=1_000, goods_cost=900, label_cost=450,
    packaging_cost=35, lines_promised=2, lines_available=2, units_promised=3, units_available=3, incidents=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "share"),
    [
        (Name.K7, (1_385, 1)),
        (Name.K8, (1, 1)),
        (Name.K9_READY, (7_200, 1)),
        (Name.K9_DELIVERY, (108_000, 1)),
        (Name.K10, (0, 1)),
        (Name.K13, (2_495, 1)),
        (Name.K14, (485, 1)),
        (Name.K14_MARGIN, (1_595, 1)),
        (Name.K15, (10_800, 1)),
        (Name.K16, (1, 1)),
        (Name.K17, (1, 1)),
        (Name.K17_LINES, (2, 2)),
        (Name.K17_UNITS, (3, 3)),
        (Name.K18, (108_000, 1)),
        (Name.K21, (1, 1)),
        (Name.K25, (450, 1)),
    ],
)
def test_an_order_adds_its_share_to_each_figure(name: Name, share: tuple[int, int]) -> None:
    assert DEFINITIONS[name].share(ORDER) == share


def test_every_figure_is_defined_with_formula_and_reading() -> None:
    assert set(DEFINITIONS) == set(Name)
    assert all(each.formula and each.reading.endswith(".") for each in DEFINITIONS.values())


def test_an_order_that_left_a_moment_late_is_not_on_time() -> None:
    late = replace(ORDER, shipped_at=PLACED + timedelta(hours=3, microseconds=1))

    assert DEFINITIONS[Name.K16].share(late) == (0, 1)
    assert DEFINITIONS[Name.K16].share(replace(ORDER, shipped_at=None)) == (0, 1)


@pytest.mark.parametrize("incident", ["short_pick", "parcel_destroyed"])
def test_what_we_sent_wrong_is_inaccurate_and_imperfect(incident: str) -> None:
    order = replace(ORDER, incidents=(incident,))

    assert DEFINITIONS[Name.K8].share(order) == (0, 1)
    assert DEFINITIONS[Name.K21].share(order) == (0, 1)


@pytest.mark.parametrize("incident", ["late_shipping", "late_delivery", "exception", "parcel_lost", "parcel_returned"])
def test_what_went_wrong_on_the_way_is_imperfect_and_accurate(incident: str) -> None:
    order = replace(ORDER, incidents=(incident,))

    assert DEFINITIONS[Name.K8].share(order) == (1, 1)
    assert DEFINITIONS[Name.K21].share(order) == (0, 1)


@pytest.mark.parametrize("stage", [Stage.CANCELLED, Stage.REJECTED])
def test_orders_that_came_to_nothing_have_no_value(stage: Stage) -> None:
    assert DEFINITIONS[Name.K13].share(replace(ORDER, stage=stage)) == (0, 0)


def test_an_order_that_was_not_promised_is_neither_filled_nor_backordered() -> None:
    order = replace(ORDER, lines_promised=None, lines_available=None)

    assert DEFINITIONS[Name.K10].share(order) == DEFINITIONS[Name.K17].share(order) == (0, 0)


def test_orders_are_either_filled_or_backordered() -> None:
    order = replace(ORDER, lines_available=1)

    assert DEFINITIONS[Name.K10].share(order) == (1, 1)
    assert DEFINITIONS[Name.K17].share(order) == (0, 1)


def test_an_order_that_has_not_arrived_has_no_time_to_delivery() -> None:
    assert DEFINITIONS[Name.K9_DELIVERY].share(replace(ORDER, delivered_at=None)) == (0, 0)


def test_a_figure_of_some_days_is_sum_by_sum() -> None:
    days = [
        Day(day=date(2026, 3, 2), numerator=Decimal(1), denominator=1),
        Day(day=date(2026, 3, 3), numerator=Decimal(0), denominator=3),
    ]

    figure = figure_of(DEFINITIONS[Name.K16], "", days)

    assert (figure.value, figure.orders) == (Decimal(25), 4)
    assert [day_value(figure.definition, day) for day in figure.days] == [Decimal(100), Decimal(0)]


def test_nothing_to_divide_by_is_no_number() -> None:
    assert value_of("percent", 0, 0) is None
    assert value_of("money", 10, 4) == Decimal("2.5")
