"""Orders: promise what they want, allocate it when they are released, follow their corrections and cancellations."""

from collections.abc import Sequence

from chassis import Heard, Turn
from contracts.intake import OrderCancelled, OrderChanged, OrderReceived, OrderReleased
from services.inventory import store, translate
from services.inventory.core.allocation import confirm
from services.inventory.core.consolidation import is_unsettled
from services.inventory.handlers.declared import ITEMS, service
from services.inventory.handlers.notes import OrderUnsettled
from services.inventory.handlers.settling import announce_allocations, give_to_waiting, keep_stock, only_choice, settle


@service.hears(OrderReceived, needs=[ITEMS])
async def promise_orders(turn: Turn, received: Sequence[Heard[OrderReceived]]) -> None:
    """Reserve what is there, and promise each line from where it should come."""
    skus = {line.sku for heard in received for line in translate.stocked_lines(heard.event)}
    supplies = await store.load_supplies(turn, skus, turn.now.date())
    demands = [demand for heard in received for demand in translate.demands(heard.subject, heard.event, supplies)]
    settled = await settle(turn, demands, {heard.subject: heard for heard in received}, {})
    promised = settled.by_order()
    rows = [
        store.OrderRow(h.subject, h.event.stock_owner, h.at, h.event.version, only_choice(promised.get(h.subject, ())))
        for h in received
    ]
    await store.add_demands(turn, rows, demands)
    for heard in received:
        turn.announce(heard, translate.order_promised(promised.get(heard.subject, ())))


@service.hears(OrderReleased)
async def allocate_orders(turn: Turn, released: Sequence[Heard[OrderReleased]]) -> None:
    """Choose where each line comes from, hold it for shipments, and backorder the rest."""
    causes = {heard.subject: heard for heard in released}
    states = {
        order_id: store.OrderState(is_released=True, version=heard.event.version) for order_id, heard in causes.items()
    }
    demands = [
        demand.in_version(states[demand.order_id].version)._replace(is_released=True)
        for demand in await store.open_demands(turn, causes)
    ]
    confirmed = {demand.order_id: done for demand in demands if (done := confirm(demand, turn.now))}
    changed = [demand for demand in demands if demand.order_id not in confirmed]
    settled = await settle(turn, changed, causes, states, confirmed.values())
    announce_allocations(turn, settled, causes, dict.fromkeys(causes, "released_late"), is_release=True)


@service.hears(OrderUnsettled)
async def settle_again(turn: Turn, unsettled: Sequence[Heard[OrderUnsettled]]) -> None:
    """Source what an order was given, or lost the source of; one that is not released yet only needs the latter."""
    causes = {heard.subject: heard for heard in unsettled}
    outlooks = await store.load_outlooks(turn, causes)
    wanting = {destined for destined, outlook in outlooks.items() if is_unsettled(outlook, turn.now)}
    orders = {order_id for order_id, _ in wanting}
    demands = [
        demand
        for demand in await store.open_demands(turn, [order_id for order_id in causes if order_id in orders])
        if (demand.order_id, demand.ship_group_id) in wanting
    ]
    settled = await settle(turn, demands, causes, {})
    announce_allocations(turn, settled, causes, {order_id: heard.event.cause for order_id, heard in causes.items()})


@service.hears(OrderChanged)
async def redirect_orders(turn: Turn, changed: Sequence[Heard[OrderChanged]]) -> None:
    """Source what is in no shipment for where it goes now; what is in one goes on as it was."""
    causes = {heard.subject: heard for heard in changed}
    states = {order_id: store.OrderState(None, heard.event.version) for order_id, heard in causes.items()}
    await store.redirect_lines(
        turn, [to for heard in changed for to in translate.redirections(heard.subject, heard.event)]
    )
    demands = [demand.in_version(states[demand.order_id].version) for demand in await store.open_demands(turn, causes)]
    settled = await settle(turn, demands, causes, states)
    announce_allocations(turn, settled, causes, dict.fromkeys(causes, "order_changed"))


@service.hears(OrderCancelled)
async def free_cancelled(turn: Turn, cancelled: Sequence[Heard[OrderCancelled]]) -> None:
    """Free what was cancelled before release; what was asked back from here is free already."""
    known = await store.load_asks(turn, {heard.event.ask_id for heard in cancelled})
    fresh = [heard for heard in cancelled if heard.event.ask_id not in known]
    if not fresh:
        return
    holdings = await store.load_holdings(turn, {heard.subject for heard in fresh})
    stock = await store.load_stock(turn, {item for held in holdings.values() for item in held.items})
    for heard in fresh:
        for line_id, quantity in translate.units_by_line(heard.event.lines).items():
            holdings[heard.subject].drop(line_id, quantity, stock, heard.id)
    await store.save_holdings(turn, holdings.values())
    causes = {heard.id: heard for heard in fresh}
    await give_to_waiting(turn, stock, causes, "stock_freed")
    await keep_stock(turn, stock, causes)
