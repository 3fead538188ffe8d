"""Buying what is short, again where it does not come, and giving what comes to the oldest promise."""

from datetime import date

from contracts.values import order_id_within
from services.inventory.core.allocation import Settlement
from services.inventory.core.backlog import Waiting, give, take_from_latest
from services.inventory.core.demand import Claim
from services.inventory.core.network import Promise
from services.inventory.core.replenishment import (
    ATTEMPTS_MAX,
    NAME_MAX,
    Basket,
    Purchase,
    Supply,
    again,
    all_again,
    relink,
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


def test_a_supplier_is_asked_a_bounded_number_of_times() -> None:
    failed, names = purchase(A=2), []
    failed.give_up()
    while (ordered := again(failed, {item(): 2}, {"A": supply()}, MONDAY)) is not None:
        failed = ordered
        failed.give_up()
        names.append(ordered.purchase_order_id)

    assert names == ["PO-o1.1.1", "PO-o1.1.1.1"]
    assert len(names) == ATTEMPTS_MAX - 1


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

    [link] = relink([waiting("o1", 1, day(3), "PO-dead"), waiting("o2", 1, day(3))], live.lines)

    assert (link.order_id, link.after.purchase_order_id) == ("o1", "PO-o1.1")
    assert relink([waiting("o1", 1, day(3), "PO-dead")], [])[0].after.purchase_order_id is None


def test_units_go_to_the_oldest_promise_and_the_rest_waits_on() -> None:
    shelves = stock(LON=3)

    first, second = give([waiting("o1", 2, day(3)), waiting("o2", 2, day(4))], shelves, {item(): "e1"})

    assert [(claim.quantity, claim.place) for claim in first.after] == [(2, place("LON"))]
    assert [(claim.quantity, claim.place) for claim in second.after] == [(1, place("LON")), (1, None)]
    assert shelves.available(item()) == {}


def test_the_latest_promise_gives_way() -> None:
    shelves = stock(LON=4)
    shelves.reserve(place("LON"), 4, "e0")
    held = [
        Waiting(order_id, Claim("1", item(), 2, place("LON"), Promise(MONDAY, promised)))
        for order_id, promised in (("o1", day(9)), ("o2", day(3)))
    ]
    shelves.at(place("LON")).on_hand = 3

    [loss] = take_from_latest(held, place("LON"), shelves, "e1")

    assert (loss.order_id, [(claim.quantity, claim.place) for claim in loss.after]) == (
        "o1",
        [(1, place("LON")), (1, None)],
    )
    assert shelves.at(place("LON")).missing == 0
