"""Supply: goods go to the oldest promise, suppliers confirm, slip, refuse and deliver short, bins are counted."""

from datetime import date, timedelta

from contracts import intake, inventory, supplier
from contracts.facts import Line
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.inventory.builders import (
    asked,
    counted,
    item,
    notice,
    order,
    received_goods,
    released,
    stocked,
    ties_out,
)


async def backordered(bench: Bench, subject: str, units: int) -> str:
    """An order for A that was released and waits; gives the purchase that it waits for."""
    await bench.hear(order(("A", units)), subject=subject)
    await bench.hear(released(l1=units), subject=subject)
    [claim] = await bench.rows("select purchase_order_id from claim where order_id = $1", subject)
    return str(claim["purchase_order_id"])


def shipped(bench: Bench, subject: str) -> int:
    """How many units of an order are in shipments."""
    said = bench.said_about(inventory.OrderAllocated, subject)
    return sum(line.quantity for event in said for shipment in event.shipments for line in shipment.lines)


async def test_received_goods_go_to_the_oldest_promise_first(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 3)
        bench.clock.advance(days=1)
        await backordered(bench, "o2", 3)

        await bench.hear(received_goods(purchase, "A", 4))

        assert (shipped(bench, "o1"), shipped(bench, "o2")) == (3, 0)
        [held] = await bench.rows("select quantity from claim where order_id = 'o2' and bin is not null")
        assert held["quantity"] == 1
        [booked] = bench.said(inventory.GoodsBooked)
        line = booked.lines[0]
        assert (line.ordered, line.received, line.difference, line.cost) == (3, 4, 1, 400)
        await ties_out(bench)


async def test_goods_for_an_order_not_yet_released_are_reserved(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 1)
        await bench.hear(order(("A", 2)), subject="o2")
        await bench.hear(received_goods(purchase, "A", 3))
        assert shipped(bench, "o2") == 0

        await bench.hear(released(l1=2), subject="o2")

        assert shipped(bench, "o2") == 2
        assert len(bench.said(inventory.PurchaseOrdered)) == 1
        await ties_out(bench)


