"""Reference data: items, locations, rate cards."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from chassis import Tx
from services.inventory.core.replenishment import Supply
from services.inventory.store.sql import SQL


class ItemRow(NamedTuple):
    """An item's record, from its day on."""

    sku: str
    stock_owner: str
    effective_from: date
    recorded_at: datetime
    supply: Supply


class NetworkRow(NamedTuple):
    """A location's or rate card's record as it came, from its day on."""

    kind: str
    id: str
    effective_from: date
    recorded_at: datetime
    document: str


async def known_items(tx: Tx, skus: Collection[str]) -> set[str]:
    """Tell which of these items were ever defined."""
    return {row["sku"] for row in await tx.fetch(SQL.known_items, skus=sorted(skus))}


async def known_locations(tx: Tx, ids: Collection[str]) -> set[str]:
    """Tell which of these locations were ever defined."""
    return {row["id"] for row in await tx.fetch(SQL.known_locations, ids=sorted(ids))}


async def save_items(tx: Tx, rows: Sequence[ItemRow]) -> None:
    """Keep the newest record of each item and day."""
    newest = {(row.sku, row.effective_from): row for row in sorted(rows, key=lambda row: row.recorded_at)}.values()
    await tx.execute(
        SQL.save_items,
        skus=[row.sku for row in newest],
        stock_owners=[row.stock_owner for row in newest],
        effective_from=[row.effective_from for row in newest],
        recorded_at=[row.recorded_at for row in newest],
        weights_g=[row.supply.weight_g for row in newest],
        costs=[row.supply.cost for row in newest],
        currencies=[row.supply.currency for row in newest],
        supplier_ids=[row.supply.supplier_id for row in newest],
        lead_times_days=[row.supply.lead_time_days for row in newest],
        each_per_case=[row.supply.pieces.get("case") for row in newest],
        each_per_pallet=[row.supply.pieces.get("pallet") for row in newest],
    )


async def save_network(tx: Tx, rows: Sequence[NetworkRow]) -> None:
    """Keep the newest record of each location or rate card and day."""
    newest = {row[:3]: row for row in sorted(rows, key=lambda row: row.recorded_at)}.values()
    await tx.execute(
        SQL.save_network,
        kinds=[row.kind for row in newest],
        ids=[row.id for row in newest],
        effective_from=[row.effective_from for row in newest],
        recorded_at=[row.recorded_at for row in newest],
        documents=[row.document for row in newest],
    )


async def load_supplies(tx: Tx, skus: Collection[str], today: date) -> Mapping[str, Supply]:
    """Give what the catalogue says today about items, by sku."""
    return {
        row["sku"]: Supply(
            sku=row["sku"],
            supplier_id=row["supplier_id"],
            lead_time_days=row["lead_time_days"],
            cost=row["cost"],
            currency=row["currency"],
            weight_g=row["weight_g"],
            pieces={"case": row["each_per_case"], "pallet": row["each_per_pallet"]},
        )
        for row in await tx.fetch(SQL.load_items, skus=sorted(skus), today=today)
    }


async def load_network(tx: Tx, today: date) -> list[tuple[str, str]]:
    """Give kind and document of every location and rate card that is valid today."""
    return [(row["kind"], row["document"]) for row in await tx.fetch(SQL.load_network, today=today)]
