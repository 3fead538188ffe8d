"""Buying what is short, again where it does not come, and giving what comes to the oldest promise."""

from datetime import date, timedelta

from contracts.values import order_id_within
from services.inventory.core.allocation import Settlement
from services.inventory.core.backlog import Waiting, give, take_all, take_from_latest
from services.inventory.core.demand import Claim, Line
from services.inventory.core.network import Promise
from services.inventory.core.replenishment import (
    ATTEMPTS_MAX,
    NAME_MAX,
    OVERDUE_DAYS,
    Basket,
    Purchase,
    PurchaseLine,
    Supply,
    again,
    all_again,
    redated,
    relink,
    slips_of,
    uncovered,
)
from services.inventory.core.sourcing import Choice
from tests.unit.inventory.builders import LONDON, MONDAY, day, demand, item, line, location, network, place, stock


def supply(sku: str = "A", supplier_id: str | None = "SUP") -> Supply:
    return Supply(sku=sku, supplier_id=supplier_id, lead_time_days=10, cost=100, currency="GBP")


def short(order_id: str, *skus: str, is_released: bool = True, bought: str | None = None) -> Settlement:
    wanted = demand(*[line(2, sku, sku) for sku in skus], order_id=order_id, is_released=is_released)
    claims = tuple(Claim(sku, item(sku), 2, None, None, bought) for sku in skus)
    return Settlement(wanted, Choice(None, "GBP"), (), claims)


def basket(*settlements: Settlement, **suppliers: str | None) -> Basket:
    supplies = {sku: supply(sku, suppliers.get(sku, "SUP")) for sku in "AB"}
    filled = Basket(supplies, network())
    for settlement in settlements:
        filled.settle(settlement)
    return filled


def purchase(**units: int) -> Purchase:
    ordered = Purchase("PO-o1.1", "SUP", "acme", "LON", "GBP", MONDAY.date())
    for sku, quantity in units.items():
        ordered.add(item(sku), quantity, supply(sku), MONDAY)
    return ordered


def waiting(order_id: str, quantity: int, promised: date, bought: str | None = "PO-o1.1") -> Waiting:
    return Waiting(order_id, Claim("1", item(), quantity, None, Promise(MONDAY, promised), bought))


def test_orders_of_a_turn_share_a_purchase_of_each_supplier() -> None:
    filled = basket(short("o1", "A"), short("o2", "A", "B"), B="OTHER")

    bought = {p.purchase_order_id: {li.item.sku: li.ordered for li in p.lines} for p in filled.purchases.values()}
    assert bought == {"PO-o1.1": {"A": 4}, "PO-o2.1": {"B": 2}}
    assert filled.numbers == {"o1": 1, "o2": 1}


def test_a_purchase_says_what_is_wanted_of_whom_for_where_and_at_what_cost() -> None:
    settlement = short("o1", "A")

    [bought] = basket(settlement).purchases.values()

    assert (bought.supplier_id, bought.stock_owner) == ("SUP", "acme")
    assert (bought.location_id, bought.currency) == ("LON", "GBP")
    assert [(li.line_id, li.ordered, li.cost, li.expected_on) for li in bought.lines] == [("1", 2, 200, day(12))]
    assert bought.wanted_on == day(12)
    assert [claim.purchase_order_id for claim in settlement.waiting] == ["PO-o1.1"]


def test_what_is_bought_is_promised_for_when_it_comes() -> None:
    lost = short("o1", "A")
    lost.waiting = (lost.waiting[0]._replace(promise=Promise(MONDAY, day(3))),)

    basket(lost)

    assert [claim.promise and claim.promise.deliver_by for claim in lost.waiting] == [day(13)]


def test_nothing_is_bought_where_no_location_takes_goods_in() -> None:
    settlement = short("o1", "A")
    filled = Basket({"A": supply()}, network(LON=location("LON", kind="store")))

    filled.settle(settlement)

    assert filled.purchases == {}
    assert settlement.waiting[0].promise == Promise(MONDAY.replace(day=12, hour=0), day(26))


def test_nothing_is_bought_before_release_or_twice() -> None:
    early, bought = short("o1", "A", is_released=False), short("o2", "A", bought="PO-9")

    assert basket(early, bought).purchases == {}
    assert early.waiting[0].promise == Promise(MONDAY.replace(day=12, hour=16), day(13))


def test_an_item_without_a_supplier_only_gets_a_date() -> None:
    settlement = short("o1", "A")

    assert basket(settlement, A=None).purchases == {}
    assert settlement.waiting[0].promise


