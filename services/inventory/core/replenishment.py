"""Buy what is short: date the units that wait, and order them from their suppliers, one order a supplier and turn.

A purchase is for exactly the units that released orders lack: no minimum quantities, no forecast. A supplier who
refuses or delivers short is asked again, a bounded number of times.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from contracts.values import named_id, order_id_within
from services.inventory.core.allocation import Settlement, Slip
from services.inventory.core.backlog import Waiting
from services.inventory.core.demand import Claim, Demand
from services.inventory.core.network import Destination, Network, Promise, working_days_after
from services.inventory.core.stock import Item

# A refusal may be about one delivery; a supplier who says no this often has said no.
ATTEMPTS_MAX: Final = 3
# Days after the last expected one when a delivery is given up: more than a slip, less than a buyer's patience.
OVERDUE_DAYS: Final = 14
# Names are keys of messages: they do not grow with every time that units are ordered again.
NAME_MAX: Final = 80
# Where no location is known that could send goods on, this many days stand for the way.
DAYS_UNKNOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What the catalogue says about an item: who supplies it, how long that takes, what one costs and weighs."""

    sku: str
    supplier_id: str | None
    lead_time_days: int
    cost: int
    currency: str
    weight_g: int = 0
    pieces: Mapping[str, int | None] = field(default_factory=dict)
    """How many single units a case and a pallet hold."""

    def expected_on(self, now: datetime) -> date:
        """Say when units ordered now should be here."""
        return now.date() + timedelta(days=self.lead_time_days)


@dataclass(slots=True)
class PurchaseLine:
    """What is ordered of an item at which total cost, what came, what never will, and when the rest should."""

    purchase_order_id: str
    line_id: str
    item: Item
    ordered: int
    cost: int
    received: int = 0
    refused: int = 0
    expected_on: date | None = None
    is_new: bool = False
    is_changed: bool = False

    def receive(self, units: int) -> None:
        """Count what came."""
        self.received += units
        self.is_changed = True

    def refuse(self, units: int) -> None:
        """Count what never will come."""
        self.refused += min(units, self.coming)
        self.is_changed = True

    def expect(self, day: date) -> bool:
        """Expect what is still to come on another day; tell whether that is later than before."""
        is_later = self.expected_on is None or day > self.expected_on
        self.is_changed = self.is_changed or day != self.expected_on
        self.expected_on = day
        return is_later

    @property
    def coming(self) -> int:
        """Units that should still come."""
        return max(0, self.ordered - self.received - self.refused)


@dataclass(slots=True)
class Purchase:
    """One order to one supplier; `attempt` counts how often he was asked, `reorders` what was ordered again from it."""

    purchase_order_id: str
    supplier_id: str
    stock_owner: str
    location_id: str
    currency: str
    wanted_on: date
    attempt: int = 1
    reorders: int = 0
    lines: list[PurchaseLine] = field(default_factory=list)
    _by_item: dict[Item, list[PurchaseLine]] = field(default_factory=dict)

    def put(self, line: PurchaseLine) -> None:
        """Take a line in; an order may have thousands, so they are found by item."""
        self.lines.append(line)
        self._by_item.setdefault(line.item, []).append(line)

    def add(self, item: Item, quantity: int, supply: Supply, now: datetime) -> None:
        """Order further units of an item."""
        line = self.line_of(None, item)
        line.ordered += quantity
        line.cost += supply.cost * quantity
        line.expected_on = supply.expected_on(now)
        self.wanted_on = max(self.wanted_on, line.expected_on)

    @property
    def given_up_on(self) -> date:
        """The day after which what did not come is not expected any more."""
        days = [line.expected_on for line in self.lines if line.coming and line.expected_on]
        return max([self.wanted_on, *days]) + timedelta(days=OVERDUE_DAYS)

    def give_up(self) -> None:
        """Expect nothing more."""
        for line in self.lines:
            line.refuse(line.coming)

    def line_of(self, line_id: str | None, item: Item) -> PurchaseLine:
        """Find the line that a delivery is about; what nobody ordered gets a line of its own."""
        if (line := self.find(line_id, item)) is None:
            line = PurchaseLine(self.purchase_order_id, str(len(self.lines) + 1), item, 0, 0, is_new=True)
            self.put(line)
        return line

    def find(self, line_id: str | None, item: Item) -> PurchaseLine | None:
        """Find the line of an item, by its id where several have it."""
        mine = self._by_item.get(item, [])
        return next((line for line in mine if line.line_id == line_id), mine[0] if mine else None)


# --- date what waits --------------------------------------------------------------------------------------------------


def promise_for(destination: Destination, available_on: date, network: Network) -> Promise:
    """Promise goods that will be received on a day, when they can have gone on to the buyer."""
    if (location_id := network.receiver(destination)) is not None:
        return network.promise_from(location_id, destination, available_on)
    moment = max(datetime.combine(available_on, time(), UTC), network.now)
    return Promise(moment, working_days_after(moment.date(), DAYS_UNKNOWN))


def redated(demand: Demand, expected: Mapping[tuple[str, str], date], network: Network) -> list[tuple[Claim, Claim]]:
    """Promise anew what waits for goods that come later than was promised; `expected` by purchase and sku."""
    changed = []
    for claim in demand.waiting:
        day = expected.get((claim.purchase_order_id or "", claim.item.sku))
        promise = promise_for(demand.destination, day, network) if day else claim.promise
        if claim.promise and promise and promise.deliver_by > claim.promise.deliver_by:
            changed.append((claim, claim._replace(promise=promise)))
    return changed


