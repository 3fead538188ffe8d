"""Events as fulfillment hears them, every default valid."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from contracts import floor, intake, inventory, master
from contracts.facts import Address, Dimensions, LineQuantity, Promise
from contracts.values import order_id_of, pick_id_of, shipment_id_of, work_id_of

ORDER = order_id_of("shop", "1001")
SHIPMENT = shipment_id_of(ORDER, 1)
RECORDED = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
SCANNED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PROMISE = Promise(ship_by=datetime(2026, 3, 3, 16, 0, tzinfo=UTC), deliver_by=date(2026, 3, 6))


def item(sku: str = "LAMP", **facts: object) -> master.ItemDefined:
    """An item of a kilogram that fits into the box three times."""
    defaults: dict[str, object] = {
        "effective_from": date(2026, 1, 1), "recorded_at": RECORDED, "stock_owner": "us", "name": sku.title(),
        "weight_g": 1_000, "dimensions": Dimensions(length_mm=300, width_mm=100, height_mm=100), "price": 2_000,
        "cost": 900, "currency": "EUR", "units": master.ItemUnits(each_per_case=4),
    }  # fmt: skip
    return master.ItemDefined.model_validate({"sku": sku} | defaults | facts)


def location(
    location_id: str = "LEIPZIG", bins: Sequence[tuple[str, int]] = (), **facts: object
) -> master.LocationDefined:
    """A warehouse."""
    defaults: dict[str, object] = {
        "effective_from": date(2026, 1, 1), "recorded_at": RECORDED, "kind": "warehouse", "zone": "DE",
        "address": Address(city="Leipzig", country="DE"), "cut_off": time(16, 0), "capacity_per_day": 1_000,
        "bins": tuple(master.Bin(bin=name, sequence=number) for name, number in bins),
    }  # fmt: skip
    return master.LocationDefined.model_validate({"location_id": location_id} | defaults | facts)


def carton(carton_id: str = "box", **facts: object) -> master.CartonDefined:
    """A box for three lamps."""
    defaults: dict[str, object] = {
        "effective_from": date(2026, 1, 1), "recorded_at": RECORDED, "tare_g": 200, "weight_g_max": 10_000,
        "inner": Dimensions(length_mm=320, width_mm=320, height_mm=110), "cost": 60, "currency": "EUR",
    }  # fmt: skip
    return master.CartonDefined.model_validate({"carton_id": carton_id} | defaults | facts)


def contacts(version: int = 1, name: str = "Ada Byron") -> intake.ContactsRecorded:
    """Who bought, and who gets ship group 1."""
    address = Address(lines=("1 St James's Square",), city="London", postcode="SW1Y 4LB", country="GB")
    return intake.ContactsRecorded(
        version=version,
        contacts=(
            intake.RecordedContact(role="buyer", name="Charles Babbage"),
            intake.RecordedContact(role="ship_to", ship_group_id="1", name=name, address=address),
        ),
    )


def allocated(
    *lines: tuple[str, str, Sequence[tuple[str, int]]], shipment_id: str = SHIPMENT
) -> inventory.OrderAllocated:
    """One shipment of lines: line id, sku, and units by bin."""
    return inventory.OrderAllocated(
        allocation_id=f"{ORDER}.allocation-1",
        order_version=3,
        currency="EUR",
        plan=inventory.Plan(locations=("LEIPZIG",), cost=500, deliver_by=date(2026, 3, 6)),
        shipments=(
            inventory.AllocatedShipment(
                shipment_id=shipment_id, location_id="LEIPZIG", ship_group_id="1", promise=PROMISE,
                lines=tuple(_line(*line) for line in lines),
            ),
        ),
    )  # fmt: skip


def picked(
    number: int, bin_: str, quantity: int, *, scan_id: str = "", shipment_id: str = SHIPMENT, **facts: object
) -> floor.ItemPicked:
    """A scan of lamps for a pick."""
    defaults: dict[str, object] = {
        "scan_id": scan_id or f"{shipment_id}:{number}:{bin_}:{quantity}", "scanned_at": SCANNED, "worker": "w7",
        "work_id": work_id_of(shipment_id, 1), "shipment_id": shipment_id, "pick_id": pick_id_of(shipment_id, number),
        "bin": bin_, "sku": "LAMP", "quantity": quantity,
    }  # fmt: skip
    return floor.ItemPicked.model_validate(defaults | facts)


def packed(
    scan_id: str, *lines: tuple[str, int], carton_id: str = "box", shipment_id: str = SHIPMENT, weight_g: int = 0
) -> floor.ParcelPacked:
    """A scan of a closed carton."""
    return floor.ParcelPacked(
        scan_id=scan_id,
        scanned_at=SCANNED,
        worker="w8",
        work_id=work_id_of(shipment_id, 1),
        shipment_id=shipment_id,
        carton_id=carton_id,
        lines=tuple(LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in lines),
        weight_g=weight_g,
    )


def recalled(ask_id: str, *lines: tuple[str, int], shipment_id: str = SHIPMENT) -> inventory.RecallPassed:
    """An ask for units of the shipment."""
    return inventory.RecallPassed(
        ask_id=ask_id,
        purpose="cancel",
        shipment_id=shipment_id,
        lines=tuple(LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in lines),
    )


def _line(line_id: str, sku: str, bins: Sequence[tuple[str, int]]) -> inventory.AllocatedLine:
    return inventory.AllocatedLine(
        line_id=line_id,
        sku=sku,
        quantity=sum(quantity for _, quantity in bins),
        bins=tuple(inventory.BinQuantity(bin=name, quantity=quantity) for name, quantity in bins),
    )
