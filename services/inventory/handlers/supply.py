"""Goods that come in, bins that are counted, and what suppliers say about both."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from chassis import Heard, Turn
from contracts.floor import GoodsReceived, StockCounted
from contracts.supplier import OrderConfirmed, OrderDelayed, OrderRefused
from services.inventory import store, translate
from services.inventory.core import backlog, inbound, replenishment
from services.inventory.core.replenishment import Purchase
from services.inventory.core.stock import Item
from services.inventory.handlers.declared import ITEM, LOCATION, PURCHASE, service
from services.inventory.handlers.notes import OrderUnsettled, PurchaseOverdue, SupplyMoved
from services.inventory.handlers.settling import (
    collect_until_due,
    give_to_waiting,
    keep_stock,
    place_order,
    read_network,
    save_gifts,
)

DELAYED, REFUSED = "supplier_delayed", "supplier_refused"


@service.hears(StockCounted, needs=[ITEM, LOCATION])
async def believe_counts(turn: Turn, counted: Sequence[Heard[StockCounted]]) -> None:
    """Set bins to what was found, and open them; where orders hold more than that, the latest promise goes first."""
    places = {heard.id: translate.place(heard.event) for heard in counted}
    stock = await store.load_valued_stock(turn, {place.item for place in places.values()}, turn.now.date())
    causes = {heard.id: heard for heard in counted}
    for heard in counted:
        is_sellable = heard.event.condition == translate.SELLABLE
        found, at = heard.event.quantity, heard.event.scanned_at
        stock.adjust(places[heard.id], found, heard.id, at, is_sellable=is_sellable)
    short = {place: cause for cause, place in places.items() if stock.at(place).is_overheld}
    held = await store.claims_at(turn, short) if short else []
    losses = [loss for place, cause in short.items() for loss in backlog.take_from_latest(held, place, stock, cause)]
    await save_gifts(turn, losses, causes, "stock_lost")
    await give_to_waiting(turn, stock, causes, "stock_found")
    await keep_stock(turn, stock, causes)


@service.hears(GoodsReceived, needs=[PURCHASE, ITEM, LOCATION])
async def book_goods(turn: Turn, received: Sequence[Heard[GoodsReceived]]) -> None:
    """Book what came, give it to the oldest promises, and order again what is still lacking."""
    items = {Item(heard.event.sku, heard.event.stock_owner) for heard in received}
    purchases = await store.load_purchases(turn, {heard.subject for heard in received})
    supplies = await store.load_supplies(turn, {item.sku for item in items}, turn.now.date())
    stock = await store.load_valued_stock(turn, items, turn.now.date())
    for heard in received:
        scan, purchase = heard.event, purchases[heard.event.purchase_order_id]
        receipt = translate.receipt(scan, supplies[scan.sku].pieces)
        booked = inbound.book(receipt, purchase.line_of(scan.line_id, receipt.place.item), stock, heard.id)
        turn.announce(heard, translate.goods_booked(scan, booked, purchase))
    await store.save_purchases(turn, purchases.values())
    causes = {heard.id: heard for heard in received}
    await give_to_waiting(turn, stock, causes, "goods_received")
    await keep_stock(turn, stock, causes)
    await _order_again(turn, {heard.subject: heard for heard in received}, purchases, items, DELAYED)


@service.hears(OrderConfirmed, needs=[PURCHASE])
async def note_confirmations(turn: Turn, confirmed: Sequence[Heard[OrderConfirmed]]) -> None:
    """Expect goods on the days that a supplier confirmed."""
    await _expect(turn, confirmed)


@service.hears(OrderDelayed, needs=[PURCHASE])
async def note_delays(turn: Turn, delayed: Sequence[Heard[OrderDelayed]]) -> None:
    """Expect goods on later days."""
    await _expect(turn, delayed)


async def _expect(turn: Turn, noticed: Sequence[Heard[OrderConfirmed]] | Sequence[Heard[OrderDelayed]]) -> None:
    purchases = await store.load_purchases(turn, {heard.subject for heard in noticed})
    moved: dict[str, Heard[Any]] = {}
    for heard in noticed:
        purchase = purchases[heard.subject]
        for told in heard.event.lines:
            line = purchase.find(told.line_id, Item(told.sku, purchase.stock_owner))
            if line is not None and told.expected_on is not None and line.expect(told.expected_on):
                moved[heard.subject] = heard
    await store.save_purchases(turn, purchases.values())
    for waiting in await store.claims_for_purchases(turn, moved) if moved else ():
        cause = moved[waiting.claim.purchase_order_id or ""]
        turn.remind(cause, SupplyMoved(cause=DELAYED), subject=waiting.order_id)


@service.hears(OrderRefused, needs=[PURCHASE])
async def order_refused_again(turn: Turn, refused: Sequence[Heard[OrderRefused]]) -> None:
    """Count off what a supplier will not deliver, and ask again, a bounded number of times."""
    purchases = await store.load_purchases(turn, {heard.subject for heard in refused})
    items = set()
    for heard in refused:
        purchase = purchases[heard.subject]
        for told in heard.event.lines:
            line = purchase.find(told.line_id, Item(told.sku, purchase.stock_owner))
            if line is not None:
                line.refuse(told.quantity)
                items.add(line.item)
    await store.save_purchases(turn, purchases.values())
    await _order_again(turn, {heard.subject: heard for heard in refused}, purchases, items, REFUSED)


@service.hears(PurchaseOverdue)
async def give_up_overdue(turn: Turn, overdue: Sequence[Heard[PurchaseOverdue]]) -> None:
    """Order again what did not come in time; a purchase that is expected later by now is looked at later."""
    purchases = await store.load_purchases(turn, {heard.subject for heard in overdue})
    late = {heard.subject: heard for heard in overdue if purchases[heard.subject].given_up_on <= turn.now.date()}
    for heard in overdue:
        if heard.subject not in late:
            due = datetime.combine(purchases[heard.subject].given_up_on, time(), UTC)
            turn.remind(heard, PurchaseOverdue(), due=due)
    given_up = [purchases[name] for name in late]
    items = {line.item for purchase in given_up for line in purchase.lines if line.coming}
    for purchase in given_up:
        purchase.give_up()
    if items:
        await store.save_purchases(turn, given_up)
        await _order_again(turn, late, purchases, items, DELAYED)


async def _order_again(
    turn: Turn, causes: Mapping[str, Heard[Any]], purchases: Mapping[str, Purchase], items: Collection[Item], code: str
) -> None:
    """Order again what was bought for those who wait and is not coming any more, and tell their orders."""
    waiting = await store.claims_waiting(turn, dict.fromkeys(items))
    coming = await store.lines_coming(turn, items)
    lacking = replenishment.uncovered(waiting, coming)
    supplies = await store.load_supplies(turn, {item.sku for item in lacking}, turn.now.date()) if lacking else {}
    reordered = replenishment.all_again([purchases[name] for name in causes], lacking, supplies, turn.now)
    for failed, purchase in reordered:
        place_order(turn, causes[failed.purchase_order_id], purchase)
    await store.add_purchases(turn, [purchase for _, purchase in reordered])
    await store.save_reorders(turn, [failed for failed, _ in reordered])
    coming += [line for _, purchase in reordered for line in purchase.lines]
    relinked = replenishment.relink(waiting, coming)
    await store.replace_claims(
        turn, [link.before for link in relinked], [(link.order_id, link.after) for link in relinked]
    )
    first = next(iter(causes.values()))
    for order_id, purchase_order_id in {link.order_id: link.before.purchase_order_id for link in relinked}.items():
        turn.remind(causes.get(purchase_order_id or "", first), SupplyMoved(cause=code), subject=order_id)


@service.hears(SupplyMoved)
async def promise_again(turn: Turn, moved: Sequence[Heard[SupplyMoved]]) -> None:
    """Promise orders anew for when their goods come now; name those for whom none come any more."""
    causes = {heard.subject: heard for heard in moved}
    network = await read_network(turn)
    demands = await store.waiting_demands(turn, causes)
    names = {claim.purchase_order_id for demand in demands for claim in demand.waiting}
    expected = translate.expected_days(await store.load_purchases(turn, {name for name in names if name}))
    changes = [(demand.order_id, replenishment.redated(demand, expected, network)) for demand in demands]
    for order_id, changed in changes:
        if changed:
            slips = replenishment.slips_of(changed)
            turn.announce(causes[order_id], translate.promise_changed(slips, causes[order_id].event.cause))
            collect_until_due(turn, causes[order_id], order_id, [after for _, after in changed])
    abandoned = [demand for demand in demands if demand.is_released and demand.abandoned]
    outlooks = await store.load_outlooks(turn, {demand.order_id for demand in abandoned}) if abandoned else {}
    for demand in abandoned:
        cause = causes[demand.order_id]
        turn.announce(cause, translate.lines_backordered(demand.abandoned, {}))
        if outlooks[demand.order_id, demand.ship_group_id].leaves_by:  # what lies in bins waits for nothing any more
            turn.remind(cause, OrderUnsettled(cause=cause.event.cause))
    await store.replace_claims(
        turn,
        [before for _, changed in changes for before, _ in changed],
        [(order_id, after) for order_id, changed in changes for _, after in changed],
    )
