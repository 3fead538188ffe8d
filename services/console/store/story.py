"""One order's story: all parts are asked for at once, since each way to the database and back takes a while."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from chassis import Query
from services.console.core.money import Invoice, Refund
from services.console.core.stages import Stage
from services.console.core.story import (
    Cancellation,
    Facts,
    Hold,
    Message,
    MoneyEvent,
    Parcel,
    Pointer,
    Promise,
    Shipment,
    ShortPick,
    Sourcing,
    StoryHead,
    StoryLine,
)
from services.console.store.sql import SQL, Source, facts

POINTERS_MAX = 2_000  # an order of 500 lines has about as many records
_PARTS: Final[Mapping[str, tuple[Query, type[Any]]]] = {
    "holds": (SQL.story_holds, Hold),
    "cancellations": (SQL.story_cancellations, Cancellation),
    "promises": (SQL.story_promises, Promise),
    "sourcings": (SQL.story_sourcings, Sourcing),
    "shipments": (SQL.story_shipments, Shipment),
    "parcels": (SQL.story_parcels, Parcel),
    "short_picks": (SQL.story_short_picks, ShortPick),
    "messages": (SQL.story_messages, Message),
    "money": (SQL.story_money, MoneyEvent),
    "invoices": (SQL.story_invoices, Invoice),
    "refunds": (SQL.story_refunds, Refund),
}
_FACTS: Final[Mapping[str, Callable[[Any], object]]] = {
    "lines": facts, "too_late": facts, "lost_quotes": facts, "lost_plans": facts, "plan": json.loads,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that the model knows of one order; the pointers tell where the rest lies."""

    head: StoryHead
    lines: tuple[StoryLine, ...]
    holds: tuple[Hold, ...]
    cancellations: tuple[Cancellation, ...]
    promises: tuple[Promise, ...]
    sourcings: tuple[Sourcing, ...]
    shipments: tuple[Shipment, ...]
    parcels: tuple[Parcel, ...]
    short_picks: tuple[ShortPick, ...]
    messages: tuple[Message, ...]
    money: tuple[MoneyEvent, ...]
    invoices: tuple[Invoice, ...]
    refunds: tuple[Refund, ...]


async def story(source: Source, order_id: str) -> Story | None:
    """Give all that the model knows of an order; None where it knows nothing."""
    heads, lines, *parts = await asyncio.gather(
        source.fetch(SQL.story_head, order_id=order_id),
        source.fetch(SQL.story_lines, order_id=order_id),
        *(source.fetch(query, order_id=order_id) for query, _ in _PARTS.values()),
    )
    if not heads:
        return None
    known: dict[str, Any] = {
        name: tuple(_read(kind, row) for row in rows)
        for (name, (_, kind)), rows in zip(_PARTS.items(), parts, strict=True)
    }
    counted = _counted(lines, known["cancellations"], known["shipments"], known["parcels"])
    return Story(head=_head(heads[0]), lines=counted, **known)


async def pointers(source: Source, order_id: str) -> list[Pointer]:
    """Give where every record about an order lies, in the order of its time."""
    keys = [row["key"] for row in await source.fetch(SQL.story_keys, order_id=order_id) if row["key"]]
    return [Pointer(**row) for row in await source.fetch(SQL.pointers, keys=keys, limit=POINTERS_MAX)]


async def told_at(source: Source, message_id: str) -> datetime | None:
    """Tell when a message was sent; None where it was not, or nobody said so."""
    rows = await source.fetch(SQL.message_told_at, message_id=message_id)
    return rows[0]["sent_at"] if rows else None


def _head(row: asyncpg.Record) -> StoryHead:
    columns = dict(row)
    columns["stage"] = Stage(columns["stage"])
    columns["holds"], columns["incidents"] = tuple(columns["holds"]), tuple(columns["incidents"])
    return StoryHead(**columns)


def _read(kind: type[Any], row: asyncpg.Record) -> object:
    """Read a row whose facts are stored as their event told them."""
    return kind(**{name: _FACTS[name](value) if name in _FACTS else value for name, value in row.items()})


def _line(row: dict[str, Any], counts: dict[str, Counter[str]]) -> StoryLine:
    return StoryLine(**row | {name: count[row["line_id"]] for name, count in counts.items()})


def _counted(
    rows: Iterable[asyncpg.Record],
    cancellations: Iterable[Cancellation],
    shipments: Iterable[Shipment],
    parcels: Iterable[Parcel],
) -> tuple[StoryLine, ...]:
    """Count each line's units by how far they came."""
    live = [parcel for parcel in parcels if not parcel.voided_at or parcel.dispatched_at]
    counts = {
        "cancelled": _units(each.lines for each in cancellations if each.cancelled_at),
        "allocated": _units(each.lines for each in shipments),
        "packed": _units(parcel.lines for parcel in live),
        "dispatched": _units(parcel.lines for parcel in live if parcel.dispatched_at),
        "delivered": _units(parcel.lines for parcel in live if parcel.delivered_at),
    }
    return tuple(_line(dict(row), counts) for row in rows)


def _units(lists: Iterable[Facts]) -> Counter[str]:
    units = Counter[str]()
    for lines in lists:
        for line in lines:
            units[line["line_id"]] += line["quantity"]
    return units
