"""Where an order's goods come from: the plans, what each costs, which one wins, and why each other lost.

A plan says which location sends which units. Every location that has something is a plan of its own; where it has not
everything, it is also the start of a split that the others complete. So there are at most twice as many plans as
locations, and where the nearest location has all, exactly as many.

The best plan, in this order: leaves least unfilled; keeps the date that the buyer was promised or asked for; is the
cheapest; arrives first; needs the fewest shipments; is first by location id, so that the same question always has the
same answer. A late plan is never cheap enough: where none is in time, the first to arrive wins.

It knows only what is there now: whether to wait for what is coming is decided by `consolidation` (docs/decisions/0010).

Not here: bins, reservations, and what is done with the result (`allocation`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from services.inventory.core.network import Destination, Network, Promise

Units = Mapping[str, int]
"""Units by sku."""

Because = Literal["backordered", "date", "cost", "shipments", "location"]
Rank = tuple[int, int, int, int, int, tuple[str, ...]]

# Why a plan loses whose rank first differs from the best in this place; see `_rank`.
REASONS: Final[tuple[Because, ...]] = ("backordered", "date", "cost", "date", "shipments", "location")

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
    """One way to source the units; cost in minor units of the network's currency.

    `store.choices` keeps its fields by their order.
    """

    legs: tuple[Leg, ...]
    locations: tuple[str, ...]
    cost: int
    deliver_by: date
    backordered: int


class Lost(NamedTuple):
    """A plan that was considered, and why another won."""

    plan: Plan
    because: Because


class Choice(NamedTuple):
    """The plan that won, if anything could be sourced at all, and those that lost; costs are in this currency."""

    plan: Plan | None
    currency: str
    lost: tuple[Lost, ...] = ()


def choose(wanted: Wanted, available: Mapping[str, Units], network: Network) -> Choice:
    """Choose the plan for what is wanted from what each location has available (units by sku, by location)."""
    total = sum(wanted.units.values())
    plans = [
        _single(_leg(location_id, units, wanted, network), total)
        for location_id, stock in sorted(available.items())
        if (units := _offer(wanted.units, stock))
    ]
    if not plans:
        return Choice(None, network.currency)
    starts = [plan for plan in plans if plan.backordered]
    plans += [split for start in starts if (split := _completed(start, wanted, available, network)) is not None]
    # Of two starts that reach the same split the first by location id stands.
    ranked = {_rank(plan, wanted.wanted_on): plan for plan in reversed(plans)}
    best, *others = sorted(ranked)
    return Choice(ranked[best], network.currency, tuple([Lost(ranked[rank], _why(rank, best)) for rank in others]))


def _offer(units: Units, stock: Units) -> Units:
    """Give what a location can send of these units."""
    offer = {}
    for sku, wanted in units.items():
        if there := stock.get(sku):
            offer[sku] = min(there, wanted)
    return offer


def _leg(location_id: str, units: Units, wanted: Wanted, network: Network) -> Leg:
    weights_g, weight_g = wanted.weights_g, 0
    for sku, quantity in units.items():
        weight_g += weights_g[sku] * quantity
    quote = network.quote(location_id, wanted.destination, weight_g, wanted.wanted_on)
    return Leg(location_id, units, quote.promise, HANDLING + quote.cost)


def _single(leg: Leg, total: int) -> Plan:
    return Plan((leg,), (leg.location_id,), leg.cost, leg.promise.deliver_by, total - sum(leg.units.values()))


def _split(legs: Sequence[Leg], total: int) -> Plan:
    return Plan(
        tuple(legs),
        tuple(leg.location_id for leg in legs),
        sum(leg.cost for leg in legs),
        max(leg.promise.deliver_by for leg in legs),
        total - sum(sum(leg.units.values()) for leg in legs),
    )


def _completed(start: Plan, wanted: Wanted, available: Mapping[str, Units], network: Network) -> Plan | None:
    """Complete a plan that lacks units: again and again by the location that has most of what is left, the cheapest."""
    legs = list(start.legs)
    others = {location_id: stock for location_id, stock in available.items() if location_id != legs[0].location_id}
    lacking = _less(wanted.units, legs[0].units)
    while lacking:
        offers = {location_id: _offer(lacking, stock) for location_id, stock in others.items()}
        further = [_leg(location_id, units, wanted, network) for location_id, units in offers.items() if units]
        if not further:
            break
        legs.append(min(further, key=_most_units))
        del others[legs[-1].location_id]
        lacking = _less(lacking, legs[-1].units)
    return _split(sorted(legs, key=_location), sum(wanted.units.values())) if len(legs) > 1 else None


def _most_units(leg: Leg) -> tuple[int, int, str]:
    return -sum(leg.units.values()), leg.cost, leg.location_id


def _location(leg: Leg) -> str:
    return leg.location_id


def _less(units: Units, taken: Units) -> Units:
    return {sku: left for sku, quantity in units.items() if (left := quantity - taken.get(sku, 0)) > 0}


def _rank(plan: Plan, wanted_on: date | None) -> Rank:
    """Order plans from best to worst. Days late come before cost, so among late plans the first to arrive wins."""
    arrives = plan.deliver_by.toordinal()
    late = 0 if wanted_on is None or plan.deliver_by <= wanted_on else arrives - wanted_on.toordinal()
    return plan.backordered, late, plan.cost, arrives, len(plan.legs), plan.locations


def _why(rank: Rank, best: Rank) -> Because:
    """Name the first thing in which a plan is worse than the best."""
    return next(because for because, mine, theirs in zip(REASONS, rank, best, strict=True) if mine != theirs)
