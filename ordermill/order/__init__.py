"""`ordermill order`: one order's whole story, read from the topics."""

from ordermill.order.command import order

__all__ = ["order"]
