"""The key figures: what each is, as its source words it, how we read that, and how it is worked out.

Each figure of a stretch of time is a sum over orders divided by a sum over orders; a day's two sums are kept, so any
stretch is a sum of days.  What an order adds to both is `share`, the one place where a figure is defined; the statement
`add_up_figures` says the same in SQL, and a test recomputes both from the topics.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

from services.console.core.stages import Stage

Unit = Literal["percent", "money", "seconds"]
Cohort = Literal["placed", "shipped", "due", "delivered", "ended"]
"""The moment that decides on which day an order counts."""

# Incidents that say that we sent something wrong, as against late.
INACCURATE: Final = frozenset({"short_pick", "parcel_destroyed"})
# Over so many days figures are told to whoever asks for no others.
DAYS: Final = 30


class Name(StrEnum):
    """Each figure, by its number in the list of requirements."""

    K7 = "K7"
    K8 = "K8"
    K9_READY = "K9-ready"
    K9_DELIVERY = "K9-delivery"
    K10 = "K10"
    K13 = "K13"
    K14 = "K14"
    K14_MARGIN = "K14-margin"
    K15 = "K15"
    K16 = "K16"
    K17 = "K17"
    K17_LINES = "K17-lines"
    K17_UNITS = "K17-units"
    K18 = "K18"
    K21 = "K21"
    K25 = "K25"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An order as the figures see it; `counted_at` is the moment that put it into the stretch of time asked for."""

    order_id: str
    channel: str | None
    channel_order_id: str | None
    currency: str | None
    total: int
    counted_at: datetime
    placed_at: datetime | None
    packed_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    first_ship_by: datetime | None
    first_deliver_by: date | None
    stage: Stage
    value_cancelled: int
    goods_cost: int
    label_cost: int
    packaging_cost: int
    lines_promised: int | None
    lines_available: int | None
    units_promised: int | None
    units_available: int | None
    incidents: tuple[str, ...]

    @property
    def fulfillment_cost(self) -> int:
        """What getting it out of the door cost: labels and cartons."""
        return self.label_cost + self.packaging_cost

    @property
    def margin(self) -> int:
        """What is left of what its buyer owes when its goods are paid for."""
        return self.total - self.value_cancelled - self.goods_cost

    @property
    def is_on_time(self) -> bool:
        """Whether all of it left by the first promise; later promises improve nothing."""
        return bool(self.shipped_at and self.first_ship_by and self.shipped_at <= self.first_ship_by)


Share = tuple[int | Decimal, int]
"""What one order adds to the numerator and to the denominator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a figure is."""

    name: Name
    title: str
    formula: str  # as the source words it
    reading: str  # as we understand it
    unit: Unit
    cohort: Cohort
    is_better_high: bool
    share: Callable[[Counted], Share]
    target: Decimal | None = None
    limit: Name | None = None  # another figure that it must not pass

    @property
    def is_judged(self) -> bool:
        """Whether one order by itself can worsen it: by what it is not, or by passing its own limit."""
        return self.unit == "percent" or self.limit is not None


def _seconds(begin: datetime | None, end: datetime | None) -> Share:
    return (Decimal(str((end - begin).total_seconds())), 1) if begin and end else (0, 0)


def _part(part: int | None, whole: int | None) -> Share:
    return part or 0, whole or 0


def _promised(order: Counted, *, is_filled: bool) -> Share:
    if order.lines_promised is None or order.lines_available is None:  # not promised yet
        return 0, 0
    return int((order.lines_available >= order.lines_promised) is is_filled), 1


def _revenue(order: Counted) -> Share:
    return (0, 0) if order.stage in (Stage.CANCELLED, Stage.REJECTED) else (order.total - order.value_cancelled, 1)


