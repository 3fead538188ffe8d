"""Settling demands on shelves: bins, reservations, what waits, which promises slip."""

from datetime import timedelta

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
    shelves.at(place("LON", bin_name="0"))  # an empty one

    assert taken(one(demand(line(5)), shelves)) == {"LON/1": 2, "LON/2": 2, "LON/3": 1}


def test_a_blocked_bin_gives_nothing() -> None:
    shelves = stock(LON=5, BRS=5)
    shelves.block(place("LON"))

    assert taken(one(demand(line(2)), shelves)) == {"BRS/1": 2}


def test_what_was_reserved_in_a_bin_that_is_blocked_comes_from_elsewhere() -> None:
    shelves = Stock([Shelf(place("LON"), 5, 0, 2, version=1), Shelf(place("BRS"), 5, version=1)])
    shelves.block(place("LON"))

    assert taken(one(demand(reserved(2, place("LON"))), shelves)) == {"BRS/1": 2}
    assert shelves.at(place("LON")).reserved == 0


def test_what_was_reserved_and_lies_nowhere_waits_without_a_bin() -> None:
    shelves = Stock([Shelf(place("LON"), 5, 0, 2, version=1)])
    shelves.block(place("LON"))

    done = one(demand(reserved(2, place("LON"))), shelves)

    assert [(claim.quantity, claim.place, claim.promise) for claim in done.waiting] == [(2, None, TUESDAY)]


def test_each_location_sends_the_items_that_it_has() -> None:
    shelves = Stock([Shelf(place("LON", "A"), 1, version=1), Shelf(place("BRS", "B"), 1, version=1)])

    done = one(demand(line(1, "1", "A"), line(1, "2", "B")), shelves)

    sent = {shipment.location_id: [part.line.line_id for part in shipment.lines] for shipment in done.shipments}
    assert sent == {"LON": ["1"], "BRS": ["2"]}


def test_lines_of_one_item_are_filled_one_after_the_other() -> None:
    done = one(demand(line(2, "1"), line(2, "2")), stock(BRS=2, LON=2))

    sent = {shipment.location_id: [part.line.line_id for part in shipment.lines] for shipment in done.shipments}
    assert sent == {"BRS": ["1"], "LON": ["2"]}


def test_what_an_order_reserved_does_not_move_without_need() -> None:
    shelves = Stock([Shelf(place("LON", bin_name=name), 9, 0, 4, version=1) for name in ("1", "2")])

    done = one(demand(reserved(4, place("LON", bin_name="2"))), shelves)

    assert taken(done) == {"LON/2": 4}
    assert shelves.journal == []


def test_an_order_keeps_its_bins_and_takes_the_rest_as_it_lies() -> None:
    shelves = Stock([Shelf(place("LON", bin_name="1"), 9, version=1), Shelf(place("LON", bin_name="2"), 2, 0, 2)])
    held, waits = reserved(2, place("LON", bin_name="2")).claims[0], line(3).claims[0]

    done = one(demand(Line("1", item(), 500, (held, waits))), shelves)

    assert taken(done) == {"LON/2": 2, "LON/1": 3}


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


def test_an_orders_destinations_share_one_count_of_shipments() -> None:
    groups = [demand(line(1), ship_group_id=name, shipments=2) for name in "12"]

    settled = settle(groups, stock(LON=2), network(), CAUSES)

    assert [shipment.number for done in settled for shipment in done.shipments] == [3, 4]


def test_units_that_nobody_has_wait_with_their_purchase_first() -> None:
    claims = (
        Claim("1", item(), 2, None, TUESDAY),
        Claim("1", item(), 3, None, TUESDAY, "PO-1"),
    )

    done = one(demand(Line("1", item(), 500, claims)), stock(LON=1))

    assert [(claim.quantity, claim.purchase_order_id) for claim in done.waiting] == [(3, "PO-1"), (1, None)]


