"""What orders want and hold: demands, claims, allocations, asks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record

from chassis import Tx
from services.inventory.core.allocation import Settlement
from services.inventory.core.backlog import Waiting
from services.inventory.core.consolidation import Outlook
from services.inventory.core.custody import Ask, Purpose
from services.inventory.core.demand import Claim, Demand, Line, Redirection
from services.inventory.core.holdings import Allocation, Holdings
from services.inventory.core.network import Destination, Promise
from services.inventory.core.sourcing import Choice
from services.inventory.core.stock import Item, Place
from services.inventory.store import choices
from services.inventory.store.sql import SQL

ALL_UNITS = 2**31 - 1

ShipmentKey = tuple[str, int]
"""An order and the number of one of its shipments."""

Destined = tuple[str, str]
"""An order and one of its ship groups."""


class OrderRow(NamedTuple):
    """An order as it came."""

    order_id: str
    stock_owner: str
    received_at: datetime
    version: int
    choice: Choice | None = None


class OrderState(NamedTuple):
    """Whether an order is released from now on (None: as before), and its version."""

    is_released: bool | None
    version: int


# --- demands ----------------------------------------------------------------------------------------------------------


async def add_demands(tx: Tx, orders: Sequence[OrderRow], demands: Sequence[Demand]) -> None:
    """Keep new orders, also those that want nothing from a shelf, and their lines, in the buyer's order."""
    await tx.execute(
        SQL.add_demands,
        order_ids=[order.order_id for order in orders],
        stock_owners=[order.stock_owner for order in orders],
        received_at=[order.received_at for order in orders],
        versions=[order.version for order in orders],
        choices=[choices.encode(choices.without_legs(one)) if (one := order.choice) else None for order in orders],
    )
    rows = [
        (
            demand.order_id,
            line.line_id,
            number,
            demand.ship_group_id,
            line.item.sku,
            line.weight_g,
            *demand.destination,
            demand.wanted_on,
        )
        for demand in demands
        for number, line in enumerate(demand.lines, 1)
    ]
    if rows:
        what = ("order_ids", "line_ids", "line_numbers", "ship_group_ids", "skus", "weights_g")
        names = (*what, "countries", "postcodes", "services", "wanted_on")
        await tx.execute(SQL.add_demand_lines, **dict(zip(names, zip(*rows, strict=True), strict=True)))


async def open_demands(tx: Tx, order_ids: Collection[str]) -> list[Demand]:
    """Give what orders want that is in no shipment, one demand for each destination, in the order of the ids given."""
    return await _demands(tx, order_ids, only_waiting=False)


async def waiting_demands(tx: Tx, order_ids: Collection[str]) -> list[Demand]:
    """Give what of that waits for goods, and nothing of what lies in bins."""
    return await _demands(tx, order_ids, only_waiting=True)


async def _demands(tx: Tx, order_ids: Collection[str], *, only_waiting: bool) -> list[Demand]:
    ids = list(order_ids)
    found: dict[str, dict[str, list[Record]]] = {}
    for row in await tx.fetch(SQL.open_lines, order_ids=ids, only_waiting=only_waiting):
        found.setdefault(row[0], {}).setdefault(row[1], []).append(row)
    orders = {row[0]: row for row in await tx.fetch(SQL.load_orders, order_ids=list(found))} if found else {}
    return [_demand(orders[order_id], rows) for order_id in ids for rows in found.get(order_id, {}).values()]


def _demand(order: Record, rows: Sequence[Record]) -> Demand:
    order_id, owner, is_released, version, shipments, purchases, choice = order
    lines: dict[str, Line] = {}
    for _, _, _, _, _, _, line_id, sku, weight_g, quantity, location_id, bin_name, ship_by, deliver_by, *names in rows:
        item = Item(sku, owner)
        place = None if location_id is None else Place(item, location_id, bin_name)
        claim = Claim(line_id, item, quantity, place, Promise(ship_by, deliver_by), *names)
        known = lines.get(line_id)
        lines[line_id] = Line(line_id, item, weight_g, (*known.claims, claim) if known else (claim,))
    _, group_id, country, postcode, service, wanted_on, *_ = rows[0]
    return Demand(
        order_id,
        group_id,
        Destination(country, postcode, service),
        wanted_on,
        is_released,
        version,
        shipments,
        purchases,
        tuple(lines.values()),
        choices.decode(choice) if choice else None,
    )


async def load_outlooks(tx: Tx, order_ids: Collection[str]) -> dict[Destined, Outlook]:
    """Tell what of orders lies in bins and what it waits for, by destination."""
    rows = await tx.fetch(SQL.load_outlooks, order_ids=list(order_ids))
    return {(order_id, group_id): Outlook(*outlook) for order_id, group_id, *outlook in rows}


