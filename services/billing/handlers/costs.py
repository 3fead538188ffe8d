"""Goods at cost: in when they are booked, out when they are dispatched, back when a parcel returns."""

from collections.abc import Sequence

from chassis import Heard, Need, Turn
from contracts import inventory
from contracts.values import share_of
from services.billing.core.ledger import Account, Posting, move, post
from services.billing.handlers.group import service
from services.billing.store import books
from services.billing.translate.notes import GoodsReturned

COST = Need("cost", key=lambda heard: heard.event.shipment_id, known=books.known_costs)


@service.hears(inventory.AllocationConsumed)
async def book_cost_of_goods(turn: Turn, consumed: Sequence[Heard[inventory.AllocationConsumed]]) -> None:
    """Move the cost of dispatched units from stock to cost of goods, and remember it for what comes back."""
    costs = {
        (heard.event.shipment_id, line.line_id): books.ShippedCost(line.quantity, line.cost, heard.event.currency)
        for heard in consumed
        for line in heard.event.lines
    }
    await books.insert_costs(turn, costs)
    turn.written("cost", {heard.event.shipment_id for heard in consumed})
    await books.post(turn, [posting for heard in consumed if (posting := _sold(heard))], turn.now)


@service.hears(inventory.GoodsBooked)
async def book_goods(turn: Turn, booked: Sequence[Heard[inventory.GoodsBooked]]) -> None:
    """Goods are ours before their supplier's invoice comes."""
    await books.post(turn, [posting for heard in booked if (posting := _booked(heard))], turn.now)


@service.hears(GoodsReturned, needs=[COST])
async def book_returned_goods(turn: Turn, returned: Sequence[Heard[GoodsReturned]]) -> None:
    """Goods of a returned parcel are in stock again, at what they left for."""
    costs = await books.load_costs(turn, {heard.event.shipment_id for heard in returned})
    await books.post(turn, [posting for heard in returned if (posting := _returned(heard, costs))], turn.now)


def _sold(heard: Heard[inventory.AllocationConsumed]) -> Posting | None:
    cost = sum([line.cost for line in heard.event.lines])
    entries = move(Account.COST_OF_GOODS, Account.INVENTORY, cost)
    return post("cost_of_goods", heard.event.shipment_id, heard.subject, heard.event.currency, entries)


def _booked(heard: Heard[inventory.GoodsBooked]) -> Posting | None:
    """Post a booking by its place in the purchase order's events: a receipt may be booked scan by scan."""
    cost = sum([line.cost for line in heard.event.lines])
    entries = move(Account.INVENTORY, Account.GOODS_RECEIVED_NOT_INVOICED, cost)
    return post("goods_received", f"{heard.subject}/{heard.revision}", None, heard.event.currency, entries)


def _returned(heard: Heard[GoodsReturned], costs: dict[tuple[str, str], books.ShippedCost]) -> Posting | None:
    shipped = [
        (costs[heard.event.shipment_id, line_id], units)
        for line_id, units in heard.event.quantities.items()
        if (heard.event.shipment_id, line_id) in costs
    ]
    cost = sum([share_of(known.cost, min(units, known.quantity), known.quantity) for known, units in shipped])
    currency = shipped[0][0].currency if shipped else ""
    entries = move(Account.INVENTORY, Account.COST_OF_GOODS, cost)
    return post("goods_returned", heard.event.parcel_id, heard.subject, currency, entries)
