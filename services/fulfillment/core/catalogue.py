"""What there is to pick and to pack into: items and cartons as the operators define them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

Size = tuple[int, int, int]
"""Length, width and height in millimetres, each at least one."""

OWN_PACKAGING = "own"
"""The carton id of what ships as it is, because no carton holds it."""


def volume_mm3(size: Size) -> int:
    """Multiply the three sides."""
    return size[0] * size[1] * size[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """From which day on a record holds, and when it was written: of one day's records the last written counts."""

    since: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that lies in bins; a case or a pallet of unknown count cannot be scanned as such."""

    sku: str
    name: str
    weight_g: int
    size: Size
    each_per_case: int | None = None
    each_per_pallet: int | None = None

    def units_in(self, unit: str) -> int | None:
        """Tell how many single units a case or a pallet holds, where somebody defined it."""
        return {"case": self.each_per_case, "pallet": self.each_per_pallet}.get(unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carton:
    """A carton that packers may use; `cost` only compares cartons with each other."""

    carton_id: str
    inner: Size
    tare_g: int
    weight_g_max: int
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place with bins; `sequences` are the numbers that operators gave them along the walk."""

    location_id: str
    sequences: Mapping[str, int]