def test_goods_are_received_where_they_go_on_cheapest() -> None:
    assert network().receiver(LONDON) == "LON"
    shop = network(LON=location("LON", kind="store"), EDI=location("EDI"))
    assert shop.receiver(LONDON) == "EDI"


def test_a_supplier_slips_when_he_names_a_later_day() -> None:
    [ordered] = purchase(A=2).lines
    ordered.is_changed = False

    assert not ordered.expect(day(12))
    assert not ordered.is_changed
    assert not ordered.expect(day(11))
    assert ordered.expect(day(12))
    assert (ordered.expected_on, ordered.is_changed) == (day(12), True)


def test_a_supplier_refuses_no_more_than_is_still_to_come() -> None:
    [ordered] = purchase(A=5).lines
    ordered.receive(2)
    ordered.refuse(9)

    assert (ordered.received, ordered.refused, ordered.coming) == (2, 3, 0)


def test_a_purchase_is_given_up_well_after_the_last_day_expected() -> None:
    ordered = purchase(A=2, B=2)
    late, _ = ordered.lines
    late.expect(day(20))
    assert ordered.given_up_on == day(20) + timedelta(days=OVERDUE_DAYS)

    late.receive(2)

    assert ordered.given_up_on == day(12) + timedelta(days=OVERDUE_DAYS)


def test_a_delivery_is_about_the_line_it_names_else_the_first_of_its_item() -> None:
    ordered = purchase(A=2)
    ordered.put(PurchaseLine("PO-o1.1", "2", item(), 3, 300))

    found = [ordered.find(name, item()) for name in ("2", "1", None, "9")]

    assert [line.line_id for line in found if line] == ["2", "1", "1", "1"]
    assert ordered.find("1", item("B")) is None


def test_what_nobody_ordered_gets_a_line_of_its_own() -> None:
    ordered = purchase(A=2)

    surplus = ordered.line_of(None, item("B"))

    assert (surplus.line_id, surplus.ordered, surplus.cost, surplus.is_new) == ("2", 0, 0, True)
    assert ordered.line_of(None, item("B")) is surplus


def test_only_what_comes_later_than_promised_is_promised_anew() -> None:
    claims = [
        Claim("1", item(), 2, None, Promise(MONDAY, day(13)), "PO-1"),
        Claim("1", item(), 3, None, Promise(MONDAY, day(30)), "PO-1"),
        Claim("1", item(), 4, None, Promise(MONDAY, day(13)), "PO-2"),
        Claim("1", item(), 5, place("LON"), Promise(MONDAY, day(13)), "PO-1"),
    ]
    wanted = demand(Line("1", item(), 500, tuple(claims)))

    changed = redated(wanted, {("PO-1", "A"): day(19), ("PO-2", "A"): day(12)}, network())

    assert [(slip.quantity, slip.before.deliver_by, slip.after.deliver_by) for slip in slips_of(changed)] == [
        (2, day(13), day(20))
    ]


def test_a_supplier_is_asked_a_bounded_number_of_times() -> None:
    failed, names = purchase(A=2), []
    failed.give_up()
    while (ordered := again(failed, {item(): 2}, {"A": supply()}, MONDAY)) is not None:
        failed = ordered
        failed.give_up()
        names.append(ordered.purchase_order_id)

    assert names == ["PO-o1.1.1", "PO-o1.1.1.1"]
    assert len(names) == ATTEMPTS_MAX - 1


def test_only_what_a_supplier_refused_counts_as_asked_before() -> None:
    failed = purchase(A=2, B=2)
    failed.lines[0].refuse(2)

    ordered = [again(failed, units, {sku: supply(sku) for sku in "AB"}, MONDAY) for units in (
        {item("B"): 2}, {item("A"): 2}, {item("A"): 2, item("B"): 2},
    )]  # fmt: skip

    assert [one.attempt for one in ordered if one] == [1, 2, 2]


def test_a_supplier_who_delivered_to_others_may_be_asked_again() -> None:
    brought = purchase(A=2)
    for _ in range(ATTEMPTS_MAX + 1):
        brought.lines[0].receive(2)
        ordered = again(brought, {item(): 2}, {"A": supply()}, MONDAY)
        assert ordered is not None
        brought = ordered

    assert brought.attempt == 1


def test_however_often_units_are_ordered_again_names_stay_short_and_their_own() -> None:
    latest, names = purchase(A=2), set()
    for _ in range(200):
        latest.lines[0].receive(2)
        ordered = again(latest, {item(): 2}, {"A": supply()}, MONDAY)
        assert ordered is not None
        latest = ordered
        names.add(latest.purchase_order_id)

    assert len(names) == 200
    assert max(map(len, names)) <= NAME_MAX
    assert {order_id_within(name) for name in names} == {"PO-o1"}


