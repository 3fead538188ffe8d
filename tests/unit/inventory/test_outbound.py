"""Shipments on their way out and back: which bins their units come from."""

from typing import Any

from services.inventory.core.holdings import Allocation
from services.inventory.core.network import Promise
from services.inventory.core.outbound import Consumed, Pick, dispatch, pick, take_back
from services.inventory.core.stock import Shelf, Stock
from services.inventory.core.valuation import Valuation
from tests.unit.inventory.builders import MONDAY, day, item, place

BINS = (place("LON"), place("LON", bin_name="2"))


def shipment(*quantities: int, **other: Any) -> list[Allocation]:
    """A line's units, from bin 1 and bin 2."""
    promise = Promise(MONDAY, day(3))
    return [
        Allocation(order_id="o1", shipment=1, line_id="1", place=where, quantity=units, promise=promise, **other)
        for where, units in zip(BINS, quantities, strict=False)
    ]


def shelves(*reserved: int) -> Stock:
    shown = [Shelf(where, 9, 0, units) for where, units in zip(BINS, reserved, strict=False)]
    return Stock(shown, {item(): Valuation(100, 18, 1_800)})


def test_a_pick_is_found_in_the_bin_that_was_scanned_first() -> None:
    goods, stock = shipment(3, 2), shelves(3, 2)

    pick(goods, [Pick("1", "2", 1)], stock, "e1")
    assert [allocation.picked for allocation in goods] == [0, 1]
    pick(goods, [Pick("1", "2", 2), Pick("9", "1", 1)], stock, "e2")

    assert [allocation.picked for allocation in goods] == [1, 2]
    assert [stock.at(where).picked for where in BINS] == [1, 2]


def test_a_pick_of_more_than_the_shipment_holds_counts_what_it_holds() -> None:
    goods, stock = shipment(3, 2), shelves(3, 2)

    pick(goods, [Pick("1", "1", 9)], stock, "e1")

    assert [allocation.picked for allocation in goods] == [3, 2]


def test_picked_units_leave_before_those_of_which_no_pick_was_heard() -> None:
    goods, stock = shipment(3, 2), shelves(3, 2)
    pick(goods, [Pick("1", "2", 2)], stock, "e1")

    consumed = dispatch(goods, {"1": 3}, stock, "e2")

    assert consumed == [Consumed("1", "A", 3, 300)]
    assert [(sent.dispatched, sent.picked, sent.cost) for sent in goods] == [(1, 1, 100), (2, 2, 200)]
    assert [(stock.at(where).on_hand, stock.at(where).reserved) for where in BINS] == [(8, 2), (7, 0)]


def test_what_has_left_is_not_asked_back_any_more() -> None:
    goods = shipment(5, recalled=3)

    dispatch(goods, {"1": 4}, shelves(5), "e1")

    assert goods[0].recalled == 1


def test_a_shipment_that_left_is_picked_no_more() -> None:
    goods, stock = shipment(3, 2), shelves(3, 2)
    dispatch(goods, {"1": 3}, stock, "e1")

    pick(goods, [Pick("1", "2", 2)], stock, "e2")

    assert [allocation.picked for allocation in goods] == [3, 0]


def test_a_returned_parcel_lies_where_it_came_from_at_its_cost() -> None:
    goods, stock = shipment(3, 2), shelves(3, 2)
    dispatch(goods, {"1": 5}, stock, "e1")
    stock.receive(BINS[0], 10, "dearer", 9_000)

    take_back(goods, {"1": 4, "9": 1}, stock, "e2")

    returned = [(moved.place, moved.quantity, moved.value) for moved in stock.journal if moved.kind == "returned"]
    assert returned == [(BINS[0], 3, 300), (BINS[1], 1, 100)]
