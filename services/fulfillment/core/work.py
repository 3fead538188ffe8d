"""The work that one allocated shipment makes: a list of picks, and the cartons that they are meant to fill."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.fulfillment.core.cartonization import Demand, PlannedParcel, Shelf, cartonize
from services.fulfillment.core.catalogue import Item
from services.fulfillment.core.picking import Pick, Wanted, list_picks


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """A shipment as inventory allocated it."""

    shipment_id: str
    order_id: str
    location_id: str
    ship_group_id: str
    order_version: int
    wanted: tuple[Wanted, ...]

    @property
    def bins(self) -> set[str]:
        """The bins that the picker must visit."""
        return {want.bin for want in self.wanted}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the floor is asked to do for a shipment."""

    shipment: Allocated
    picks: tuple[Pick, ...]
    parcels: tuple[PlannedParcel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What operators defined, as far as a batch needs it; sequences by location and bin."""

    items: Mapping[str, Item]
    shelf: Shelf
    sequences: Mapping[str, Mapping[str, int]]


def plan_work(shipment: Allocated, catalogue: Catalogue) -> Work:
    """Say in which order to pick a shipment, and into which cartons to pack it."""
    sequences = catalogue.sequences.get(shipment.location_id, {})
    return Work(
        shipment=shipment,
        picks=tuple(list_picks(shipment.shipment_id, shipment.wanted, sequences)),
        parcels=tuple(cartonize(_demands(shipment, catalogue.items), catalogue.shelf)),
    )


def _demands(shipment: Allocated, items: Mapping[str, Item]) -> list[Demand]:
    """Add up each line's bins: packing does not care where units came from."""
    quantities: dict[tuple[str, str], int] = {}
    for want in shipment.wanted:
        quantities[want.line_id, want.sku] = quantities.get((want.line_id, want.sku), 0) + want.quantity
    return [Demand(line_id=line, item=items[sku], quantity=units) for (line, sku), units in quantities.items()]
