"""Parcels: which packer's scan is right, what a parcel measures, and when a shipment is done."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

from services.fulfillment.core import cartonization
from services.fulfillment.core.catalogue import OWN_PACKAGING, Carton, Item, Size, volume_mm3
from services.fulfillment.core.picking import Refused

# What contracts allow for a side.
_SIDE_MM_MAX: Final = 1_000_000


class State(StrEnum):
    """Where a shipment stands."""

    RELEASED = "released"
    PACKED = "packed"
    CLOSED = "closed"


class Fact(StrEnum):
    """What can happen to a shipment as a whole."""

    ALL_IN_PARCELS = "all_in_parcels"
    NOTHING_TO_SHIP = "nothing_to_ship"
    ALL_UNPACKED = "all_unpacked"


# What is in no row cannot happen: a packed shipment is shipping's until shipping gives it back.
TRANSITIONS: Final[Mapping[tuple[State, Fact], State]] = {
    (State.RELEASED, Fact.ALL_IN_PARCELS): State.PACKED,
    (State.RELEASED, Fact.NOTHING_TO_SHIP): State.CLOSED,
    (State.PACKED, Fact.ALL_UNPACKED): State.CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What one location sends to one destination together."""

    shipment_id: str
    order_id: str
    location_id: str
    ship_group_id: str
    order_version: int
    state: State
    parcels_made: int


class Tally(NamedTuple):
    """Where the units of one line of a shipment are."""

    line_id: str
    sku: str
    open: int
    picked: int
    packed: int
    released: int

    @property
    def loose(self) -> int:
        """Picked and in no parcel yet."""
        return self.picked - self.packed


Tallies = Mapping[str, Tally]
"""A shipment's tallies by line."""


class ParcelScan(NamedTuple):
    """What a packer scanned when a carton was closed."""

    carton_id: str
    units: Mapping[str, int]
    """By line, without zeros."""
    weight_g: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A closed parcel."""

    shipment_id: str
    number: int
    carton_id: str
    size: Size
    weight_g: int
    dunnage_ml: int
    lines: tuple[tuple[str, int], ...]

    @property
    def fill_percent(self) -> int:
        """How much of it is goods; what ships without a carton is all goods."""
        return cartonization.fill_percent(self.size, volume_mm3(self.size) - self.dunnage_ml * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """The scan counts."""

    parcel: Parcel
    refused: Refused | None
    """Units that were packed but recalled meanwhile, and must be taken out."""


@dataclass(slots=True)
class Bench:
    """Where a batch's parcels are packed: shipments and tallies as they stand after each scan."""

    shipments: dict[str, Shipment]
    tallies: dict[str, Tallies]
    cartons: Mapping[str, Carton]
    items: Mapping[str, Item]

    def pack(self, shipment_id: str, scan: ParcelScan) -> Packed | Refused:
        """Judge one scan and count what of it is right."""
        shipment, tallies = self.shipments.get(shipment_id), self.tallies.get(shipment_id, {})
        if shipment is None:
            return Refused(reason="unknown_work")
        if refused := check_parcel(scan, shipment, tallies, self.cartons):
            return refused
        wanted = self._without_recalled(scan, tallies)
        contents = [(self.items[tallies[line_id].sku], units) for line_id, units in wanted.units.items()]
        parcel = parcel_of(shipment, wanted, self.cartons.get(scan.carton_id), contents)
        self.shipments[shipment_id], self.tallies[shipment_id] = packed_into(shipment, tallies, wanted)
        return Packed(parcel=parcel, refused=None if wanted == scan else Refused(reason="recalled"))

    def _without_recalled(self, scan: ParcelScan, tallies: Tallies) -> ParcelScan:
        """Take out of a parcel what was recalled meanwhile, with its weight."""
        excess = {line: n - tallies[line].loose for line, n in scan.units.items() if n > tallies[line].loose}
        if not excess:
            return scan
        grams = sum(self.items[tallies[line].sku].weight_g * units for line, units in excess.items())
        left = units_by_line((line, n - excess.get(line, 0)) for line, n in scan.units.items())
        return scan._replace(units=left, weight_g=max(scan.weight_g - grams, 0))

    def settled(self, shipment_id: str) -> Shipment:
        """Give a shipment as it stands after all its scans."""
        return after(self.shipments[shipment_id], settled(self.tallies[shipment_id]))


