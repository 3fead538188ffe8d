"""What shipping tells about shipments and parcels (`shipping-shipments`)."""

from datetime import date
from typing import Literal

from contracts.event import Event, Fact, Instant
from contracts.facts import LineQuantity, RefusedLine


class LostQuote(Fact):
    """A service that was considered for a parcel, and why it lost: cost, date, weight, size, a code.

    Without a cost it takes no such parcel.
    """

    carrier: str
    service: str
    cost: int | None = None
    deliver_by: date
    because: str


class LabelBought(Event):
    """A parcel has a carrier and a tracking number."""

    type = "shipping.label_bought.v1"

    shipment_id: str
    parcel_id: str
    carrier: str
    service: str
    tracking_number: str
    cost: int
    currency: str
    deliver_by: date | None = None
    lost_quotes: tuple[LostQuote, ...] = ()


class LabelVoided(Event):
    """A label will not be used."""

    type = "shipping.label_voided.v1"

    shipment_id: str
    parcel_id: str
    carrier: str
    service: str
    tracking_number: str
    reason: str


class DispatchedParcel(Fact):
    """A parcel that left, and what is in it."""

    parcel_id: str
    carrier: str
    service: str
    tracking_number: str
    lines: tuple[LineQuantity, ...]


class ShipmentDispatched(Event):
    """A shipment left with a manifest. `lines` are those of all its parcels together."""

    type = "shipping.shipment_dispatched.v1"

    shipment_id: str
    manifest_id: str
    parcels: tuple[DispatchedParcel, ...]
    lines: tuple[LineQuantity, ...]
    promised: date | None = None
    order_version: int


class ShipmentProgressed(Event):
    """A parcel reached a new rung of the one scale for all carriers, or has an exception: a flag, not a rung."""

    type = "shipping.shipment_progressed.v1"

    shipment_id: str
    parcel_id: str
    leg: int = 1
    status: Literal["dispatched", "moving", "out"]
    exception: str | None = None
    place: str | None = None
    occurred_at: Instant
    estimate: date | None = None


class ShipmentDelivered(Event):
    """A parcel arrived."""

    type = "shipping.shipment_delivered.v1"

    shipment_id: str
    parcel_id: str
    lines: tuple[LineQuantity, ...]
    occurred_at: Instant
    proof: str | None = None


class ParcelClosed(Event):
    """A parcel will not arrive; its units count as ended."""

    type = "shipping.parcel_closed.v1"

    shipment_id: str
    parcel_id: str
    outcome: Literal["lost", "returned", "destroyed"]
    lines: tuple[LineQuantity, ...]
    occurred_at: Instant


class RecallAnswered(Event):
    """What shipping held of an ask: whole parcels only, their labels voided; fulfillment unpacks them."""

    type = "shipping.recall_answered.v1"

    ask_id: str
    shipment_id: str
    parcels: tuple[str, ...] = ()
    released: tuple[LineQuantity, ...] = ()
    refused: tuple[RefusedLine, ...] = ()
