"""`ordermill bench`: which parts are measured, in which order, and where the results go."""

from __future__ import annotations

import asyncio

from ordermill.access import deciding, reading
from ordermill.bench.home import fresh
from ordermill.bench.meter import Meter
from ordermill.bench.pipeline import Pipeline
from ordermill.bench.workload import Steady
from ordermill.demo.command import load
from ordermill.serving import step_by_step
from ordermill.stack import Progress, Stack

DEFAULT_ORDERS = 3_000


def bench(*, orders: int = DEFAULT_ORDERS) -> int:
    """Measure."""
    progress = step_by_step()
    with fresh(progress) as running:
        asyncio.run(_measure(running, orders, progress))
    return 0


async def _measure(running: Stack, orders: int, progress: Progress) -> None:
    work = Steady.of(orders * 2, 1)
    async with reading(running) as auditor:
        await load(running, auditor, work, progress)
    async with deciding(running) as connection:
        pipeline = Pipeline(running, Meter(running, connection))
        for i in range(2):
            run = await pipeline.saturate(work.part(1 + i * orders, orders))
            print(run.orders_a_second, run.released, run.dispatched, run.completed, run.spent.cpu_us(orders))
            print(run.spent.seconds, run.spent.wal_bytes / orders, run.spent.transactions / orders, len(run.said.records) / orders, run.said.size_bytes / orders)
        print(pipeline.meter.memory_bytes())
