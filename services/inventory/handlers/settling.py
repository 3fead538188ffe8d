"""What several handlers do: settle demands, give freed units to those who wait, and tell how stock moved."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any, Final, NamedTuple

from chassis import Heard, Turn
from contracts.values import order_id_within
from services.inventory import store, translate
from services.inventory.core import allocation, backlog
from services.inventory.core.allocation import Settlement
from services.inventory.core.consolidation import leave_on
from services.inventory.core.demand import Claim, Demand
from services.inventory.core.network import Network
from services.inventory.core.replenishment import Basket, Purchase
from services.inventory.core.sourcing import Choice
from services.inventory.core.stock import Item, Movement, Stock
from services.inventory.handlers.notes import OrderUnsettled, PurchaseOverdue

Causes = Mapping[str, Heard[Any]]
"""What made something happen: by order id, or by the id of the message."""


AS_IT_WAS: Final = store.OrderState(None, 0)


class Settled(NamedTuple):
    """What was decided, and what was bought for it."""

    settlements: Sequence[Settlement]
    purchases: Collection[Purchase]

    def by_order(self) -> dict[str, list[Settlement]]:
        """Sort what was decided by order."""
        orders: dict[str, list[Settlement]] = {}
        for done in self.settlements:
            orders.setdefault(done.demand.order_id, []).append(done)
        return orders


async def settle(
    turn: Turn,
    demands: Sequence[Demand],
    causes: Causes,
    states: Mapping[str, store.OrderState],
    confirmed: Iterable[Settlement] = (),
) -> Settled:
    """Choose sources for demands, buy what is short, and write both with what was `confirmed`; the handler tells it."""
    purchases: Collection[Purchase] = ()
    numbers: Mapping[str, int] = {}
    decided: list[Settlement] = []
    if demands:
        network = await read_network(turn)
        stock = await store.load_stock(turn, {line.item for demand in demands for line in demand.lines})
        makers = {order_id: heard.id for order_id, heard in causes.items()}
        decided = allocation.settle(demands, stock, network, makers)
        basket = await _fill_basket(turn, decided, network)
        purchases, numbers = basket.purchases.values(), basket.numbers
        await store.add_purchases(turn, list(purchases))
        await keep_stock(turn, stock, {heard.id: heard for heard in causes.values()})
    decided += confirmed
    released = {done.demand.order_id: AS_IT_WAS for done in decided if done.demand.is_released}
    await store.save_settlements(turn, decided, released | dict(states), numbers)
    return Settled(decided, purchases)


def only_choice(settlements: Sequence[Settlement]) -> Choice | None:
    """Give how an order was sourced that goes to one destination; of several none is kept."""
    return settlements[0].choice if len(settlements) == 1 and settlements[0].choice.plan else None


async def read_network(turn: Turn) -> Network:
    """Read the locations and carriers of today."""
    return translate.network(await store.load_network(turn, turn.now.date()), turn.now)


async def _fill_basket(turn: Turn, settlements: Iterable[Settlement], network: Network) -> Basket:
    short = [settlement for settlement in settlements if settlement.waiting]
    skus = {claim.item.sku for settlement in short for claim in settlement.waiting}
    basket = Basket(await store.load_supplies(turn, skus, turn.now.date()) if skus else {}, network)
    for settlement in short:
        basket.settle(settlement)
    return basket


def announce_allocations(
    turn: Turn, settled: Settled, causes: Causes, codes: Mapping[str, str], *, is_release: bool = False
) -> None:
    """Tell the shipments, the units that wait, the promises that slip (`codes`: why, by order) and the purchases.

    Who waits is told on release, and later only for what was bought since.
    """
    expected = {purchase.purchase_order_id: purchase.wanted_on for purchase in settled.purchases}
    for done in settled.settlements:
        cause = causes[done.demand.order_id]
        if done.demand.is_released:
            if done.shipments:
                turn.announce(cause, translate.order_allocated(done))
            if waiting := [claim for claim in done.waiting if is_release or claim.purchase_order_id in expected]:
                turn.announce(cause, translate.lines_backordered(waiting, expected))
                collect_until_due(turn, cause, done.demand.order_id, waiting)
        if slips := allocation.slips(done):
            turn.announce(cause, translate.promise_changed(slips, codes[done.demand.order_id]))
    for purchase in settled.purchases:
        cause = causes[order_id_within(purchase.purchase_order_id.removeprefix("PO-"))]
        place_order(turn, cause, purchase)


def collect_until_due(turn: Turn, cause: Heard[Any], order_id: str, waiting: Iterable[Claim]) -> None:
    """Send what has come of these without the rest when it must leave to keep its promise."""
    if (due := leave_on(waiting)) is not None:
        turn.remind(cause, OrderUnsettled(cause="promise_due"), due=max(due, turn.now), subject=order_id)


def place_order(turn: Turn, cause: Heard[Any], purchase: Purchase) -> None:
    """Order goods from a supplier, and look after them later."""
    name, due = purchase.purchase_order_id, datetime.combine(purchase.given_up_on, time(), UTC)
    turn.announce(cause, translate.purchase_ordered(purchase), key=name)
    turn.remind(cause, PurchaseOverdue(), due=due, subject=name)


async def keep_stock(turn: Turn, stock: Stock, causes: Causes) -> None:
    """Write how stock moved, and tell it: one event for each item and location."""
    moved: dict[tuple[Item, str], list[tuple[int, Movement]]] = {}
    for movement_id, movement in zip(await store.save_stock(turn, stock, turn.now), stock.journal, strict=True):
        moved.setdefault(movement.place[:2], []).append((movement_id, movement))
    first = next(iter(causes.values()))
    for level in stock.changed_levels():
        movements = moved.get(level[:2], [])
        cause = causes[movements[0][1].cause] if movements else first
        turn.announce(cause, translate.stock_moved(level, movements), key=level[0].sku)


async def give_to_waiting(turn: Turn, stock: Stock, causes: Causes, code: str) -> None:
    """Give what became available to the oldest promises, and settle their orders in their own lanes."""
    free = {item: units for item in stock.changed_items() if (units := stock.available(item))}
    waiting = await store.claims_waiting(turn, free) if free else []
    if not waiting:
        return
    first = next(iter(causes))
    makers = {movement.place.item: movement.cause for movement in stock.journal}
    gifts = backlog.give(waiting, stock, {item: makers.get(item, first) for item in free})
    await save_gifts(turn, gifts, causes, code)


async def save_gifts(turn: Turn, gifts: Sequence[backlog.Gift], causes: Causes, code: str) -> None:
    """Write the claims that changed hands, and settle their orders in their own lanes."""
    after = [(gift.order_id, claim) for gift in gifts for claim in gift.after]
    await store.replace_claims(turn, [gift.before for gift in gifts], after)
    for order_id, cause in {gift.order_id: gift.cause for gift in gifts}.items():
        turn.remind(causes[cause], OrderUnsettled(cause=code), subject=order_id)
