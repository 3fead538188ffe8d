"""Shipments: picked, short picked, dispatched, recalled, returned."""

from datetime import timedelta

from contracts import inventory
from contracts.intake import OrderReleased
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.inventory.builders import (
    asked,
    cancelled,
    closed,
    counted,
    dispatched,
    floor_answered,
    order,
    picked,
    released,
    short,
    stocked,
    ties_out,
)


async def allocated(bench: Bench, units: int, subject: str = "o1") -> None:
    """An order for A in its first shipment."""
    await bench.hear(order(("A", units)), subject=subject)
    await bench.hear(released(l1=units), subject=subject)


async def shelf(bench: Bench, location_id: str = "LON") -> tuple[int, int, int]:
    """On hand, picked and reserved in bin A."""
    [row] = await bench.rows(
        "select on_hand, picked, reserved from stock where location_id = $1 and bin = 'A'", location_id
    )
    return row["on_hand"], row["picked"], row["reserved"]


async def test_dispatched_units_leave_the_books_at_their_cost(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5) as bench:
        await allocated(bench, 2)
        await bench.hear(picked("o1.1", "A", 2), subject="o1")
        assert await shelf(bench) == (5, 2, 2)

        await bench.hear(dispatched("o1.1", l1=2), subject="o1")

        assert await shelf(bench) == (3, 0, 0)
        [consumed] = bench.said(inventory.AllocationConsumed)
        [line] = consumed.lines
        assert (line.quantity, line.cost, line.unit_cost, consumed.currency) == (2, 200, "100.00", "GBP")
        await ties_out(bench)


async def test_a_pick_heard_after_its_dispatch_changes_nothing(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5) as bench:
        await allocated(bench, 2)
        await bench.hear(dispatched("o1.1", l1=2), subject="o1")
        await bench.hear(picked("o1.1", "A", 2), subject="o1")

        assert await shelf(bench) == (3, 0, 0)
        await ties_out(bench)


async def test_a_count_does_not_lose_units_that_were_picked(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5) as bench:
        await allocated(bench, 2)
        await bench.hear(picked("o1.1", "A", 2), subject="o1")
        await bench.hear(counted("LON", "A", 3))

        assert await shelf(bench) == (5, 2, 2)
        await ties_out(bench)


async def test_units_that_a_count_missed_may_still_be_dispatched(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=4) as bench:
        await allocated(bench, 4)
        await bench.hear(counted("LON", "A", 1))
        await bench.hear(picked("o1.1", "A", 4), subject="o1")
        await bench.hear(dispatched("o1.1", l1=4), subject="o1")

        assert await shelf(bench) == (0, 0, 0)
        await ties_out(bench)


async def test_a_short_pick_blocks_the_bin_and_sources_the_line_again(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5, BRS=5) as bench:
        await allocated(bench, 3)

        await bench.hear(short("o1.1", "A", 3, 1), subject="o1")

        again = bench.said(inventory.OrderAllocated)[-1].shipments
        assert [(s.shipment_id, s.location_id, s.lines[0].quantity) for s in again] == [("o1.2", "BRS", 2)]
        assert bench.said_about(inventory.StockMoved, "A")[-2].available == 0
        await bench.hear(order(("A", 1)), subject="o2")
        assert bench.said_about(inventory.OrderPromised, "o2")[0].lines[0].location_id == "BRS"
        await ties_out(bench)


async def test_a_blocked_bin_is_used_again_once_counted(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5) as bench:
        await allocated(bench, 3)
        await bench.hear(short("o1.1", "A", 3, 1), subject="o1")
        [backordered] = bench.said(inventory.LinesBackordered)
        assert backordered.lines[0].quantity == 2

        await bench.hear(counted("LON", "A", 4))

        [shipment] = bench.said(inventory.OrderAllocated)[-1].shipments
        assert (shipment.shipment_id, shipment.lines[0].quantity) == ("o1.2", 2)
        await ties_out(bench)


async def test_a_count_that_comes_before_its_shortage_leaves_the_bin_open(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5) as bench:
        await allocated(bench, 3)
        scanned_at = bench.clock.now + timedelta(minutes=1)
        await bench.hear(counted("LON", "A", 4, scanned_at=scanned_at))

        await bench.hear(short("o1.1", "A", 3, 1), subject="o1")

        [shipment] = bench.said(inventory.OrderAllocated)[-1].shipments
        assert (shipment.shipment_id, shipment.lines[0].quantity) == ("o1.2", 2)
        await ties_out(bench)