def units_by_line(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up what was scanned of each line, perhaps in several pieces."""
    units: dict[str, int] = {}
    for line_id, quantity in lines:
        if quantity:
            units[line_id] = units.get(line_id, 0) + quantity
    return units


def check_parcel(scan: ParcelScan, shipment: Shipment, tallies: Tallies, cartons: Collection[str]) -> Refused | None:
    """Judge a packer's scan: None where it is right, or right but for units that were recalled meanwhile."""
    if shipment.state is not State.RELEASED:
        return Refused(reason="closed")
    if scan.carton_id != OWN_PACKAGING and scan.carton_id not in cartons:
        return Refused(reason="unknown_carton", remaining=_still_loose(scan, tallies))
    if not scan.units:
        return Refused(reason="empty")
    if any(_is_lacking(tallies.get(line_id), quantity) for line_id, quantity in scan.units.items()):
        return Refused(reason="not_picked", remaining=_still_loose(scan, tallies))
    return None if any(tallies[line_id].loose for line_id in scan.units) else Refused(reason="recalled")


def _is_lacking(tally: Tally | None, quantity: int) -> bool:
    """Whether more is in the parcel than ever was in hand."""
    return tally is None or quantity > tally.loose + tally.released


def packed_into(shipment: Shipment, tallies: Tallies, scan: ParcelScan) -> tuple[Shipment, Tallies]:
    """Count a right scan: the shipment and its tallies after it."""
    packed = {line: tallies[line]._replace(packed=tallies[line].packed + n) for line, n in scan.units.items()}
    return replace(shipment, parcels_made=shipment.parcels_made + 1), {**tallies, **packed}


def parcel_of(
    shipment: Shipment, scan: ParcelScan, carton: Carton | None, contents: Sequence[tuple[Item, int]]
) -> Parcel:
    """Measure a parcel; a scale that says nothing is replaced by what the goods and the carton should weigh."""
    goods_mm3 = sum(volume_mm3(item.size) * units for item, units in contents)
    computed_g = sum(item.weight_g * units for item, units in contents) + (carton.tare_g if carton else 0)
    return Parcel(
        shipment_id=shipment.shipment_id,
        number=shipment.parcels_made + 1,
        carton_id=scan.carton_id,
        size=carton.inner if carton else _bundled(contents),
        weight_g=scan.weight_g or computed_g,
        dunnage_ml=cartonization.dunnage_ml(carton.inner, goods_mm3) if carton else 0,
        lines=tuple(scan.units.items()),
    )


def settled(tallies: Tallies) -> Fact | None:
    """Tell whether a shipment is done: nothing left to pick, and what was picked is in parcels."""
    if any(tally.open or tally.loose for tally in tallies.values()):
        return None
    return Fact.ALL_IN_PARCELS if any(tally.packed for tally in tallies.values()) else Fact.NOTHING_TO_SHIP


def after(shipment: Shipment, fact: Fact | None) -> Shipment:
    """Move a shipment on; a fact that its state has no use for changes nothing."""
    state = TRANSITIONS.get((shipment.state, fact)) if fact else None
    return replace(shipment, state=state) if state else shipment


def _still_loose(scan: ParcelScan, tallies: Tallies) -> tuple[tuple[str, int], ...]:
    return tuple((line_id, tallies[line_id].loose) for line_id in scan.units if line_id in tallies)


def _bundled(contents: Sequence[tuple[Item, int]]) -> Size:
    """Stack what ships without a carton on its flattest side."""
    sides = [sorted(item.size, reverse=True) for item, _ in contents]
    height = sum(flattest * units for (_, _, flattest), (_, units) in zip(sides, contents, strict=True))
    return (max(side[0] for side in sides), max(side[1] for side in sides), min(height, _SIDE_MM_MAX))
