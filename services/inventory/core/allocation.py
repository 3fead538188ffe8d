"""Settle what orders want: choose a source for each, take the bins, and say what waits and which promises slip.

A source is chosen when an order is promised, and its goods are reserved there; when it is released they are allocated
as they lie, if nothing changed (`confirm`). Otherwise it is chosen anew (`settle`), as for an order that was just
received, that waited, that came up short, or whose promise cannot be kept any more. What an order has reserved counts
as available to it alone, so its source may change without costing another order a unit.

Not here: which location wins (`sourcing`) and what is bought for the units that wait (`replenishment`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from services.inventory.core.demand import Claim, Demand, Line
from services.inventory.core.network import Network, Promise
from services.inventory.core.sourcing import Choice, Leg, Wanted, choose
from services.inventory.core.stock import Item, Place, Stock

Key = TypeVar("Key", Place, Promise)


class Taken(NamedTuple):
    """Units of a line and the places they are taken from."""

    line: Line
    places: tuple[tuple[Place, int], ...]


class Shipment(NamedTuple):
    """What one location sends together; `number` counts an order's shipments."""

    number: int
    location_id: str
    promise: Promise
    lines: tuple[Taken, ...]


class Slip(NamedTuple):
    """A promise that cannot be kept, and the one that replaces it."""

    line_id: str
    quantity: int
    before: Promise
    after: Promise


@dataclass(slots=True)
class Settlement:
    """What was decided about a demand. Claims that wait get their dates, and maybe a purchase, afterwards."""

    demand: Demand
    choice: Choice
    shipments: tuple[Shipment, ...]
    waiting: tuple[Claim, ...]

    def is_later_than(self, day: date) -> bool:
        """Tell whether anything arrives after a day."""
        arrivals = [shipment.promise.deliver_by for shipment in self.shipments]
        arrivals += [claim.promise.deliver_by for claim in self.waiting if claim.promise]
        return any(arrives > day for arrives in arrivals)

    def released(self) -> Iterable[tuple[Place, int]]:
        """Give what the order held before."""
        for line in self.demand.lines:
            for claim in line.claims:
                if claim.place is not None:
                    yield claim.place, claim.quantity

    def taken(self) -> Iterable[tuple[Place, int]]:
        """Give what it holds now."""
        for shipment in self.shipments:
            for taken in shipment.lines:
                yield from taken.places

    def reservations(self) -> Iterable[Claim]:
        """Give the units with a source as claims: so they are kept while the order is not released."""
        for shipment in self.shipments:
            for taken in shipment.lines:
                for place, quantity in taken.places:
                    yield Claim(taken.line.line_id, taken.line.item, quantity, place, shipment.promise)


def settle(demands: Iterable[Demand], stock: Stock, network: Network, causes: Mapping[str, str]) -> list[Settlement]:
    """Settle demands one after the other on the same shelves; `causes` names for each order what made it happen."""
    settlements: list[Settlement] = []
    numbers: dict[str, int] = {}
    for demand in demands:
        first = numbers.get(demand.order_id, demand.shipments) + 1
        settlement = _settle(demand, stock, network, first)
        _book(settlement, stock, causes[demand.order_id])
        numbers[demand.order_id] = first + len(settlement.shipments) - 1
        settlements.append(settlement)
    return settlements


def confirm(demand: Demand, now: datetime) -> Settlement | None:
    """Allocate what was reserved at one location as it was promised; None where anything is not as it was planned."""
    choice = demand.choice
    if choice is None or choice.plan is None or choice.plan.backordered or len(choice.plan.locations) > 1:
        return None
    location_id, promise = choice.plan.locations[0], demand.lines[0].claims[0].promise
    if promise is None or promise.ship_by < now:
        return None
    lines = []
    for line in demand.lines:
        places: dict[Place, int] = {}
        for claim in line.claims:
            if claim.place is None or claim.place.location_id != location_id or claim.promise != promise:
                return None
            places[claim.place] = places.get(claim.place, 0) + claim.quantity
        lines.append(Taken(line, tuple(places.items())))
    return Settlement(demand, choice, (Shipment(demand.shipments + 1, location_id, promise, tuple(lines)),), ())


def _settle(demand: Demand, stock: Stock, network: Network, first_number: int) -> Settlement:
    units: dict[str, int] = {}
    left: dict[str, int] = {}
    for line in demand.lines:
        left[line.line_id] = quantity = line.quantity
        units[line.item.sku] = units.get(line.item.sku, 0) + quantity
    own = _own_reservations(demand, stock)
    weights_g = {line.item.sku: line.weight_g for line in demand.lines}
    wanted = Wanted(units, weights_g, demand.destination, demand.due_on)
    choice = choose(wanted, _available(demand, stock, own), network)
    shipments = tuple(
        [
            _shipment(number, leg, demand, _bins(leg, demand, stock, own), left)
            for number, leg in enumerate(choice.plan.legs if choice.plan else (), first_number)
        ]
    )
    waiting = tuple(
        [part for line in demand.lines if left[line.line_id] for part in _waiting(line, left[line.line_id])]
    )
    return Settlement(demand, choice, shipments, waiting)


# --- what may be taken ------------------------------------------------------------------------------------------------

Own = dict[Item, list[tuple[Place, int]]]
"""What an order holds itself."""


