"""Recalls and short picks on an order's holdings."""

from typing import Any

from services.inventory.core.custody import (
    ALREADY_GONE,
    NOT_HELD,
    Answer,
    Ask,
    Outcome,
    ShortPick,
    answer,
    close,
    short_pick,
)
from services.inventory.core.demand import Claim
from services.inventory.core.holdings import Allocation, Holdings
from services.inventory.core.network import Promise
from services.inventory.core.outbound import Pick, dispatch, pick
from services.inventory.core.stock import Shelf, Stock
from services.inventory.core.valuation import Valuation
from tests.unit.inventory.builders import MONDAY, day, item, place

PROMISE = Promise(MONDAY, day(3))


def holding(*claims: Claim, **allocated: Any) -> Holdings:
    facts: dict[str, Any] = {
        "order_id": "o1",
        "shipment": 1,
        "line_id": "1",
        "place": place("LON"),
        "quantity": 5,
        "promise": PROMISE,
    }
    return Holdings("o1", list(claims), [Allocation(**(facts | allocated))])


def shelves(reserved: int = 5, picked: int = 0) -> Stock:
    return Stock([Shelf(place("LON"), 9, picked, reserved, version=1)], {item(): Valuation(100, 9, 900)})


def asked(quantity: int, held: Holdings, stock: Stock) -> Answer:
    return answer(Ask("a1", "o1", "cancel", (("1", quantity),)), held, stock, "e1")


def outcome(released: int = 0, refused: int = 0, purpose: Any = "cancel") -> Outcome:
    return Outcome(purpose, 1, {"1": released}, {"1": refused})


def waiting(quantity: int) -> Claim:
    return Claim("1", item(), quantity, None, PROMISE)


def test_units_that_wait_are_given_back_first() -> None:
    held, stock = holding(waiting(2)), shelves()

    result = asked(3, held, stock)

    assert (result.released, result.passed, result.refused) == ({"1": 2}, {1: {"1": 1}}, [])
    assert held.allocations[0].recalled == 1
    assert held.claims == []
    assert stock.journal == []


def test_units_that_wait_stay_the_orders_own_when_asked_back_for_a_hold() -> None:
    held, stock = holding(waiting(2)), shelves()

    result = answer(Ask("a1", "o1", "hold", (("1", 2),)), held, stock, "e1")

    assert (result.released, result.passed) == ({"1": 2}, {})
    assert held.claims == [waiting(2)]


def test_the_youngest_shipment_is_asked_first() -> None:
    held = Holdings("o1", [], [*holding().allocations, *holding(shipment=2).allocations])

    assert asked(7, held, shelves(9)).passed == {2: {"1": 5}, 1: {"1": 2}}


def test_a_unit_is_asked_back_only_once() -> None:
    held, stock = holding(recalled=4), shelves()

    assert asked(3, held, stock).passed == {1: {"1": 1}}


def test_what_left_or_was_never_held_is_refused() -> None:
    held, stock = holding(picked=3, dispatched=3, quantity=3), shelves(0)

    result = asked(5, held, stock)

    assert (result.released, result.passed) == ({}, {})
    assert result.refused == [("1", 3, ALREADY_GONE), ("1", 2, NOT_HELD)]
    assert asked(3, held, stock).refused == [("1", 3, ALREADY_GONE)]


def test_given_back_units_are_unpicked_and_free() -> None:
    held, stock = holding(picked=5, recalled=3), shelves(picked=5)

    assert not close(held, outcome(released=2, refused=1), stock, "e1")

    shelf, allocation = stock.at(place("LON")), held.allocations[0]
    assert (shelf.picked, shelf.reserved) == (3, 3)
    assert (allocation.quantity, allocation.picked, allocation.recalled) == (3, 3, 0)


def two_bins(**allocated: Any) -> tuple[Holdings, Stock]:
    """Five units of line 1 from bin 1 and four from bin 2, of which two and three are asked back; and others."""
    there = [
        *holding(recalled=2, **allocated).allocations,
        *holding(recalled=3, quantity=4, place=place("LON", bin_name="2"), **allocated).allocations,
        *holding(line_id="9", recalled=5, **allocated).allocations,
        *holding(shipment=2, recalled=5, **allocated).allocations,
    ]
    shelves_ = [Shelf(place("LON"), 30, 0, 15), Shelf(place("LON", bin_name="2"), 9, 0, 4)]
    return Holdings("o1", [], there), Stock(shelves_, {item(): Valuation(100, 18, 1800)})