async def test_an_order_that_is_held_takes_nothing_that_was_bought_for_others(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        await bench.hear(order(("A", 2)), subject="held")
        bench.clock.advance(days=1)
        purchase = await backordered(bench, "o1", 1)

        await bench.hear(received_goods(purchase, "A", 1))

        assert shipped(bench, "o1") == 1
        assert len(bench.said(inventory.PurchaseOrdered)) == 1
        await ties_out(bench)


async def test_a_promise_changes_when_the_supplier_slips(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 3)

        await bench.hear(notice(supplier.OrderConfirmed, purchase, "A", 3, date(2026, 3, 12)))
        assert bench.said(inventory.PromiseChanged) == []
        await bench.hear(notice(supplier.OrderDelayed, purchase, "A", 3, date(2026, 3, 19)))

        [changed] = bench.said(inventory.PromiseChanged)
        assert changed.cause == "supplier_delayed"
        [line] = changed.lines
        assert (line.before.deliver_by, line.after.deliver_by) == (date(2026, 3, 13), date(2026, 3, 20))
        await ties_out(bench)


async def test_a_refused_purchase_is_ordered_again_until_the_last_attempt(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        names = [await backordered(bench, "o1", 3)]
        for _ in range(3):
            await bench.hear(notice(supplier.OrderRefused, names[-1], "A", 3))
            names.append(f"{names[-1]}.1")

        purchases = await bench.rows("select purchase_order_id from purchase order by attempt")
        assert [row["purchase_order_id"] for row in purchases] == names[:3]
        assert [row["purchase_order_id"] for row in await bench.rows("select * from claim")] == [None]
        assert bench.said(inventory.LinesBackordered)[-1].lines[0].purchase_order_id is None
        await ties_out(bench)


async def test_a_delivery_in_parts_needs_no_second_purchase(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 5)
        await bench.hear(received_goods(purchase, "A", 3))
        assert shipped(bench, "o1") == 0

        await bench.hear(received_goods(purchase, "A", 2))

        [together] = bench.said(inventory.OrderAllocated)
        assert [line.quantity for shipment in together.shipments for line in shipment.lines] == [5]
        assert [booked.lines[0].difference for booked in bench.said(inventory.GoodsBooked)] == [-2, 0]
        assert len(bench.said(inventory.PurchaseOrdered)) == 1
        await ties_out(bench)


async def test_what_has_come_leaves_alone_when_its_promise_asks(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 5)
        [claim] = await bench.rows("select ship_by from claim")
        await bench.hear(received_goods(purchase, "A", 3))

        bench.clock.advance(seconds=(claim["ship_by"] - timedelta(days=1) - bench.clock.now).total_seconds() - 1)
        await bench.settle()
        assert shipped(bench, "o1") == 0
        bench.clock.advance(seconds=1)
        await bench.settle()

        assert shipped(bench, "o1") == 3
        await bench.hear(received_goods(purchase, "A", 2))
        assert shipped(bench, "o1") == 5
        await ties_out(bench)


async def test_what_has_come_leaves_when_the_rest_is_cancelled(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 5)
        await bench.hear(received_goods(purchase, "A", 3))

        await bench.hear(asked(l1=2), subject="o1")

        assert shipped(bench, "o1") == 3
        await ties_out(bench)


async def test_one_destination_is_served_while_another_still_waits(on_bench: Benches) -> None:
    groups = tuple(intake.ShipGroup(ship_group_id=name, country="GB", postcode="N1 1AA") for name in "12")
    lines = tuple(
        Line(line_id=number, sku=sku, quantity=2, amount=100, ship_group_id=group)
        for number, sku, group in (("1", "A", "1"), ("2", "B", "2"))
    )
    async with stocked(on_bench) as bench:
        await bench.hear(order(ship_groups=groups, lines=lines), subject="o1")
        await bench.hear(released(l1=2, l2=2), subject="o1")

        await bench.hear(received_goods("PO-o1.1", "A", 2))

        [allocated] = bench.said(inventory.OrderAllocated)
        assert [shipment.ship_group_id for shipment in allocated.shipments] == ["1"]
        assert await bench.rows("select sku, quantity from claim") == [{"sku": "B", "quantity": 2}]
        await ties_out(bench)


async def test_what_has_come_leaves_when_nobody_brings_the_rest(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        name = await backordered(bench, "o1", 5)
        await bench.hear(received_goods(name, "A", 3))

        for _ in range(3):
            assert shipped(bench, "o1") == 0
            await bench.hear(notice(supplier.OrderRefused, name, "A", 5))
            name = f"{name}.1"

        assert shipped(bench, "o1") == 3
        await ties_out(bench)


async def test_what_does_not_come_in_time_is_ordered_again(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 5)
        await bench.hear(received_goods(purchase, "A", 3))
        bench.clock.advance(days=30)
        await bench.settle()

        [again] = bench.said_about(inventory.PurchaseOrdered, f"{purchase}.1")
        assert [line.quantity for line in again.lines] == [2]
        assert bench.said(inventory.PromiseChanged)[-1].cause == "supplier_delayed"
        await bench.hear(received_goods(f"{purchase}.1", "A", 2))
        assert shipped(bench, "o1") == 5
        await ties_out(bench)


async def test_a_purchase_that_slipped_is_given_more_time(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 5)
        await bench.hear(notice(supplier.OrderDelayed, purchase, "A", 5, date(2026, 4, 20)))
        bench.clock.advance(days=30)
        await bench.settle()
        assert len(bench.said(inventory.PurchaseOrdered)) == 1

        bench.clock.advance(days=60)
        await bench.settle()

        assert len(bench.said(inventory.PurchaseOrdered)) == 2


async def test_goods_taken_by_an_older_promise_are_not_bought_twice(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        first = await backordered(bench, "o1", 2)
        bench.clock.advance(days=1)
        second = await backordered(bench, "o2", 2)

        await bench.hear(received_goods(second, "A", 2))
        assert (shipped(bench, "o1"), shipped(bench, "o2")) == (2, 0)
        await bench.hear(received_goods(first, "A", 2))

        assert (shipped(bench, "o1"), shipped(bench, "o2")) == (2, 2)
        assert len(bench.said(inventory.PurchaseOrdered)) == 2
        await ties_out(bench)


async def test_cases_are_booked_as_the_units_they_hold(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 12)
        await bench.hear(item("A", units={"each_per_case": 6}, recorded_at=bench.clock.now))

        await bench.hear(received_goods(purchase, "A", 2, unit="case"))

        assert shipped(bench, "o1") == 12
        await ties_out(bench)


async def test_damaged_goods_are_booked_but_never_sold(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 2)

        await bench.hear(received_goods(purchase, "A", 2, condition="damaged"))

        assert shipped(bench, "o1") == 0
        [shelf] = await bench.rows("select bin, on_hand, blocked from stock")
        assert shelf == {"bin": "DOCK#damaged", "on_hand": 2, "blocked": True}
        assert len(bench.said(inventory.PurchaseOrdered)) == 2
        await ties_out(bench)


async def test_goods_that_nobody_ordered_are_booked_as_surplus(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 1)

        await bench.hear(received_goods(purchase, "B", 7))

        [booked] = bench.said(inventory.GoodsBooked)
        assert (booked.lines[0].ordered, booked.lines[0].difference) == (0, 7)
        await ties_out(bench)


async def test_a_receipt_of_an_unknown_purchase_waits(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        await bench.hear(received_goods("PO-nobody.1", "A", 7))

        [waiting] = await bench.waiting()
        assert waiting["awaits"] == "purchase:PO-nobody.1"


async def test_a_count_that_finds_less_takes_from_the_latest_promise(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=4) as bench:
        await bench.hear(order(("A", 2)), subject="o1")
        bench.clock.advance(days=1)
        await bench.hear(order(("A", 2)), subject="o2")

        await bench.hear(counted("LON", "A", 3))
        for name in ("o1", "o2"):
            await bench.hear(released(l1=2), subject=name)

        assert (shipped(bench, "o1"), shipped(bench, "o2")) == (2, 1)
        assert [event.lines[0].quantity for event in bench.said(inventory.LinesBackordered)] == [1]
        await ties_out(bench)


async def test_a_count_below_what_shipments_hold_breaks_no_constraint(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=4) as bench:
        await bench.hear(order(("A", 4)), subject="o1")
        await bench.hear(released(l1=4), subject="o1")

        await bench.hear(counted("LON", "A", 1))

        [shelf] = await bench.rows("select on_hand, reserved, missing from stock")
        assert shelf == {"on_hand": 1, "reserved": 4, "missing": 3}
        await ties_out(bench)


async def test_a_count_that_finds_more_serves_those_who_wait(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        await backordered(bench, "o1", 3)

        await bench.hear(counted("BRS", "A", 3))

        assert shipped(bench, "o1") == 3
        await ties_out(bench)


async def test_a_repeated_scan_is_booked_once(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        purchase = await backordered(bench, "o1", 3)
        scan = received_goods(purchase, "A", 1)

        await bench.hear(scan)
        await bench.hear(scan)

        assert [row["on_hand"] for row in await bench.rows("select on_hand from stock")] == [1]
        await ties_out(bench)