def test_what_waited_already_waits_on_before_what_was_reserved() -> None:
    later = Promise(MONDAY, day(9))
    held = Claim("1", item(), 2, place("LON"), TUESDAY)
    waits = Claim("1", item(), 2, None, later)
    shelves = Stock([Shelf(place("LON"), 2, 0, 2, version=1), Shelf(place("BRS"), 2, version=1)])
    shelves.block(place("LON"))

    done = one(demand(Line("1", item(), 500, (held, waits))), shelves)

    assert [(claim.quantity, claim.place, claim.promise) for claim in done.waiting] == [(2, None, later)]


def test_what_is_reserved_is_promised_with_its_shipment() -> None:
    done = one(demand(line(2)), stock(LON=5))

    assert list(done.reservations()) == [Claim("1", item(), 2, place("LON"), done.shipments[0].promise)]


def test_a_promise_that_can_be_kept_is_kept() -> None:
    later = Promise(MONDAY, day(20))

    done = one(demand(reserved(1, place("LON"), later)), Stock([Shelf(place("LON"), 1, 0, 1, version=1)]))

    assert done.shipments[0].promise == Promise(TUESDAY.ship_by, day(20))
    assert slips(done) == []


def test_a_promise_that_cannot_be_kept_slips() -> None:
    earlier = Promise(MONDAY, day(1))

    done = one(demand(reserved(3, place("LON"), earlier)), Stock([Shelf(place("LON"), 3, 0, 3, version=1)]))

    assert slips(done) == [Slip("1", 3, earlier, TUESDAY)]


def test_the_first_units_to_come_keep_the_earliest_promise() -> None:
    later, latest = Promise(MONDAY, day(5)), Promise(MONDAY, day(10))
    promised = (Claim("1", item(), 2, None, later), Claim("1", item(), 1, None, TUESDAY))

    done = one(demand(Line("1", item(), 500, promised)), stock(LON=1))
    done.waiting = (Claim("1", item(), 2, None, latest),)

    assert slips(done) == [Slip("1", 2, later, latest)]


def test_a_split_that_brings_each_unit_in_time_slips_nothing() -> None:
    wednesday = TUESDAY._replace(deliver_by=day(4))
    promised = (Claim("1", item(), 1, None, TUESDAY), Claim("1", item(), 1, None, wednesday))

    done = one(demand(Line("1", item(), 500, promised)), stock(EDI=1, LON=1))

    assert slips(done) == []


CHOICE = Choice(Plan((), ("LON",), 250, day(3), 0), "GBP")


def test_an_order_is_confirmed_as_it_was_promised() -> None:
    done = confirm(demand(reserved(2, place("LON")), choice=CHOICE, shipments=1), MONDAY)

    assert done
    assert taken(done) == {"LON/1": 2}
    assert (done.shipments[0].number, done.shipments[0].promise) == (2, TUESDAY)


def test_an_order_is_confirmed_until_its_cut_off() -> None:
    order = demand(reserved(2, place("LON")), choice=CHOICE)

    assert confirm(order, TUESDAY.ship_by)
    assert confirm(order, TUESDAY.ship_by + timedelta(seconds=1)) is None


def test_nothing_is_confirmed_that_is_not_as_planned() -> None:
    backordered = Choice(Plan((), ("LON",), 250, day(3), 1), "GBP")
    split = Choice(Plan((), ("LON", "BRS"), 250, day(3), 0), "GBP")
    slipped = reserved(1, place("LON"), TUESDAY._replace(deliver_by=day(9)))

    assert confirm(demand(reserved(2, place("LON"))), MONDAY) is None
    assert confirm(demand(reserved(2, place("BRS")), choice=CHOICE), MONDAY) is None
    assert confirm(demand(line(2), choice=CHOICE), MONDAY) is None
    assert confirm(demand(line(2), choice=Choice(None, "GBP")), MONDAY) is None
    assert confirm(demand(reserved(2, place("LON")), line(1, "2"), choice=CHOICE), MONDAY) is None
    assert confirm(demand(reserved(2, place("LON")), slipped, choice=CHOICE), MONDAY) is None
    assert confirm(demand(reserved(2, place("LON")), choice=split), MONDAY) is None
    assert confirm(demand(reserved(2, place("LON")), choice=backordered), MONDAY) is None


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
