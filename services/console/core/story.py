"""One order's story: where its records lie, and what the model knows of its lines, goods, money and messages."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.console.core.stages import Stage

Facts = tuple[dict[str, Any], ...]
"""Small lists as their events told them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Where a record lies, and what its headers said; the body is read from the log."""

    topic: str
    lane: int
    position: int
    key: str
    type: str
    at: datetime
    event_id: str
    cause_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryHead:
    """The order itself."""

    order_id: str
    channel: str | None
    channel_order_id: str | None
    customer_id: str | None
    seller: str | None
    country: str | None
    currency: str | None
    total: int
    units: int
    placed_at: datetime | None
    received_at: datetime | None
    released_at: datetime | None
    completed_at: datetime | None
    stage: Stage
    since: datetime | None
    holds: tuple[str, ...]
    incidents: tuple[str, ...]
    funds: str | None
    funds_reason: str | None
    settled_at: datetime | None
    first_ship_by: datetime | None
    first_deliver_by: date | None
    ship_by: datetime | None
    deliver_by: date | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    units_cancelled: int
    units_allocated: int
    units_packed: int
    units_dispatched: int
    units_delivered: int
    units_lost: int
    goods_cost: int
    label_cost: int
    packaging_cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """A line, and how many of its units came how far."""

    line_id: str
    sku: str
    description: str | None
    quantity: int
    amount: int
    value: int
    cancelled: int
    waiting: int
    expected_on: date | None
    allocated: int
    packed: int
    dispatched: int
    delivered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Something that had to be settled first."""

    hold_id: str
    reason: str
    text: str | None
    held_by: str | None
    held_at: datetime | None
    lifted_by: str | None
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """A wish to have units back, and what came of it."""

    ask_id: str
    asked_at: datetime | None
    purpose: str | None
    reason: str | None
    actor: str | None
    cancelled_at: datetime | None
    lines: Facts
    too_late: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What was promised, when, and why anew: no cause is the first promise."""

    revision: int
    promised_at: datetime
    cause: str | None
    lines: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourcing:
    """A decision from where the goods come: the plan that won, those that lost and why."""

    allocation_id: str
    allocated_at: datetime
    currency: str
    plan: dict[str, Any]
    lost_plans: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What one place sends together."""

    shipment_id: str
    location_id: str | None
    ship_group_id: str | None
    service: str | None
    allocated_at: datetime | None
    ship_by: datetime | None
    deliver_by: date | None
    units: int
    lines: Facts
    packed_at: datetime | None
    manifest_id: str | None
    dispatched_at: datetime | None
    goods_cost: int | None
    cost_currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One carton on its way; `lost_quotes`: the services that were not chosen, and why."""

    parcel_id: str
    shipment_id: str
    sscc: str | None
    carton_id: str | None
    weight_g: int | None
    units: int | None
    lines: Facts
    packed_at: datetime | None
    carrier: str | None
    service: str | None
    tracking_number: str | None
    label_cost: int | None
    label_currency: str | None
    lost_quotes: Facts
    labelled_at: datetime | None
    voided_at: datetime | None
    dispatched_at: datetime | None
    status: str | None
    place: str | None
    estimate: date | None
    exception: str | None
    status_at: datetime | None
    delivered_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortPick:
    """A bin that held less than it should."""

    pick_id: str
    shipment_id: str
    line_id: str
    sku: str
    bin: str
    expected: int
    found: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail to the customer: sent, or why not. What it said is with the mail server."""

    message_id: str
    milestone: str
    about: str
    medium: str
    template: str
    sent_at: datetime | None
    failed_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyEvent:
    """What happened to the order's money."""

    revision: int
    at: datetime
    kind: str
    amount: int
    currency: str
    payment_id: str | None
    invoice_number: str | None
    open: int | None
    refund_id: str | None
    note: str | None
