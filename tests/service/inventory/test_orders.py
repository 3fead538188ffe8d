"""Orders: promised, reserved, allocated from the best location, split, backordered, cancelled."""

from datetime import date

from contracts import intake, inventory
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.inventory.builders import (
    asked,
    cancelled,
    counted,
    item,
    order,
    released,
    stocked,
    ties_out,
)


async def levels(bench: Bench, sku: str = "A") -> dict[str, tuple[int, int]]:
    """On hand and reserved of an item by location."""
    rows = await bench.rows("select location_id, on_hand, reserved from stock where sku = $1 order by 1", sku)
    return {row["location_id"]: (row["on_hand"], row["reserved"]) for row in rows}


async def test_an_order_is_promised_from_the_cheapest_location(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5, BRS=5, EDI=5) as bench:
        await bench.hear(order(("A", 2)), subject="o1")

        [promised] = bench.said_about(inventory.OrderPromised, "o1")
        [line] = promised.lines
        assert (line.location_id, line.quantity, line.available) == ("LON", 2, 2)
        assert line.promise.deliver_by == date(2026, 3, 3)
        assert await levels(bench) == {"LON": (5, 2), "BRS": (5, 0), "EDI": (5, 0)}
        await ties_out(bench)


async def test_a_released_order_is_allocated_with_the_plans_that_lost(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5, BRS=5, EDI=1) as bench:
        await bench.hear(order(("A", 2)), subject="o1")
        await bench.hear(released(l1=2), subject="o1")

        [allocated] = bench.said(inventory.OrderAllocated)
        [shipment] = allocated.shipments
        assert (shipment.shipment_id, shipment.location_id) == ("o1.1", "LON")
        assert [(line.line_id, line.quantity, line.bins[0].bin) for line in shipment.lines] == [("1", 2, "A")]
        assert (allocated.plan.locations, allocated.plan.cost) == (("LON",), 250)
        lost = {plan.locations: plan.because for plan in allocated.lost_plans}
        assert lost == {("BRS",): "cost", ("EDI",): "backordered", ("EDI", "LON"): "cost"}
        await ties_out(bench)


async def test_an_order_is_split_when_no_location_has_all_of_it(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2, EDI=3) as bench:
        await bench.hear(order(("A", 4)), subject="o1")
        await bench.hear(released(l1=4), subject="o1")

        [allocated] = bench.said(inventory.OrderAllocated)
        assert {s.location_id: s.lines[0].quantity for s in allocated.shipments} == {"LON": 1, "EDI": 3}
        assert {s.shipment_id for s in allocated.shipments} == {"o1.1", "o1.2"}
        await ties_out(bench)


async def test_lines_that_repeat_an_item_share_its_units(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=3) as bench:
        await bench.hear(order(("A", 2), ("A", 2)), subject="o1")
        await bench.hear(released(l1=2, l2=2), subject="o1")

        [allocated] = bench.said(inventory.OrderAllocated)
        assert [(line.line_id, line.quantity) for line in allocated.shipments[0].lines] == [("1", 2), ("2", 1)]
        [backordered] = bench.said(inventory.LinesBackordered)
        assert [(line.line_id, line.quantity) for line in backordered.lines] == [("2", 1)]
        await ties_out(bench)


async def test_short_lines_are_bought_once_for_a_whole_turn(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=1) as bench:
        for name in ("o1", "o2"):
            await bench.hear(order(("A", 3), ("B", 1)), subject=name)
        await bench.hear_records([bench.record(released(l1=3, l2=1), name) for name in ("o1", "o2")])

        [purchase] = bench.said(inventory.PurchaseOrdered)
        assert {line.sku: (line.quantity, line.cost) for line in purchase.lines} == {"A": (5, 500), "B": (2, 200)}
        assert (purchase.supplier_id, purchase.location_id) == ("SUP", "LON")
        assert purchase.wanted_on == date(2026, 3, 12)
        [first, second] = bench.said(inventory.LinesBackordered)
        assert [line.quantity for line in first.lines] == [2, 1]
        assert {line.purchase_order_id for line in (*first.lines, *second.lines)} == {"PO-o1.1"}
        assert {line.expected_on for line in second.lines} == {date(2026, 3, 12)}
        await ties_out(bench)


