"""Notifications' memory: one function a statement of `sql/queries.sql`. Decides nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields

from chassis import Queries, Tx
from services.notifications import core

SQL = Queries.beside(__file__)
_CUSTOMER = tuple(field.name for field in fields(core.Customer))


async def save_orders(tx: Tx, numbers: Mapping[str, str]) -> None:
    """Keep by which number a customer knows an order."""
    await tx.execute(SQL.save_orders, order_ids=list(numbers), numbers=list(numbers.values()))


async def known_orders(tx: Tx, order_ids: Collection[str]) -> set[str]:
    """Tell which orders were received."""
    return {row["order_id"] for row in await tx.fetch(SQL.known_orders, order_ids=list(order_ids))}


async def save_contacts(tx: Tx, rows: Sequence[tuple[str, int, str, str | None, str]]) -> None:
    """Keep whom to tell about each order, unless that was erased."""
    order_ids, versions, names, emails, languages = zip(*rows, strict=True)
    await tx.execute(
        SQL.save_contacts, order_ids=order_ids, versions=versions, names=names, emails=emails, languages=languages
    )


async def erase_contacts(tx: Tx, order_ids: Collection[str]) -> None:
    """Forget whom to tell, for ever."""
    await tx.execute(SQL.erase_contacts, order_ids=list(order_ids))


async def known_contacts(tx: Tx, order_ids: Collection[str]) -> set[str]:
    """Tell of which orders the contacts were heard, or erased."""
    return {row["order_id"] for row in await tx.fetch(SQL.known_contacts, order_ids=list(order_ids))}


async def customers(tx: Tx, order_ids: Collection[str]) -> dict[str, core.Customer]:
    """Read whom to tell about orders that are known."""
    rows = await tx.fetch(SQL.customers, order_ids=list(order_ids))
    return {row["order_id"]: core.Customer(**{name: row[name] for name in _CUSTOMER}) for row in rows}


async def claim_messages(tx: Tx, keys: Collection[core.Key]) -> set[core.Key]:
    """Take these messages on, and say which of them nobody took before."""
    if not keys:
        return set()
    order_ids, milestones, abouts = zip(*keys, strict=True)
    rows = await tx.fetch(SQL.claim_messages, order_ids=order_ids, milestones=milestones, abouts=abouts)
    return {(row["order_id"], row["milestone"], row["about"]) for row in rows}


async def save_outcomes(tx: Tx, outcomes: Mapping[core.Key, core.Outcome]) -> None:
    """Keep what became of messages: sent, or why not."""
    order_ids, milestones, abouts = zip(*outcomes, strict=True)
    words = [outcome.reason or "sent" for outcome in outcomes.values()]
    await tx.execute(SQL.save_outcomes, order_ids=order_ids, milestones=milestones, abouts=abouts, outcomes=words)
