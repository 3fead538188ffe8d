"""What intake tells: the life of an order (`intake-orders`) and whom it concerns (`intake-contacts`)."""

from datetime import date
from typing import Annotated, Literal

from contracts.event import Event, Fact, Instant
from contracts.facts import (
    Address,
    Charge,
    Email,
    Line,
    LineQuantity,
    Method,
    Origin,
    Payment,
    Personal,
    PersonalText,
    Purpose,
    Reason,
    Totals,
)


class OrderEvent(Event):
    """An event of one order; its version counts what was changed about the order."""

    version: int


class ShipGroup(Fact):
    """Where a ship group goes, as far as everyone may know."""

    ship_group_id: str
    country: str
    postcode: str
    method: Method = "ship"
    service: str | None = None
    not_before: date | None = None
    deliver_by: date | None = None
    incoterm: str | None = None


class OrderReceived(OrderEvent):
    """There is a new order: as placed, without personal data."""

    type = "intake.order_received.v1"

    seller: str
    stock_owner: str
    channel: str
    channel_order_id: str
    marketplace_order_id: str | None = None
    purchase_order_number: str | None = None
    origin: Origin = Origin()
    placed_at: Instant
    customer_id: str | None = None
    country: str
    postcode: str
    ship_groups: tuple[ShipGroup, ...]
    lines: tuple[Line, ...]
    charges: tuple[Charge, ...] = ()
    payments: tuple[Payment, ...] = ()
    currency: str
    totals: Totals


class OrderRejected(OrderEvent):
    """What came cannot be an order."""

    type = "intake.order_rejected.v1"

    channel: str
    channel_order_id: str
    reasons: tuple[Reason, ...]


class OrderHeld(OrderEvent):
    """Something must be settled first: payment, credit, fraud, address, desk, a code; maybe several at once."""

    type = "intake.order_held.v1"

    hold_id: str
    reason: str
    text: str = ""
    by: str


class HoldLifted(OrderEvent):
    """One hold is settled."""

    type = "intake.hold_lifted.v1"

    hold_id: str
    reason: str
    by: str


class OrderReleased(OrderEvent):
    """Nothing stands in the way: these units are to be fulfilled, higher priority first."""

    type = "intake.order_released.v1"

    lines: tuple[LineQuantity, ...]
    priority: int = 0


class Destination(Fact):
    """Where a ship group goes, as far as everyone may know."""

    country: str
    postcode: str


class DestinationChange(Fact):
    """A corrected destination."""

    ship_group_id: str
    before: Destination
    after: Destination


class OrderChanged(OrderEvent):
    """What changed about the order, before and after."""

    type = "intake.order_changed.v1"

    destinations: tuple[DestinationChange, ...] = ()


class CancellationAsked(OrderEvent):
    """Intake wants units back, for a purpose; inventory answers or passes it on. Nothing is cancelled yet."""

    type = "intake.cancellation_asked.v1"

    ask_id: str
    purpose: Purpose
    lines: tuple[LineQuantity, ...]
    reason: str


class OrderCancelled(OrderEvent):
    """Every unit asked for has been answered: these are cancelled, those were too late. Maybe none is cancelled."""

    type = "intake.order_cancelled.v1"

    ask_id: str
    lines: tuple[LineQuantity, ...]
    too_late: tuple[LineQuantity, ...] = ()
    reason: str
    by: str


class OrderCompleted(OrderEvent):
    """All that was to be delivered ended, and is settled."""

    type = "intake.order_completed.v1"

    lines: tuple[LineQuantity, ...]


class RecordedContact(Fact):
    """One person in one role; a ship-to belongs to a ship group."""

    role: Literal["buyer", "bill_to", "ship_to"]
    ship_group_id: str | None = None
    name: Annotated[str, Personal]
    email: Email | None = None
    phone: PersonalText | None = None
    company: PersonalText | None = None
    tax_id: PersonalText | None = None
    address: Annotated[Address | None, Personal] = None
    language: str = "en"
    zone: str = "UTC"


class ContactsRecorded(Event):
    """All contacts of this order as they are now; a tombstone under the same key erases them."""

    type = "intake.contacts_recorded.v1"

    version: int
    contacts: tuple[RecordedContact, ...]
