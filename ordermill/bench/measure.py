"""The order in which things are measured: each round the pipeline, then the floor and the naive form of that very run.

The services are stopped while the floor and the naive form run, so that these have the machine to themselves.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from ordermill import services
from ordermill.access import changing, reading
from ordermill.bench import door, floor, naive
from ordermill.bench.made import made
from ordermill.bench.mechanisms import shares, watching
from ordermill.bench.meter import Meter, grown
from ordermill.bench.pipeline import Pipeline, Run
from ordermill.bench.results import Part, Results, medians, of_floor, of_naive, of_run
from ordermill.bench.workload import Steady
from ordermill.demo.command import load
from ordermill.stack import Progress, Stack

WARM_UP, NAIVE = 10, 10  # a tenth of the orders: enough to prepare every statement, and to see what one costs
LEAST, WARM_UP_MAX = 20, 2_000  # a tenth of 300,000 would take minutes and prepare no more
SEED = 1
INSTANCES = (2, 4)  # of each service; the lanes divide evenly among them
IDLE_S = 20.0


class What(StrEnum):
    """What can be measured."""

    PIPELINE = "pipeline"
    FLOOR = "floor"
    NAIVE = "naive"
    HALF_LOAD = "half-load"
    HOT = "hot"
    INSTANCES = "instances"
    IDLE = "idle"
    MECHANISMS = "mechanisms"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, on how many orders, how often."""

    orders: int
    rounds: int
    wanted: frozenset[What]

    @property
    def stocked(self) -> int:
        """More orders than will be placed in all."""
        return (self.orders + LEAST) * (2 * self.rounds + 6 + 2 * len(INSTANCES))


