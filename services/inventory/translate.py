"""Contracts ⇄ core: what others' events mean here, and how decisions are told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from contracts import facts, floor, fulfillment, intake, inventory, master, shipping
from contracts.event import Event
from contracts.facts import LineQuantity, RefusedLine
from contracts.values import allocation_id_of, shipment_id_of
from services.inventory.core.allocation import Settlement, Shipment, Slip, Taken
from services.inventory.core.custody import Answer, Ask, Outcome, Purpose, ShortPick
from services.inventory.core.demand import Claim, Demand, Line, Redirection
from services.inventory.core.inbound import Booked, Receipt
from services.inventory.core.network import Destination, Lane, Location, Network, Promise, Tariff
from services.inventory.core.outbound import Consumed
from services.inventory.core.replenishment import Purchase, Supply
from services.inventory.core.stock import Item, Movement, Place, Shelf

SELLABLE: Final = "new"

# --- reference data ---------------------------------------------------------------------------------------------------


def supply(item: master.ItemDefined) -> Supply:
    """Read what we need of the catalogue."""
    return Supply(
        sku=item.sku,
        supplier_id=item.supplier_id,
        lead_time_days=item.lead_time_days,
        cost=item.cost,
        currency=item.currency,
        weight_g=item.weight_g,
        pieces={"case": item.units.each_per_case, "pallet": item.units.each_per_pallet},
    )


def network(documents: Iterable[tuple[str, str]], now: datetime) -> Network:
    """Build today's network from locations and rate cards; cards in another currency than the first are left out."""
    locations: dict[str, Location] = {}
    lanes: list[Lane] = []
    currency = ""
    for kind, document in documents:
        if kind == "location":
            location = _location(document)
            locations[location.location_id] = location
        else:
            card_currency, card_lanes = _rate_card(document)
            currency = currency or card_currency
            lanes += card_lanes if card_currency == currency else []
    return Network(locations, lanes, currency, now)


@lru_cache(maxsize=1_024)
def _location(document: str) -> Location:
    """Parse a location once a process, not once a turn."""
    record = master.LocationDefined.decode(document.encode())
    return Location(
        location_id=record.location_id,
        kind=record.kind,
        zone=record.zone,
        cut_off=record.cut_off,
        weekdays=record.calendar.weekdays,
        days_off=record.calendar.days_off,
    )


@lru_cache(maxsize=1_024)
def _rate_card(document: str) -> tuple[str, tuple[Lane, ...]]:
    """Parse a rate card once a process, not once a turn. Freight is no way for an order's parcels."""
    card = master.RateCardDefined.decode(document.encode())
    lanes = (lane for zone in card.zones for lane in _lanes(card, zone)) if card.mode == "parcel" else ()
    return card.currency, tuple(lanes)


def _lanes(card: master.RateCardDefined, zone: master.RateZone) -> Iterable[Lane]:
    steps = sorted((step.weight_up_to_g, step.amount) for step in card.weight_steps if step.zone == zone.zone)
    if steps:
        weights_g, amounts = zip(*steps, strict=True)
        tariff = Tariff(
            carrier=card.carrier,
            service=card.service,
            transit_days=zone.transit_days,
            weights_g=weights_g,
            amounts=amounts,
        )
        for destination in zone.destinations:
            yield Lane(frozenset(zone.locations), destination.country, destination.postcode_prefixes, tariff)


# --- orders -----------------------------------------------------------------------------------------------------------


def stocked_lines(order: intake.OrderReceived) -> list[facts.Line]:
    """Leave out what no shelf holds: services, gift cards, digital goods, and kits whose components are lines."""
    digital = {group.ship_group_id for group in order.ship_groups if group.method == "digital"}
    headings = {line.parent_line_id for line in order.lines if line.kind == "component"}
    return [
        line
        for line in order.lines
        if line.ship_group_id not in digital
        and (line.kind in ("goods", "component") or (line.kind == "kit" and line.line_id not in headings))
    ]


def demands(order_id: str, order: intake.OrderReceived, supplies: Mapping[str, Supply]) -> list[Demand]:
    """Read what a new order wants, by destination: nothing of it is promised yet."""
    groups = {group.ship_group_id: group for group in order.ship_groups}
    wanted: dict[str, list[Line]] = {}
    for line in stocked_lines(order):
        item = Item(line.sku, order.stock_owner)
        claim = Claim(line.line_id, item, line.quantity, None, None)
        entry = Line(line.line_id, item, supplies[line.sku].weight_g, (claim,))
        wanted.setdefault(line.ship_group_id, []).append(entry)
    return [_demand(order_id, order, group_id, groups.get(group_id), lines) for group_id, lines in wanted.items()]


def _demand(
    order_id: str, order: intake.OrderReceived, group_id: str, group: intake.ShipGroup | None, lines: Sequence[Line]
) -> Demand:
    destination = Destination(order.country, order.postcode)
    if group:
        destination = Destination(group.country, group.postcode, group.service)
    return Demand(
        order_id=order_id,
        ship_group_id=group_id,
        destination=destination,
        wanted_on=group.deliver_by if group else None,
        is_released=False,
        version=order.version,
        shipments=0,
        purchases=0,
        lines=tuple(lines),
    )


def redirections(order_id: str, changed: intake.OrderChanged) -> list[Redirection]:
    """Read where goods go from now on."""
    return [
        Redirection(order_id, to.ship_group_id, Destination(to.after.country, to.after.postcode))
        for to in changed.destinations
    ]


def ask(order_id: str, asked: intake.CancellationAsked) -> Ask:
    """Read what is asked back."""
    return Ask(asked.ask_id, order_id, asked.purpose, tuple((line.line_id, line.quantity) for line in asked.lines))


def outcome(answer: fulfillment.RecallAnswered | shipping.RecallAnswered, purposes: Mapping[str, Purpose]) -> Outcome:
    """Read another's answer to an ask; the ask itself tells what for."""
    return Outcome(
        purposes[answer.ask_id],
        shipment_number(answer.shipment_id),
        units_by_line(answer.released),
        units_by_line(answer.refused),
    )


def short_pick(short: fulfillment.LineShortPicked) -> ShortPick:
    """Read what a pick did not find."""
    return ShortPick(shipment_number(short.shipment_id), short.line_id, short.bin, short.expected - short.found)


def units_by_line(lines: Iterable[LineQuantity | RefusedLine]) -> dict[str, int]:
    """Add up units by line."""
    units: dict[str, int] = {}
    for line in lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    return units


def shipment_number(shipment_id: str) -> int:
    """Read which of its order's shipments it is."""
    return int(shipment_id.rpartition(".")[2])


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


def place(scan: floor.GoodsReceived | floor.StockCounted) -> Place:
    """Read where goods lie; what cannot be sold lies in the same bin on a shelf of its own."""
    bin_name = scan.bin if scan.condition == SELLABLE else f"{scan.bin}#{scan.condition}"
    return Place(Item(scan.sku, scan.stock_owner), scan.location_id, bin_name)


def expected_days(purchases: Mapping[str, Purchase]) -> dict[tuple[str, str], date]:
    """Say by purchase and sku when goods come."""
    return {
        (name, line.item.sku): line.expected_on
        for name, purchase in purchases.items()
        for line in purchase.lines
        if line.expected_on is not None
    }


def receipt(scan: floor.GoodsReceived, pieces: Mapping[str, int | None]) -> Receipt:
    """Read a receipt in single units; where nobody said how many a case or pallet holds, it is one."""
    return Receipt(place(scan), scan.quantity * (pieces.get(scan.unit) or 1), scan.condition == SELLABLE)


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
