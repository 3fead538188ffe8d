"""What the bench orders: two lines each, from enough stock, told apart by their numbers."""

from datetime import UTC, datetime

from contracts.channel import OrderPlaced
from ordermill.bench.door import Letter, request
from ordermill.bench.workload import ITEMS, LINES, Steady
from services.intake.api.signature import claim_of, prove

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def placed(work: Steady) -> list[OrderPlaced]:
    return [event for event, _ in work.orders() if isinstance(event, OrderPlaced)]


def test_every_order_has_two_lines_of_many_items() -> None:
    orders = placed(Steady.of(200, 1))
    assert {len(order.lines) for order in orders} == {LINES}
    assert len({line.sku for order in orders for line in order.lines}) > 200


def test_hot_orders_all_ask_for_one_item() -> None:
    orders = placed(Steady.of(100, 1).part(1, 20, is_hot=True))
    assert len({line.sku for order in orders for line in order.lines}) == 1


def test_stock_is_enough_though_everybody_wants_the_same() -> None:
    work = Steady.of(100, 1)
    units: dict[str, int] = {}
    for count in work.stock(NOW):
        units[count.sku] = units.get(count.sku, 0) + count.quantity
    wanted = sum(line.quantity for order in placed(work) for line in order.lines)
    assert len(units) == ITEMS
    assert min(units.values()) >= wanted


def test_parts_of_the_orders_do_not_overlap() -> None:
    work = Steady.of(20, 1)
    assert not {*work.part(1, 10).order_ids()} & {*work.part(11, 10).order_ids()}


def test_a_request_is_signed_as_the_edge_wants_it() -> None:
    order = placed(Steady.of(1, 1))[0]
    letter = Letter(order, order.encode())

    head, _, body = request(letter, b"secret", 1_000.0).partition(b"\r\n\r\n")

    headers = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]]
    claim = claim_of([(name.lower(), value) for name, value in headers], 1_000.0)
    prove(claim, body, {order.channel: [b"secret"]})
    assert body == letter.body
