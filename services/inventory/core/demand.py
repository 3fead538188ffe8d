"""What an order still wants, as allocation sees it: lines, and where their units stand that are in no shipment yet."""

from datetime import date
from typing import NamedTuple, Self

from services.inventory.core.network import Destination, Promise
from services.inventory.core.sourcing import Choice
from services.inventory.core.stock import Item, Place


class Redirection(NamedTuple):
    """A corrected destination of a ship group."""

    order_id: str
    ship_group_id: str
    destination: Destination


class Claim(NamedTuple):
    """Units of a line in no shipment: reserved at a place, or waiting for goods where `place` is None.

    `promise` is what the buyer was told; a claim that was never promised has none yet.
    """

    line_id: str
    item: Item
    quantity: int
    place: Place | None
    promise: Promise | None
    purchase_order_id: str | None = None
    claim_id: int | None = None
    """The row that it was read from: what it becomes is written as other rows, and this one is dropped."""


class Line(NamedTuple):
    """A line with units in no shipment."""

    line_id: str
    item: Item
    weight_g: int
    claims: tuple[Claim, ...]

    @property
    def quantity(self) -> int:
        """All its units in no shipment."""
        return sum([claim.quantity for claim in self.claims])


class Demand(NamedTuple):
    """What an order, in its version, wants at one destination; `shipments` and `purchases` count those it has had.

    Until the order is released its goods are only reserved; `wanted_on` is the day that the buyer asked for.
    """

    order_id: str
    ship_group_id: str
    destination: Destination
    wanted_on: date | None
    is_released: bool
    version: int
    shipments: int
    purchases: int
    lines: tuple[Line, ...]
    choice: Choice | None = None
    """How its goods were sourced when they were promised, where all of them go to one destination."""

    def in_version(self, version: int) -> Self:
        """Give the order in this version, or in the later one that it has already."""
        return self if version <= self.version else self._replace(version=version)

    @property
    def waiting(self) -> list[Claim]:
        """What waits for goods."""
        return [claim for line in self.lines for claim in line.claims if claim.place is None]

    @property
    def abandoned(self) -> list[Claim]:
        """What waits for goods that nobody brings."""
        return [claim for claim in self.waiting if claim.purchase_order_id is None]

    @property
    def promised_on(self) -> date | None:
        """The earliest day that was promised."""
        promised = [claim.promise.deliver_by for line in self.lines for claim in line.claims if claim.promise]
        return min(promised) if promised else None

    @property
    def due_on(self) -> date | None:
        """The day to keep: the one promised; before there is one, the one asked for."""
        return self.promised_on or self.wanted_on