def _claim(row: Record, item: Item) -> Claim:
    location_id = row["location_id"]
    return Claim(
        row["line_id"],
        item,
        row["quantity"],
        None if location_id is None else Place(item, location_id, row["bin"]),
        Promise(row["ship_by"], row["deliver_by"]),
        row["purchase_order_id"],
        row["claim_id"],
    )


async def redirect_lines(tx: Tx, redirections: Sequence[Redirection]) -> None:
    """Send lines elsewhere; of several corrections of one destination the last counts."""
    last = {(to.order_id, to.ship_group_id): to.destination for to in redirections}
    await tx.execute(
        SQL.redirect_lines,
        order_ids=[order_id for order_id, _ in last],
        ship_group_ids=[ship_group_id for _, ship_group_id in last],
        countries=[to.country for to in last.values()],
        postcodes=[to.postcode for to in last.values()],
    )


# --- settlements ------------------------------------------------------------------------------------------------------


async def save_settlements(
    tx: Tx, settlements: Sequence[Settlement], states: Mapping[str, OrderState], purchases: Mapping[str, int]
) -> None:
    """Write what was settled: released goods as allocations, others as reservations, the rest as waiting claims.

    `states` names the orders whose row changes, also those that had nothing open; `purchases` counts anew.
    """
    if states:
        await _save_demands(tx, settlements, states, purchases)
    gone = [claim for settlement in settlements for line in settlement.demand.lines for claim in line.claims]
    claims = [(done.demand.order_id, claim) for done in settlements for claim in _claims_after(done)]
    await replace_claims(tx, gone, claims)
    if shipped := [settlement for settlement in settlements if settlement.demand.is_released]:
        await _add_allocations(tx, shipped)


async def save_states(tx: Tx, states: Mapping[str, OrderState]) -> None:
    """Write whether orders are released."""
    if states:
        await _save_demands(tx, (), states, {})


async def _save_demands(
    tx: Tx, settlements: Sequence[Settlement], states: Mapping[str, OrderState], purchases: Mapping[str, int]
) -> None:
    shipments = dict.fromkeys(states, 0)
    for done in settlements:
        if done.demand.is_released and done.shipments:
            shipments[done.demand.order_id] = done.shipments[-1].number
    await tx.execute(
        SQL.save_demands,
        order_ids=list(states),
        released=[state.is_released for state in states.values()],
        versions=[state.version for state in states.values()],
        shipments=list(shipments.values()),
        purchases=[purchases.get(order_id, 0) for order_id in states],
    )


def _claims_after(done: Settlement) -> Iterable[Claim]:
    if not done.demand.is_released:
        yield from done.reservations()
    yield from done.waiting


async def _add_allocations(tx: Tx, settlements: Sequence[Settlement]) -> None:
    rows = [
        (
            done.demand.order_id,
            shipment.number,
            taken.line.line_id,
            place.location_id,
            place.bin,
            quantity,
            *shipment.promise,
        )
        for done in settlements
        for shipment in done.shipments
        for taken in shipment.lines
        for place, quantity in taken.places
    ]
    if rows:
        names = ("order_ids", "shipments", "line_ids", "location_ids", "bins", "quantities", "ship_by", "deliver_by")
        await tx.execute(SQL.add_allocations, **dict(zip(names, zip(*rows, strict=True), strict=True)))


# --- claims -----------------------------------------------------------------------------------------------------------


async def replace_claims(tx: Tx, gone: Iterable[Claim], new: Sequence[tuple[str, Claim]]) -> None:
    """Drop claims that were loaded, and keep others (with their orders) instead."""
    if claim_ids := [claim.claim_id for claim in gone if claim.claim_id is not None]:
        await tx.execute(SQL.drop_claims, claim_ids=claim_ids)
    if not new:
        return
    order_ids, claims = zip(*new, strict=True)
    line_ids, items, quantities, places, promises, purchase_order_ids, _ = zip(*claims, strict=True)
    assert all(promises), "what is kept was promised"
    skus, stock_owners = zip(*items, strict=True)
    ship_by, deliver_by = zip(*promises, strict=True)
    await tx.execute(
        SQL.add_claims,
        order_ids=order_ids,
        line_ids=line_ids,
        skus=skus,
        stock_owners=stock_owners,
        location_ids=[place and place.location_id for place in places],
        bins=[place and place.bin for place in places],
        quantities=quantities,
        ship_by=ship_by,
        deliver_by=deliver_by,
        purchase_order_ids=purchase_order_ids,
    )


async def claims_waiting(tx: Tx, items: Mapping[Item, int | None]) -> list[Waiting]:
    """Give who waits for items, released orders and oldest promises first, as far as units reach (None: everyone)."""
    rows = await tx.fetch(
        SQL.claims_waiting,
        skus=[item.sku for item in items],
        stock_owners=[item.stock_owner for item in items],
        quantities=[ALL_UNITS if units is None else units for units in items.values()],
    )
    return _waiting(rows)