DEFINITIONS: Final = {
    definition.name: definition
    for definition in (
        Definition(
            name=Name.K7,
            title="Total internal cost of an order",
            formula="Sum of all the expenses incurred to deliver the orders / Total number of orders",
            reading="Cost of goods, labels and cartons of the orders shipped in the time, per order. Labour and "
            "payment fees are not told on topics that the console hears.",
            unit="money",
            cohort="shipped",
            is_better_high=False,
            share=lambda order: (order.goods_cost + order.fulfillment_cost, 1),
        ),
        Definition(
            name=Name.K8,
            title="Order accuracy",
            formula="(Number of orders fulfilled accurately / Total number of orders fulfilled) x 100",
            reading="Of the orders shipped in the time, those without a short pick and without a parcel destroyed. The "
            "source calls it an error rate, but its formula measures accuracy; the error rate is 100 less it.",
            unit="percent",
            cohort="shipped",
            is_better_high=True,
            share=lambda order: (int(not INACCURATE.intersection(order.incidents)), 1),
        ),
        Definition(
            name=Name.K9_READY,
            title="Cycle time to ready",
            formula="(Delivery date - Date of order) / Total orders shipped",
            reading="The source's prose excludes shipping: from placement until all of it is packed, mean over the "
            "orders shipped in the time.",
            unit="seconds",
            cohort="shipped",
            is_better_high=False,
            share=lambda order: _seconds(order.placed_at, order.packed_at),
        ),
        Definition(
            name=Name.K9_DELIVERY,
            title="Cycle time to delivery",
            formula="(Delivery date - Date of order) / Total orders shipped",
            reading="The source's formula: from placement until all of it is delivered, mean over the orders shipped "
            "in the time that have arrived.",
            unit="seconds",
            cohort="shipped",
            is_better_high=False,
            share=lambda order: _seconds(order.placed_at, order.delivered_at),
        ),
        Definition(
            name=Name.K10,
            title="Rate of customer backorder",
            formula="(Number of undeliverable orders / total number of orders) x 100",
            reading="Of the orders placed in the time, those of which at least one line could not be promised from "
            "stock; each order counts once.",
            unit="percent",
            cohort="placed",
            is_better_high=False,
            share=lambda order: _promised(order, is_filled=False),
        ),
        Definition(
            name=Name.K13,
            title="Average order value",
            formula="Total revenue over a period / number of orders",
            reading="What buyers owe for the orders placed in the time, with charges and taxes, less the value of "
            "cancelled units; rejected and wholly cancelled orders do not count. Each currency by itself.",
            unit="money",
            cohort="placed",
            is_better_high=True,
            share=_revenue,
        ),
        Definition(
            name=Name.K14,
            title="Cost per order",
            formula="Total fulfillment costs / Number of orders",
            reading="Labels and cartons of the orders shipped in the time, per order: K7 without the goods. It alarms "
            "when it is more than their margin: then sending an order costs more than selling it leaves.",
            unit="money",
            cohort="shipped",
            is_better_high=False,
            share=lambda order: (order.fulfillment_cost, 1),
            limit=Name.K14_MARGIN,
        ),
        Definition(
            name=Name.K14_MARGIN,
            title="Margin of an order",
            formula="(Revenue - Cost of goods) / Number of orders",
            reading="What buyers owe for the orders shipped in the time, with charges and taxes, less the value of "
            "cancelled units and the cost of the goods that left, per order: what K14 must stay below.",
            unit="money",
            cohort="shipped",
            is_better_high=True,
            share=lambda order: (order.margin, 1),
        ),
        Definition(
            name=Name.K15,
            title="Internal order cycle time",
            formula="Time and date order shipped - Time and date order placed",
            reading="Until the last of it left, over the orders shipped in the time: mean, and percentiles by day. By "
            "the times at which things happened, not at which they were handled.",
            unit="seconds",
            cohort="shipped",
            is_better_high=False,
            share=lambda order: _seconds(order.placed_at, order.shipped_at),
        ),
        Definition(
            name=Name.K16,
            title="On-time shipping rate",
            formula="Orders shipped on time / Total orders x 100",
            reading="Of the orders whose first promise to ship fell into the time and which have left or should have, "
            "those that left whole by then. Later promises improve nothing; cancelled orders do not count.",
            unit="percent",
            cohort="due",
            is_better_high=True,
            share=lambda order: (int(order.is_on_time), 1),
        ),
        Definition(
            name=Name.K17,
            title="Order fill rate",
            formula="Orders fillable from inventory / total orders x 100",
            reading="Of the orders placed in the time, those of which every line could be promised from stock.",
            unit="percent",
            cohort="placed",
            is_better_high=True,
            share=lambda order: _promised(order, is_filled=True),
        ),
        Definition(
            name=Name.K17_LINES,
            title="Line fill rate",
            formula="Orders fillable from inventory / total orders x 100",
            reading="The same by promised lines.",
            unit="percent",
            cohort="placed",
            is_better_high=True,
            share=lambda order: _part(order.lines_available, order.lines_promised),
        ),
        Definition(
            name=Name.K17_UNITS,
            title="Unit fill rate",
            formula="Orders fillable from inventory / total orders x 100",
            reading="The same by promised units.",
            unit="percent",
            cohort="placed",
            is_better_high=True,
            share=lambda order: _part(order.units_available, order.units_promised),
        ),
        Definition(
            name=Name.K18,
            title="Order fulfillment cycle time",
            formula="Time and date order reaches customer - Time and date order placed",
            reading="Until the last of it arrived, over the orders that arrived in the time. For each order it is its "
            "internal cycle time and its transit.",
            unit="seconds",
            cohort="delivered",
            is_better_high=False,
            share=lambda order: _seconds(order.placed_at, order.delivered_at),
        ),
        Definition(
            name=Name.K21,
            title="Perfect order rate",
            formula="Orders delivered without incident / Total number of orders x 100",
            reading="Of the orders that ended in the time (all of it delivered, or lost), those without a short pick, "
            "a late departure or arrival by the first promise, a carrier's exception, a parcel lost, returned or "
            "destroyed.",
            unit="percent",
            cohort="ended",
            is_better_high=True,
            share=lambda order: (int(not order.incidents), 1),
            target=Decimal(90),
        ),
        Definition(
            name=Name.K25,
            title="Shipping cost per order",
            formula="Total shipping cost for the period / Number of successful deliveries",
            reading="Labels of the orders delivered in the time, per order delivered: what was shipped and has not "
            "arrived counts on neither side.",
            unit="money",
            cohort="delivered",
            is_better_high=False,
            share=lambda order: (order.label_cost, 1),
        ),
    )
}


