"""Shelves and their journal: a row always equals the sum of its movements, whatever the floor reports."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.core.stock import EFFECTS, Place, Shelf, Stock
from services.inventory.core.valuation import Valuation
from tests.unit.inventory.builders import MONDAY, item, place

MINUTE = timedelta(minutes=1)
LON = place("LON")


def shelf_of(on_hand: int = 0, picked: int = 0, reserved: int = 0) -> tuple[Stock, Valuation]:
    valuation = Valuation(100, on_hand, on_hand * 100)
    return Stock([Shelf(LON, on_hand, picked, reserved, version=1)], {item(): valuation}), valuation


def test_a_count_leaves_picked_units_aside() -> None:
    stock, _ = shelf_of(on_hand=5, picked=2, reserved=2)

    stock.adjust(LON, 3, "count")

    assert (stock.at(LON).on_hand, stock.journal) == (5, [])


def test_a_count_opens_a_blocked_bin() -> None:
    stock, _ = shelf_of(on_hand=5)
    stock.block(LON)
    assert stock.at(LON).available == 0

    stock.adjust(LON, 5, "count")

    assert stock.at(LON).available == 5


def test_a_bin_is_closed_unless_it_was_counted_since() -> None:
    for counted, shortage, available in [(MONDAY, MONDAY, 0), (MONDAY, None, 0), (MONDAY + MINUTE, MONDAY, 5)]:
        stock, _ = shelf_of(on_hand=5)
        stock.adjust(LON, 5, "count", counted)
        stock.block(LON, shortage)

        assert stock.at(LON).available == available


def test_a_bin_whose_units_are_all_held_gives_nothing() -> None:
    assert [shelf_of(on_hand=5, reserved=held)[0].at(LON).available for held in (4, 5, 7)] == [1, 0, 0]


def test_a_bin_is_told_to_be_closed_or_open_though_nothing_moved() -> None:
    stock, _ = shelf_of(on_hand=5)
    stock.block(LON)
    stock.reserve(place("LON", bin_name="2"), 0, "c")
    assert (stock.blocked_places(), stock.changes) == ([LON], {LON: [0, 0, 0]})

    opened, _ = shelf_of(on_hand=5)
    opened.adjust(LON, 5, "count")

    assert (opened.blocked_places(), opened.changes) == ([], {LON: [0, 0, 0]})


def test_units_that_a_count_missed_are_written_off_at_the_average() -> None:
    stock, valuation = shelf_of(on_hand=5)

    stock.adjust(LON, 3, "count")

    assert (valuation.quantity, valuation.value) == (3, 300)
    assert [(moved.quantity, moved.value) for moved in stock.journal] == [(-2, -200)]


def test_held_units_that_a_count_missed_are_admitted() -> None:
    stock, _ = shelf_of(on_hand=5, reserved=5)

    stock.adjust(LON, 2, "count")
    assert stock.at(LON).is_overheld
    stock.accept_missing(LON)

    assert (stock.at(LON).missing, stock.at(LON).is_overheld) == (3, False)


def test_missing_units_vanish_with_the_claims_on_them() -> None:
    stock, _ = shelf_of(on_hand=2, reserved=5)
    stock.accept_missing(LON)

    stock.release(LON, 2, "short")

    assert stock.at(LON).missing == 1


def test_units_that_were_lost_and_picked_are_found() -> None:
    stock, valuation = shelf_of(on_hand=1, reserved=3)

    stock.pick(LON, 3, "pick")
    cost = stock.dispatch(LON, 3, "dispatch")

    assert (stock.at(LON).on_hand, stock.at(LON).reserved, cost) == (0, 0, 100)
    assert (valuation.quantity, valuation.value) == (0, 0)


def test_what_leaves_costs_the_moving_average() -> None:
    stock, valuation = shelf_of(on_hand=2)
    stock.receive(LON, 1, "receipt", 250)
    stock.reserve(LON, 3, "order")
    stock.pick(LON, 3, "pick")

    costs = [stock.dispatch(LON, 1, "parcel") for _ in range(3)]

    assert (costs, sum(costs), valuation.value) == ([150, 150, 150], 450, 0)


def test_stock_of_no_known_value_costs_what_the_catalogue_says() -> None:
    stock, valuation = shelf_of()

    stock.adjust(LON, 4, "opening")

    assert (valuation.quantity, valuation.value) == (4, 400)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "reserve", "release", "pick", "unpick", "dispatch", "count"]), st.integers(0, 5)
    )
)


def take_step(stock: Stock, step: str, quantity: int) -> None:
    shelf = stock.at(LON)
    match step:
        case "receive":
            stock.receive(LON, quantity, "c", quantity * 90)
        case "reserve":
            stock.reserve(LON, min(quantity, shelf.available), "c")
        case "release":
            stock.release(LON, min(quantity, shelf.reserved - shelf.picked), "c")
        case "pick":
            stock.pick(LON, min(quantity, shelf.reserved - shelf.picked), "c")
        case "unpick":
            stock.unpick(LON, quantity, "c")
        case "dispatch":
            stock.dispatch(LON, min(quantity, shelf.picked), "c")
        case "count":
            stock.adjust(LON, quantity, "c")
            stock.accept_missing(LON)


@given(STEPS)
def test_a_shelf_equals_its_movements_and_breaks_no_rule(steps: list[tuple[str, int]]) -> None:
    stock, valuation = shelf_of()

    for step, quantity in [("receive", 9), ("reserve", 6), ("pick", 3), *steps]:
        take_step(stock, step, quantity)

    shelf = stock.at(LON)
    sums = [sum(EFFECTS[moved.kind][axis] * moved.quantity for moved in stock.journal) for axis in range(3)]
    assert [shelf.on_hand, shelf.picked, shelf.reserved] == sums == stock.changes.get(LON, [0, 0, 0])
    assert 0 <= shelf.picked <= shelf.on_hand
    assert 0 <= shelf.reserved <= shelf.on_hand + shelf.missing
    assert (valuation.quantity, valuation.value) == (shelf.on_hand, sum(moved.value or 0 for moved in stock.journal))
    assert valuation.value >= 0
    assert valuation.quantity or not valuation.value


def test_levels_are_told_for_what_changed_only() -> None:
    other = Place(item("B"), "LON", "1")
    second = place("LON", bin_name="2")
    stock = Stock([Shelf(where, 5, version=1) for where in (LON, second, place("BRS"), other)])

    stock.reserve(LON, 1, "c")

    told = [(what.sku, where, [shelf.place for shelf in shelves]) for what, where, shelves in stock.changed_levels()]
    assert told == [("A", "LON", [LON, second])]
