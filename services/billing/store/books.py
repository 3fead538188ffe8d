"""The ledger and the costs of what left."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chassis import Tx
from services.billing.core.ledger import Posting
from services.billing.store.sql import SQL


class ShippedCost(NamedTuple):
    """What units of a dispatched line cost."""

    quantity: int
    cost: int
    currency: str


async def post(tx: Tx, postings: Sequence[Posting], now: datetime) -> None:
    """Append to the ledger; every posting balances, and none was made before."""
    if not postings:
        return
    entries = [(posting, entry) for posting in postings for entry in posting.entries]
    await tx.execute(
        SQL.post,
        kinds=[posting.kind for posting in postings],
        references=[posting.reference for posting in postings],
        order_ids=[posting.order_id for posting in postings],
        currencies=[posting.currency for posting in postings],
        entry_kinds=[posting.kind for posting, _ in entries],
        entry_references=[posting.reference for posting, _ in entries],
        accounts=[entry.account for _, entry in entries],
        amounts=[entry.amount for _, entry in entries],
        now=now,
    )


async def insert_costs(tx: Tx, costs: Mapping[tuple[str, str], ShippedCost]) -> None:
    """Remember what the lines of shipments cost."""
    keys = sorted(costs)
    await tx.execute(
        SQL.insert_costs,
        shipment_ids=[shipment_id for shipment_id, _ in keys],
        line_ids=[line_id for _, line_id in keys],
        quantities=[costs[key].quantity for key in keys],
        costs=[costs[key].cost for key in keys],
        currencies=[costs[key].currency for key in keys],
    )


async def load_costs(tx: Tx, shipment_ids: Collection[str]) -> dict[tuple[str, str], ShippedCost]:
    """Give what the lines of shipments cost, by shipment and line."""
    rows = await tx.fetch(SQL.load_costs, shipment_ids=sorted(shipment_ids))
    return {
        (row["shipment_id"], row["line_id"]): ShippedCost(row["quantity"], row["cost"], row["currency"]) for row in rows
    }


async def known_costs(tx: Tx, keys: Collection[str]) -> set[str]:
    """Tell of which shipments the cost has been heard."""
    return {shipment_id for shipment_id, _ in await load_costs(tx, keys)}
