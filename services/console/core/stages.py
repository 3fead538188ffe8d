"""The stages of an order's way: what it waits for, or how it ended.

A stage is derived from quantities, never from the last event: an order of which one parcel left while the rest waits
for goods still waits for inventory.  The same rule stands in `sql/queries.sql` (`settle_orders`); a test holds them
together.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """In the order of the way; the last three are ends."""

    RECEIVED = "received"  # waits for its promise, its funds, its holds: intake
    RELEASED = "released"  # waits for goods: inventory
    ALLOCATED = "allocated"  # waits for picking and packing: fulfillment
    PACKED = "packed"  # waits for its manifest: shipping
    DISPATCHED = "dispatched"  # on its way: carriers
    DELIVERED = "delivered"  # waits for money: billing
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


ENDS: Final = frozenset({Stage.COMPLETED, Stage.CANCELLED, Stage.REJECTED})
WAITING: Final = tuple(stage for stage in Stage if stage not in ENDS)

# Who works on the orders of a stage, and the event by which they leave it: what a stage's rate counts.
WORKED_BY: Final = {
    Stage.RECEIVED: ("intake", "intake.order_released.v1"),
    Stage.RELEASED: ("inventory", "inventory.order_allocated.v1"),
    Stage.ALLOCATED: ("fulfillment", "fulfillment.shipment_packed.v1"),
    Stage.PACKED: ("shipping", "shipping.shipment_dispatched.v1"),
    Stage.DISPATCHED: ("carriers", "shipping.shipment_delivered.v1"),
    Stage.DELIVERED: ("billing", "intake.order_completed.v1"),
}
ENTERED_BY: Final = "intake.order_received.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What became of an order's units."""

    ordered: int
    cancelled: int = 0
    allocated: int = 0
    packed: int = 0
    dispatched: int = 0
    ended: int = 0


def stage_of(units: Units, *, is_rejected: bool, is_released: bool, is_held: bool, is_completed: bool) -> Stage:
    """Tell where an order stands."""
    wanted = units.ordered - units.cancelled
    if is_rejected:
        return Stage.REJECTED
    if is_completed:
        return Stage.COMPLETED
    if units.ordered and wanted <= 0:
        return Stage.CANCELLED
    if not is_released or (is_held and not units.allocated):
        return Stage.RECEIVED
    reached = (
        (units.allocated, Stage.RELEASED),
        (units.packed, Stage.ALLOCATED),
        (units.dispatched, Stage.PACKED),
        (units.ended, Stage.DISPATCHED),
    )
    return next((stage for number, stage in reached if number < wanted), Stage.DELIVERED)