# Figures that must not pass another, and those others: Prometheus watches them.
WATCHED: Final = tuple(name for each in DEFINITIONS.values() if each.limit for name in (each.name, each.limit))


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A figure's two sums on one day, and its percentiles where it is a time."""

    day: date
    numerator: Decimal
    denominator: int
    p50: Decimal | None = None
    p90: Decimal | None = None
    p99: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure over some days: the number, its trend, and of how many orders it is made."""

    definition: Definition
    currency: str
    value: Decimal | None
    orders: int
    days: tuple[Day, ...]


def value_of(unit: Unit, numerator: Decimal | int, denominator: int) -> Decimal | None:
    """Divide; a percentage is of a hundred. Nothing to divide by is no number."""
    if not denominator:
        return None
    return Decimal(numerator) * (100 if unit == "percent" else 1) / denominator


def day_value(definition: Definition, day: Day) -> Decimal | None:
    """Give a day's point of the trend."""
    return value_of(definition.unit, day.numerator, day.denominator)


def figure_of(definition: Definition, currency: str, days: Iterable[Day]) -> Figure:
    """Add days up."""
    kept = tuple(days)
    orders = sum(day.denominator for day in kept)
    numerator = sum((day.numerator for day in kept), Decimal(0))
    return Figure(
        definition=definition,
        currency=currency,
        value=value_of(definition.unit, numerator, orders),
        orders=orders,
        days=kept,
    )


def is_beyond(figure: Figure, limit: Figure) -> bool:
    """Tell whether a figure is worse than the one that limits it."""
    if limit.value is None or figure.value is None or limit.value == figure.value:
        return False
    return (figure.value < limit.value) is figure.definition.is_better_high


def limit_of(figure: Figure, known: Iterable[Figure]) -> Figure | None:
    """Find the figure that limits another, in its currency."""
    wanted = figure.definition.limit, figure.currency
    return next((each for each in known if (each.definition.name, each.currency) == wanted), None)


def span(today: date, days: int = DAYS) -> tuple[date, date]:
    """Give so many days, today included, as the first and the one after the last."""
    before = today + timedelta(days=1)
    return before - timedelta(days=days), before


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Which orders of a figure to show: of the days from one to another (not included); the bad ones worsen it."""

    name: Name
    since: date
    before: date
    now: datetime
    currency: str = ""  # any
    only_bad: bool = False
