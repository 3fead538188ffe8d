"""Figures over time as the pages draw and write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from contracts.values import EXPONENTS
from services.console.core.figures import Counted, Day, Definition, Figure, day_value, is_beyond, value_of
from services.console.core.wording import NOTHING, duration, money

SPARK_WIDTH, SPARK_HEIGHT = 120, 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A figure at a glance."""

    figure: Figure
    value: str
    target: str
    tone: str
    alarm: str
    bars: Sequence[tuple[float, float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A figure's days for a chart: seconds since 1970, and values in the unit of its axis."""

    begin: float
    end: float
    times: Sequence[float]
    values: Sequence[float | None]
    unit: str
    target: float | None


def card_of(figure: Figure, since: date, before: date, limit: Figure | None = None) -> Card:
    """Show a figure over the days from one to another (not included), and the one that it must not pass."""
    definition, value = figure.definition, figure.value
    is_met = value is None or definition.target is None or (value >= definition.target) == definition.is_better_high
    tone = "" if definition.target is None else "good" if is_met else "bad"
    alarm = _alarm(figure, limit)
    return Card(
        figure=figure,
        value=value_text(definition, value, figure.currency),
        target=value_text(definition, definition.target, figure.currency) if definition.target is not None else "",
        tone="bad" if alarm else tone,
        alarm=alarm,
        bars=_bars(figure, since, (before - since).days),
    )


def _alarm(figure: Figure, limit: Figure | None) -> str:
    if limit is None or not is_beyond(figure, limit):
        return ""
    definition = limit.definition
    return f"beyond the {definition.title.lower()}: {value_text(definition, limit.value, limit.currency)}"


def _bars(figure: Figure, since: date, days: int) -> list[tuple[float, float, float]]:
    """Give a bar for each day that has a number: where it stands, how high it is, and how wide a day is."""
    values = {day.day: float(day_value(figure.definition, day) or 0) for day in figure.days}
    top, width = max([*values.values(), 1e-9]), SPARK_WIDTH / max(days, 1)
    return [
        (round((day - since).days * width, 2), round(value / top * SPARK_HEIGHT, 2), round(max(width - 1, 0.5), 2))
        for day, value in values.items()
    ]


def value_text(definition: Definition, value: Decimal | None, currency: str) -> str:
    """Write a value in its unit."""
    if value is None:
        return NOTHING
    match definition.unit:
        case "percent":
            return f"{value:.1f} %"
        case "money":
            return money(round(value), currency)
        case "seconds":
            return duration(float(value))


def share_text(definition: Definition, order: Counted) -> str:
    """Write what one order adds to a figure."""
    numerator, denominator = definition.share(order)
    if definition.unit == "percent" and denominator:
        return f"{numerator} of {denominator}"
    return value_text(definition, value_of(definition.unit, numerator, denominator), order.currency or "")


def series_of(figure: Figure, since: date, before: date) -> Series:
    """Give a figure's days to a chart."""
    definition = figure.definition
    divisor, unit = _scale(definition, figure.days, figure.currency)
    values = [day_value(definition, day) for day in figure.days]
    return Series(
        begin=_seconds(since),
        end=_seconds(before),
        times=[_seconds(day.day) for day in figure.days],
        values=[float(value) / divisor if value is not None else None for value in values],
        unit=unit,
        target=float(definition.target) / divisor if definition.target is not None else None,
    )


def _seconds(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _scale(definition: Definition, days: Sequence[Day], currency: str) -> tuple[float, str]:
    """Choose the unit of the axis: the largest that leaves figures before the point."""
    if definition.unit == "percent":
        return 1.0, "%"
    if definition.unit == "money":
        return float(10 ** EXPONENTS.get(currency, 0)), currency
    longest = max((float(day_value(definition, day) or 0) for day in days), default=0.0)
    return next(((length, unit) for length, unit in _LENGTHS if longest >= 2 * length), (1.0, "seconds"))


_LENGTHS: Final = ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes"))


def table_of(figure: Figure) -> tuple[list[str], list[list[object]]]:
    """Give a figure's days as rows of a spreadsheet, with the sums from which everybody can work it out again."""
    definition = figure.definition
    headings = ["day", "value", "numerator", "denominator", "p50", "p90", "p99"]
    rows: list[list[object]] = [
        [day.day.isoformat(), _plain(day_value(definition, day)), _plain(day.numerator), day.denominator,
         _plain(day.p50), _plain(day.p90), _plain(day.p99)]
        for day in figure.days
    ]  # fmt: skip
    return headings, rows


def _plain(value: Decimal | None) -> float | str:
    return "" if value is None else round(float(value), 6)
