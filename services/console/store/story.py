"""One order's story, part by part: a page asks for those it shows."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
    heads = await source.fetch(SQL.story_head, order_id=order_id)
    if not heads:
        return None
    cancellations = [Cancellation(**row) for row in await _with_facts(source, SQL.story_cancellations, order_id)]
    shipments = [Shipment(**row) for row in await _with_facts(source, SQL.story_shipments, order_id)]
    parcels = [Parcel(**row) for row in await _with_facts(source, SQL.story_parcels, order_id)]
    lines = await source.fetch(SQL.story_lines, order_id=order_id)
    return Story(
        head=_head(heads[0]),
        lines=_counted(lines, cancellations, shipments, parcels),
        holds=tuple(Hold(**row) for row in await source.fetch(SQL.story_holds, order_id=order_id)),
        cancellations=tuple(cancellations),
        promises=tuple(Promise(**row) for row in await _with_facts(source, SQL.story_promises, order_id)),
        sourcings=tuple(map(_sourcing, await source.fetch(SQL.story_sourcings, order_id=order_id))),
        shipments=tuple(shipments),
        parcels=tuple(parcels),
        short_picks=tuple(ShortPick(**row) for row in await source.fetch(SQL.story_short_picks, order_id=order_id)),
        messages=tuple(Message(**row) for row in await source.fetch(SQL.story_messages, order_id=order_id)),
        money=tuple(MoneyEvent(**row) for row in await source.fetch(SQL.story_money, order_id=order_id)),
        invoices=tuple(Invoice(**row) for row in await source.fetch(SQL.story_invoices, order_id=order_id)),
        refunds=tuple(Refund(**row) for row in await source.fetch(SQL.story_refunds, order_id=order_id)),
    )


async def pointers(source: Source, order_id: str) -> list[Pointer]:
    """Give where every record about an order lies, in the order of its time."""
    keys = [row["key"] for row in await source.fetch(SQL.story_keys, order_id=order_id) if row["key"]]
    return [Pointer(**row) for row in await source.fetch(SQL.pointers, keys=keys, limit=POINTERS_MAX)]


def _head(row: asyncpg.Record) -> StoryHead:
    columns = dict(row)
    columns["stage"] = Stage(columns["stage"])
    columns["holds"], columns["incidents"] = tuple(columns["holds"]), tuple(columns["incidents"])
    return StoryHead(**columns)


async def _with_facts(source: Source, query: Query, order_id: str) -> list[dict[str, Any]]:
    """Read rows whose lists are stored as their events told them."""
    lists = ("lines", "too_late", "lost_quotes")
    return [
        {name: facts(value) if name in lists else value for name, value in row.items()}
        for row in await source.fetch(query, order_id=order_id)
    ]


def _sourcing(row: asyncpg.Record) -> Sourcing:
    return Sourcing(**{**row, "plan": json.loads(row["plan"]), "lost_plans": facts(row["lost_plans"])})


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
