"""What was ordered from suppliers."""

from collections.abc import Collection, Sequence

from asyncpg import Record

from chassis import Tx
from services.inventory.core.replenishment import Purchase, PurchaseLine
from services.inventory.core.stock import Item
from services.inventory.store.sql import SQL


async def known_purchases(tx: Tx, purchase_order_ids: Collection[str]) -> set[str]:
    """Tell which of these purchases are ours."""
    rows = await tx.fetch(SQL.known_purchases, purchase_order_ids=sorted(purchase_order_ids))
    return {row["purchase_order_id"] for row in rows}


async def add_purchases(tx: Tx, purchases: Sequence[Purchase]) -> None:
    """Keep new purchases with their lines."""
    if not purchases:
        return
    await tx.execute(
        SQL.add_purchases,
        purchase_order_ids=[purchase.purchase_order_id for purchase in purchases],
        supplier_ids=[purchase.supplier_id for purchase in purchases],
        stock_owners=[purchase.stock_owner for purchase in purchases],
        location_ids=[purchase.location_id for purchase in purchases],
        currencies=[purchase.currency for purchase in purchases],
        wanted_on=[purchase.wanted_on for purchase in purchases],
        attempts=[purchase.attempt for purchase in purchases],
    )
    await _add_lines(tx, [line for purchase in purchases for line in purchase.lines])


async def _add_lines(tx: Tx, lines: Sequence[PurchaseLine]) -> None:
    await tx.execute(
        SQL.add_purchase_lines,
        purchase_order_ids=[line.purchase_order_id for line in lines],
        line_ids=[line.line_id for line in lines],
        skus=[line.item.sku for line in lines],
        ordered=[line.ordered for line in lines],
        costs=[line.cost for line in lines],
        expected_on=[line.expected_on for line in lines],
    )


async def load_purchases(tx: Tx, purchase_order_ids: Collection[str]) -> dict[str, Purchase]:
    """Give purchases with their lines."""
    ids = sorted(purchase_order_ids)
    purchases = {
        row["purchase_order_id"]: Purchase(*row) for row in await tx.fetch(SQL.load_purchases, purchase_order_ids=ids)
    }
    for row in await tx.fetch(SQL.load_purchase_lines, purchase_order_ids=ids):
        purchases[row["purchase_order_id"]].put(_line(row))
    return purchases


async def lines_coming(tx: Tx, items: Collection[Item]) -> list[PurchaseLine]:
    """Give what suppliers still owe of some items, the first to come first."""
    rows = await tx.fetch(SQL.lines_coming, skus=sorted({item.sku for item in items}))
    return [line for line in map(_line, rows) if line.item in items]


async def save_purchases(tx: Tx, purchases: Collection[Purchase]) -> None:
    """Write how far the lines of purchases have come that changed, also those that came unasked."""
    lines = [line for purchase in purchases for line in purchase.lines if line.is_changed]
    if unasked := [line for line in lines if line.is_new]:
        await _add_lines(tx, unasked)
    if not lines:
        return
    await tx.execute(
        SQL.save_purchase_lines,
        purchase_order_ids=[line.purchase_order_id for line in lines],
        line_ids=[line.line_id for line in lines],
        received=[line.received for line in lines],
        refused=[line.refused for line in lines],
        expected_on=[line.expected_on for line in lines],
    )


async def save_reorders(tx: Tx, purchases: Collection[Purchase]) -> None:
    """Count what was ordered again from purchases: its names go on from there."""
    if not purchases:
        return
    await tx.execute(
        SQL.save_reorders,
        purchase_order_ids=[purchase.purchase_order_id for purchase in purchases],
        reorders=[purchase.reorders for purchase in purchases],
    )


def _line(row: Record) -> PurchaseLine:
    return PurchaseLine(
        row["purchase_order_id"],
        row["line_id"],
        Item(row["sku"], row["stock_owner"]),
        row["ordered"],
        row["cost"],
        row["received"],
        row["refused"],
        row["expected_on"],
    )