def slips_of(changed: Iterable[tuple[Claim, Claim]]) -> list[Slip]:
    """Say what was promised before and now."""
    return [
        Slip(before.line_id, before.quantity, before.promise, after.promise)
        for before, after in changed
        if before.promise and after.promise
    ]


# --- order it ---------------------------------------------------------------------------------------------------------


class Basket:
    """The purchases of one turn: one a supplier, each named after the first order that it is for."""

    def __init__(self, supplies: Mapping[str, Supply], network: Network) -> None:
        """Take what the catalogue says about every item that may be wanted."""
        self.purchases: dict[tuple[str, str, str], Purchase] = {}
        self.numbers: dict[str, int] = {}
        """How many purchases are named after each order now."""
        self._supplies = supplies
        self._network = network

    def settle(self, settlement: Settlement) -> None:
        """Date what waits, and order what a released order lacks; the settlement's claims say so afterwards."""
        order = self._ordered if settlement.demand.is_released else self._dated
        settlement.waiting = tuple([order(settlement.demand, claim) for claim in settlement.waiting])

    def _ordered(self, demand: Demand, claim: Claim) -> Claim:
        supply = self._supplies[claim.item.sku]
        location_id = self._network.receiver(demand.destination)
        if claim.purchase_order_id is not None or supply.supplier_id is None or location_id is None:
            return self._dated(demand, claim)
        source = (supply.supplier_id, supply.currency, claim.item.stock_owner)
        if (purchase := self.purchases.get(source)) is None:
            number = self.numbers[demand.order_id] = self.numbers.get(demand.order_id, demand.purchases) + 1
            name, today = f"PO-{demand.order_id}.{number}", self._network.now.date()
            purchase = self.purchases[source] = Purchase(name, source[0], source[2], location_id, source[1], today)
        purchase.add(claim.item, claim.quantity, supply, self._network.now)
        bought = claim._replace(purchase_order_id=purchase.purchase_order_id, promise=None)
        return self._dated(demand, bought)

    def _dated(self, demand: Demand, claim: Claim) -> Claim:
        if claim.promise is not None:
            return claim
        available_on = self._supplies[claim.item.sku].expected_on(self._network.now)
        return claim._replace(promise=promise_for(demand.destination, available_on, self._network))


# --- order it again ---------------------------------------------------------------------------------------------------


class Relinked(NamedTuple):
    """A waiting claim, as it was and as it waits for another purchase from now on (None: nobody delivers it)."""

    order_id: str
    before: Claim
    after: Claim


def uncovered(waiting: Iterable[Waiting], coming: Iterable[PurchaseLine]) -> dict[Item, int]:
    """Add up by item what was bought for those who wait and is not coming any more."""
    units: dict[Item, int] = {}
    for _, claim in waiting:
        if claim.purchase_order_id is not None:
            units[claim.item] = units.get(claim.item, 0) + claim.quantity
    for line in coming:
        if line.item in units:
            units[line.item] -= line.coming
    return {item: quantity for item, quantity in units.items() if quantity > 0}


def again(
    failed: Purchase, units: Mapping[Item, int], supplies: Mapping[str, Supply], now: datetime
) -> Purchase | None:
    """Order again what a supplier refused or failed to deliver, unless he was asked often enough.

    What he did deliver, and an older promise took, is no failure of his.
    """
    attempt = failed.attempt + any(line.refused for line in failed.lines if line.item in units)
    if not units or attempt > ATTEMPTS_MAX:
        return None
    failed.reorders += 1
    purchase = Purchase(
        _name_after(failed),
        failed.supplier_id,
        failed.stock_owner,
        failed.location_id,
        failed.currency,
        now.date(),
        attempt,
    )
    for item, quantity in units.items():
        purchase.add(item, quantity, supplies[item.sku], now)
    return purchase


def _name_after(failed: Purchase) -> str:
    """Name a purchase after the one that it replaces; one that has replaced many is told by a digest of their names."""
    name = f"{failed.purchase_order_id}.{failed.reorders}"
    return name if len(name) <= NAME_MAX else f"{order_id_within(name)}.{named_id(name)}"


def all_again(
    failed: Iterable[Purchase], lacking: Mapping[Item, int], supplies: Mapping[str, Supply], now: datetime
) -> list[tuple[Purchase, Purchase]]:
    """Order again what is lacking, each item once, from the first purchase that failed to bring it."""
    left, ordered = dict(lacking), []
    for purchase in failed:
        mine = {line.item: left.pop(line.item) for line in purchase.lines if line.item in left}
        if (reordered := again(purchase, mine, supplies, now)) is not None:
            ordered.append((purchase, reordered))
    return ordered


def relink(waiting: Iterable[Waiting], coming: Sequence[PurchaseLine]) -> list[Relinked]:
    """Let those who wait for a purchase that brings nothing more wait for the one that comes first."""
    sources = {line.item: line.purchase_order_id for line in reversed(coming)}
    alive = {(line.purchase_order_id, line.item) for line in coming}
    return [
        Relinked(order_id, claim, claim._replace(purchase_order_id=sources.get(claim.item)))
        for order_id, claim in waiting
        if claim.purchase_order_id is not None and (claim.purchase_order_id, claim.item) not in alive
    ]
