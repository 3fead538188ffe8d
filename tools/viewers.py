"""Measures what viewers cost: the processor time of the console's pages with nobody looking, and with many.

Run `.venv/bin/python tools/viewers.py 50` in a stack that runs (`ordermill up`).  Several numbers are tried one after
the other.  With the last of them still looking, every page is asked for again and again, and the times are told.

With `--replay` the projector begins with an empty model, reads all that the topics hold, and begins anew before it is
at their end: more orders a second than the pipeline makes, for as long as it takes.  For a stack without worth that
holds some thousand orders (`ordermill demo --orders 12000`): its pages show half a history meanwhile.
"""

import argparse
import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from statistics import median
from typing import Final

import asyncpg
import httpx

from chassis.postgres import Connection
from ordermill import services, stack
from ordermill.access import changing
from ordermill.bench.machine import cpu_s
from ordermill.console import PROJECTOR
from ordermill.stack import Stack

MEASURED_S: Final = 30.0
SETTLED_S: Final = 5.0
ROUNDS: Final = 40
LOOK_S: Final = 0.25
STREAMS: Final = ("flow", "topics:sort=name", "health", "laws", "flow")
PAGES: Final = (
    "/", "/orders", "/orders?sort=largest", "/orders/{order_id}", "/dead-letters", "/stock", "/stock/{sku}",
    "/stock/backorders", "/stock/purchases", "/money", "/money/invoices?all=yes", "/money/refunds", "/figures",
    "/figures/K15", "/topics", "/topics/intake-orders", "/topics/intake-orders/partitions", "/health", "/health/laws",
    "/mails", "/accounts",
)  # fmt: skip
WORTH_A_LOOK: Final = """
select (select order_id from console.placed_order order by placed_at desc limit 1) as order_id,
    (select sku from console.stock_level order by moved_at desc limit 1) as sku
"""
HEARD: Final = "select (select sum(next) from console.projected)::float / (select count(*) from console.placed_order)"
READ: Final = "select sum(next)::bigint from console.projected"
SESSIONS: Final = "select pid, application_name from pg_stat_activity where usename = 'console'"
EMPTY: Final = """
select console.begin_rebuild();
select console.keep_days('console_next', current_date - 35, current_date + 2)
"""
EXCHANGE: Final = "select console.finish_rebuild()"
# Whoever keeps the model holds a lock; when he loses it, he reads on where the new model says.
OWNER: Final = """
select pid from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and usename = 'console'
"""
NEARLY: Final = 0.9  # of all records: towards the end a projector rests
IN_USE: Final = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)


@dataclass(frozen=True, slots=True)
class Reading:
    """What both processes have done so far: processor seconds with those of their sessions, and records applied."""

    at_s: float
    pages_s: float
    projector_s: float
    records: float


async def main(counts: Sequence[int], *, is_replayed: bool) -> None:
    """Measure, and tell."""
    running = stack.current()
    async with signed_in(running) as client, changing(running) as connection, changing(running) as replaying:
        heard = await connection.fetchval(HEARD)
        print(f"{heard:.1f} records an order")
        meters = Meters(running, connection, Replay(replaying))
        async with meters.replay.running() if is_replayed else nullcontext():
            nobody = tell_spent("nobody looks", heard, *await meters.spent())
            for count in counts:
                async with looked_at(client, count):
                    many = tell_spent(f"{count} look", heard, *await meters.spent())
                    print(f"  {count} viewers more: {many - nobody:+.1%} of a core")
                    if count == counts[-1]:
                        await ask_pages(client, connection)


# --- what happens meanwhile -------------------------------------------------------------------------------------------


