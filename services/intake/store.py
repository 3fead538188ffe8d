"""What intake remembers: orders, their lines by quantity, holds, asks, contacts.  Over `sql/queries.sql`, typed.

Decides nothing.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from chassis import Queries, Query, Tx
from services.intake.core import cancellation, lifecycle
from services.intake.core.cancellation import Ask, Wish

SQL = Queries.beside(__file__)

Quantities = Mapping[tuple[str, str], int]
"""Units by order and line."""


async def known_orders(tx: Tx, order_ids: Collection[str]) -> set[str]:
    """Tell which of these orders intake has, rejected ones too."""
    return {row["order_id"] for row in await tx.fetch(SQL.known_orders, order_ids=list(order_ids))}


async def known_asks(tx: Tx, ask_ids: Collection[str]) -> set[str]:
    """Tell which of these asks intake has made."""
    return {row["ask_id"] for row in await tx.fetch(SQL.known_asks, ask_ids=list(ask_ids))}


# --- orders -----------------------------------------------------------------------------------------------------------


async def lock_orders(tx: Tx, order_ids: Iterable[str]) -> dict[str, lifecycle.Order]:
    """Give these orders with their open holds, locked in sorted order."""
    rows = await tx.fetch(SQL.lock_orders, order_ids=sorted(set(order_ids)))
    return {row["order_id"]: _order(row) for row in rows}


def _order(row: asyncpg.Record) -> lifecycle.Order:
    facts = dict(row)
    numbers, reasons, groups = facts.pop("numbers"), facts.pop("reasons"), facts.pop("ship_group_ids")
    holds = tuple(
        lifecycle.Hold(number=number, reason=reason, ship_group_id=group)
        for number, reason, group in zip(numbers or (), reasons or (), groups or (), strict=True)
    )
    facts["state"], facts["funds"] = lifecycle.State(facts["state"]), lifecycle.Funds(facts["funds"])
    return lifecycle.Order(**facts, holds=holds)


async def insert_orders(tx: Tx, orders: Sequence[lifecycle.Order], lines: Quantities) -> None:
    """Write new orders with their lines and the holds they begin with."""
    await tx.execute(
        SQL.insert_orders,
        order_ids=[order.order_id for order in orders],
        channels=[order.channel for order in orders],
        channel_order_ids=[order.channel_order_id for order in orders],
        states=[order.state.value for order in orders],
        priorities=[order.priority for order in orders],
        holds_made=[order.holds_made for order in orders],
    )
    if lines:
        await _with_quantities(tx, SQL.insert_lines, lines)
    await insert_holds(tx, [(order.order_id, hold, None) for order in orders for hold in order.holds])


async def update_orders(tx: Tx, orders: Sequence[lifecycle.Order]) -> None:
    """Write what changed about these orders, their holds apart."""
    if orders:
        await tx.execute(
            SQL.update_orders,
            order_ids=[order.order_id for order in orders],
            states=[order.state.value for order in orders],
            funds=[order.funds.value for order in orders],
            are_promised=[order.is_promised for order in orders],
            were_released=[order.was_released for order in orders],
            versions=[order.version for order in orders],
            holds_made=[order.holds_made for order in orders],
            asks_made=[order.asks_made for order in orders],
        )


async def insert_holds(tx: Tx, holds: Sequence[tuple[str, lifecycle.Hold, str | None]]) -> None:
    """Write new holds, each with who lifted it where that happened in the same turn."""
    if holds:
        await tx.execute(
            SQL.open_holds,
            order_ids=[order_id for order_id, _, _ in holds],
            numbers=[hold.number for _, hold, _ in holds],
            reasons=[hold.reason for _, hold, _ in holds],
            ship_group_ids=[hold.ship_group_id for _, hold, _ in holds],
            lifted_by=[actor for _, _, actor in holds],
        )


async def lift_holds(tx: Tx, holds: Sequence[tuple[str, int, str]]) -> None:
    """Note which holds (order, number) were lifted by whom."""
    if holds:
        order_ids, numbers, actors = map(list, zip(*holds, strict=True))
        await tx.execute(SQL.lift_holds, order_ids=order_ids, numbers=numbers, actors=actors)


# --- lines ------------------------------------------------------------------------------------------------------------


async def wanted_lines(tx: Tx, order_ids: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """Give the units of each line that are not cancelled."""
    return await _by_order(tx, SQL.wanted_lines, order_ids)


async def delivered_lines(tx: Tx, order_ids: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """Give the units of each line that arrived."""
    return await _by_order(tx, SQL.delivered_lines, order_ids)


async def lines_of(tx: Tx, order_ids: Collection[str]) -> dict[str, dict[str, cancellation.Line]]:
    """Give what is known of each line's units, those under an open ask apart."""
    lines: dict[str, dict[str, cancellation.Line]] = {order_id: {} for order_id in order_ids}
    for row in await tx.fetch(SQL.lines_of, order_ids=list(order_ids)):
        order_id, line_id, *quantities = row
        ordered, cancelled, dispatched, asked = quantities
        lines[order_id][line_id] = cancellation.Line(
            ordered=ordered, cancelled=cancelled, dispatched=dispatched, asked=asked
        )
    return lines


