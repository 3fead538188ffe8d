"""Orders as a list: found, filtered, sorted and paged by the database."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import asyncpg

from chassis import Query
from services.console.core.orders import Order, Sort, Wanted
from services.console.core.paging import Key, Paged, cut, moment_after, number_after
from services.console.core.stages import Stage
from services.console.store.sql import SQL, Source

_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LAST: Final = "\uffff"  # after every id, in the order of bytes
_MOST: Final = 2**62
NAMED_MAX: Final = 200  # a name that fits more orders is a customer's: the list can be filtered by it


class _Order(NamedTuple):
    """One way of sorting: its statement, where it begins, and the column it goes by."""

    query: Query
    start: tuple[Key, str]
    read: Callable[[str], tuple[Key, str]]
    key: Callable[[Order], Key]


_ORDERS: Final = {
    Sort.NEWEST: _Order(SQL.orders_by_newest, (_END, _LAST), moment_after, lambda each: each.placed_at or _BEGIN),
    Sort.OLDEST: _Order(SQL.orders_by_oldest, (_BEGIN, ""), moment_after, lambda each: each.placed_at or _BEGIN),
    Sort.LONGEST_IN_STAGE: _Order(
        SQL.orders_by_longest_in_stage, (_BEGIN, ""), moment_after, lambda each: each.since or _BEGIN
    ),
    Sort.SHIP_BY: _Order(SQL.orders_by_ship_by, (_BEGIN, ""), moment_after, lambda each: each.ship_by or _BEGIN),
    Sort.LARGEST: _Order(SQL.orders_by_largest, (_MOST, _LAST), number_after, lambda each: each.total),
}


async def search(
    source: Source, wanted: Wanted, sort: Sort = Sort.NEWEST, after: str | None = None, limit: int = 50
) -> Paged[Order]:
    """Give one page of the orders wanted; `after` is what the page before gave as `next`."""
    filters = asdict(wanted)
    text = filters.pop("text")
    if text:
        return await _named(source, text, filters, sort, limit)
    order = _ORDERS[sort]
    start, start_id = order.read(after) if after else _start(wanted, sort)
    rows = await source.fetch(order.query, **filters, after=start, after_id=start_id, limit=limit + 1)
    return cut([order_of(row) for row in rows], limit, lambda each: (order.key(each), each.order_id))


def _start(wanted: Wanted, sort: Sort) -> tuple[Key, str]:
    """Begin a list by time where its first order can be: a walk from the end of all would pass what is not wanted."""
    if sort is Sort.NEWEST and wanted.placed_before:
        return wanted.placed_before, ""
    if sort is Sort.OLDEST and wanted.placed_from:
        return wanted.placed_from, ""
    return _ORDERS[sort].start


async def _named(source: Source, text: str, filters: dict[str, Any], sort: Sort, limit: int) -> Paged[Order]:
    """Give what a typed name fits: few enough for one page, sorted here."""
    beginning = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found = await source.fetch(SQL.orders_named, text=text.strip(), beginning=beginning, limit=NAMED_MAX)
    rows = await source.fetch(SQL.orders_by_id, **filters, order_ids=[row["order_id"] for row in found])
    is_falling = sort in (Sort.NEWEST, Sort.LARGEST)
    orders = sorted(map(order_of, rows), key=_ORDERS[sort].key, reverse=is_falling)
    return Paged(rows=tuple(orders[:limit]))


def order_of(row: asyncpg.Record) -> Order:
    """Read one order of a list."""
    columns = dict(row)
    columns["stage"] = Stage(columns["stage"])
    columns["holds"], columns["incidents"] = tuple(columns["holds"]), tuple(columns["incidents"])
    return Order(**columns)
