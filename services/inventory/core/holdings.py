"""All that an order holds: claims (units in no shipment) and allocations (units in one), and how they shrink."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.inventory.core.demand import Claim
from services.inventory.core.network import Promise
from services.inventory.core.stock import Item, Place, Stock


@dataclass(slots=True)
class Allocation:
    """Units of a line in a shipment, from one bin: how many were picked, have left, are asked back."""

    order_id: str
    shipment: int
    line_id: str
    place: Place
    quantity: int
    promise: Promise
    picked: int = 0
    dispatched: int = 0
    recalled: int = 0
    short: int = 0
    """Units that a pick did not find while an ask was open: the answer says whether they are still wanted."""
    cost: int = 0
    changed: bool = False

    @property
    def here(self) -> int:
        """Units that did not leave."""
        return self.quantity - self.dispatched

    @property
    def free(self) -> int:
        """Units that did not leave and that nobody asked back."""
        return self.quantity - self.dispatched - self.recalled

    def claim(self, quantity: int, place: Place | None) -> Claim:
        """Take units out of the shipment: they are the order's, but in no shipment any more."""
        self.changed = True
        self.quantity -= quantity
        return Claim(self.line_id, self.item, quantity, place, self.promise)

    @property
    def item(self) -> Item:
        """What it is."""
        return self.place.item


def by_line(allocations: Iterable[Allocation]) -> dict[str, list[Allocation]]:
    """Sort a shipment's allocations by line: one may have hundreds."""
    lines: dict[str, list[Allocation]] = {}
    for allocation in allocations:
        lines.setdefault(allocation.line_id, []).append(allocation)
    return lines


@dataclass(slots=True)
class Holdings:
    """All that one order holds."""

    order_id: str
    claims: list[Claim]
    allocations: list[Allocation]
    claims_changed: bool = False
    loaded: tuple[Claim, ...] = ()
    """The claims as they were."""

    @property
    def items(self) -> set[Item]:
        """What the order holds."""
        return {claim.item for claim in self.claims} | {allocation.item for allocation in self.allocations}

    @property
    def has_reserved(self) -> bool:
        """Whether any of its units lies in a bin and is in no shipment yet."""
        return any(claim.place is not None for claim in self.claims)

    def shipment(self, number: int) -> list[Allocation]:
        """Give what is in one of the order's shipments."""
        return [allocation for allocation in self.allocations if allocation.shipment == number]

    def claims_of(self, line_id: str) -> list[Claim]:
        """Give a line's claims: those that wait first, they cost nobody anything."""
        mine = [claim for claim in self.claims if claim.line_id == line_id]
        return sorted(mine, key=lambda claim: (claim.place is not None, claim.place or ()))

    def allocations_of(self, line_id: str) -> list[Allocation]:
        """Give a line's allocations, the youngest shipment first: the goods have not gone far."""
        mine = [allocation for allocation in self.allocations if allocation.line_id == line_id]
        return sorted(mine, key=lambda allocation: (-allocation.shipment, allocation.place))

    def drop(self, line_id: str, quantity: int, stock: Stock, cause: str) -> None:
        """Give up units that are in no shipment, as many of them as there are."""
        left = quantity
        for claim in self.claims_of(line_id):
            units = min(left, claim.quantity)
            if units:
                self._reduce(claim, units)
                left -= units
                if claim.place is not None:
                    stock.release(claim.place, units, cause)

    def _reduce(self, claim: Claim, units: int) -> None:
        self.claims.remove(claim)
        self.claims_changed = True
        if units < claim.quantity:
            self.claims.append(claim._replace(quantity=claim.quantity - units))

    def add(self, claims: Iterable[Claim]) -> None:
        """Let the order hold further units in no shipment."""
        for claim in claims:
            self.claims.append(claim)
            self.claims_changed = True