async def claims_at(tx: Tx, places: Collection[Place]) -> list[Waiting]:
    """Give the reservations at some places."""
    rows = await tx.fetch(
        SQL.claims_at,
        skus=[place.item.sku for place in places],
        stock_owners=[place.item.stock_owner for place in places],
        location_ids=[place.location_id for place in places],
        bins=[place.bin for place in places],
    )
    return _waiting(rows)


async def claims_for_purchases(tx: Tx, purchase_order_ids: Collection[str]) -> list[Waiting]:
    """Give who waits for some purchases."""
    return _waiting(await tx.fetch(SQL.claims_for_purchases, purchase_order_ids=sorted(purchase_order_ids)))


def _waiting(rows: Iterable[Record]) -> list[Waiting]:
    return [Waiting(row["order_id"], _claim(row, Item(row["sku"], row["stock_owner"]))) for row in rows]


# --- what an order holds ----------------------------------------------------------------------------------------------


async def load_holdings(tx: Tx, order_ids: Collection[str]) -> dict[str, Holdings]:
    """Give all that orders hold: claims and allocations."""
    holdings = {order_id: Holdings(order_id, [], []) for order_id in order_ids}
    for waiting in _waiting(await tx.fetch(SQL.claims_of_orders, order_ids=list(holdings))):
        holdings[waiting.order_id].claims.append(waiting.claim)
    for row in await tx.fetch(SQL.allocations_of_orders, order_ids=list(holdings)):
        holdings[row["order_id"]].allocations.append(_allocation(row))
    for held in holdings.values():
        held.loaded = tuple(held.claims)
    return holdings


async def load_shipments(tx: Tx, wanted: Collection[ShipmentKey]) -> dict[ShipmentKey, list[Allocation]]:
    """Give what is in these shipments; an order may have many others."""
    shipments: dict[ShipmentKey, list[Allocation]] = {key: [] for key in wanted}
    order_ids, numbers = zip(*sorted(shipments), strict=True)
    for row in await tx.fetch(SQL.allocations_of_shipments, order_ids=order_ids, shipments=numbers):
        allocation = _allocation(row)
        shipments[allocation.order_id, allocation.shipment].append(allocation)
    return shipments


async def shipments_gone(tx: Tx, order_ids: Collection[str]) -> set[ShipmentKey]:
    """Tell which shipments of these orders left, in part or whole."""
    return {(order_id, number) for order_id, number in await tx.fetch(SQL.shipments_gone, order_ids=list(order_ids))}


def _allocation(row: Record) -> Allocation:
    order_id, shipment, line_id, sku, owner, location_id, bin_name, quantity, ship_by, deliver_by, *units = row
    place = Place(Item(sku, owner), location_id, bin_name)
    return Allocation(order_id, shipment, line_id, place, quantity, Promise(ship_by, deliver_by), *units)


async def save_holdings(tx: Tx, holdings: Collection[Holdings]) -> None:
    """Write what changed of what orders hold."""
    changed = [held for held in holdings if held.claims_changed]
    await replace_claims(
        tx,
        [claim for held in changed for claim in held.loaded],
        [(held.order_id, claim) for held in changed for claim in held.claims],
    )
    await save_allocations(tx, [allocation for held in holdings for allocation in held.allocations])


async def save_allocations(tx: Tx, loaded: Iterable[Allocation]) -> None:
    """Write the allocations that changed."""
    if allocations := [allocation for allocation in loaded if allocation.changed]:
        await tx.execute(
            SQL.save_allocations,
            order_ids=[allocation.order_id for allocation in allocations],
            shipments=[allocation.shipment for allocation in allocations],
            line_ids=[allocation.line_id for allocation in allocations],
            bins=[allocation.place.bin for allocation in allocations],
            quantities=[allocation.quantity for allocation in allocations],
            picked=[allocation.picked for allocation in allocations],
            dispatched=[allocation.dispatched for allocation in allocations],
            recalled=[allocation.recalled for allocation in allocations],
            short=[allocation.short for allocation in allocations],
            costs=[allocation.cost for allocation in allocations],
        )


async def save_asks(tx: Tx, asks: Sequence[Ask]) -> None:
    """Remember what was asked back."""
    await tx.execute(
        SQL.add_asks,
        ask_ids=[ask.ask_id for ask in asks],
        order_ids=[ask.order_id for ask in asks],
        purposes=[ask.purpose for ask in asks],
    )


async def load_asks(tx: Tx, ask_ids: Collection[str]) -> dict[str, Purpose]:
    """Tell which of these asks came through here, and what for."""
    return {row["ask_id"]: row["purpose"] for row in await tx.fetch(SQL.load_asks, ask_ids=sorted(ask_ids))}
