"""What a packing slip says: to whom, and what of the shipment is inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets the goods; a slip of an erased contact names nobody."""

    name: str = ""
    company: str = ""
    address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipLine:
    """Units of one item; `missing` ones are short, or were recalled, and come later or not at all."""

    line_id: str
    sku: str
    name: str
    quantity: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One shipment's packing slip. It tells no prices: the receiver may not be the buyer."""

    shipment_id: str
    order_id: str
    location_id: str
    released_on: date
    lines: tuple[SlipLine, ...]
    ssccs: tuple[str, ...]
    recipient: Recipient = Recipient()

    @property
    def units(self) -> int:
        """All that the shipment brings."""
        return sum(line.quantity for line in self.lines)


def recipient_for(ship_group_id: str, recipients: Mapping[str | None, Recipient]) -> Recipient:
    """Choose who gets a ship group: its own recipient, else the order's one."""
    return recipients.get(ship_group_id) or recipients.get(None) or Recipient()
