"""The values shipping decides about: shipments and their parcels."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

# Units by line id.
Lines = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """As much of an address as rating needs."""

    country: str
    postcode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One closed carton, as packed."""

    parcel_id: str
    sscc: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    lines: Lines

    @property
    def volume_mm3(self) -> int:
        """The room it takes on a truck."""
        return self.length_mm * self.width_mm * self.height_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What one location sends to one destination together, and by when it should be there."""

    shipment_id: str
    order_id: str
    location_id: str
    ship_group_id: str
    currency: str
    deliver_by: date | None
    lines: Lines


def combined(parcels: Iterable[Lines]) -> dict[str, int]:
    """Add the units of several parcels by line, lines in order of first appearance."""
    total: Counter[str] = Counter()
    for lines in parcels:
        total.update(lines)
    return dict(total)
