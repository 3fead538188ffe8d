"""Stock: levels, movements, who reserves what, what is backordered and what is on order."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from services.console.core.paging import Paged, cut, day_after, moment_after, text_after
from services.console.core.stages import Stage
from services.console.core.stock import Backorder, Level, Movement, Purchase, Reservation
from services.console.store.sql import SQL, Source

_BEGIN: Final = date(1970, 1, 1)
_END: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LAST: Final = "\uffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place that holds stock."""

    location_id: str
    kind: str
    city: str
    country: str


async def levels(
    source: Source,
    *,
    sku: str | None = None,
    location_id: str | None = None,
    only_short: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Paged[Level]:
    """Give what lies where, by item; `sku` is the beginning of one."""
    start, start_id = text_after(after) if after else ("", "")
    beginning = sku.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if sku else None
    rows = await source.fetch(
        SQL.levels,
        sku=beginning,
        location_id=location_id,
        only_short=only_short,
        after=start,
        after_id=start_id,
        limit=limit + 1,
    )
    return cut([Level(**row) for row in rows], limit, lambda level: (level.sku, level.location_id))


async def locations(source: Source) -> list[Location]:
    """Give every place."""
    return [Location(**row) for row in await source.fetch(SQL.locations)]


async def movements(
    source: Source,
    sku: str,
    *,
    location_id: str | None = None,
    kind: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Paged[Movement]:
    """Give an item's journal, newest first."""
    start, start_id = moment_after(after) if after else (_END, _LAST)
    rows = await source.fetch(
        SQL.movements, sku=sku, location_id=location_id, kind=kind, after=start, after_id=start_id, limit=limit + 1
    )
    return cut([Movement(**row) for row in rows], limit, lambda each: (each.at, each.movement_id))


async def reservations(source: Source, sku: str, after: str = "", limit: int = 50) -> Paged[Reservation]:
    """Give the open orders that want an item; `after` is the last order's id."""
    rows = await source.fetch(SQL.reservations, sku=sku, after=after, limit=limit + 1)
    page = tuple(map(_reservation, rows[:limit]))
    return Paged(rows=page, next=page[-1].order_id if len(rows) > limit else None)


def _reservation(row: asyncpg.Record) -> Reservation:
    reserved, places = row["reserved"], row["locations"]
    if not reserved:
        reserved, places = row["promised"] or 0, row["promised_at"]
    return Reservation(
        order_id=row["order_id"],
        channel=row["channel"],
        channel_order_id=row["channel_order_id"],
        stage=Stage(row["stage"]),
        ship_by=row["ship_by"],
        line_id=row["line_id"],
        quantity=row["quantity"],
        reserved=reserved,
        waiting=row["waiting"],
        locations=tuple(place for place in places or () if place),
    )


async def backorders(
    source: Source, sku: str | None = None, after: str | None = None, limit: int = 50
) -> Paged[Backorder]:
    """Give the lines that wait for goods, those expected first on top; what nobody has promised comes last."""
    start, start_id = day_after(after) if after else (_BEGIN, "")
    rows = await source.fetch(SQL.backorders, sku=sku, after=start, after_id=start_id, limit=limit + 1)
    return cut([Backorder(**row) for row in rows], limit, _expected)


def _expected(backorder: Backorder) -> tuple[date, str]:
    return backorder.expected_on or date.max, f"{backorder.order_id}/{backorder.line_id}"


async def purchases(
    source: Source, *, only_open: bool = True, after: str | None = None, limit: int = 50
) -> Paged[Purchase]:
    """Give what is on order from suppliers, newest first."""
    start, start_id = moment_after(after) if after else (_END, _LAST)
    rows = await source.fetch(SQL.purchases, only_open=only_open, after=start, after_id=start_id, limit=limit + 1)
    return cut([Purchase(**row) for row in rows], limit, lambda each: (each.ordered_at or _END, each.purchase_order_id))
