"""Measures what viewers cost: the processor time of the console's pages with nobody looking, and with many.

Run `.venv/bin/python tools/viewers.py 50` in a stack that runs (`ordermill up`), with orders on their way where that is
the question (`ordermill demo --orders 20000` beside it).  Then every page is asked for, one after the other, again and
again, and the times are told.
"""

import asyncio
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import httpx

from ordermill import services, stack
from ordermill.access import reading
from ordermill.stack import Stack

MEASURED_S: Final = 30.0
SETTLED_S: Final = 5.0
ROUNDS: Final = 20
STREAMS: Final = ("flow", "topics:sort=name", "health", "laws", "flow")
PAGES: Final = (
    "/", "/orders", "/orders?sort=largest", "/dead-letters", "/stock", "/stock/backorders", "/money", "/figures",
    "/money/invoices?all=yes", "/figures/K15", "/topics", "/topics/intake-orders", "/health", "/health/laws",
)  # fmt: skip
NEWEST: Final = "select order_id from console.placed_order order by placed_at desc limit 1"


async def main(viewers: int) -> None:
    """Measure, and tell."""
    running = stack.current()
    async with signed_in(running) as client:
        nobody = await cores(running)
        looking = [asyncio.create_task(look(client, STREAMS[number % len(STREAMS)])) for number in range(viewers)]
        await asyncio.sleep(SETTLED_S)
        many = await cores(running)
        for task in looking:
            task.cancel()
        told = sum(task.result() for task in looking if task.done() and not task.cancelled())
        print(f"nobody looks: {nobody:.1%} of a core; {viewers} look: {many:.1%}; more: {many - nobody:.1%}")
        assert not told, "a stream ended before its time"
        async with reading(running) as connection:
            newest = await connection.fetchval(NEWEST)
        for page in (*PAGES, *([f"/orders/{newest}"] if newest else [])):
            tell(page, await times(client, page))


@asynccontextmanager
async def signed_in(running: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Sign in as an operator."""
    address = services.console_address(running)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits()) as client:
        await sign_in(client, services.console_password(running, "operator"))
        yield client


async def sign_in(client: httpx.AsyncClient, password: str) -> None:
    """Send the form."""
    form = await client.get("/sign-in")
    token = re.search(r'name="csrf" value="([^"]+)"', form.text)
    assert token, "the page has a form"
    fields = {"csrf": token[1], "next": "/", "name": "operator", "password": password}
    answer = await client.post("/sign-in", data=fields, headers={"Origin": str(client.base_url).rstrip("/")})
    assert answer.is_redirect, answer.text


async def cores(running: Stack) -> float:
    """Tell how much of a core the process takes, over some time."""
    before, begun = await processor_s(running), time.monotonic()
    await asyncio.sleep(MEASURED_S)
    return (await processor_s(running) - before) / (time.monotonic() - begun)


async def processor_s(running: Stack) -> float:
    """Ask the process how much it has taken so far."""
    port = services._places(running)[services.PAGES]  # noqa: SLF001 -- where its metrics are is nobody else's business
    async with httpx.AsyncClient(timeout=30) as client:
        page = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    found = re.search(r"^process_cpu_seconds_total (\S+)$", page, re.MULTILINE)
    assert found, "the page of metrics tells it"
    return float(found[1])


async def look(client: httpx.AsyncClient, name: str) -> int:
    """Follow a stream until cancelled; gives the number of its bytes where it ended by itself."""
    count = 0
    async with client.stream("GET", f"/stream/{name}", timeout=httpx.Timeout(60, read=None)) as answer:
        answer.raise_for_status()
        async for part in answer.aiter_bytes():
            count += len(part)
    return count


async def times(client: httpx.AsyncClient, page: str) -> list[float]:
    """Ask for a page again and again."""
    found = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        (await client.get(page)).raise_for_status()
        found.append((time.perf_counter() - begun) * 1000)
    return sorted(found)


def tell(page: str, found: Sequence[float]) -> None:
    """Print a line."""
    p95 = found[int(len(found) * 0.95) - 1]
    print(f"{page:<40} p50 {statistics.median(found):6.0f} ms   p95 {p95:6.0f} ms   max {found[-1]:6.0f} ms")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
