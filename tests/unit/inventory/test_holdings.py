"""What an order holds, and in which order it gives it up."""

from typing import Any

from services.inventory.core.demand import Claim
from services.inventory.core.holdings import Allocation, Holdings
from services.inventory.core.network import Promise
from services.inventory.core.stock import Place, Shelf, Stock
from tests.unit.inventory.builders import MONDAY, day, demand, item, line, place

PROMISE = Promise(MONDAY, day(3))


def claim(quantity: int, where: Place | None = None, **other: Any) -> Claim:
    return Claim("1", item(), quantity, where, PROMISE)._replace(**other)


def shelves() -> Stock:
    return Stock([Shelf(place(name), 5, 0, 2) for name in ("BRS", "LON")])


def test_what_waits_is_given_up_before_what_lies_in_a_bin() -> None:
    first, second = claim(1, purchase_order_id="PO-1"), claim(1, purchase_order_id="PO-2")
    others = claim(4, line_id="2")
    held, stock = Holdings("o1", [claim(2, place("LON")), first, second, others], []), shelves()

    held.drop("1", 3, stock, "e1")

    assert held.claims == [others, claim(1, place("LON"))]
    assert held.claims_changed
    assert [(moved.place, moved.kind, moved.quantity) for moved in stock.journal] == [(place("LON"), "released", -1)]


def test_an_order_gives_up_no_more_than_it_holds() -> None:
    held, stock = Holdings("o1", [claim(2, place("LON")), claim(2, place("BRS"))], []), shelves()

    held.drop("1", 9, stock, "e1")

    assert held.claims == []
    assert [stock.at(place(name)).reserved for name in ("BRS", "LON")] == [0, 0]


def test_bins_are_given_up_in_their_order() -> None:
    held = Holdings("o1", [claim(2, place("LON")), claim(2, place("BRS"))], [])

    held.drop("1", 2, shelves(), "e1")

    assert held.claims == [claim(2, place("LON"))]


def test_an_order_holds_what_waits_and_what_is_in_shipments() -> None:
    in_shipment = Allocation(
        order_id="o1", shipment=1, line_id="2", place=place("LON", "B"), quantity=1, promise=PROMISE
    )

    assert Holdings("o1", [claim(1)], [in_shipment]).items == {item("A"), item("B")}
    assert not Holdings("o1", [claim(1)], [in_shipment]).has_reserved
    assert Holdings("o1", [claim(1), claim(1, place("LON"))], []).has_reserved


def test_the_earliest_promise_is_to_be_kept_before_what_was_wished() -> None:
    promised = line(1)._replace(claims=(claim(1, promise=Promise(MONDAY, day(9))), claim(1)))

    assert demand(line(1), wanted_on=day(6)).due_on == day(6)
    assert demand(promised, wanted_on=day(2)).due_on == day(3)
    assert demand(line(1)).due_on is None


def test_an_order_tells_what_waits_from_what_lies_in_a_bin() -> None:
    mixed = demand(line(1)._replace(claims=(claim(1, place("LON")), claim(2))))

    assert mixed.waiting == [claim(2)]
    assert demand(line(1)).waiting == list(line(1).claims)


def test_an_order_tells_what_nobody_brings_from_what_is_bought() -> None:
    bought = claim(3)._replace(purchase_order_id="PO-1")
    mixed = demand(line(1)._replace(claims=(claim(1, place("LON")), claim(2), bought)))

    assert mixed.abandoned == [claim(2)]


def test_an_order_never_goes_back_to_an_earlier_version() -> None:
    assert [demand(version=2).in_version(version).version for version in (1, 2, 3)] == [2, 2, 3]