async def test_a_cancellation_in_a_shipment_is_passed_on_behind_it(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await allocated(bench, 3)

        await bench.hear(asked(l1=3), subject="o1")

        [answer] = bench.said(inventory.RecallAnswered)
        assert [(line.line_id, line.quantity) for line in answer.released] == [("1", 1)]
        [passed] = bench.said(inventory.RecallPassed)
        assert (passed.shipment_id, passed.lines[0].quantity) == ("o1.1", 2)
        assert await shelf(bench) == (2, 0, 2)
        await ties_out(bench)


async def test_units_that_the_floor_gives_back_are_sold_again(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await allocated(bench, 2)
        await bench.hear(picked("o1.1", "A", 2), subject="o1")
        await bench.hear(asked(l1=2), subject="o1")
        await bench.hear(floor_answered("o1.1", l1=1, refused=1), subject="o1")
        await bench.hear(cancelled(l1=1), subject="o1")

        assert await shelf(bench) == (2, 1, 1)
        await allocated(bench, 1, "o2")
        assert len(bench.said_about(inventory.OrderAllocated, "o2")) == 1
        await bench.hear(dispatched("o1.1", l1=1), subject="o1")
        assert await shelf(bench) == (1, 0, 1)
        await ties_out(bench)


async def test_dispatched_units_are_refused_at_once(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await allocated(bench, 2)
        await bench.hear(dispatched("o1.1", l1=2), subject="o1")
        await bench.hear(asked(l1=3), subject="o1")

        [answer] = bench.said(inventory.RecallAnswered)
        assert [(line.quantity, line.reason) for line in answer.refused] == [
            (2, "already_dispatched"),
            (1, "not_wanted_any_more"),
        ]
        assert bench.said(inventory.RecallPassed) == []


async def test_units_recalled_for_a_hold_stay_the_orders_own(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await allocated(bench, 2)
        await bench.hear(asked("ask-1", "hold", l1=2), subject="o1")
        await bench.hear(floor_answered("o1.1", l1=2), subject="o1")
        assert await shelf(bench) == (2, 0, 2)

        await bench.hear(OrderReleased(version=4, lines=()), subject="o1")

        [again] = bench.said(inventory.OrderAllocated)[1:]
        assert again.shipments[0].shipment_id == "o1.2"
        await ties_out(bench)


async def test_a_short_pick_under_an_open_ask_is_not_sourced_again(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5, BRS=5) as bench:
        await allocated(bench, 3)
        await bench.hear(asked(l1=3), subject="o1")

        await bench.hear(short("o1.1", "A", 3, 1), subject="o1")
        await bench.hear(floor_answered("o1.1", l1=3), subject="o1")

        assert len(bench.said(inventory.OrderAllocated)) == 1
        assert await shelf(bench) == (5, 0, 0)
        await ties_out(bench)


async def test_what_was_short_beyond_the_ask_is_sourced_after_the_answer(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=5, BRS=5) as bench:
        await allocated(bench, 5)
        await bench.hear(asked(l1=1), subject="o1")
        await bench.hear(short("o1.1", "A", 5, 2), subject="o1")
        await bench.hear(floor_answered("o1.1", l1=1), subject="o1")

        again = bench.said(inventory.OrderAllocated)[-1].shipments
        assert [(s.location_id, s.lines[0].quantity) for s in again] == [("BRS", 2)]
        await ties_out(bench)


async def test_a_returned_parcel_is_stock_again_at_its_cost(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await allocated(bench, 2)
        await bench.hear(dispatched("o1.1", l1=2), subject="o1")
        await bench.hear(closed("o1.1", "returned", l1=2), subject="o1")

        assert await shelf(bench) == (2, 0, 0)
        assert await bench.rows("select quantity, value from valuation") == [{"quantity": 2, "value": 200}]
        await ties_out(bench)


async def test_a_lost_parcel_changes_no_stock(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        await allocated(bench, 2)
        await bench.hear(dispatched("o1.1", l1=2), subject="o1")
        await bench.hear(closed("o1.1", "lost", l1=2), subject="o1")

        assert await shelf(bench) == (0, 0, 0)
        await ties_out(bench)