def _own_reservations(demand: Demand, stock: Stock) -> Own:
    """Collect what the order holds in bins that are open: what lies in a blocked one may not be there."""
    own: Own = {}
    for line in demand.lines:
        for claim in line.claims:
            if (place := claim.place) is not None and not stock.at(place).blocked:
                own.setdefault(line.item, []).append((place, claim.quantity))
    return own


def _available(demand: Demand, stock: Stock, own: Own) -> dict[str, dict[str, int]]:
    """Add up by location and sku what nobody holds and what the order holds itself."""
    available: dict[str, dict[str, int]] = {}
    for item in {line.item: None for line in demand.lines}:
        parts = [(shelf.place, units) for shelf in stock.of(item) if (units := shelf.available)]
        for place, units in parts + own[item] if item in own else parts:
            there = available.setdefault(place.location_id, {})
            there[item.sku] = there.get(item.sku, 0) + units
    return available


# --- from a leg of the plan to a shipment with bins -------------------------------------------------------------------

Bins = dict[Item, list[tuple[Place, int]]]
"""From where the units of a leg are taken, in order."""


def _bins(leg: Leg, demand: Demand, stock: Stock, own: Own) -> Bins:
    """Take bins for a leg: first those that the order holds already (nothing moves then), then as they lie."""
    bins: Bins = {}
    for item in {line.item: None for line in demand.lines if line.item.sku in leg.units}:
        wanted = leg.units[item.sku]
        held = [part for part in own.get(item, ()) if part[0].location_id == leg.location_id]
        bins[item] = taken = _draw(held, wanted)
        lacking = wanted - sum([units for _, units in taken])
        if lacking:
            shelves = [shelf for shelf in stock.of(item) if shelf.place.location_id == leg.location_id]
            there = [(shelf.place, units) for shelf in shelves if (units := shelf.available)]
            taken += _draw(sorted(there), lacking)
    return bins


def _shipment(number: int, leg: Leg, demand: Demand, bins: Bins, left: dict[str, int]) -> Shipment:
    """Give the units of a leg to the lines in their order, and count down what each line still lacks."""
    lines: list[Taken] = []
    for line in demand.lines:
        if left[line.line_id] and bins.get(line.item):
            places = _draw(bins[line.item], left[line.line_id])
            left[line.line_id] -= sum([quantity for _, quantity in places])
            lines.append(Taken(line, tuple(places)))
    return Shipment(number, leg.location_id, _kept(leg.promise, demand), tuple(lines))


def _draw(parts: list[tuple[Key, int]], wanted: int) -> list[tuple[Key, int]]:
    """Take units from the front of the parts; what stands there twice is drawn from once."""
    drawn: dict[Key, int] = {}
    while wanted and parts:
        key, quantity = parts[0]
        units = min(quantity, wanted)
        drawn[key] = drawn.get(key, 0) + units
        wanted -= units
        if units == quantity:
            del parts[0]
        else:
            parts[0] = (key, quantity - units)
    return list(drawn.items())


def _kept(expected: Promise, demand: Demand) -> Promise:
    """Keep the day promised where it can be kept: a parcel that may take longer may travel cheaper."""
    promised = demand.promised_on
    return expected if promised is None or promised <= expected.deliver_by else expected._replace(deliver_by=promised)


def _book(settlement: Settlement, stock: Stock, cause: str) -> None:
    """Move reservations to where the units are taken from: nothing, in the common case."""
    before, after = list(settlement.released()), list(settlement.taken())
    if before == after:
        return
    change: dict[Place, int] = {}
    for place, quantity in before:
        change[place] = change.get(place, 0) - quantity
    for place, quantity in after:
        change[place] = change.get(place, 0) + quantity
    for place, quantity in change.items():
        if quantity < 0:
            stock.release(place, -quantity, cause)
    for place, quantity in change.items():
        if quantity > 0:
            stock.reserve(place, quantity, cause)


def _waiting(line: Line, quantity: int) -> Iterable[Claim]:
    """Let units wait, those first that have a purchase already."""
    waited = sorted(line.claims, key=lambda claim: (claim.purchase_order_id is None, claim.place is not None))
    for claim in waited:
        if units := min(quantity, claim.quantity):
            yield claim._replace(quantity=units, place=None)
            quantity -= units


# --- promises ---------------------------------------------------------------------------------------------------------


def slips(settlement: Settlement) -> list[Slip]:
    """Compare what was promised with what will be, unit by unit, the earliest with the earliest."""
    promised_on = settlement.demand.promised_on
    if promised_on is None or not settlement.is_later_than(promised_on):
        return []
    after: dict[str, list[tuple[Promise, int]]] = {}
    for shipment in settlement.shipments:
        for taken in shipment.lines:
            units = sum([quantity for _, quantity in taken.places])
            after.setdefault(taken.line.line_id, []).append((shipment.promise, units))
    for claim in settlement.waiting:
        if claim.promise is not None:
            after.setdefault(claim.line_id, []).append((claim.promise, claim.quantity))
    return [slip for line in settlement.demand.lines for slip in _line_slips(line, after.get(line.line_id, []))]


def _line_slips(line: Line, after: list[tuple[Promise, int]]) -> Iterable[Slip]:
    before = [(claim.promise, claim.quantity) for claim in line.claims if claim.promise]
    before.sort(key=_day)
    for promise, quantity in sorted(after, key=_day):
        for promised, units in _draw(before, quantity):
            if promise.deliver_by > promised.deliver_by:
                yield Slip(line.line_id, units, promised, promise)


def _day(part: tuple[Promise, int]) -> date:
    return part[0].deliver_by
