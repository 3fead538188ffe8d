"""Settling demands on shelves: bins, reservations, what waits, which promises slip."""

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.core.allocation import Settlement, Slip, confirm, settle, slips
from services.inventory.core.demand import Claim, Demand, Line
from services.inventory.core.network import Promise
from services.inventory.core.sourcing import Choice, Plan
from services.inventory.core.stock import Place, Shelf, Stock
from tests.unit.inventory.builders import MONDAY, RATES, day, demand, item, line, network, place, stock

TUESDAY = Promise(MONDAY.replace(hour=16), day(3))
CAUSES = {f"o{number}": f"e{number}" for number in range(100)}


def reserved(quantity: int, where: Place, promise: Promise = TUESDAY) -> Line:
    return Line("1", where.item, 500, (Claim("1", where.item, quantity, where, promise, claim_id=7),))


def one(wanted: Demand, shelves: Stock) -> Settlement:
    [done] = settle([wanted], shelves, network(), CAUSES)
    return done


def taken(done: Settlement) -> dict[str, int]:
    units: dict[str, int] = {}
    for where, quantity in done.taken():
        name = f"{where.location_id}/{where.bin}"
        units[name] = units.get(name, 0) + quantity
    return units


def test_units_are_taken_bin_by_bin() -> None:
    shelves = Stock([Shelf(place("LON", bin_name=name), on_hand=2, version=1) for name in ("3", "1", "2")])

    assert taken(one(demand(line(5)), shelves)) == {"LON/1": 2, "LON/2": 2, "LON/3": 1}


def test_a_blocked_bin_gives_nothing() -> None:
    shelves = stock(LON=5, BRS=5)
    shelves.block(place("LON"))

    assert taken(one(demand(line(2)), shelves)) == {"BRS/1": 2}


def test_what_an_order_reserved_does_not_move_without_need() -> None:
    shelves = Stock([Shelf(place("LON", bin_name=name), 9, 0, 4, version=1) for name in ("1", "2")])

    done = one(demand(reserved(4, place("LON", bin_name="2"))), shelves)

    assert taken(done) == {"LON/2": 4}
    assert shelves.journal == []


def test_a_reservation_moves_to_a_better_location() -> None:
    shelves = Stock([Shelf(place("EDI"), 5, 0, 5, version=1), Shelf(place("LON"), 5, version=1)])

    done = one(demand(reserved(5, place("EDI"))), shelves)

    assert taken(done) == {"LON/1": 5}
    assert [(moved.kind, moved.quantity, moved.cause) for moved in shelves.journal] == [
        ("released", -5, "e1"),
        ("reserved", 5, "e1"),
    ]


def test_further_shipments_get_further_numbers() -> None:
    done = one(demand(line(4), shipments=2), stock(LON=2, BRS=2))

    assert [shipment.number for shipment in done.shipments] == [3, 4]


def test_units_that_nobody_has_wait_with_their_purchase_first() -> None:
    claims = (
        Claim("1", item(), 2, None, TUESDAY),
        Claim("1", item(), 3, None, TUESDAY, "PO-1"),
    )

    done = one(demand(Line("1", item(), 500, claims)), stock(LON=1))

    assert [(claim.quantity, claim.purchase_order_id) for claim in done.waiting] == [(3, "PO-1"), (1, None)]


def test_a_promise_that_can_be_kept_is_kept() -> None:
    later = Promise(MONDAY, day(20))

    done = one(demand(reserved(1, place("LON"), later)), Stock([Shelf(place("LON"), 1, 0, 1, version=1)]))

    assert done.shipments[0].promise == Promise(TUESDAY.ship_by, day(20))
    assert slips(done) == []


def test_a_promise_that_cannot_be_kept_slips() -> None:
    earlier = Promise(MONDAY, day(1))

    done = one(demand(reserved(3, place("LON"), earlier)), Stock([Shelf(place("LON"), 3, 0, 3, version=1)]))

    assert slips(done) == [Slip("1", 3, earlier, TUESDAY)]


CHOICE = Choice(Plan((), ("LON",), 250, day(3), 0), "GBP")


def test_an_order_is_confirmed_as_it_was_promised() -> None:
    done = confirm(demand(reserved(2, place("LON")), choice=CHOICE, shipments=1), MONDAY)

    assert done
    assert taken(done) == {"LON/1": 2}
    assert (done.shipments[0].number, done.shipments[0].promise) == (2, TUESDAY)


def test_nothing_is_confirmed_that_is_not_as_planned() -> None:
    backordered = Choice(Plan((), ("LON",), 250, day(3), 1), "GBP")

    assert confirm(demand(reserved(2, place("LON"))), MONDAY) is None
    assert confirm(demand(reserved(2, place("BRS")), choice=CHOICE), MONDAY) is None
    assert confirm(demand(line(2), choice=CHOICE), MONDAY) is None
    assert confirm(demand(reserved(2, place("LON")), choice=backordered), MONDAY) is None
    assert confirm(demand(reserved(2, place("LON")), choice=CHOICE), MONDAY.replace(hour=17)) is None


@given(
    st.dictionaries(st.sampled_from(list(RATES)), st.integers(0, 6)),
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), max_size=8),
)
def test_no_decision_ever_holds_more_than_is_available(units: dict[str, int], orders: list[list[int]]) -> None:
    shelves = stock(**units)
    demands = [
        demand(*[line(quantity, str(number)) for number, quantity in enumerate(lines)], order_id=f"o{place}")
        for place, lines in enumerate(orders)
    ]

    settled = settle(demands, shelves, network(), CAUSES)

    for shelf in shelves.of(item()):
        assert 0 <= shelf.reserved <= shelf.on_hand
    held = sum(sum(taken(done).values()) for done in settled)
    waiting = sum(claim.quantity for done in settled for claim in done.waiting)
    assert held == min(sum(units.values()), sum(map(sum, orders)))
    assert held + waiting == sum(map(sum, orders))
