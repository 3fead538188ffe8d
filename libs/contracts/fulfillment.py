"""What fulfillment tells about the work on an order (`fulfillment-work`). It alone may refuse a scan."""

from contracts.event import Event, Fact
from contracts.facts import Dimensions, LineQuantity, Purpose, RefusedLine, Unit


class Pick(Fact):
    """Units of one line to take from one bin; picks stand in walking order."""

    pick_id: str
    line_id: str
    bin: str
    sku: str
    quantity: int


class PlannedCarton(Fact):
    """A carton and what is meant to go into it; carton "own": it ships as it is, because no carton holds it."""

    carton_id: str
    lines: tuple[LineQuantity, ...]
    weight_g: int | None = None
    fill_percent: int | None = None
    dunnage_ml: int | None = None


class WorkReleased(Event):
    """The floor may begin: what to pick and into which cartons to pack it."""

    type = "fulfillment.work_released.v1"

    work_id: str
    shipment_id: str
    location_id: str
    wave_id: str
    picks: tuple[Pick, ...]
    cartons: tuple[PlannedCarton, ...]


class ScanRefused(Event):
    """A scan does not fit the work (unknown_pick, wrong_bin, too_many, a code): answered, never dropped in silence.

    `remaining`: what of the scanned lines is still to be picked (or, for a parcel, to be packed), so that the floor can
    mend the scan. `recalled`: what was still wanted of it counts; the rest goes back to its bin.
    """

    type = "fulfillment.scan_refused.v1"

    scan_id: str
    work_id: str
    reason: str
    remaining: tuple[LineQuantity, ...] = ()


class PickedLine(Fact):
    """Units that were taken from a bin: `quantity` counts single units, `unit` says as what they were scanned."""

    pick_id: str
    line_id: str
    bin: str
    sku: str
    lot: str | None = None
    serial: str | None = None
    quantity: int
    unit: Unit = "each"
    worker: str


class LinesPicked(Event):
    """Accepted picks of a shipment."""

    type = "fulfillment.lines_picked.v1"

    shipment_id: str
    picks: tuple[PickedLine, ...]


class LineShortPicked(Event):
    """A bin held less than it should: it is out of use until counted, and the line is sourced again."""

    type = "fulfillment.line_short_picked.v1"

    shipment_id: str
    pick_id: str
    line_id: str
    bin: str
    sku: str
    expected: int
    found: int


class PackedParcel(Fact):
    """One closed carton, weighed."""

    parcel_id: str
    sscc: str
    carton_id: str
    dimensions: Dimensions
    weight_g: int
    fill_percent: int | None = None
    dunnage_ml: int = 0
    lines: tuple[LineQuantity, ...]


class ShipmentPacked(Event):
    """All that a shipment will hold is packed, for the order as it was at this version."""

    type = "fulfillment.shipment_packed.v1"

    shipment_id: str
    location_id: str
    parcels: tuple[PackedParcel, ...]
    order_version: int


class RecallPassed(Event):
    """An ask goes on to shipping, which already has the parcels."""

    type = "fulfillment.recall_passed.v1"

    ask_id: str
    purpose: Purpose
    shipment_id: str
    lines: tuple[LineQuantity, ...]


class RecallAnswered(Event):
    """What the floor held of an ask: released units are back in their bin."""

    type = "fulfillment.recall_answered.v1"

    ask_id: str
    shipment_id: str
    released: tuple[LineQuantity, ...] = ()
    refused: tuple[RefusedLine, ...] = ()
