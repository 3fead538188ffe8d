"""Key figures by day, and the orders behind them."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Final

import asyncpg

from services.console.core.figures import DEFINITIONS, Behind, Counted, Day, Figure, Name, figure_of
from services.console.core.paging import Paged, cut, moment_after
from services.console.core.stages import Stage
from services.console.store.sql import SQL, Source

_END: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LAST: Final = "\uffff"
_BEHIND: Final = {
    "placed": SQL.orders_behind_placed,
    "shipped": SQL.orders_behind_shipped,
    "due": SQL.orders_behind_due,
    "delivered": SQL.orders_behind_delivered,
    "ended": SQL.orders_behind_ended,
}


async def figures(source: Source, since: date, before: date, names: Collection[Name] = tuple(Name)) -> list[Figure]:
    """Give figures over the days from one to another (not included), money by currency; what has no day is missing."""
    rows = await source.fetch(SQL.figures, names=[*names], since=since, before=before)
    return [
        figure_of(DEFINITIONS[Name(name)], currency, map(_day, days))
        for (name, currency), days in groupby(rows, lambda row: (row["name"], row["currency"]))
    ]


def _day(row: asyncpg.Record) -> Day:
    return Day(
        day=row["day"],
        numerator=row["numerator"],
        denominator=row["denominator"],
        p50=row["p50"],
        p90=row["p90"],
        p99=row["p99"],
    )


async def orders_behind(source: Source, asked: Behind, after: str | None = None, limit: int = 50) -> Paged[Counted]:
    """Give the orders that a figure is made of, newest first."""
    cohort = DEFINITIONS[asked.name].cohort
    start, start_id = moment_after(after) if after else (_END, _LAST)
    window: dict[str, object] = {
        "since": datetime.combine(asked.since, time(), UTC),
        "before": datetime.combine(asked.before, time(), UTC),
        **({"now": asked.now} if cohort == "due" else {}),
        **({"name": asked.name} if cohort in {"placed", "shipped"} else {}),
        "currency": asked.currency,
    }
    rows = await source.fetch(
        _BEHIND[cohort], **window, only_bad=asked.only_bad, after=start, after_id=start_id, limit=limit + 1
    )
    return cut([_counted(row) for row in rows], limit, lambda order: (order.counted_at, order.order_id))


def _counted(row: asyncpg.Record) -> Counted:
    return Counted(**{**row, "stage": Stage(row["stage"]), "incidents": tuple(row["incidents"])})
