"""Where an order's goods come from: the plans, what each costs, which one wins, and why each other lost.

A plan says which location sends which units. Every location that has something is a plan of its own; where it has not
everything, it is also the start of a split that the others complete. So there are at most twice as many plans as
locations, and where the nearest location has all, exactly as many.

The best plan, in this order: leaves least unfilled; keeps the date that the buyer was promised or asked for; is the
cheapest; arrives first; needs the fewest shipments; is first by location id, so that the same question always has the
same answer. A late plan is never cheap enough: where none is in time, the first to arrive wins.

Not here: bins, reservations, and what is done with the result (`allocation`).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Literal, NamedTuple

from services.inventory.core.network import Destination, Network, Promise

Units = Mapping[str, int]
"""Units by sku."""

Because = Literal["backordered", "date", "cost", "shipments"]

# Picking, packing and handing over one more shipment, in minor units: what a split must save in carriage to pay.
HANDLING: Final = 150


class Wanted(NamedTuple):
    """What is to be sourced for one destination: units and weight of one by sku, and when they should be there."""

    units: Units
    weights_g: Mapping[str, int]
    destination: Destination
    wanted_on: date | None


class Leg(NamedTuple):
    """What one location sends in a plan, and when."""

    location_id: str
    units: Units
    promise: Promise
    cost: int


class Plan(NamedTuple):
    """One way to source the units; cost in minor units of the network's currency."""

    legs: tuple[Leg, ...]
    cost: int
    deliver_by: date
    backordered: int

    @property
    def locations(self) -> tuple[str, ...]:
        """Who takes part."""
        return tuple(leg.location_id for leg in self.legs)


class Lost(NamedTuple):
    """A plan that was considered, and why another won."""

    plan: Plan
    because: Because


class Choice(NamedTuple):
    """The plan that won, if anything could be sourced at all, and those that lost."""

    plan: Plan | None
    lost: tuple[Lost, ...] = ()


def choose(wanted: Wanted, available: Mapping[str, Units], network: Network) -> Choice:
    """Choose the plan for what is wanted from what each location has available (units by sku, by location)."""
    plans = [_plan([(location_id, taken)], wanted, network) for location_id, taken in _offers(wanted.units, available)]
    plans += [
        split
        for plan in plans
        if plan.backordered and (split := _completed(plan, wanted, available, network)) is not None
    ]
    if not plans:
        return Choice(None)
    best = min(plans, key=lambda plan: _rank(plan, wanted.wanted_on)) if len(plans) > 1 else plans[0]
    return Choice(best, tuple(Lost(plan, _why(plan, best, wanted.wanted_on)) for plan in _distinct(plans, best)))


def _offers(units: Units, available: Mapping[str, Units]) -> Iterable[tuple[str, Units]]:
    """Give what each location can send of these units; locations that have nothing are left out."""
    for location_id, stock in available.items():
        taken = {sku: min(quantity, stock[sku]) for sku, quantity in units.items() if sku in stock}
        if taken:
            yield location_id, taken


def _plan(shares: Iterable[tuple[str, Units]], wanted: Wanted, network: Network) -> Plan:
    legs = tuple(_leg(location_id, units, wanted, network) for location_id, units in shares)
    return Plan(
        legs,
        sum([leg.cost for leg in legs]),
        max([leg.promise.deliver_by for leg in legs]),
        sum(wanted.units.values()) - sum([sum(leg.units.values()) for leg in legs]),
    )


def _leg(location_id: str, units: Units, wanted: Wanted, network: Network) -> Leg:
    weights_g = wanted.weights_g
    weight_g = sum([weights_g[sku] * quantity for sku, quantity in units.items()])
    quote = network.quote(location_id, wanted.destination, weight_g, wanted.wanted_on)
    return Leg(location_id, units, quote.promise, HANDLING + quote.cost)


def _completed(start: Plan, wanted: Wanted, available: Mapping[str, Units], network: Network) -> Plan | None:
    """Complete a plan that lacks units: again and again by the location that has most of what is left, the cheapest of these."""
    leg = start.legs[0]
    shares = [(leg.location_id, leg.units)]
    others = {location_id: stock for location_id, stock in available.items() if location_id != leg.location_id}
    lacking = _less(wanted.units, leg.units)
    while lacking and (offers := list(_offers(lacking, others))):
        _, _, location_id, units = min(
            (-sum(units.values()), _leg(location_id, units, wanted, network).cost, location_id, units)
            for location_id, units in offers
        )
        shares.append((location_id, units))
        del others[location_id]
        lacking = _less(lacking, units)
    return _plan(sorted(shares), wanted, network) if len(shares) > 1 else None


def _less(units: Units, taken: Units) -> Units:
    return {sku: left for sku, quantity in units.items() if (left := quantity - taken.get(sku, 0)) > 0}


def _rank(plan: Plan, wanted_on: date | None) -> tuple[int, int, int, int, int, tuple[str, ...]]:
    """Order plans from best to worst. Days late come before cost, so among late plans the first to arrive wins."""
    arrives = plan.deliver_by.toordinal()
    days_late = max(0, arrives - wanted_on.toordinal()) if wanted_on is not None else 0
    return plan.backordered, days_late, plan.cost, arrives, len(plan.legs), plan.locations


def _why(plan: Plan, best: Plan, wanted_on: date | None) -> Because:
    """Name the first thing in which a plan is worse than the best."""
    if plan.backordered > best.backordered:
        return "backordered"
    if wanted_on is not None and plan.deliver_by > max(best.deliver_by, wanted_on):
        return "date"
    if plan.cost > best.cost:
        return "cost"
    if plan.deliver_by > best.deliver_by:
        return "date"
    return "shipments" if len(plan.legs) > len(best.legs) else "cost"


def _distinct(plans: Iterable[Plan], best: Plan) -> Iterable[Plan]:
    """Leave out the best and the same split reached from another start."""
    seen = {best.locations}
    for plan in plans:
        if plan.locations not in seen:
            seen.add(plan.locations)
            yield plan