class Session:
    """One stack, the plan, and what was found so far."""

    def __init__(self, stack: Stack, meter: Meter, plan: Plan, progress: Progress) -> None:
        self._stack, self._meter, self._plan, self._progress = stack, meter, plan, progress
        self._pipeline = Pipeline(stack, meter, whole=bool(plan.wanted & {What.FLOOR, What.NAIVE}))
        self.work = Steady.of(plan.stocked, SEED)
        self._next = 1
        self.rounds: dict[str, list[Part]] = defaultdict(list)
        self.memory_bytes: Mapping[str, int] = {}
        self.idle: Mapping[str, float] = {}
        self.mechanisms: Mapping[str, Mapping[str, float]] = {}

    async def measure(self) -> None:
        """Measure everything that is wanted."""
        wanted = self._plan.wanted
        if What.IDLE in wanted:
            await self._measure_idle()
        if wanted == {What.IDLE}:
            return
        await floor.make_topics(self._stack.kafka)
        for number in range(1, self._plan.rounds + 1):
            await self._round(number)
        if What.HALF_LOAD in wanted:
            await self._half_load()
        if What.HOT in wanted:
            await self._hot()
        if What.MECHANISMS in wanted:
            await self._mechanisms()
        if What.INSTANCES in wanted:
            await self._instances()

    async def _measure_idle(self) -> None:
        self._progress(f"doing nothing for {IDLE_S:.0f} s")
        since = await self._meter.read()
        await asyncio.sleep(IDLE_S)
        spent = await self._meter.spent(since)
        self.idle = {name: cpu / spent.seconds for name, cpu in spent.cpu_s.items()}

    async def _round(self, number: int) -> None:
        wanted, of = self._plan.wanted, f"round {number} of {self._plan.rounds}"
        await self._warm_up()
        before = await self._meter.rows()
        self._progress(f"{of}: {self._plan.orders:,} orders through the pipeline")
        run = await self._pipeline.saturate(self._take(self._plan.orders))
        self.memory_bytes = self._meter.memory_bytes()
        rows = grown(before, await self._meter.rows())
        part = of_run(run, rows)
        self.rounds["pipeline"].append(part)
        if wanted & {What.FLOOR, What.NAIVE}:
            await asyncio.to_thread(self._stop)
            await self._beside(of, run, rows, part)
            await asyncio.to_thread(services.start, self._stack, wanted=services.measured())

    async def _beside(self, of: str, run: Run, rows: Mapping[str, int], part: Part) -> None:
        """The other forms of the same run."""
        if What.FLOOR in self._plan.wanted:
            self._progress(f"{of}: the floor, {run.said.number:,} messages and {sum(rows.values()):,} rows")
            self.rounds["floor"].append(of_floor(await floor.lay(self._stack, self._meter, run, rows), part))
        if What.NAIVE in self._plan.wanted:
            orders = max(LEAST, self._plan.orders // NAIVE)
            self._progress(f"{of}: {orders:,} orders one message at a time")
            self.rounds["naive"].append(of_naive(await naive.lay(self._stack, self._meter, run, rows, orders)))

    async def _half_load(self) -> None:
        await self._warm_up()
        rate = medians(self.rounds["pipeline"]).orders_a_second / 2
        self._progress(f"{self._plan.orders:,} orders over HTTP, {rate:,.0f} a second")
        run, accepted = await door.half_load(self._pipeline, self._take(self._plan.orders), rate)
        part = of_run(run)
        # Its rate is the one that was asked for.
        part = replace(part, orders_a_second=rate, latency={"accepted": accepted, **part.latency})
        self.rounds["half-load"].append(part)

    async def _hot(self) -> None:
        await self._warm_up()
        self._progress(f"{self._plan.orders:,} orders of one item")
        self.rounds["hot"].append(of_run(await self._pipeline.saturate(self._take(self._plan.orders, is_hot=True))))

    async def _mechanisms(self) -> None:
        await self._warm_up()
        self._progress(f"{self._plan.orders:,} orders, while py-spy looks at the services")
        names, orders = services.service_names(), self._plan.orders
        pids = {name: pid for name, pid in self._meter.roots.items() if name in names}
        with TemporaryDirectory() as folder:
            with watching(pids, Path(folder)) as looks:
                run = await self._pipeline.saturate(self._take(orders))
            seen = {name: shares(file.read_text(encoding="utf-8")) for name, file in looks.items()}
        part, postgres_s = of_run(run), run.spent.postgres_s
        self.mechanisms = {
            **{name: {what: part.of(name) * share for what, share in each.items()} for name, each in seen.items()},
            "postgres": {what: used / orders * 1e6 for what, used in postgres_s.items()},
        }

    async def _instances(self) -> None:
        running = 1
        for number in INSTANCES:
            self._progress(f"starting services until there are {number} instances of each")
            for another in range(running + 1, number + 1):
                for name in services.service_names():
                    await asyncio.to_thread(services.start_another, self._stack, name, another)
            running = number
            await self._warm_up()
            self._progress(f"{self._plan.orders:,} orders through {number} instances of each service")
            run = await self._pipeline.saturate(self._take(self._plan.orders))
            self.rounds[f"{number} instances"].append(of_run(run))

    async def _warm_up(self) -> None:
        orders = min(max(LEAST, self._plan.orders // WARM_UP), WARM_UP_MAX)
        self._progress(f"warming up with {orders:,} orders")
        await self._pipeline.saturate(self._take(orders))

    def _take(self, number: int, *, is_hot: bool = False) -> Steady:
        first, self._next = self._next, self._next + number
        return self.work.part(first, number, is_hot=is_hot)

    def _stop(self) -> None:
        # The world stays: with nobody to answer it is silent.
        self._stack.end(*(program.name for program in services.measured() if program.name != services.WORLD))


async def measure(stack: Stack, plan: Plan, progress: Progress) -> Results:
    """Measure what is wanted. Raises VoidError when anything did not tie."""
    async with changing(stack) as connection:
        circumstances = made(plan.orders, plan.rounds, await connection.fetchval("show server_version"))
        session = Session(stack, Meter(stack, connection), plan, progress)
        async with reading(stack) as auditor:
            await load(stack, auditor, session.work, progress)
        await session.measure()
        return Results(
            made=circumstances,
            parts={name: medians(parts) for name, parts in session.rounds.items()},
            rounds=dict(session.rounds),
            memory_bytes=session.memory_bytes,
            idle=session.idle,
            mechanisms=session.mechanisms,
        )
