"""Notes to orders: something happened elsewhere that is decided in the order's own lane, behind its own events."""

from chassis import Note


class OrderUnsettled(Note):
    """Units of an order may be sourced: it was given some, or lost the source of some; `cause` is the reason's code."""

    type = "inventory.order_unsettled"

    cause: str


class SupplyMoved(Note):
    """Goods that an order waits for come on another day, from another purchase, or not at all."""

    type = "inventory.supply_moved"

    cause: str
