"""What people and machines in warehouses scan (`floor-scans`). A floor fact stands, whatever our books say."""

from typing import Annotated

from pydantic import Field

from contracts.event import Code, Count, Identifier, Instant, OutsideEvent, Quantity, Sku
from contracts.facts import Condition, LineQuantity, Unit
from contracts.values import order_id_within


class Scan(OutsideEvent):
    """One scan, by one worker, at one time."""

    scan_id: Identifier
    scanned_at: Instant
    worker: Identifier

    def identity(self) -> str:
        """Each scan has its own id, wherever it was made."""
        return self.scan_id


class GoodsReceived(Scan):
    """Goods of a purchase order arrived at a dock and lie in a bin."""

    type = "floor.goods_received.v1"

    receipt_id: Identifier
    location_id: Identifier
    bin: Code
    purchase_order_id: Identifier
    line_id: Identifier | None = None
    stock_owner: Code
    sku: Sku
    quantity: Quantity
    unit: Unit = "each"
    lot: Code | None = None
    condition: Condition = "new"

    def subject(self) -> str:
        """Receipts belong to their purchase order."""
        return self.purchase_order_id


class ItemPicked(Scan):
    """Units of one pick were taken from a bin; `bin_exhausted`: the picker found no more there, also zero units."""

    type = "floor.item_picked.v1"

    work_id: Identifier
    shipment_id: Identifier
    pick_id: Identifier
    bin: Code
    sku: Sku
    lot: Code | None = None
    serial: Code | None = None
    quantity: Count
    unit: Unit = "each"
    bin_exhausted: bool = False

    def subject(self) -> str:
        """The work as it was given out."""
        return self.work_id

    def home(self) -> str:
        """The order whose goods these are."""
        return order_id_within(self.work_id)


class ParcelPacked(Scan):
    """Picked units were closed into one carton and weighed."""

    type = "floor.parcel_packed.v1"

    work_id: Identifier
    shipment_id: Identifier
    carton_id: Identifier
    lines: Annotated[tuple[LineQuantity, ...], Field(min_length=1, max_length=5_000)]
    weight_g: Count

    def subject(self) -> str:
        """The work as it was given out."""
        return self.work_id

    def home(self) -> str:
        """The order whose goods these are."""
        return order_id_within(self.work_id)


class StockCounted(Scan):
    """Somebody counted an item in a bin; opening stock is loaded the same way."""

    type = "floor.stock_counted.v1"

    location_id: Identifier
    bin: Code
    stock_owner: Code
    sku: Sku
    quantity: Annotated[int, Field(ge=0, le=1_000_000_000)]
    condition: Condition = "new"

    def subject(self) -> str:
        """Counts belong to their location."""
        return self.location_id
