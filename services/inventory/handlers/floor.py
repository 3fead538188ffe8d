"""Shipments on their way out and back: picks, short picks, dispatch, returned parcels."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from chassis import Heard, Turn
from contracts.fulfillment import LineShortPicked, LinesPicked
from contracts.shipping import ParcelClosed, ShipmentDispatched
from services.inventory import store, translate
from services.inventory.core import backlog, custody, outbound
from services.inventory.core.holdings import Allocation, Holdings
from services.inventory.core.stock import Stock
from services.inventory.handlers.declared import service
from services.inventory.handlers.notes import OrderUnsettled
from services.inventory.handlers.settling import give_to_waiting, keep_stock, save_gifts

Shipments = Mapping[store.ShipmentKey, list[Allocation]]


async def _load(turn: Turn, heards: Sequence[Heard[Any]]) -> tuple[dict[str, Holdings], Stock]:
    """Read what the orders hold, and the shelves of it."""
    holdings = await store.load_holdings(turn, {heard.subject for heard in heards})
    items = {item for held in holdings.values() for item in held.items}
    return holdings, await store.load_valued_stock(turn, items, turn.now.date())


async def _load_going(turn: Turn, heards: Sequence[Heard[Any]]) -> tuple[Shipments, Stock]:
    """Read what is in the shipments that were heard of, and the shelves of it where it lies: it goes nowhere else."""
    shipments = await store.load_shipments(turn, {_shipment_of(heard) for heard in heards})
    levels = {(going.item, going.place.location_id) for going in chain(*shipments.values())}
    return shipments, await store.load_levels(turn, levels, turn.now.date())


def _shipment_of(heard: Heard[Any]) -> store.ShipmentKey:
    return heard.subject, translate.shipment_number(heard.event.shipment_id)


@service.hears(LinesPicked)
async def note_picks(turn: Turn, picked: Sequence[Heard[LinesPicked]]) -> None:
    """Note which units left their bins: a count of the bin will not find them, and they are still ours.

    Where much is under way most picks are heard after their dispatch: what those shipments held is not even read.
    """
    gone = await store.shipments_gone(turn, {heard.subject for heard in picked})
    here = [heard for heard in picked if _shipment_of(heard) not in gone]
    if not here:
        return
    shipments, stock = await _load_going(turn, here)
    for heard in here:
        picks = [outbound.Pick(pick.line_id, pick.bin, pick.quantity) for pick in heard.event.picks]
        outbound.pick(shipments[_shipment_of(heard)], picks, stock, heard.id)
    await store.save_allocations(turn, chain(*shipments.values()))
    await keep_stock(turn, stock, {heard.id: heard for heard in here})


@service.hears(LineShortPicked)
async def block_short_bins(turn: Turn, short: Sequence[Heard[LineShortPicked]]) -> None:
    """Take nothing more from a bin that held too little; source again what it lacked and what others reserved there."""
    holdings, stock = await _load(turn, short)
    for heard in short:
        custody.short_pick(holdings[heard.subject], translate.short_pick(heard), stock, heard.id)
        turn.remind(heard, OrderUnsettled(cause="short_pick"))
    await store.save_holdings(turn, holdings.values())
    causes = {heard.id: heard for heard in short}
    blocked = stock.blocked_places()
    losses = backlog.take_all(await store.claims_at(turn, blocked), stock, next(iter(causes)))
    await save_gifts(turn, losses, causes, "short_pick")
    await keep_stock(turn, stock, causes)


@service.hears(ShipmentDispatched)
async def consume_allocations(turn: Turn, dispatched: Sequence[Heard[ShipmentDispatched]]) -> None:
    """Let go what left, and tell what it had cost."""
    shipments, stock = await _load_going(turn, dispatched)
    consumed = [
        outbound.dispatch(shipments[_shipment_of(heard)], translate.units_by_line(heard.event.lines), stock, heard.id)
        for heard in dispatched
    ]
    supplies = await store.load_supplies(turn, {lines[0].sku for lines in consumed if lines}, turn.now.date())
    for heard, lines in zip(dispatched, consumed, strict=True):
        if lines:
            currency = supplies[lines[0].sku].currency
            turn.announce(heard, translate.allocation_consumed(heard.event.shipment_id, lines, currency))
    await store.save_allocations(turn, chain(*shipments.values()))
    await keep_stock(turn, stock, {heard.id: heard for heard in dispatched})


@service.hears(ParcelClosed)
async def take_back_parcels(turn: Turn, closed: Sequence[Heard[ParcelClosed]]) -> None:
    """Put what a carrier brought back on its shelf; what is lost or destroyed left our books when it was dispatched."""
    returned = [heard for heard in closed if heard.event.outcome == "returned"]
    if not returned:
        return
    shipments = await store.load_shipments(turn, {_shipment_of(heard) for heard in returned})
    items = {allocation.item for allocation in chain(*shipments.values())}
    stock = await store.load_valued_stock(turn, items, turn.now.date())
    for heard in returned:
        outbound.take_back(shipments[_shipment_of(heard)], translate.units_by_line(heard.event.lines), stock, heard.id)
    causes = {heard.id: heard for heard in returned}
    await give_to_waiting(turn, stock, causes, "goods_received")
    await keep_stock(turn, stock, causes)