async def add_cancelled(tx: Tx, quantities: Quantities) -> None:
    """Count units that will not come."""
    await _with_quantities(tx, SQL.add_cancelled, quantities)


async def add_dispatched(tx: Tx, quantities: Quantities) -> None:
    """Count units that left."""
    await _with_quantities(tx, SQL.add_dispatched, quantities)


async def add_delivered(tx: Tx, quantities: Quantities) -> None:
    """Count units that arrived."""
    await _with_quantities(tx, SQL.add_delivered, quantities)


async def add_ended(tx: Tx, quantities: Quantities) -> None:
    """Count units that will not arrive."""
    await _with_quantities(tx, SQL.add_ended, quantities)


async def raise_settled(tx: Tx, quantities: Quantities) -> None:
    """Note how many units are paid by now."""
    await _with_quantities(tx, SQL.raise_settled, quantities)


async def tallies(tx: Tx, order_ids: Collection[str]) -> dict[str, lifecycle.Tally]:
    """Add up the lines of each order."""
    rows = await tx.fetch(SQL.tallies, order_ids=list(order_ids))
    return {order_id: lifecycle.Tally(wanted=wanted, is_delivered=delivered, is_settled=settled)
            for order_id, wanted, delivered, settled in rows}  # fmt: skip


async def _by_order(tx: Tx, query: Query, order_ids: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    lines: dict[str, list[tuple[str, int]]] = {order_id: [] for order_id in order_ids}
    for order_id, line_id, quantity in await tx.fetch(query, order_ids=list(order_ids)):
        lines[order_id].append((line_id, quantity))
    return lines


async def _with_quantities(tx: Tx, query: Query, quantities: Quantities) -> None:
    if quantities:
        order_ids, line_ids = map(list, zip(*quantities, strict=True))
        await tx.execute(query, order_ids=order_ids, line_ids=line_ids, quantities=list(quantities.values()))


# --- asks -------------------------------------------------------------------------------------------------------------


async def insert_early_wishes(tx: Tx, wishes: Sequence[tuple[str, Wish]]) -> None:
    """Keep what channels wish for orders that are still to come."""
    if wishes:
        await tx.execute(
            SQL.insert_early_wishes,
            order_ids=[order_id for order_id, _ in wishes],
            message_ids=[wish.message_id for _, wish in wishes],
            reasons=[wish.reason for _, wish in wishes],
            lines=[json.dumps(wish.lines) for _, wish in wishes],
        )


async def take_early_wishes(tx: Tx, order_ids: Collection[str]) -> list[tuple[str, Wish]]:
    """Give the wishes that came before these orders, in the order of their coming, and forget them."""
    return [
        (order_id, Wish(message_id=message_id, lines=tuple(map(tuple, json.loads(lines))), reason=reason, by="channel"))
        for order_id, message_id, reason, lines in await tx.fetch(SQL.take_early_wishes, order_ids=list(order_ids))
    ]


async def insert_asks(tx: Tx, asks: Mapping[str, tuple[str, Wish, Ask]]) -> None:
    """Write new asks by their id: order, wish, and what became of it so far."""
    await tx.execute(
        SQL.insert_asks,
        ask_ids=list(asks),
        order_ids=[order_id for order_id, _, _ in asks.values()],
        message_ids=[wish.message_id for _, wish, _ in asks.values()],
        reasons=[wish.reason for _, wish, _ in asks.values()],
        actors=[wish.by for _, wish, _ in asks.values()],
        are_answered=[ask.is_answered for _, _, ask in asks.values()],
    )
    lines = [(ask_id, ask, line_id) for ask_id, (_, _, ask) in asks.items() for line_id in ask.wanted]
    await tx.execute(
        SQL.insert_ask_lines,
        ask_ids=[ask_id for ask_id, _, _ in lines],
        line_ids=[line_id for _, _, line_id in lines],
        wanted=[ask.wanted[line_id] for _, ask, line_id in lines],
        asked=[ask.asked.get(line_id, 0) for _, ask, line_id in lines],
        released=[ask.released.get(line_id, 0) for _, ask, line_id in lines],
    )


async def open_asks(tx: Tx, ask_ids: Collection[str]) -> dict[str, tuple[str, Wish, Ask]]:
    """Give those of these asks that still await an answer, each with its order and its wish."""
    rows: dict[str, list[asyncpg.Record]] = {}
    for row in await tx.fetch(SQL.asks_of, ask_ids=list(ask_ids)):
        if not row["is_answered"]:
            rows.setdefault(row["ask_id"], []).append(row)
    return {ask_id: _ask(lines) for ask_id, lines in rows.items()}


def _ask(rows: Sequence[asyncpg.Record]) -> tuple[str, Wish, Ask]:
    first = rows[0]
    wanted = {row["line_id"]: row["wanted"] for row in rows if row["line_id"] is not None}
    wish = Wish(
        message_id=first["message_id"], lines=tuple(wanted.items()), reason=first["reason"], by=first["asked_by"]
    )
    sums: dict[str, dict[str, Any]] = {
        name: {row["line_id"]: row[name] for row in rows if row[name]} for name in ("asked", "released", "refused")
    }
    return first["order_id"], wish, Ask(wanted=wanted, **sums)


async def update_asks(tx: Tx, asks: Mapping[str, Ask]) -> None:
    """Write what has been answered by now, and close the asks that are answered whole."""
    lines = [(ask_id, ask, line_id) for ask_id, ask in asks.items() for line_id in ask.asked]
    await tx.execute(
        SQL.update_ask_lines,
        ask_ids=[ask_id for ask_id, _, _ in lines],
        line_ids=[line_id for _, _, line_id in lines],
        released=[ask.released.get(line_id, 0) for _, ask, line_id in lines],
        refused=[ask.refused.get(line_id, 0) for _, ask, line_id in lines],
    )
    closed = [ask_id for ask_id, ask in asks.items() if ask.is_answered]
    if closed:
        await tx.execute(SQL.close_asks, ask_ids=closed)


# --- contacts ---------------------------------------------------------------------------------------------------------


async def put_contacts(tx: Tx, contacts: Mapping[str, str]) -> None:
    """Keep whom each order concerns, as last told (JSON)."""
    if contacts:
        await tx.execute(SQL.put_contacts, order_ids=list(contacts), contacts=list(contacts.values()))


async def contacts_of(tx: Tx, order_ids: Collection[str]) -> dict[str, str]:
    """Give whom each order concerns (JSON); an order is missing once it is erased."""
    rows = await tx.fetch(SQL.contacts_of, order_ids=list(order_ids))
    return {row["order_id"]: row["contacts"] for row in rows}
