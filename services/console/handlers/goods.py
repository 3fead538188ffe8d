"""What inventory, fulfillment and shipping tell about an order's goods: promises, shipments, work, parcels."""

from collections import defaultdict

from pydantic_core import to_json

from contracts import fulfillment, inventory, shipping
from services.console.handlers.hearing import Told, hears
from services.console.store.writing import Rows

# --- inventory --------------------------------------------------------------------------------------------------------


@hears(inventory.OrderPromised)
def order_promised(rows: Rows, told: Told, event: inventory.OrderPromised) -> None:
    """Note the first promise, and how much of it was there."""
    _promise(rows, told, None, to_json(event.lines, exclude_none=True))
    missing: defaultdict[str, int] = defaultdict(int)
    for line in event.lines:
        missing[line.line_id] += max(0, line.quantity - line.available)
    rows.put(
        "placed_order",
        {"order_id": told.subject},
        promised_at=told.at,
        promise_revision=told.revision,
        first_ship_by=max([line.promise.ship_by for line in event.lines], default=None),
        first_deliver_by=max([line.promise.deliver_by for line in event.lines], default=None),
        lines_promised=len(missing),
        lines_available=sum([not units for units in missing.values()]),
        units_promised=sum([line.quantity for line in event.lines]),
        units_available=sum([line.quantity for line in event.lines]) - sum(missing.values()),
    )


@hears(inventory.PromiseChanged)
def promise_changed(rows: Rows, told: Told, event: inventory.PromiseChanged) -> None:
    """Note a new promise, and why."""
    _promise(rows, told, event.cause, to_json(event.lines, exclude_none=True))
    rows.put("placed_order", {"order_id": told.subject}, promise_revision=told.revision)


def _promise(rows: Rows, told: Told, cause: str | None, lines: bytes) -> None:
    key = {"order_id": told.subject, "revision": told.revision}
    rows.put("promise", key, promised_at=told.at, cause=cause, lines=lines.decode())


@hears(inventory.OrderAllocated)
def order_allocated(rows: Rows, told: Told, event: inventory.OrderAllocated) -> None:
    """Note from where the goods come, and why so."""
    rows.put(
        "sourcing",
        {"allocation_id": event.allocation_id},
        order_id=told.subject,
        allocated_at=told.at,
        currency=event.currency,
        plan=to_json(event.plan).decode(),
        lost_plans=to_json(event.lost_plans).decode(),
    )
    for shipment in event.shipments:
        rows.put(
            "shipment",
            {"shipment_id": shipment.shipment_id},
            order_id=told.subject,
            location_id=shipment.location_id,
            ship_group_id=shipment.ship_group_id,
            service=shipment.service,
            allocated_at=told.at,
            ship_by=shipment.promise.ship_by,
            deliver_by=shipment.promise.deliver_by,
            units=sum([line.quantity for line in shipment.lines]),
            lines=to_json(shipment.lines).decode(),
        )


@hears(inventory.LinesBackordered)
def lines_backordered(rows: Rows, told: Told, event: inventory.LinesBackordered) -> None:
    """Note which units wait for goods; a line from two purchases waits for the later one."""
    gathered: dict[str, inventory.BackorderedLine] = {}
    for line in event.lines:
        known = gathered.get(line.line_id)
        gathered[line.line_id] = line.model_copy(update={"quantity": known.quantity + line.quantity}) if known else line
    for line in gathered.values():
        rows.put_newest(
            "backorder",
            {"order_id": told.subject, "line_id": line.line_id},
            "revision",
            sku=line.sku,
            quantity=line.quantity,
            purchase_order_id=line.purchase_order_id,
            expected_on=line.expected_on,
            since=told.at,
            revision=told.revision,
        )


@hears(inventory.AllocationConsumed, only=("shipment_id", "currency", "lines.cost"))
def allocation_consumed(rows: Rows, told: Told, event: inventory.AllocationConsumed) -> None:
    """Note what the goods cost us."""
    rows.put(
        "shipment",
        {"shipment_id": event.shipment_id},
        order_id=told.subject,
        goods_cost=sum([line.cost for line in event.lines]),
        cost_currency=event.currency,
    )


# --- fulfillment ------------------------------------------------------------------------------------------------------


@hears(fulfillment.WorkReleased, only=("work_id", "shipment_id", "wave_id"))
def work_released(rows: Rows, told: Told, event: fulfillment.WorkReleased) -> None:
    """Note under which key the floor will speak."""
    rows.put(
        "work",
        {"work_id": event.work_id},
        order_id=told.subject,
        shipment_id=event.shipment_id,
        wave_id=event.wave_id,
        released_at=told.at,
    )
    rows.put("shipment", {"shipment_id": event.shipment_id}, order_id=told.subject, released_at=told.at)


