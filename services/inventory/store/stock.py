"""Stock, its journal and its value."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from asyncpg import Record

from chassis import Tx
from services.inventory.core.stock import Item, Movement, Place, Shelf, Stock
from services.inventory.core.valuation import Valuation
from services.inventory.store.sql import SQL

Level = tuple[Item, str]
"""An item and one of the locations where it lies."""


async def load_stock(tx: Tx, items: Collection[Item]) -> Stock:
    """Give all shelves of some items."""
    return Stock(await _shelves(tx, items))


async def load_valued_stock(tx: Tx, items: Collection[Item], today: date) -> Stock:
    """Give all shelves of some items and what they are worth: for turns in which goods come or go."""
    return Stock(await _shelves(tx, items), await _valuations(tx, items, today))


async def load_levels(tx: Tx, levels: Collection[Level], today: date) -> Stock:
    """Give the shelves of some items at some locations and what they are worth: for goods that go from there."""
    rows = await tx.fetch(
        SQL.load_levels,
        skus=[item.sku for item, _ in levels],
        stock_owners=[item.stock_owner for item, _ in levels],
        location_ids=[location_id for _, location_id in levels],
    )
    return Stock(_read_shelves(rows), await _valuations(tx, {item for item, _ in levels}, today))


async def _shelves(tx: Tx, items: Collection[Item]) -> Iterable[Shelf]:
    rows = await tx.fetch(
        SQL.load_stock, skus=[item.sku for item in items], stock_owners=[item.stock_owner for item in items]
    )
    return _read_shelves(rows)


def _read_shelves(rows: Iterable[Record]) -> Iterable[Shelf]:
    for sku, owner, location_id, bin_name, *levels in rows:
        yield Shelf(Place(Item(sku, owner), location_id, bin_name), *levels)


async def _valuations(tx: Tx, items: Collection[Item], today: date) -> Mapping[Item, Valuation]:
    rows = await tx.fetch(
        SQL.load_valuations,
        skus=[item.sku for item in items],
        stock_owners=[item.stock_owner for item in items],
        today=today,
    )
    return {
        Item(sku, owner): Valuation(standard_cost, quantity, value)
        for sku, owner, standard_cost, quantity, value in rows
    }


async def save_stock(tx: Tx, stock: Stock, moved_at: datetime) -> list[int]:
    """Write what changed and the journal; give the ids of its movements, in its order."""
    changes = [(stock.at(place), change) for place, change in stock.changes.items()]
    if known := [change for change in changes if change[0].version]:
        await tx.execute(SQL.move_stock, **_columns(known))
    if new := [change for change in changes if not change[0].version]:
        await tx.execute(SQL.add_stock, **_columns(new))
    for shelf, _ in changes:
        shelf.version += 1
    if stock.revalued:
        await _save_valuations(tx, stock.revalued)
    return await _add_movements(tx, stock.journal, moved_at) if stock.journal else []


def _columns(changes: Sequence[tuple[Shelf, list[int]]]) -> dict[str, list[object]]:
    return {
        "skus": [shelf.place.item.sku for shelf, _ in changes],
        "stock_owners": [shelf.place.item.stock_owner for shelf, _ in changes],
        "location_ids": [shelf.place.location_id for shelf, _ in changes],
        "bins": [shelf.place.bin for shelf, _ in changes],
        "on_hand": [change[0] for _, change in changes],
        "picked": [change[1] for _, change in changes],
        "reserved": [change[2] for _, change in changes],
        "missing": [shelf.missing for shelf, _ in changes],
        "blocked": [shelf.blocked for shelf, _ in changes],
        "counted_at": [shelf.counted_at for shelf, _ in changes],
    }


async def _add_movements(tx: Tx, journal: Collection[Movement], moved_at: datetime) -> list[int]:
    places, kinds, quantities, causes, values = zip(*journal, strict=True)
    items, location_ids, bins = zip(*places, strict=True)
    skus, stock_owners = zip(*items, strict=True)
    rows = await tx.fetch(
        SQL.add_movements,
        skus=skus,
        stock_owners=stock_owners,
        location_ids=location_ids,
        bins=bins,
        kinds=kinds,
        quantities=quantities,
        values=values,
        causes=causes,
        moved_at=moved_at,
    )
    return [movement_id for (movement_id,) in rows]


async def _save_valuations(tx: Tx, valuations: Mapping[Item, Valuation]) -> None:
    await tx.execute(
        SQL.save_valuations,
        skus=[item.sku for item in valuations],
        stock_owners=[item.stock_owner for item in valuations],
        quantities=[valuation.quantity for valuation in valuations.values()],
        values=[valuation.value for valuation in valuations.values()],
    )
