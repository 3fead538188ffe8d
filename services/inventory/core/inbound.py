"""What comes in: receipts against purchases."""

from typing import NamedTuple

from contracts.values import share_of
from services.inventory.core.replenishment import PurchaseLine
from services.inventory.core.stock import Place, Stock


class Receipt(NamedTuple):
    """Single units that arrived in a bin."""

    place: Place
    quantity: int
    is_sellable: bool


class Booked(NamedTuple):
    """What a receipt brought, against what was ordered; short is below zero."""

    line: PurchaseLine
    received: int
    difference: int
    cost: int


def book(receipt: Receipt, line: PurchaseLine, stock: Stock, cause: str) -> Booked:
    """Take goods in at the price they were ordered for; nothing is taken from where damaged ones lie.

    A supplier may deliver in parts, so what is lacking is still expected. What nobody ordered came for nothing.
    """
    line.receive(receipt.quantity)
    cost = share_of(line.cost, receipt.quantity, line.ordered) if line.ordered else 0
    stock.receive(receipt.place, receipt.quantity, cause, cost)
    if not receipt.is_sellable:
        stock.block(receipt.place)
    return Booked(line, receipt.quantity, line.received - line.ordered, cost)
