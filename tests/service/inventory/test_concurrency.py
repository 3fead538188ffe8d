"""Two instances: the last units are sold once, because one transaction decides at a time and the rows say so."""

import asyncio

import asyncpg
import pytest

from chassis.ledger import SQL as LEDGER
from chassis.loop import Loop
from contracts import inventory
from contracts.topics import LANES
from contracts.values import lane_of
from tests.service.bench import Bench
from tests.service.conftest import Benches
from tests.service.inventory.builders import order, released, stocked, ties_out

ORDERS = [f"o{number}" for number in range(400)]


async def two_instances(bench: Bench) -> tuple[Loop, Loop]:
    """Another instance beside the bench's: each holds half of the lanes."""
    other = bench.instance()
    await other.take_over(range(LANES // 2, LANES))
    bench.loop.drop(range(LANES // 2, LANES))
    return bench.loop, other


async def test_two_instances_never_sell_the_last_unit_twice(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=60, BRS=40) as bench:
        loops = await two_instances(bench)
        for event in (order(("A", 1)), released(l1=1)):
            records = [bench.record(event, name) for name in ORDERS]
            halves = [
                [record for record, name in zip(records, ORDERS, strict=True) if lane_of(name, LANES) // 6 == half]
                for half in (0, 1)
            ]
            assert all(await asyncio.gather(*(loop.take(half) for loop, half in zip(loops, halves, strict=True))))

        said = bench.said(inventory.OrderAllocated)
        assert sum(line.quantity for event in said for s in event.shipments for line in s.lines) == 100
        rows = await bench.rows("select on_hand - reserved as free from stock")
        assert [row["free"] for row in rows] == [0, 0]
        await ties_out(bench)


async def test_a_turn_waits_while_another_instance_decides(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=1) as bench, bench.pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute(LEDGER.decide_alone.text)
            turn = asyncio.ensure_future(bench.hear(order(("A", 1)), subject="o1"))
            done, _ = await asyncio.wait([turn], timeout=0.2)
            assert not done
        await turn

        assert len(bench.said(inventory.OrderPromised)) == 1


async def test_the_rows_refuse_to_hold_more_than_there_is(on_bench: Benches) -> None:
    async with stocked(on_bench, LON=2) as bench:
        with pytest.raises(asyncpg.CheckViolationError, match="reserved_units_are_here"):
            await bench.rows("update stock set reserved = 3")
