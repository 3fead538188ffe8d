"""Receipts against what was ordered."""

from services.inventory.core.inbound import Receipt, book
from services.inventory.core.replenishment import PurchaseLine
from services.inventory.core.stock import Stock
from services.inventory.core.valuation import Valuation
from tests.unit.inventory.builders import item, place

DOCK = place("LON", bin_name="DOCK")


def ordered(quantity: int, cost: int) -> PurchaseLine:
    return PurchaseLine("PO-1", "1", item(), quantity, cost)


def shelves() -> Stock:
    return Stock([], {item(): Valuation(100)})


def test_goods_are_booked_at_the_price_they_were_ordered_for() -> None:
    line, stock = ordered(10, 955), shelves()

    parts = [book(Receipt(DOCK, units, is_sellable=True), line, stock, "e1") for units in (4, 6, 2)]

    assert [(part.received, part.difference, part.cost) for part in parts] == [(4, -6, 382), (6, 0, 573), (2, 2, 191)]
    assert (stock.at(DOCK).available, line.received, line.coming) == (12, 12, 0)


def test_goods_that_nobody_ordered_cost_nothing() -> None:
    stock = shelves()

    assert book(Receipt(DOCK, 3, is_sellable=True), ordered(0, 0), stock, "e1").cost == 0
    assert stock.at(DOCK).available == 3


def test_damaged_goods_are_ours_but_not_for_sale() -> None:
    stock = shelves()

    book(Receipt(DOCK, 3, is_sellable=False), ordered(3, 300), stock, "e1")

    assert (stock.at(DOCK).on_hand, stock.at(DOCK).available) == (3, 0)