def test_each_item_is_ordered_again_once() -> None:
    first, second = purchase(A=2), purchase(A=3)

    ordered = all_again([first, second], {item(): 5}, {"A": supply()}, MONDAY)

    assert [(failed, [li.ordered for li in new.lines]) for failed, new in ordered] == [(first, [5])]


def test_only_what_was_bought_and_does_not_come_is_uncovered() -> None:
    coming = purchase(A=2).lines

    assert uncovered([waiting("o1", 3, day(3)), waiting("o2", 9, day(3), None)], coming) == {item(): 1}
    assert uncovered([waiting("o1", 2, day(3))], coming) == {}


def test_claims_on_a_dead_purchase_wait_for_a_live_one() -> None:
    live = purchase(A=2)

    later = PurchaseLine("PO-later", "1", item(), 2, 200)
    those_who_wait = [waiting("o1", 1, day(3), "PO-dead"), waiting("o2", 1, day(3)), waiting("o3", 1, day(3), None)]

    [link] = relink(those_who_wait, [*live.lines, later])

    assert (link.order_id, link.after.purchase_order_id) == ("o1", "PO-o1.1")
    assert relink([waiting("o1", 1, day(3), "PO-dead")], [])[0].after.purchase_order_id is None


def test_units_go_to_the_oldest_promise_and_the_rest_waits_on() -> None:
    shelves = stock(LON=3)

    those_who_wait = [waiting("o1", 2, day(3)), waiting("o2", 2, day(4)), waiting("o3", 2, day(5))]
    first, second = give(those_who_wait, shelves, {item(): "e1"})

    assert [(claim.quantity, claim.place) for claim in first.after] == [(2, place("LON"))]
    assert [(claim.quantity, claim.place) for claim in second.after] == [(1, place("LON")), (1, None)]
    assert [claim.purchase_order_id for claim in second.after] == [None, "PO-o1.1"]
    assert shelves.available(item()) == 0


def test_units_are_given_from_the_fullest_bins_first() -> None:
    shelves = stock(BRS=3, EDI=0, LON=4)

    [gift] = give([waiting("o1", 5, day(3))], shelves, {item(): "e1"})

    assert [(claim.quantity, claim.place) for claim in gift.after] == [(4, place("LON")), (1, place("BRS"))]


def held_at(location_id: str, order_id: str, promised: date) -> Waiting:
    return Waiting(order_id, Claim("1", item(), 2, place(location_id), Promise(MONDAY, promised)))


def test_the_latest_promise_gives_way() -> None:
    shelves = stock(LON=6, BRS=2)
    shelves.reserve(place("LON"), 6, "e0")
    held = [
        held_at("LON", "o1", day(3)),
        held_at("LON", "o2", day(9)),
        held_at("LON", "o3", day(5)),
        held_at("BRS", "o4", day(12)),
    ]
    shelves.at(place("LON")).on_hand = 3

    losses = take_from_latest(held, place("LON"), shelves, "e1")

    assert [(loss.order_id, [(claim.quantity, claim.place) for claim in loss.after]) for loss in losses] == [
        ("o2", [(2, None)]),
        ("o3", [(1, place("LON")), (1, None)]),
    ]
    assert (shelves.at(place("LON")).reserved, shelves.at(place("LON")).missing) == (3, 0)


def test_what_shipments_hold_is_missing_when_no_reservation_can_give_way() -> None:
    shelves = stock(LON=4)
    shelves.reserve(place("LON"), 4, "e0")
    shelves.at(place("LON")).on_hand = 1

    [loss] = take_from_latest([held_at("LON", "o1", day(3))], place("LON"), shelves, "e1")

    assert loss.order_id == "o1"
    assert (shelves.at(place("LON")).reserved, shelves.at(place("LON")).missing) == (2, 1)


def test_what_orders_reserved_in_a_bin_out_of_use_waits_again() -> None:
    shelves = stock(LON=4)
    shelves.reserve(place("LON"), 2, "e0")

    losses = take_all([held_at("LON", "o1", day(3)), waiting("o2", 1, day(3))], shelves, "e1")

    assert [(loss.order_id, [(claim.quantity, claim.place) for claim in loss.after]) for loss in losses] == [
        ("o1", [(2, None)])
    ]
    assert shelves.at(place("LON")).reserved == 0
