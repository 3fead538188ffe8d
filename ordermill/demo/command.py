"""`ordermill demo`: bring everything up, load the catalogue, publish orders, watch, and tie the books."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from contracts.channel import OrderPlaced
from contracts.event import OutsideEvent
from contracts.topics import FLOOR_SCANS, MASTER_DATA
from ordermill import stack
from ordermill.access import reading
from ordermill.check import Finding, examine
from ordermill.console import how_to_sign_in
from ordermill.demo.screen import Screen
from ordermill.demo.summary import Summary, print_summary, summary_of
from ordermill.demo.watch import SQL, Watch, look
from ordermill.demo.workload import Generated, Imported, Timed, Workload, unknown
from ordermill.errors import CommandError
from ordermill.lag import gauging
from ordermill.options import Json
from ordermill.render import print_json
from ordermill.services import ended, orders_address, start
from ordermill.serving import step_by_step
from ordermill.stack import Progress, Stack
from ordermill.world.chance import Chance
from ordermill.world.speech import Speaker

if TYPE_CHECKING:
    from chassis.postgres import Connection

LOOK_EVERY_S = 0.5
LOOK_SHARE, LOOK_PAUSE_MAX_S = 0.02, 10.0  # looking may take this much of the time: a big run has better things to do
KNOWN_LIMIT_S = 180.0
# Carriers and suppliers go on talking when the orders have come to their end; some laws need a quiet moment.
REST_PATIENCE_S = 10.0
DEFAULT_ORDERS = "1000"


@dataclass(slots=True)
class Count:
    """How many orders were published so far; written by one thread, read by another."""

    orders: int = 0


def demo(
    *,
    orders: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (DEFAULT_ORDERS,),
    stall_s: float = 90.0,
    as_json: Json = False,
) -> int:
    """Run orders through all services and show how; exit code 1 if anything does not tie at the end.

    Starts what does not run, loads the catalogue and the stock, publishes the orders at full speed, and waits until
    each is completed, cancelled, rejected or held. All of it keeps running until `ordermill down`, so that you can
    look: `ordermill order`, `topics`, `lag`, `check`. Run it again for more orders in the same stack.

    Args:
        orders: How many to generate; or files of invoices (Online Retail, .csv.gz) to import as orders.
        stall_s: Give up when nothing moved for so many seconds.
        as_json: Print the summary as JSON.
    """
    paths = [Path(name) for name in orders if not name.isdigit()]
    for path in paths:
        if not path.is_file():
            raise CommandError(f"{path} is no file", "name a number of orders, or files: --orders invoices.csv.gz")
    progress = step_by_step()
    running = stack.up(progress=progress)
    start(running, progress)
    progress(f"watch it in the console: {how_to_sign_in(running)}")
    summary, findings = asyncio.run(_run(running, orders, paths, stall_s, progress))
    if as_json:
        print_json({**summary.as_json(), "checks": [finding.as_json() for finding in findings]})
    else:
        print_summary(summary, findings, {"Console": how_to_sign_in(running), "Orders": orders_address(running)})
    return 0 if summary.is_complete and all(finding.ties for finding in findings) else 1


async def _run(
    running: Stack, orders: Sequence[str], paths: Sequence[Path], stall_s: float, progress: Progress
) -> tuple[Summary, list[Finding]]:
    async with reading(running) as connection:
        workload = await _workload(connection, orders, paths, progress)
        await load(running, connection, workload, progress)
        ids = workload.order_ids()
        known = {row["order_id"] for row in await connection.fetch(SQL.known_orders.text, ids)}
        progress(f"publishing {len(ids):,} orders" + (f", {len(known):,} of them known already" if known else ""))
        new = [order_id for order_id in ids if order_id not in known]
        left = [row["order_id"] for row in await connection.fetch(SQL.left_on_their_way.text)]
        async with gauging(running.kafka) as lags:
            watch = Watch(await look(connection, lags, 0, left), len(new), left)
        begun = time.monotonic()
        await _follow(running, connection, workload, watch, stall_s)
        taken_s = (watch.over_at or time.monotonic()) - begun
        findings = await examine(running, REST_PATIENCE_S)
        return await summary_of(connection, workload, watch, new, taken_s, ended(running)), findings


async def _workload(
    connection: Connection, orders: Sequence[str], paths: Sequence[Path], progress: Progress
) -> Workload:
    chance = Chance(int(os.environ.get("WORLD_SEED", "1")))
    if paths:
        progress(f"reading {', '.join(path.name for path in paths)}")
        return Imported(paths, chance)
    prefix = f"D{chance.seed}-"
    last = await connection.fetchval(SQL.last_number.text, prefix)
    first = int(last.removeprefix(prefix)) + 1 if last else 1
    return Generated(sum(map(int, orders)), first, chance)


async def load(running: Stack, connection: Connection, workload: Workload, progress: Progress) -> None:
    """Publish what the stack does not know, and wait until every service does."""
    known = {row["sku"] for row in await connection.fetch(SQL.known_items.text)}
    at = datetime.now(UTC)
    definitions, stock = unknown(workload, known, at)
    progress(f"publishing {len(definitions):,} definitions and {len(stock):,} counts of stock")
    await _publish(running.kafka, ((event, at) for event in [*definitions, *stock]), Count())
    deadline = time.monotonic() + KNOWN_LIMIT_S
    async with gauging(running.kafka) as lags:
        while waiting := [each for each in await lags() if each.topic in _LOADED and each.lag]:
            if time.monotonic() > deadline:
                names = ", ".join(f"{each.group} ({each.lag:,} of {each.topic})" for each in waiting)
                raise CommandError(
                    f"the catalogue is not known yet to {names}", "look into their logs: ordermill status"
                )
            await asyncio.sleep(LOOK_EVERY_S)


_LOADED = frozenset({MASTER_DATA.name, FLOOR_SCANS.name})


async def _follow(running: Stack, connection: Connection, workload: Workload, watch: Watch, stall_s: float) -> None:
    """Publish at full speed, and watch until all is at an end or nothing moves any more."""
    count = Count()
    publishing = asyncio.create_task(asyncio.to_thread(_publish_in_thread, running.kafka, workload, count))
    with Screen() as screen:
        async with gauging(running.kafka) as lags:
            while True:
                began = time.monotonic()
                watch.add(await look(connection, lags, count.orders, watch.left))
                screen.show(watch)
                if publishing.done() and (publishing.exception() or _may_stop(watch, stall_s)):
                    break
                pause_s = (time.monotonic() - began) / LOOK_SHARE
                await asyncio.sleep(min(max(LOOK_EVERY_S, pause_s), LOOK_PAUSE_MAX_S))
            screen.show(watch, last=True)
    await publishing


def _may_stop(watch: Watch, stall_s: float) -> bool:
    return watch.is_told or (watch.over_at is None and watch.quiet_s >= stall_s)


def _publish_in_thread(servers: str, workload: Workload, count: Count) -> None:
    asyncio.run(_publish(servers, workload.orders(), count))


async def _publish(servers: str, events: Iterable[Timed], count: Count) -> None:
    speaker = Speaker(servers, "ordermill-demo")
    await speaker.start()
    try:
        await speaker.say(_counted(events, count))
    finally:
        await speaker.stop()


def _counted(events: Iterable[Timed], count: Count) -> Iterable[tuple[OutsideEvent, datetime]]:
    for event, at in events:
        count.orders += isinstance(event, OrderPlaced)
        yield event, at