class Replay:
    """Has the projector read everything, again and again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stop = asyncio.Event()
        self.rounds = 0
        self.ended_s = 0.0
        """Processor seconds of its sessions that we ended."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Replay meanwhile; in the end all of it was read."""
        everything = await self._connection.fetchval(READ)
        replaying = asyncio.create_task(self._replay(everything))
        await asyncio.sleep(SETTLED_S)
        yield
        self._stop.set()
        await replaying
        await self._until_read(everything)
        print(f"all records read {self.rounds} times")

    async def _replay(self, everything: int) -> None:
        while not self._stop.is_set():
            await self._connection.execute(EMPTY)
            if self.rounds:
                await self._until_read(int(NEARLY * everything))
            await self._begin_anew()
            self.rounds += 1

    async def _begin_anew(self) -> None:
        while True:
            try:
                await self._connection.execute(EXCHANGE)
            except IN_USE:
                continue
            owner = await self._connection.fetchval(OWNER)
            self.ended_s += cpu_s({"owner": owner})["owner"]
            await self._connection.execute("select pg_terminate_backend($1)", owner)
            return

    async def _until_read(self, records: int) -> None:
        while True:
            if (await self._connection.fetchval(READ) or 0) >= records:
                return
            await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def looked_at(client: httpx.AsyncClient, count: int) -> AsyncIterator[None]:
    """Have so many follow what changes, and wait until they do."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(look(client, STREAMS[number % len(STREAMS)])) for number in range(count)]
        await asyncio.sleep(SETTLED_S)
        yield
        for task in tasks:
            task.cancel()


async def look(client: httpx.AsyncClient, name: str) -> None:
    """Follow a stream until cancelled."""
    async with client.stream("GET", f"/stream/{name}", timeout=httpx.Timeout(60, read=None)) as answer:
        answer.raise_for_status()
        async for _ in answer.aiter_bytes():
            pass
    raise RuntimeError(f"the stream {name} ended before its time")


@asynccontextmanager
async def signed_in(running: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Sign in as an admin, who sees every page."""
    address = services.console_address(running)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        form = await client.get("/sign-in")
        token = re.search(r'name="csrf" value="([^"]+)"', form.text)
        assert token, "the page has a form"
        password = services.console_password(running, "admin")
        fields = {"csrf": token[1], "next": "/", "name": "admin", "password": password}
        answer = await client.post("/sign-in", data=fields, headers={"Origin": address})
        assert answer.is_redirect, answer.text
        yield client


# --- meters -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meters:
    """What both processes have done."""

    stack: Stack
    connection: Connection
    replay: Replay

    async def spent(self) -> tuple[Reading, Reading]:
        """Read twice."""
        before = await self._read()
        await asyncio.sleep(MEASURED_S)
        return before, await self._read()

    async def _read(self) -> Reading:
        pages, projector = await self._cores(services.PAGES), await self._cores(PROJECTOR)
        return Reading(time.monotonic(), pages, projector + self.replay.ended_s, await applied(self.stack))

    async def _cores(self, name: str) -> float:
        """Give the processor seconds of a process and of its sessions in the database."""
        process = self.stack.find(name)
        assert process, f"{name} does not run"
        sessions = await self.connection.fetch(SESSIONS)
        pids = [process.pid, *(row["pid"] for row in sessions if row["application_name"].endswith(f"-{process.pid}"))]
        return sum(cpu_s({str(pid): pid for pid in pids}).values())


async def applied(running: Stack) -> float:
    """Ask the projector how many records it has applied."""
    port = services._places(running)[PROJECTOR]  # noqa: SLF001 -- where its metrics are is nobody else's business
    async with httpx.AsyncClient(timeout=30) as client:
        page = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    counts = re.findall(r'^ordermill_messages_total\{.*outcome="applied".*\} (\S+)$', page, re.MULTILINE)
    return sum(map(float, counts))


def tell_spent(name: str, heard: float, before: Reading, after: Reading) -> float:
    """Print what was done and used between two readings; gives what part of a core the pages took."""
    seconds, records = after.at_s - before.at_s, after.records - before.records
    pages, projector = (after.pages_s - before.pages_s) / seconds, after.projector_s - before.projector_s
    print(
        f"{name}: pages {pages:.1%} of a core; projector {projector / seconds:.1%}, {records / seconds:,.0f} records/s"
    )
    print(f"  = {records / seconds / heard:.0f} orders/s, {projector / max(records, 1) * 1e6:.0f} us a record", end="")
    print(f" (load {os.getloadavg()[0]:.1f})", flush=True)
    return pages


async def ask_pages(client: httpx.AsyncClient, connection: Connection) -> None:
    """Ask for all pages in turn, again and again, and tell how long each took."""
    seconds: dict[str, list[float]] = {page: [] for page in PAGES}
    failed = Counter[str]()
    for _ in range(ROUNDS):
        found = await connection.fetchrow(WORTH_A_LOOK)
        for page in PAGES:
            begun = time.perf_counter()
            answer = await client.get(page.format_map(dict(found or {})))
            if answer.status_code != httpx.codes.NOT_FOUND:  # a replay has just begun
                failed[page] += answer.is_error
                seconds[page].append(time.perf_counter() - begun)
    for page, times in sorted(seconds.items(), key=lambda item: -p95(item[1])):
        took = f"p50 {median(times) * 1e3:4.0f} ms   p95 {p95(times) * 1e3:4.0f} ms"
        print(f"{page:<34} {took}   {len(times)} times{f', {failed[page]} failed' if failed[page] else ''}")


def p95(times: Iterable[float]) -> float:
    """Give the time within which 95 of 100 came."""
    ranked = sorted(times)
    return ranked[int(len(ranked) * 0.95) - 1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("viewers", type=int, nargs="*", default=[50], help="how many look; several are tried in turn")
    parser.add_argument("--replay", action="store_true", help="have the projector read everything meanwhile")
    asked = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(main(asked.viewers, is_replayed=asked.replay))
