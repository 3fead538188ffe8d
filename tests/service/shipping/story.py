"""The events that shipping hears, with every fact at a default that fits the others."""

from datetime import UTC, date, datetime, time

from contracts import carrier, fulfillment, intake, inventory, master
from contracts.facts import Address, Dimensions, LineQuantity, Promise
from tests.service.bench import Bench

ORDER = "0c6a5c4e-0000-5000-8000-000000000001"
SHIPMENT = f"{ORDER}.1"
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)  # the bench's clock at first
SSCC = "003401234500000178"


def location(location_id: str = "LON", **changes: object) -> master.LocationDefined:
    facts = {
        "effective_from": date(2026, 1, 1),
        "recorded_at": MONDAY,
        "location_id": location_id,
        "kind": "warehouse",
        "address": Address(lines=("1 Dock Road",), city="London", postcode="E16 2AA", country="GB"),
        "zone": "Europe/London",
        "cut_off": time(16),
        "capacity_per_day": 1000,
    }
    return master.LocationDefined.model_validate(facts | changes)


def rate_card(service: str, amount: int, days: int, **changes: object) -> master.RateCardDefined:
    zone = master.RateZone(zone="all", destinations=(master.Destination(country="*"),), transit_days=days)
    facts = {
        "effective_from": date(2026, 1, 1),
        "recorded_at": MONDAY,
        "carrier": "dpd",
        "service": service,
        "currency": "GBP",
        "zones": (zone,),
        "weight_steps": (master.WeightStep(zone="all", weight_up_to_g=30_000, amount=amount),),
    }
    return master.RateCardDefined.model_validate(facts | changes)


def contacts(postcode: str = "10115", version: int = 1) -> intake.ContactsRecorded:
    address = Address(lines=("Invalidenstraße 1",), city="Berlin", postcode=postcode, country="DE")
    ship_to = intake.RecordedContact(role="ship_to", name="Zoë Łukasz", email="zoe@example.org", address=address)
    return intake.ContactsRecorded(version=version, contacts=(ship_to,))


def allocated(deliver_by: date = date(2026, 3, 5), shipment_id: str = SHIPMENT) -> inventory.OrderAllocated:
    promise = Promise(ship_by=MONDAY, deliver_by=deliver_by)
    lines = tuple(
        inventory.AllocatedLine(
            line_id=line, sku="LAMP", quantity=2, bins=(inventory.BinQuantity(bin="A", quantity=2),)
        )
        for line in ("a", "b")
    )
    shipment = inventory.AllocatedShipment(
        shipment_id=shipment_id, location_id="LON", ship_group_id="1", lines=lines, promise=promise
    )
    plan = inventory.Plan(locations=("LON",), cost=100, deliver_by=deliver_by)
    return inventory.OrderAllocated(
        allocation_id=f"{ORDER}.allocation-1", order_version=1, shipments=(shipment,), currency="GBP", plan=plan
    )


def parcel(number: int, shipment_id: str = SHIPMENT, weight_g: int = 1200, **lines: int) -> fulfillment.PackedParcel:
    return fulfillment.PackedParcel(
        parcel_id=f"{shipment_id}.{number}",
        sscc=SSCC,
        carton_id="S",
        dimensions=Dimensions(length_mm=300, width_mm=200, height_mm=100),
        weight_g=weight_g,
        lines=quantities(**lines),
    )


def packed(*parcels: fulfillment.PackedParcel, shipment_id: str = SHIPMENT) -> fulfillment.ShipmentPacked:
    return fulfillment.ShipmentPacked(
        shipment_id=shipment_id,
        location_id="LON",
        parcels=parcels or (parcel(1, shipment_id, a=2), parcel(2, shipment_id, b=2)),
        order_version=1,
    )


def recall(number: int = 1, shipment_id: str = SHIPMENT, **lines: int) -> fulfillment.RecallPassed:
    return fulfillment.RecallPassed(
        ask_id=f"{ORDER}.ask-{number}", purpose="cancel", shipment_id=shipment_id, lines=quantities(**lines)
    )


def quantities(**lines: int) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id=line, quantity=quantity) for line, quantity in lines.items())


def reported(tracking_number: str, code: str, hours: int = 0, **changes: object) -> carrier.TrackingReported:
    facts = {
        "carrier": "dpd",
        "tracking_number": tracking_number,
        "code": code,
        "occurred_at": MONDAY.replace(hour=10 + hours),
    }
    return carrier.TrackingReported.model_validate(facts | changes)


async def prepare(bench: Bench) -> None:
    """Tell shipping of a location and of three services: cheap in five days, fair in two, dear in one."""
    await bench.hear(
        location(), rate_card("economy", 300, 5), rate_card("classic", 500, 2), rate_card("express", 900, 1)
    )


async def expect(bench: Bench) -> None:
    """Tell shipping of an order that is allocated and has an address."""
    await prepare(bench)
    await bench.hear(contacts(), allocated(), subject=ORDER)
