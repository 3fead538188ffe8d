"""Contracts to core values and back. Total functions: what a contract allows has a place in the core."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from chassis import Heard
from contracts import floor, fulfillment, intake, inventory, master, shipping
from contracts.facts import Address, Dimensions, LineQuantity, RefusedLine
from contracts.values import order_id_within, parcel_id_of, pick_id_of, work_id_of
from services.fulfillment.core.cartonization import PlannedParcel
from services.fulfillment.core.catalogue import Carton, Item, Location, Size, Valid
from services.fulfillment.core.packing import Parcel, ParcelScan, Shipment, units_by_line
from services.fulfillment.core.picking import Pick, Picked, PickKey, PickScan, Refused, Wanted
from services.fulfillment.core.recall import Answer
from services.fulfillment.core.slip import Recipient
from services.fulfillment.core.work import Allocated, Work

_NUMBER: Final = r"([1-9][0-9]{0,5})"
_PICK: Final = re.compile(rf"(.+)\.pick-{_NUMBER}")
_PARCEL: Final = re.compile(rf"(.+)\.{_NUMBER}")

# One ship group's recipient says it best; the buyer is better than nobody.
_ROLES: Final = ("buyer", "bill_to", "ship_to")

R = TypeVar("R", bound=master.MasterRecord)
V = TypeVar("V")


# --- what operators define --------------------------------------------------------------------------------------------


def newest(told: Iterable[Heard[R]]) -> list[R]:
    """Keep the newest record of each key: a batch may hold several."""
    newest: dict[str, R] = {}
    for record in sorted((message.event for message in told), key=lambda record: record.recorded_at):
        newest[record.subject()] = record
    return [newest[key] for key in sorted(newest)]


def valid(record: master.MasterRecord) -> Valid:
    """Since when a record holds."""
    return Valid(since=record.effective_from, recorded_at=record.recorded_at)


def item(defined: master.ItemDefined) -> Item:
    """An item with its measures."""
    return Item(
        sku=defined.sku,
        name=defined.name,
        weight_g=defined.weight_g,
        size=_size(defined.dimensions),
        each_per_case=defined.units.each_per_case,
        each_per_pallet=defined.units.each_per_pallet,
    )


def location(defined: master.LocationDefined) -> Location:
    """A location with the numbers of its bins."""
    return Location(
        location_id=defined.location_id, sequences={place.bin: place.sequence for place in reversed(defined.bins)}
    )


def carton(defined: master.CartonDefined) -> Carton:
    """A carton with its limits."""
    return Carton(
        carton_id=defined.carton_id,
        inner=_size(defined.inner),
        tare_g=defined.tare_g,
        weight_g_max=defined.weight_g_max,
        cost=defined.cost,
    )


# --- who gets the goods -----------------------------------------------------------------------------------------------


def latest_contacts(told: Iterable[Heard[intake.ContactsRecorded]]) -> dict[str, tuple[int, str]]:
    """Keep each order's newest contacts, as version and document."""
    newest: dict[str, tuple[int, str]] = {}
    for message in told:
        if message.event.version >= newest.get(message.subject, (0, ""))[0]:
            newest[message.subject] = (message.event.version, message.event.encode().decode())
    return newest


def recipients(document: str | None) -> dict[str | None, Recipient]:
    """Read a kept document: who gets which ship group, None for all others."""
    if document is None:
        return {}
    recorded = intake.ContactsRecorded.decode(document.encode()).contacts
    by_rank = sorted(recorded, key=lambda contact: _ROLES.index(contact.role))
    found: dict[str | None, Recipient] = {}
    for contact in by_rank:
        found[contact.ship_group_id] = found[None] = _recipient(contact)
    return found


def _recipient(contact: intake.RecordedContact) -> Recipient:
    return Recipient(
        name=contact.name, company=contact.company or "", address=_address(contact.address) if contact.address else ()
    )


def _address(address: Address) -> tuple[str, ...]:
    place = f"{address.postcode} {address.city}".strip()
    lines = (*address.lines, place, address.region or "", address.country)
    return tuple(line for line in lines if line)


# --- work -------------------------------------------------------------------------------------------------------------


def shipments_allocated(told: Heard[inventory.OrderAllocated]) -> list[Allocated]:
    """The shipments to pick."""
    return [_allocated(told.subject, told.event.order_version, shipment) for shipment in told.event.shipments]


