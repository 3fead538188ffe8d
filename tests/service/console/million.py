"""Every question of every page over a read model of many orders, measured.

`python -m tests.service.console.million URL [ORDERS]`: URL is that of a database with an empty schema `console`, as an
administrator's; it is filled first, unless it is filled already.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from chassis import Queries
from chassis.ledger import Statements
from services.console.core.figures import DEFINITIONS, Behind, Name
from services.console.core.orders import Sort, Wanted
from services.console.core.stages import Stage
from services.console.store import (
    READING,
    Database,
    Source,
    figures,
    flow,
    letters,
    money,
    orders,
    stock,
    story,
    writing,
)

FILL = Queries(Path(__file__).with_name("million.sql"))
# Indexes are made in the end, all at once: a tenth of the time.
INDEXES = """
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
from pg_index join pg_class on pg_class.oid = indrelid
where relnamespace = current_schema()::regnamespace and relkind = 'r' and not relispartition and not indisunique
order by 1
"""
Ask = Callable[[Source], Awaitable[object]]
TIMES = 20


async def fill(connection: "asyncpg.Connection[asyncpg.Record]", number: int) -> None:
    """Fill an empty model."""
    now, started = datetime.now(UTC), time.monotonic()
    await writing.keep_days(Statements(connection), now.date(), 35)
    indexes = await connection.fetch(INDEXES)
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    for name, query in FILL.items():
        begin = time.monotonic()
        await connection.execute(query.text, *query.bind({"orders": number} if query.params else {}))
        sys.stderr.write(f"  {name:<12} {time.monotonic() - begin:6.1f} s\n")
    for index in indexes:
        await connection.execute(index["definition"])
    sys.stderr.write(f"  indexes made at {time.monotonic() - started:.0f} s\n")
    await connection.execute("analyze")
    while await writing.add_up_figures(Statements(connection), now, now, 5):
        pass
    await connection.execute("vacuum")


def questions(now: datetime, order_id: str) -> dict[str, Ask]:
    """What pages ask, each with values that make it work hard."""
    today, month = now.date(), now.date() - timedelta(days=30)
    asked: dict[str, Ask] = {
        "flow": lambda source: flow.flow(source, now),
        "paces": lambda source: flow.paces(source, now),
        "pace history": lambda source: flow.pace_history(
            source, "intake.order_received.v1", now - timedelta(days=1), 300
        ),
        "risk": lambda source: flow.risk(source, now, now + timedelta(hours=24)),
        "at risk": lambda source: flow.at_risk(source, now),
        "late to arrive": lambda source: flow.late_to_arrive(source, today),
        "story": lambda source: story.story(source, order_id),
        "pointers": lambda source: story.pointers(source, order_id),
        "piles": letters.piles,
        "letters": letters.letters,
        "settled letters": lambda source: letters.letters(source, is_resting=False),
        "levels": stock.levels,
        "short levels": lambda source: stock.levels(source, only_short=True),
        "levels of a place": lambda source: stock.levels(source, location_id="HAM"),
        "movements": lambda source: stock.movements(source, "SKU-00017"),
        "movements of a kind": lambda source: stock.movements(source, "SKU-00017", kind="dispatched"),
        "movements of none": lambda source: stock.movements(source, "SKU-00017", kind="scrapped"),
        "reservations": lambda source: stock.reservations(source, "SKU-00017"),
        "backorders": stock.backorders,
        "purchases": stock.purchases,
        "receivables": lambda source: money.receivables(source, today),
        "receivables of one": lambda source: money.receivables(source, today, "c-100"),
        "invoices": money.invoices,
        "invoices of one": lambda source: money.invoices(source, "c-100"),
        "open invoices": money.open_invoices,
        "refunds": money.refunds,
        "figures": lambda source: figures.figures(source, month, today + timedelta(days=1)),
    }
    for sort in Sort:
        asked[f"orders, {sort}"] = _listed(Wanted(), sort)
    wanted = {
        "stage": Wanted(stage=Stage.PACKED), "ended": Wanted(stage=Stage.COMPLETED), "channel": Wanted(channel="phone"),
        "customer": Wanted(customer_id="c-777"), "country": Wanted(country="ZA"), "held": Wanted(is_held=True),
        "incident": Wanted(incident="late_delivery"), "nothing": Wanted(country="XX", channel="nowhere"),
        "no incident": Wanted(incident="never"),
        "old": Wanted(placed_before=now - timedelta(days=29)), "number": Wanted(text="N-123"),
        "tracking number": Wanted(text="T-N-4711"), "name of a customer": Wanted(text="c-4711"),
    }  # fmt: skip
    for name, one in wanted.items():
        asked[f"orders by {name}"] = _listed(one, Sort.NEWEST)
    asked["held, largest"] = _listed(Wanted(is_held=True), Sort.LARGEST)
    asked["packed, largest"] = _listed(Wanted(stage=Stage.PACKED), Sort.LARGEST)
    asked["one customer, largest"] = _listed(Wanted(customer_id="c-777"), Sort.LARGEST)
    for figure in (Name.K8, Name.K10, Name.K14, Name.K16, Name.K18, Name.K21):
        for only_bad in (False, True) if DEFINITIONS[figure].is_judged else (False,):
            behind = Behind(name=figure, since=month, before=today, now=now, only_bad=only_bad)
            asked[f"behind {figure}{', bad' if only_bad else ''}"] = lambda source, behind=behind: (
                figures.orders_behind(source, behind)
            )  # type: ignore[misc]  # the loop's value is bound
    return asked


def _listed(wanted: Wanted, sort: Sort) -> Ask:
    return lambda source: orders.search(source, wanted, sort)


async def measure(source: Source, order_id: str, times: int) -> dict[str, list[float]]:
    """Ask each question so many times; seconds."""
    seconds: dict[str, list[float]] = {}
    for name, ask in questions(datetime.now(UTC), order_id).items():
        for _ in range(times):
            begin = time.perf_counter()
            await ask(source)
            seconds.setdefault(name, []).append(time.perf_counter() - begin)
    return seconds


async def main(url: str, number: int) -> None:
    """Fill where nothing is, and measure."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "console"}, command_timeout=3_600)
    if not await connection.fetchval("select exists (select from placed_order)"):
        await fill(connection, number)
    order_id = await connection.fetchval("select order_id from placed_order order by placed_at limit 1 offset 500")
    settings = {"search_path": "console", "jit": "off", "random_page_cost": "1.1", **READING}
    async with asyncpg.create_pool(url, min_size=1, max_size=4, server_settings=settings) as pool:
        seconds = await measure(Database(pool, 60), order_id, TIMES)
    for name, each in sorted(seconds.items(), key=lambda item: -statistics.quantiles(item[1], n=20)[-1]):
        p50, p95 = statistics.median(each), statistics.quantiles(each, n=20)[-1]
        sys.stdout.write(f"{name:<28} p50 {p50 * 1e3:8.1f} ms   p95 {p95 * 1e3:8.1f} ms\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000))
