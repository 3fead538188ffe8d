"""Notes to orders and purchases: what is decided later, or in their own lane behind their own events."""

from chassis import Note


class OrderUnsettled(Note):
    """Units of an order may be sourced: it was given some, or lost the source of some; `cause` is the reason's code."""

    type = "inventory.order_unsettled"
    said_once = True

    cause: str


class PurchaseOverdue(Note):
    """A timer of a purchase: has all of it come by now?"""

    type = "inventory.purchase_overdue"


class SupplyMoved(Note):
    """Goods that an order waits for come on another day, from another purchase, or not at all."""

    type = "inventory.supply_moved"
    said_once = True

    cause: str