def _allocated(order_id: str, order_version: int, shipment: inventory.AllocatedShipment) -> Allocated:
    """A shipment to pick; each unit of a line must lie in one of its bins."""
    for line in shipment.lines:
        assert sum(place.quantity for place in line.bins) == line.quantity, f"{line.line_id} is not wholly in bins"
    wanted = (
        Wanted(line_id=line.line_id, sku=line.sku, bin=place.bin, quantity=place.quantity)
        for line in shipment.lines
        for place in line.bins
        if place.quantity
    )
    return Allocated(
        shipment_id=shipment.shipment_id,
        order_id=order_id,
        location_id=shipment.location_id,
        ship_group_id=shipment.ship_group_id,
        order_version=order_version,
        wanted=tuple(wanted),
    )


def skus_of(event: inventory.OrderAllocated) -> set[str]:
    """The items that an allocation holds."""
    return {line.sku for shipment in event.shipments for line in shipment.lines}


def locations_of(event: inventory.OrderAllocated) -> set[str]:
    """The locations that an allocation ships from."""
    return {shipment.location_id for shipment in event.shipments}


def work_released(work: Work, at: datetime) -> fulfillment.WorkReleased:
    """Give the work out, in the wave of its location and day."""
    shipment = work.shipment
    # Validated as a whole: an event of 25 picks costs a quarter of what building its parts one by one costs.
    return fulfillment.WorkReleased.model_validate(
        {
            "work_id": work_id_of(shipment.shipment_id, 1),
            "shipment_id": shipment.shipment_id,
            "location_id": shipment.location_id,
            "wave_id": f"{shipment.location_id}-{at:%Y-%m-%d}",
            "picks": tuple(_pick(pick) for pick in work.picks),
            "cartons": tuple(_planned(parcel) for parcel in work.parcels),
        }
    )


def _pick(pick: Pick) -> dict[str, object]:
    return {
        "pick_id": pick_id_of(pick.shipment_id, pick.number),
        "line_id": pick.line_id,
        "bin": pick.bin,
        "sku": pick.sku,
        "quantity": pick.quantity,
    }


def _planned(parcel: PlannedParcel) -> dict[str, object]:
    return {
        "carton_id": parcel.carton_id,
        "lines": tuple({"line_id": line_id, "quantity": quantity} for line_id, quantity in parcel.lines),
        "weight_g": parcel.weight_g,
        "fill_percent": parcel.fill_percent,
        "dunnage_ml": parcel.dunnage_ml,
    }


# --- scans ------------------------------------------------------------------------------------------------------------


def shipments_of(told: Heard[Any]) -> Collection[str]:
    """Give the shipment of a scan, where it belongs to the scanned work: anything else is refused, not awaited."""
    scan: floor.ItemPicked | floor.ParcelPacked = told.event
    fits = scan.work_id.startswith(f"{scan.shipment_id}.") and order_id_within(scan.shipment_id) == told.subject
    return (scan.shipment_id,) if fits else ()


def pick_key(told: Heard[floor.ItemPicked]) -> PickKey | None:
    """Give the pick of a scan: number 0, which no pick has, where it is none of its shipment; None for foreign work."""
    if not shipments_of(told):
        return None
    match = _PICK.fullmatch(told.event.pick_id)
    shipment_id = told.event.shipment_id
    return (shipment_id, int(match[2]) if match and match[1] == shipment_id else 0)


def pick_scan(scan: floor.ItemPicked) -> PickScan:
    """What the picker says."""
    return PickScan(
        bin=scan.bin, sku=scan.sku, quantity=scan.quantity, unit=scan.unit, is_bin_exhausted=scan.bin_exhausted
    )


def parcel_scan(scan: floor.ParcelPacked) -> ParcelScan:
    """What the packer says."""
    return ParcelScan(
        carton_id=scan.carton_id,
        units=units_by_line((line.line_id, line.quantity) for line in scan.lines),
        weight_g=scan.weight_g,
    )


def refused(scan: floor.ItemPicked | floor.ParcelPacked, why: Refused) -> fulfillment.ScanRefused:
    """Answer a scan that does not fit."""
    return fulfillment.ScanRefused(
        scan_id=scan.scan_id, work_id=scan.work_id, reason=why.reason, remaining=_quantities(why.remaining)
    )


