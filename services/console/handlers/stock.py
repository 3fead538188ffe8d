"""What is told about things rather than orders: items, places, stock, purchases."""

from pydantic_core import to_json

from contracts import inventory, master, supplier
from services.console.handlers.hearing import Told, hears
from services.console.store.writing import Rows


@hears(inventory.StockMoved, only=("version", "location_id", "stock_owner", "on_hand", "available"))
def stock_moved(rows: Rows, told: Told, event: inventory.StockMoved) -> None:
    """Note what is there now, and the movements as they were told."""
    sku, location_id, owner = told.subject, event.location_id, event.stock_owner
    rows.put_newest(
        "stock_level",
        {"sku": sku, "location_id": location_id, "stock_owner": owner},
        "version",
        on_hand=event.on_hand,
        available=event.available,
        version=event.version,
        moved_at=told.at,
    )
    rows.put("movement", {"sku": sku, "revision": told.revision}, at=told.at, event=told.body.decode())


@hears(inventory.PurchaseOrdered)
def purchase_ordered(rows: Rows, told: Told, event: inventory.PurchaseOrdered) -> None:
    """Note what is on order."""
    rows.put(
        "purchase",
        {"purchase_order_id": told.subject},
        supplier_id=event.supplier_id,
        location_id=event.location_id,
        currency=event.currency,
        ordered_at=told.at,
        wanted_on=event.wanted_on,
        lines=to_json(event.lines).decode(),
        cost=sum([line.cost for line in event.lines]),
    )


@hears(supplier.OrderConfirmed, supplier.OrderRefused, supplier.OrderDelayed)
def supplier_answered(rows: Rows, told: Told, event: supplier.SupplierNotice) -> None:
    """Note what the supplier says; what comes last makes the purchase whole."""
    rows.put(
        "purchase",
        {"purchase_order_id": told.subject},
        answer=event.type.split(".")[1].removeprefix("order_"),
        answered_at=told.at,
        expected_on=max([line.expected_on for line in event.lines if line.expected_on], default=None),
    )


@hears(inventory.GoodsBooked)
def goods_booked(rows: Rows, told: Told, event: inventory.GoodsBooked) -> None:
    """Note what a receipt brought."""
    rows.put(
        "receipt",
        {"purchase_order_id": told.subject, "revision": told.revision},
        receipt_id=event.receipt_id,
        received_at=told.at,
        lines=to_json(event.lines, exclude_none=True).decode(),
        cost=sum([line.cost for line in event.lines]),
    )
    rows.put("purchase", {"purchase_order_id": told.subject}, supplier_id=event.supplier_id, received_at=told.at)


@hears(master.ItemDefined)
def item_defined(rows: Rows, _told: Told, event: master.ItemDefined) -> None:
    """Note what an item is called and worth, as last recorded."""
    rows.put_newest(
        "item",
        {"sku": event.sku},
        "recorded_at",
        name=event.name,
        stock_owner=event.stock_owner,
        price=event.price,
        cost=event.cost,
        currency=event.currency,
        supplier_id=event.supplier_id,
        recorded_at=event.recorded_at,
    )


@hears(master.LocationDefined)
def location_defined(rows: Rows, _told: Told, event: master.LocationDefined) -> None:
    """Note where a place is."""
    rows.put_newest(
        "location",
        {"location_id": event.location_id},
        "recorded_at",
        kind=event.kind,
        city=event.address.city,
        country=event.address.country,
        recorded_at=event.recorded_at,
    )


@hears(master.CartonDefined)
def carton_defined(rows: Rows, _told: Told, event: master.CartonDefined) -> None:
    """Note what a carton costs."""
    rows.put_newest(
        "carton",
        {"carton_id": event.carton_id},
        "recorded_at",
        cost=event.cost,
        currency=event.currency,
        recorded_at=event.recorded_at,
    )
