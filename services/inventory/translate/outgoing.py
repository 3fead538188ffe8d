"""How decisions are told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from contracts import facts, floor, inventory
from contracts.event import Event
from contracts.facts import LineQuantity, RefusedLine
from contracts.values import allocation_id_of, shipment_id_of
from services.inventory.core.allocation import Settlement, Shipment, Slip, Taken
from services.inventory.core.custody import Answer
from services.inventory.core.demand import Claim, Demand
from services.inventory.core.inbound import Booked
from services.inventory.core.network import Promise
from services.inventory.core.outbound import Consumed
from services.inventory.core.replenishment import Purchase
from services.inventory.core.stock import Item, Movement, Shelf

# --- promises and allocations -----------------------------------------------------------------------------------------


# Facts of few values are built once and told often: half of an allocation's cost was building equal ones again.


@lru_cache(maxsize=4_096)
def _promise(promise: Promise | None) -> facts.Promise:
    assert promise, "what is told was promised"
    return facts.Promise(ship_by=promise.ship_by, deliver_by=promise.deliver_by)


def order_promised(settlements: Iterable[Settlement]) -> inventory.OrderPromised:
    """Tell what the buyer may expect, by line and place."""
    lines: list[inventory.PromisedLine] = []
    for settlement in settlements:
        for shipment in settlement.shipments:
            lines += (_promised_line(shipment, taken) for taken in shipment.lines)
        lines += map(_awaited_line, settlement.waiting)
    return inventory.OrderPromised(lines=tuple(lines))


def _promised_line(shipment: Shipment, taken: Taken) -> inventory.PromisedLine:
    units = sum([quantity for _, quantity in taken.places])
    return inventory.PromisedLine(
        line_id=taken.line.line_id,
        sku=taken.line.item.sku,
        quantity=units,
        available=units,
        location_id=shipment.location_id,
        promise=_promise(shipment.promise),
    )


def _awaited_line(claim: Claim) -> inventory.PromisedLine:
    return inventory.PromisedLine(
        line_id=claim.line_id, sku=claim.item.sku, quantity=claim.quantity, available=0, promise=_promise(claim.promise)
    )


def promise_changed(slips: Iterable[Slip], cause: str) -> inventory.PromiseChanged:
    """Tell which promises are replaced."""
    lines = (
        inventory.ChangedPromise(
            line_id=slip.line_id, quantity=slip.quantity, before=_promise(slip.before), after=_promise(slip.after)
        )
        for slip in slips
    )
    return inventory.PromiseChanged(lines=tuple(lines), cause=cause)


def order_allocated(settlement: Settlement) -> inventory.OrderAllocated:
    """Tell which shipments an order gets, by which plan, and why the others lost."""
    demand, plan = settlement.demand, settlement.choice.plan
    assert plan, "a shipment has a plan"
    first = settlement.shipments[0].number
    return inventory.OrderAllocated(
        allocation_id=allocation_id_of(demand.order_id, first),
        order_version=demand.version,
        shipments=tuple([_shipment(demand, shipment) for shipment in settlement.shipments]),
        currency=settlement.choice.currency,
        plan=_plan(plan[1:]),
        lost_plans=tuple([_lost_plan(lost.plan[1:], lost.because) for lost in settlement.choice.lost]),
    )


@lru_cache(maxsize=4_096)
def _plan(facts_of_plan: tuple[tuple[str, ...], int, date, int]) -> inventory.Plan:
    locations, cost, deliver_by, backordered = facts_of_plan
    return inventory.Plan(locations=locations, cost=cost, deliver_by=deliver_by, backordered=backordered)


@lru_cache(maxsize=4_096)
def _lost_plan(facts_of_plan: tuple[tuple[str, ...], int, date, int], because: str) -> inventory.LostPlan:
    locations, cost, deliver_by, backordered = facts_of_plan
    return inventory.LostPlan(
        locations=locations, cost=cost, deliver_by=deliver_by, backordered=backordered, because=because
    )


@lru_cache(maxsize=16_384)
def _bin_quantity(bin_name: str, quantity: int) -> inventory.BinQuantity:
    return inventory.BinQuantity(bin=bin_name, quantity=quantity)


def _shipment(demand: Demand, shipment: Shipment) -> inventory.AllocatedShipment:
    return inventory.AllocatedShipment(
        shipment_id=shipment_id_of(demand.order_id, shipment.number),
        location_id=shipment.location_id,
        ship_group_id=demand.ship_group_id,
        lines=tuple([_allocated_line(taken) for taken in shipment.lines]),
        promise=_promise(shipment.promise),
        service=demand.destination.service,
    )


def _allocated_line(taken: Taken) -> inventory.AllocatedLine:
    bins = tuple([_bin_quantity(place.bin, quantity) for place, quantity in taken.places])
    units = sum([quantity for _, quantity in taken.places])
    return inventory.AllocatedLine(line_id=taken.line.line_id, sku=taken.line.item.sku, quantity=units, bins=bins)


def lines_backordered(claims: Iterable[Claim], expected: Mapping[str, date | None]) -> inventory.LinesBackordered:
    """Tell which units wait, and when their goods are `expected` by purchase."""
    lines = (
        inventory.BackorderedLine(
            line_id=claim.line_id,
            sku=claim.item.sku,
            quantity=claim.quantity,
            purchase_order_id=claim.purchase_order_id,
            expected_on=expected.get(claim.purchase_order_id or ""),
        )
        for claim in claims
    )
    return inventory.LinesBackordered(lines=tuple(lines))


# --- custody and dispatch ---------------------------------------------------------------------------------------------


def _line_quantities(units: Mapping[str, int]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in units.items() if quantity)


def recall(answer: Answer) -> list[Event]:
    """Tell what is answered here, and what is passed on."""
    own = recall_answered(answer)
    return [*([own] if own else []), *recalls_passed(answer)]


def recall_answered(answer: Answer) -> inventory.RecallAnswered | None:
    """Tell what inventory itself gives back or refuses; nothing where it held nothing of the ask."""
    if not answer.released and not answer.refused:
        return None
    return inventory.RecallAnswered(
        ask_id=answer.ask.ask_id,
        released=_line_quantities(answer.released),
        refused=tuple(
            RefusedLine(line_id=line_id, quantity=quantity, reason=reason)
            for line_id, quantity, reason in answer.refused
        ),
    )


def recalls_passed(answer: Answer) -> Iterable[inventory.RecallPassed]:
    """Tell fulfillment what of each shipment is asked back."""
    for shipment, units in sorted(answer.passed.items()):
        yield inventory.RecallPassed(
            ask_id=answer.ask.ask_id,
            purpose=answer.ask.purpose,
            shipment_id=shipment_id_of(answer.ask.order_id, shipment),
            lines=_line_quantities(units),
        )


def allocation_consumed(shipment_id: str, consumed: Iterable[Consumed], currency: str) -> inventory.AllocationConsumed:
    """Tell what left our books, and what it had cost."""
    lines = (
        inventory.ConsumedLine(
            line_id=line.line_id,
            sku=line.sku,
            quantity=line.quantity,
            cost=line.cost,
            unit_cost=_unit_cost(line.cost, line.quantity),
        )
        for line in consumed
    )
    return inventory.AllocationConsumed(shipment_id=shipment_id, lines=tuple(lines), currency=currency)


def _unit_cost(cost: int, quantity: int) -> str:
    """Write what one unit cost, in minor units to two places: it informs, the total decides."""
    hundredths = abs(cost) * 100 // abs(quantity)
    return f"{hundredths // 100}.{hundredths % 100:02}"


# --- stock and purchases ----------------------------------------------------------------------------------------------


def stock_moved(
    level: tuple[Item, str, Sequence[Shelf]], movements: Iterable[tuple[int, Movement]]
) -> inventory.StockMoved:
    """Tell an item's movements at a location, and what is there now; every change of a shelf makes the version grow."""
    item, location_id, shelves = level
    return inventory.StockMoved(
        version=sum([shelf.version for shelf in shelves]),
        location_id=location_id,
        stock_owner=item.stock_owner,
        movements=tuple([_movement(movement_id, movement) for movement_id, movement in movements]),
        on_hand=sum([shelf.on_hand for shelf in shelves]),
        available=sum([shelf.available for shelf in shelves]),
    )