async def test_an_item_without_a_supplier_is_backordered_without_a_date(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        await bench.hear(item("C", supplier_id=None))
        await bench.hear(order(("C", 1)), subject="o1")
        await bench.hear(released(l1=1), subject="o1")

        [backordered] = bench.said(inventory.LinesBackordered)
        assert (backordered.lines[0].purchase_order_id, backordered.lines[0].expected_on) == (None, None)
        assert bench.said(inventory.PurchaseOrdered) == []


async def test_an_order_waits_for_the_definition_of_its_items(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        await bench.hear(order(("LATE", 1)), subject="o1")
        assert bench.said(inventory.OrderPromised) == []

        await bench.hear(item("LATE"))

        assert len(bench.said(inventory.OrderPromised)) == 1


async def test_a_count_waits_for_its_location_and_item(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        await bench.hear(counted("LON", "LATE", 4))
        assert await levels(bench, "LATE") == {}

        await bench.hear(item("LATE"))

        assert await levels(bench, "LATE") == {"LON": (4, 0)}


async def test_a_hot_item_is_never_oversold_within_a_batch(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=50, BRS=30, EDI=20) as bench:
        names = [f"o{number}" for number in range(200)]
        await bench.hear_records([bench.record(order(("A", 1)), name) for name in names])
        await bench.hear_records([bench.record(released(l1=1), name) for name in names])

        assert await levels(bench) == {"LON": (50, 50), "BRS": (30, 30), "EDI": (20, 20)}
        assert len(bench.said(inventory.OrderAllocated)) == 100
        [purchase] = bench.said(inventory.PurchaseOrdered)
        assert purchase.lines[0].quantity == 100
        await ties_out(bench)


async def test_stock_moves_are_told_once_for_an_item_and_location(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=50) as bench:
        await bench.hear_records([bench.record(order(("A", 1)), f"o{number}") for number in range(5)])

        opened, moved = bench.said_about(inventory.StockMoved, "A")
        assert (opened.on_hand, opened.available, len(opened.movements)) == (50, 50, 1)
        assert (moved.on_hand, moved.available, len(moved.movements)) == (50, 45, 5)
        assert moved.version > opened.version


async def test_a_cancellation_before_release_frees_the_reserve(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await bench.hear(order(("A", 3)), subject="o1")
        await bench.hear(cancelled(l1=2), subject="o1")

        assert await levels(bench) == {"LON": (2, 1)}
        await bench.hear(cancelled("ask-2", l1=1), subject="o1")
        assert await levels(bench) == {"LON": (2, 0)}
        await ties_out(bench)


async def test_freed_units_go_to_the_oldest_promise_that_waits(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await bench.hear(order(("A", 2)), subject="o1")
        await bench.hear(order(("A", 2)), subject="o2")
        await bench.hear(released(l1=2), subject="o2")
        await bench.hear(cancelled(l1=2), subject="o1")

        [allocated] = bench.said_about(inventory.OrderAllocated, "o2")
        assert allocated.shipments[0].lines[0].quantity == 2
        await ties_out(bench)


async def test_a_corrected_address_changes_the_source_before_release(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await bench.hear(order(("A", 2)), subject="o1")
        there = intake.Destination(country="FR", postcode="75001")
        change = intake.DestinationChange(
            ship_group_id="1", before=intake.Destination(country="GB", postcode="N1 1AA"), after=there
        )
        await bench.hear(intake.OrderChanged(version=2, destinations=(change,)), subject="o1")
        await bench.hear(released(l1=2), subject="o1")

        [row] = await bench.rows("select country, postcode from demand_line")
        assert row == {"country": "FR", "postcode": "75001"}
        assert bench.said(inventory.OrderAllocated)[0].order_version == 2
        await ties_out(bench)


async def test_a_late_release_slips_the_promise_and_says_so(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await bench.hear(order(("A", 2)), subject="o1")
        bench.clock.advance(days=2)
        await bench.hear(released(l1=2), subject="o1")

        [changed] = bench.said(inventory.PromiseChanged)
        assert changed.cause == "released_late"
        assert changed.lines[0].before.deliver_by == date(2026, 3, 3)
        assert changed.lines[0].after.deliver_by == date(2026, 3, 5)


async def test_an_order_of_services_only_is_promised_at_once(on_bench: Benches) -> None:
    async with stocked(on_bench) as bench:
        event = order(("A", 1))
        service_line = event.lines[0].model_copy(update={"kind": "service"})
        await bench.hear(event.model_copy(update={"lines": (service_line,)}), subject="o1")
        await bench.hear(released(l1=1), subject="o1")

        assert bench.said(inventory.OrderPromised)[0].lines == ()
        assert bench.said(inventory.OrderAllocated) == []


async def test_a_hold_stops_sourcing_until_the_next_release(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=1) as bench:
        await bench.hear(order(("A", 3)), subject="o1")
        await bench.hear(released(l1=3), subject="o1")
        await bench.hear(asked("ask-1", "hold", l1=2), subject="o1")
        await bench.hear(counted("LON", "A", 5, bin="B"))

        assert len(bench.said(inventory.OrderAllocated)) == 1
        [answer] = bench.said(inventory.RecallAnswered)
        assert [(line.line_id, line.quantity) for line in answer.released] == [("1", 2)]

        await bench.hear(intake.OrderReleased(version=3, lines=()), subject="o1")

        assert [s.shipment_id for said in bench.said(inventory.OrderAllocated) for s in said.shipments] == [
            "o1.1",
            "o1.2",
        ]
        await ties_out(bench)
