"""What inventory tells: promises and allocations of orders, stock of items, purchases from suppliers."""

from datetime import date
from typing import Literal

from contracts.event import Event, Fact, Instant
from contracts.facts import Condition, LineQuantity, Promise, Purpose, RefusedLine

# --- inventory-allocations, by order ----------------------------------------------------------------------------------


class PromisedLine(Fact):
    """What we promise for units of a line; a line from two places is promised twice. No location: it must be bought."""

    line_id: str
    sku: str
    quantity: int
    available: int
    location_id: str | None = None
    reserved_until: Instant | None = None
    promise: Promise


class OrderPromised(Event):
    """What the buyer may expect, by line. The promise has one owner."""

    type = "inventory.order_promised.v1"

    lines: tuple[PromisedLine, ...]


class ChangedPromise(Fact):
    """An old promise and the new one."""

    line_id: str
    quantity: int
    before: Promise
    after: Promise


class PromiseChanged(Event):
    """What we promise now instead, and why: supplier_delayed, short_pick, goods_received, a code."""

    type = "inventory.promise_changed.v1"

    lines: tuple[ChangedPromise, ...]
    cause: str


class BinQuantity(Fact):
    """Units in a bin."""

    bin: str
    quantity: int


class AllocatedLine(Fact):
    """Units of a line that a shipment holds, and where they lie."""

    line_id: str
    sku: str
    quantity: int
    bins: tuple[BinQuantity, ...]


class AllocatedShipment(Fact):
    """What one location sends to one destination together, by this service where the buyer chose one."""

    shipment_id: str
    location_id: str
    ship_group_id: str
    lines: tuple[AllocatedLine, ...]
    promise: Promise
    service: str | None = None


class Plan(Fact):
    """A way to source the lines: from where, at which expected cost, and when all of it is there."""

    locations: tuple[str, ...]
    cost: int
    deliver_by: date
    backordered: int = 0


class LostPlan(Plan):
    """A way that was considered, and why it lost: cost, date, shipments, backordered, a code."""

    because: str


class OrderAllocated(Event):
    """Units are held for shipments. Later allocations are increments, with new shipments."""

    type = "inventory.order_allocated.v1"

    allocation_id: str
    order_version: int
    shipments: tuple[AllocatedShipment, ...]
    currency: str
    plan: Plan
    lost_plans: tuple[LostPlan, ...] = ()


class BackorderedLine(Fact):
    """Units of a line that must come first."""

    line_id: str
    sku: str
    quantity: int
    purchase_order_id: str | None = None
    expected_on: date | None = None


class LinesBackordered(Event):
    """Units wait for goods that are not here."""

    type = "inventory.lines_backordered.v1"

    lines: tuple[BackorderedLine, ...]


class RecallPassed(Event):
    """An ask goes on to fulfillment, behind the allocation it is about: it cannot overtake the goods."""

    type = "inventory.recall_passed.v1"

    ask_id: str
    purpose: Purpose
    shipment_id: str
    lines: tuple[LineQuantity, ...]


class RecallAnswered(Event):
    """What inventory itself still held of an ask: released, or refused and why."""

    type = "inventory.recall_answered.v1"

    ask_id: str
    released: tuple[LineQuantity, ...] = ()
    refused: tuple[RefusedLine, ...] = ()


class ConsumedLine(Fact):
    """Dispatched units with their cost in minor units: `cost` is the total, `unit_cost` informs."""

    line_id: str
    sku: str
    quantity: int
    cost: int
    unit_cost: str | None = None


class AllocationConsumed(Event):
    """Dispatched units left our books; billing books their cost."""

    type = "inventory.allocation_consumed.v1"

    shipment_id: str
    lines: tuple[ConsumedLine, ...]
    currency: str


# --- inventory-stock, by item -----------------------------------------------------------------------------------------


class Movement(Fact):
    """One row of the stock journal; quantity is signed; `cause` is the id of what made it."""

    movement_id: str
    kind: Literal[
        "received",
        "reserved",
        "released",
        "picked",
        "unpicked",
        "dispatched",
        "adjusted",
        "returned",
        "scrapped",
        "transferred",
        "consumed",
        "produced",
    ]
    quantity: int
    bin: str | None = None
    lot: str | None = None
    condition: Condition = "new"
    unit_cost: str | None = None
    cause: str


class StockMoved(Event):
    """An item's movements of one transaction at one location and what is there then; the newest version counts."""

    type = "inventory.stock_moved.v1"

    version: int
    location_id: str
    stock_owner: str
    movements: tuple[Movement, ...]
    on_hand: int
    available: int


# --- inventory-purchases, by purchase order ---------------------------------------------------------------------------


class PurchasedLine(Fact):
    """Units that we order, at a total cost."""

    line_id: str
    sku: str
    quantity: int
    cost: int


class PurchaseOrdered(Event):
    """We order goods from a supplier, to a location."""

    type = "inventory.purchase_ordered.v1"

    supplier_id: str
    stock_owner: str
    location_id: str
    lines: tuple[PurchasedLine, ...]
    currency: str
    wanted_on: date | None = None


class BookedLine(Fact):
    """What one receipt brought; `difference` is all that came so far less what was ordered: short below zero."""

    line_id: str
    sku: str
    ordered: int
    received: int
    difference: int
    lot: str | None = None
    cost: int


class GoodsBooked(Event):
    """Received goods are in our books."""

    type = "inventory.goods_booked.v1"

    receipt_id: str
    supplier_id: str
    location_id: str
    lines: tuple[BookedLine, ...]
    currency: str