def _movement(movement_id: int, movement: Movement) -> inventory.Movement:
    return inventory.Movement(
        movement_id=str(movement_id),
        kind=movement.kind,
        quantity=movement.quantity,
        bin=movement.place.bin,
        unit_cost=None if movement.value is None else _unit_cost(movement.value, movement.quantity),
        cause=movement.cause,
    )


def purchase_ordered(purchase: Purchase) -> inventory.PurchaseOrdered:
    """Tell a supplier what we order."""
    lines = (
        inventory.PurchasedLine(line_id=line.line_id, sku=line.item.sku, quantity=line.ordered, cost=line.cost)
        for line in purchase.lines
    )
    return inventory.PurchaseOrdered(
        supplier_id=purchase.supplier_id,
        stock_owner=purchase.stock_owner,
        location_id=purchase.location_id,
        lines=tuple(lines),
        currency=purchase.currency,
        wanted_on=purchase.wanted_on,
    )


def goods_booked(scan: floor.GoodsReceived, booked: Booked, purchase: Purchase) -> inventory.GoodsBooked:
    """Tell what a receipt brought against what was ordered."""
    line = inventory.BookedLine(
        line_id=booked.line.line_id,
        sku=booked.line.item.sku,
        ordered=booked.line.ordered,
        received=booked.received,
        difference=booked.difference,
        lot=scan.lot,
        cost=booked.cost,
    )
    return inventory.GoodsBooked(
        receipt_id=scan.receipt_id,
        supplier_id=purchase.supplier_id,
        location_id=scan.location_id,
        lines=(line,),
        currency=purchase.currency,
    )