def lines_picked(shipment_id: str, taken: Sequence[tuple[floor.ItemPicked, Picked]]) -> fulfillment.LinesPicked:
    """Tell what was taken for a shipment."""
    picks = tuple(_picked(scan, outcome) for scan, outcome in taken)
    return fulfillment.LinesPicked.model_validate({"shipment_id": shipment_id, "picks": picks})


def _picked(scan: floor.ItemPicked, outcome: Picked) -> dict[str, object]:
    return {
        "pick_id": scan.pick_id,
        "line_id": outcome.pick.line_id,
        "bin": scan.bin,
        "sku": scan.sku,
        "lot": scan.lot,
        "serial": scan.serial,
        "quantity": outcome.units,
        "unit": scan.unit,
        "worker": scan.worker,
    }


def short_picked(pick: Pick) -> fulfillment.LineShortPicked:
    """Tell that a bin held less than it should; recalled units were not expected any more."""
    return fulfillment.LineShortPicked(
        shipment_id=pick.shipment_id,
        pick_id=pick_id_of(pick.shipment_id, pick.number),
        line_id=pick.line_id,
        bin=pick.bin,
        sku=pick.sku,
        expected=pick.quantity - pick.released,
        found=pick.picked,
    )


def shipment_packed(shipment: Shipment, parcels: Sequence[tuple[Parcel, str]]) -> fulfillment.ShipmentPacked:
    """Hand a shipment over to shipping: its parcels, each with its container code."""
    return fulfillment.ShipmentPacked(
        shipment_id=shipment.shipment_id,
        location_id=shipment.location_id,
        parcels=tuple(_parcel(parcel, sscc) for parcel, sscc in parcels),
        order_version=shipment.order_version,
    )


def _parcel(parcel: Parcel, sscc: str) -> fulfillment.PackedParcel:
    length, width, height = parcel.size
    return fulfillment.PackedParcel(
        parcel_id=parcel_id_of(parcel.shipment_id, parcel.number),
        sscc=sscc,
        carton_id=parcel.carton_id,
        dimensions=Dimensions(length_mm=length, width_mm=width, height_mm=height),
        weight_g=parcel.weight_g,
        fill_percent=parcel.fill_percent,
        dunnage_ml=parcel.dunnage_ml,
        lines=_quantities(parcel.lines),
    )


# --- recalls ----------------------------------------------------------------------------------------------------------


def asked(recall: inventory.RecallPassed) -> dict[str, int]:
    """What is asked back, by line."""
    units: dict[str, int] = {}
    for line in recall.lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    return units


def recall_answered(recall: inventory.RecallPassed, answer: Answer) -> fulfillment.RecallAnswered:
    """Answer for what the floor holds."""
    return fulfillment.RecallAnswered(
        ask_id=recall.ask_id,
        shipment_id=recall.shipment_id,
        released=_quantities(answer.released),
        refused=tuple(
            RefusedLine(line_id=line_id, quantity=quantity, reason="not_here") for line_id, quantity in answer.refused
        ),
    )


def recall_passed(recall: inventory.RecallPassed, answer: Answer) -> fulfillment.RecallPassed:
    """Pass the ask on for what shipping has."""
    return fulfillment.RecallPassed(
        ask_id=recall.ask_id,
        purpose=recall.purpose,
        shipment_id=recall.shipment_id,
        lines=_quantities(answer.passed),
    )


def parcels_given_back(answered: shipping.RecallAnswered) -> list[int]:
    """Give the numbers of the parcels that shipping released."""
    matches = (_PARCEL.fullmatch(parcel_id) for parcel_id in answered.parcels)
    return [int(match[2]) for match in matches if match and match[1] == answered.shipment_id]


# --- shared -----------------------------------------------------------------------------------------------------------


def by_shipment(told: Iterable[V], shipment_of: Callable[[V], str]) -> dict[str, list[V]]:
    """Group messages by shipment, in their order."""
    groups: dict[str, list[V]] = {}
    for message in told:
        groups.setdefault(shipment_of(message), []).append(message)
    return groups


def _quantities(units: Iterable[tuple[str, int]]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in units)


def _size(dimensions: Dimensions) -> Size:
    """A side of nothing is one nobody measured."""
    return (max(dimensions.length_mm, 1), max(dimensions.width_mm, 1), max(dimensions.height_mm, 1))