@hears(fulfillment.LineShortPicked)
def line_short_picked(rows: Rows, told: Told, event: fulfillment.LineShortPicked) -> None:
    """Note a bin that held less than it should."""
    rows.put(
        "short_pick",
        {"pick_id": event.pick_id},
        order_id=told.subject,
        shipment_id=event.shipment_id,
        line_id=event.line_id,
        sku=event.sku,
        bin=event.bin,
        expected=event.expected,
        found=event.found,
        at=told.at,
    )


@hears(fulfillment.ShipmentPacked)
def shipment_packed(rows: Rows, told: Told, event: fulfillment.ShipmentPacked) -> None:
    """Note what is in which parcel."""
    rows.put("shipment", {"shipment_id": event.shipment_id}, order_id=told.subject, packed_at=told.at)
    for parcel in event.parcels:
        rows.put(
            "parcel",
            {"parcel_id": parcel.parcel_id},
            order_id=told.subject,
            shipment_id=event.shipment_id,
            sscc=parcel.sscc,
            carton_id=parcel.carton_id,
            weight_g=parcel.weight_g,
            units=sum([line.quantity for line in parcel.lines]),
            lines=to_json(parcel.lines).decode(),
            packed_at=told.at,
        )


# --- shipping ---------------------------------------------------------------------------------------------------------


def _parcel(rows: Rows, told: Told, shipment_id: str, parcel_id: str, **columns: object) -> None:
    rows.put("parcel", {"parcel_id": parcel_id}, order_id=told.subject, shipment_id=shipment_id, **columns)


@hears(shipping.LabelBought)
def label_bought(rows: Rows, told: Told, event: shipping.LabelBought) -> None:
    """Note who carries a parcel, for how much, and who would have."""
    _parcel(
        rows,
        told,
        event.shipment_id,
        event.parcel_id,
        carrier=event.carrier,
        service=event.service,
        tracking_number=event.tracking_number,
        label_cost=event.cost,
        label_currency=event.currency,
        lost_quotes=to_json(event.lost_quotes, exclude_none=True).decode(),
        labelled_at=told.at,
    )


@hears(shipping.LabelVoided)
def label_voided(rows: Rows, told: Told, event: shipping.LabelVoided) -> None:
    """Note a label that will not be used."""
    _parcel(rows, told, event.shipment_id, event.parcel_id, voided_at=told.at)


@hears(shipping.ShipmentDispatched, only=("shipment_id", "manifest_id", "parcels.parcel_id"))
def shipment_dispatched(rows: Rows, told: Told, event: shipping.ShipmentDispatched) -> None:
    """Note what left."""
    rows.put(
        "shipment",
        {"shipment_id": event.shipment_id},
        order_id=told.subject,
        manifest_id=event.manifest_id,
        dispatched_at=told.at,
    )
    for parcel in event.parcels:
        _parcel(rows, told, event.shipment_id, parcel.parcel_id, dispatched_at=told.at)
        _status(rows, told, event.shipment_id, parcel.parcel_id, status="dispatched", status_at=told.at)


@hears(shipping.ShipmentProgressed)
def shipment_progressed(rows: Rows, told: Told, event: shipping.ShipmentProgressed) -> None:
    """Note where a parcel is."""
    _status(
        rows,
        told,
        event.shipment_id,
        event.parcel_id,
        status=event.status,
        place=event.place,
        estimate=event.estimate,
        exception=event.exception,
        status_at=event.occurred_at,
    )


@hears(shipping.ShipmentDelivered, only=("shipment_id", "parcel_id", "occurred_at"))
def shipment_delivered(rows: Rows, told: Told, event: shipping.ShipmentDelivered) -> None:
    """Note that a parcel arrived, by the carrier's clock."""
    at = event.occurred_at
    _parcel(rows, told, event.shipment_id, event.parcel_id, delivered_at=at, outcome="delivered")
    _status(rows, told, event.shipment_id, event.parcel_id, status="delivered", status_at=at)


@hears(shipping.ParcelClosed, only=("shipment_id", "parcel_id", "outcome", "occurred_at"))
def parcel_closed(rows: Rows, told: Told, event: shipping.ParcelClosed) -> None:
    """Note that a parcel will not arrive."""
    at = event.occurred_at
    _parcel(rows, told, event.shipment_id, event.parcel_id, closed_at=at, outcome=event.outcome)
    _status(rows, told, event.shipment_id, event.parcel_id, status=event.outcome, status_at=at)


def _status(rows: Rows, told: Told, shipment_id: str, parcel_id: str, **columns: object) -> None:
    rows.put_newest(
        "parcel",
        {"parcel_id": parcel_id},
        "status_revision",
        order_id=told.subject,
        shipment_id=shipment_id,
        status_revision=told.revision,
        **columns,
    )