def test_an_answer_is_spread_over_the_bins_of_a_line() -> None:
    held, stock = two_bins()

    close(held, outcome(released=1), stock, "e1")
    assert [allocation.recalled for allocation in held.allocations] == [2, 2, 5, 5]
    close(held, outcome(refused=3), stock, "e2")

    assert [(allocation.quantity, allocation.recalled) for allocation in held.allocations] == [
        (5, 0),
        (3, 1),
        (5, 5),
        (5, 5),
    ]
    assert stock.at(place("LON", bin_name="2")).reserved == 3


def test_all_that_is_given_back_leaves_every_bin_of_its_line() -> None:
    held, stock = two_bins()

    close(held, outcome(released=9), stock, "e1")

    assert [allocation.quantity for allocation in held.allocations] == [0, 0, 5, 5]
    assert [stock.at(place("LON", bin_name=name)).reserved for name in "12"] == [10, 0]


def test_units_given_back_for_a_hold_stay_reserved() -> None:
    held, stock = holding(recalled=5), shelves()

    close(held, outcome(released=5, purpose="hold"), stock, "e1")

    assert [(claim.quantity, claim.place) for claim in held.claims] == [(5, place("LON"))]
    assert stock.at(place("LON")).reserved == 5


def test_a_short_pick_frees_what_was_not_found() -> None:
    held, stock = holding(picked=3), shelves(picked=3)

    short_pick(held, ShortPick(1, "1", "1", 2), stock, "e1")

    assert [(claim.quantity, claim.place) for claim in held.claims] == [(2, None)]
    assert held.allocations[0].quantity == 3
    assert (stock.at(place("LON")).blocked, stock.at(place("LON")).reserved) == (True, 3)


def test_a_short_pick_frees_no_more_than_was_still_to_pick() -> None:
    held, stock = holding(picked=3), shelves(picked=3)

    short_pick(held, ShortPick(1, "1", "1", 5), stock, "e1")

    assert [claim.quantity for claim in held.claims] == [2]


def test_a_short_pick_says_nothing_about_other_bins() -> None:
    held, stock = holding(), shelves()

    short_pick(held, ShortPick(1, "1", "2", 2), stock, "e1")

    assert (held.claims, stock.at(place("LON")).blocked) == ([], False)


def test_a_short_pick_under_an_ask_waits_for_the_answer() -> None:
    held, stock = holding(recalled=2), shelves()

    short_pick(held, ShortPick(1, "1", "1", 3), stock, "e1")
    assert held.claims == []
    assert close(held, outcome(released=2), stock, "e2")

    assert [claim.quantity for claim in held.claims] == [1]
    assert held.allocations[0].quantity == 2


def test_what_was_short_is_sourced_when_the_last_ask_is_answered() -> None:
    held, stock = holding(recalled=3, short=2), shelves()

    assert not close(held, outcome(released=1), stock, "e1")
    assert held.claims == []
    assert close(held, outcome(refused=2), stock, "e2")

    assert [(claim.quantity, claim.place) for claim in held.claims] == [(2, None)]
    assert held.allocations[0].short == 0


def test_what_is_dispatched_counts_as_picked() -> None:
    held, stock = holding(picked=1), shelves(picked=1)

    [consumed] = dispatch(held.shipment(1), {"1": 5}, stock, "e1")
    pick(held.shipment(1), [Pick("1", "1", 4)], stock, "e2")

    assert (consumed.quantity, consumed.cost) == (5, 500)
    assert (stock.at(place("LON")).on_hand, stock.at(place("LON")).picked) == (4, 0)


def test_a_pick_heard_after_the_dispatch_is_not_counted_again() -> None:
    held, stock = holding(), shelves()

    dispatch(held.shipment(1), {"1": 3}, stock, "e1")
    pick(held.shipment(1), [Pick("1", "1", 3)], stock, "e2")
    short_pick(held, ShortPick(1, "1", "1", 2), stock, "e3")

    assert stock.at(place("LON")).picked == 0
    assert [(claim.quantity, claim.place) for claim in held.claims] == [(2, None)]


def test_more_units_than_a_shipment_holds_do_not_leave_it() -> None:
    held, stock = holding(), shelves()

    [consumed] = dispatch(held.shipment(1), {"1": 7, "9": 1}, stock, "e1")

    assert consumed.quantity == 5
