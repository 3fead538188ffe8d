"""Rows on their way into the model: gathered from a batch by their natural keys, written table by table, settled."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import asyncpg

from chassis.ledger import Statements
from chassis.wire import moment_of
from services.console.store.sql import SQL

Key = tuple[object, ...]
Pointer = tuple[datetime, str, int, int, str, str, str, str | None]
"""Time, topic, lane, position, key, type, event, cause."""
Pace = tuple[int, str, str]
"""Bucket (milliseconds since the epoch), type and topic."""

# Every batch writes the tables in this order, so that none waits for another in a circle.
_TABLES: Final = (
    "placed_order", "order_lines", "hold", "cancellation", "promise", "sourcing", "shipment", "work", "short_pick",
    "parcel", "message", "item", "location", "carton", "stock_level", "movement", "purchase", "receipt", "invoice",
    "money_event", "refund", "dead_letter",
)  # fmt: skip
# What says something about where an order stands: any row of these tables, or one that tells one of the columns.
_STANDING: Final[Mapping[str, frozenset[str]]] = {
    "placed_order": frozenset({"received_at", "released_at", "rejected_at", "completed_at", "promised_at"}),
    "order_lines": frozenset(),
    "hold": frozenset(),
    "cancellation": frozenset(),
    "short_pick": frozenset(),
    "shipment": frozenset({"units", "goods_cost"}),
    "parcel": frozenset(
        {"units", "label_cost", "voided_at", "dispatched_at", "delivered_at", "closed_at", "exception"}
    ),
}
# And about what its lines still wait for.
_WAITING: Final[Mapping[str, frozenset[str]]] = {
    "placed_order": frozenset({"units", "rejected_at", "completed_at"}),
    "order_lines": frozenset(),
    "cancellation": frozenset(),
    "short_pick": frozenset(),
    "shipment": frozenset({"lines"}),
    "backorder": frozenset(),
}
# Rows that one event tells, once: nearly always they are new, and appending is half the price of asking for each.
_TOLD_ONCE: Final = frozenset(
    {
        "order_lines",
        "promise",
        "sourcing",
        "work",
        "short_pick",
        "message",
        "movement",
        "receipt",
        "invoice",
        "money_event",
    }
)
_POINTER: Final = ("at", "topic", "lane", "position", "key", "type", "event_id", "cause_id")


class Rows:
    """What one batch says, row by row."""

    def __init__(self) -> None:
        self.tables: defaultdict[str, dict[Key, dict[str, Any]]] = defaultdict(dict)
        self.pointers: list[Pointer] = []
        self.paces: Counter[Pace] = Counter()
        self.resolved: list[dict[str, Any]] = []
        self.reports: dict[datetime, str] = {}

    def put(self, table: str, key: Mapping[str, object], /, **columns: object) -> None:
        """Add what is known of a row; of a column told twice, the later counts, as it does in the log."""
        rows, place = self.tables[table], tuple(key.values())
        row = rows.get(place)
        if row is None:
            row = rows[place] = {**key}
        for name, value in columns.items():
            if value is not None:
                row[name] = value

    def put_newest(self, table: str, key: Mapping[str, object], by: str, /, **columns: Any) -> None:  # noqa: ANN401 (rows)
        """Add columns that the newest revision (or version, or time) replaces."""
        row = self.tables[table].get(tuple(key.values()))
        if row is None or by not in row or columns[by] > row[by]:
            self.put(table, key, **columns)


async def save(tx: Statements, rows: Rows) -> None:
    """Write what a batch says, and what follows from it."""
    await _save_pointers(tx, rows)
    for table in (*_TABLES, "backorder"):
        if gathered := rows.tables.get(table):
            await _save(tx, table, gathered.values())
    if rows.resolved:
        await _execute(tx, "resolve_dead_letters", rows.resolved)
    for taken_at, report in rows.reports.items():
        await tx.execute(SQL.save_report, taken_at=taken_at, report=report)
    await _settle(tx, rows)


async def _save(tx: Statements, table: str, gathered: Collection[dict[str, Any]]) -> None:
    if table not in _TOLD_ONCE or not await _append(tx, table, gathered):
        await _execute(tx, f"save_{table}", list(gathered))


async def _append(tx: Statements, table: str, gathered: Iterable[dict[str, Any]]) -> bool:
    """Append rows by COPY; False, and nothing is done, where one of them is known already."""
    columns = SQL[f"save_{table}"].params
    await tx.execute(SQL.begin_append)
    try:
        await tx.copy(table, columns, [tuple(map(row.get, columns)) for row in gathered])
    except asyncpg.UniqueViolationError:
        await tx.execute(SQL.undo_append)
        return False
    await tx.execute(SQL.end_append)
    return True


async def _execute(tx: Statements, name: str, gathered: Sequence[dict[str, Any]]) -> None:
    query = SQL[name]
    await tx.execute(query, **{column: [row.get(column) for row in gathered] for column in query.params})


async def _settle(tx: Statements, rows: Rows) -> None:
    if promises := sorted({row["order_id"] for row in rows.tables["promise"].values() if row.get("cause")}):
        await tx.execute(SQL.settle_promises, order_ids=promises)
    if invoices := sorted(_invoices(rows)):
        await tx.execute(SQL.settle_invoices, invoice_numbers=invoices)
    if standing := sorted(_touched(rows, _STANDING)):
        await tx.execute(SQL.settle_orders, order_ids=standing)
    if waiting := sorted(_touched(rows, _WAITING)):
        await tx.execute(SQL.settle_backorders, order_ids=waiting)


def _touched(rows: Rows, telling: Mapping[str, frozenset[str]]) -> set[str]:
    """Give the orders about which a row of these tables was told, or one of these columns."""
    return {
        row["order_id"]
        for table, columns in telling.items()
        for row in rows.tables[table].values()
        if not columns or not columns.isdisjoint(row)
    }


def _invoices(rows: Rows) -> Iterable[str]:
    yield from (row["invoice_number"] for row in rows.tables["invoice"].values())
    yield from (row["invoice_number"] for row in rows.tables["money_event"].values() if row.get("invoice_number"))


async def _save_pointers(tx: Statements, rows: Rows) -> None:
    names = {pace[1] for pace in rows.paces} | {pace[2] for pace in rows.paces}
    ids = await _numbers(tx, names)
    await tx.copy(
        "pointer",
        _POINTER,
        [
            (at, ids[topic], lane, position, key, ids[kind], event_id, cause_id)
            for at, topic, lane, position, key, kind, event_id, cause_id in rows.pointers
        ],
    )
    paces = sorted(rows.paces.items())
    await tx.execute(
        SQL.add_paces,
        buckets=[moment_of(bucket_ms) for (bucket_ms, _, _), _ in paces],
        types=[ids[kind] for (_, kind, _), _ in paces],
        topics=[ids[topic] for (_, _, topic), _ in paces],
        records=[records for _, records in paces],
    )


async def _numbers(tx: Statements, names: Collection[str]) -> dict[str, int]:
    """Give the number of each name, new ones too."""
    known = {row["name"]: row["id"] for row in await tx.fetch(SQL.known_names, names=sorted(names))}
    if new := sorted(names - known.keys()):
        known |= {row["name"]: row["id"] for row in await tx.fetch(SQL.add_names, names=new)}
    return known


# --- chores -----------------------------------------------------------------------------------------------------------


async def keep_days(tx: Statements, today: date, days: int) -> None:
    """Make the tables of the coming days, and drop those that no topic remembers; forget old reports."""
    first = datetime.combine(today - timedelta(days=days), time(), UTC)
    await tx.execute(SQL.forget_reports, before=first)
    await tx.execute(SQL.keep_days, first=today - timedelta(days=days), last=today + timedelta(days=2))


async def forget_paces(tx: Statements, before: datetime) -> None:
    """Forget how fast it was long ago."""
    await tx.execute(SQL.forget_paces, before=before)


async def add_up_figures(tx: Statements, since: datetime, now: datetime, days_max: int) -> int:
    """Add up the figures of the days on which something changed, the newest first; tell how many days that were."""
    await tx.execute(SQL.note_overdue, since=since, now=now)
    days = [row["day"] for row in await tx.fetch(SQL.take_due_days, limit=days_max)]
    if days:
        await tx.execute(SQL.forget_figures, days=days)
        await tx.execute(SQL.add_up_figures, days=days, now=now.astimezone(UTC))
    return len(days)
