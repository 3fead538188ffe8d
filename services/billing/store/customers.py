"""Customers on account: their terms, what of their limits is taken, and who waits for room."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from chassis import Tx
from services.billing.core.credit import Terms, Waiting
from services.billing.store.sql import SQL


async def load_terms(tx: Tx, customer_ids: Collection[str]) -> dict[str, Terms]:
    """Give the terms in force of customers that have any."""
    if not customer_ids:
        return {}
    rows = await tx.fetch(SQL.load_terms, customer_ids=sorted(customer_ids))
    return {row["customer_id"]: Terms(**row) for row in rows}


async def save_terms(tx: Tx, terms: Sequence[tuple[Terms, datetime]]) -> None:
    """Put terms in force, each customer at most once; an older record changes nothing."""
    await tx.execute(
        SQL.save_terms,
        customer_ids=[row.customer_id for row, _ in terms],
        currencies=[row.currency for row, _ in terms],
        days_nets=[row.days_net for row, _ in terms],
        credit_limits=[row.credit_limit for row, _ in terms],
        effective_froms=[row.effective_from for row, _ in terms],
        recorded_ats=[recorded_at for _, recorded_at in terms],
    )


async def add_exposure(tx: Tx, changes: Mapping[tuple[str, str], int]) -> None:
    """Add to what customers owe or will owe, by customer and currency."""
    keys = sorted(changes)
    await tx.execute(
        SQL.add_exposure,
        customer_ids=[customer_id for customer_id, _ in keys],
        currencies=[currency for _, currency in keys],
        amounts=[changes[key] for key in keys],
    )


async def waiting_orders(tx: Tx, customer_ids: Collection[str]) -> dict[str, list[Waiting]]:
    """Give the orders that wait for room, by customer, oldest first."""
    waiting: dict[str, list[Waiting]] = defaultdict(list)
    for row in await tx.fetch(SQL.waiting_orders, customer_ids=sorted(customer_ids)):
        waiting[row["customer_id"]].append(Waiting(*row))
    return waiting
