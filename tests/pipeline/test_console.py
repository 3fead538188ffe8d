"""The console sees what happens: its read model, its sums and its figures are those of the services and the topics."""

import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from chassis.postgres import close_pool, open_pool
from contracts import intake
from contracts.facts import LineQuantity
from contracts.topic import Service
from contracts.topics import topics_heard_by
from ordermill.access import database_url, reading
from ordermill.broker import consuming, logs_of, places_of
from ordermill.check.portrait import portray
from ordermill.world import catalogue
from services.console.settings import Settings
from services.console.store import Database, figures
from tests.pipeline.pipeline import PATIENCE_S, Pipeline, Told, id_of
from tests.service.console.recomputed import Said, recomputed

LOOK_S = 0.2
BY_CUSTOMER = """
select customer_id, currency, sum(total)::bigint as invoiced,
    coalesce(sum((
        select sum(amount) from money_event
        where kind = 'credited' and money_event.invoice_number = invoice.invoice_number)), 0)::bigint as credited
from invoice group by customer_id, currency
"""
BY_ITEM = """
with line as (
    select order_id, part.line_id, sku, part.quantity
    from order_lines cross join lateral jsonb_to_recordset(lines) as part (line_id text, sku text, quantity int)
), parted as (
    select order_id, part.line_id, part.quantity, dispatched_at is not null as has_left, outcome
    from parcel cross join lateral jsonb_to_recordset(lines) as part (line_id text, quantity int)
), gone as (
    select order_id, line_id, sum(quantity) filter (where has_left) as dispatched,
        sum(quantity) filter (where outcome = 'delivered') as delivered,
        sum(quantity) filter (where outcome in ('lost', 'returned', 'destroyed')) as ended
    from parted group by order_id, line_id
), undone as (
    select order_id, part.line_id, sum(part.quantity) as cancelled
    from cancellation cross join lateral jsonb_to_recordset(lines) as part (line_id text, quantity int)
    group by order_id, part.line_id
)
select sku, sum(quantity)::bigint as ordered, coalesce(sum(cancelled), 0)::bigint as cancelled,
    coalesce(sum(dispatched), 0)::bigint as dispatched, coalesce(sum(delivered), 0)::bigint as delivered,
    coalesce(sum(ended), 0)::bigint as ended,
    (select sum(on_hand)::bigint from stock_level where stock_level.sku = line.sku) as on_hand
from line left join gone using (order_id, line_id) left join undone using (order_id, line_id)
group by sku
"""
OPEN = "select order_id, sum(open)::bigint as open from invoice where open > 0 group by order_id"
OWED = "select order_id, sum(total - paid - credited)::bigint as open from invoice group by order_id"


async def until_read(pipeline: Pipeline) -> None:
    """Wait until the console has read all that was said."""
    places = places_of(topics_heard_by(Service.CONSOLE))
    async with consuming(pipeline.stack.kafka) as consumer:
        ends = {(place.topic, place.lane): log.end for place, log in (await logs_of(consumer, places)).items()}
    async with asyncio.timeout(PATIENCE_S):
        while True:
            rows = await pipeline.rows("console", "select topic, lane, next from projected")
            if dict.fromkeys(ends, 0) | {(row["topic"], row["lane"]): row["next"] for row in rows} == ends:
                return
            await asyncio.sleep(LOOK_S)  # tables announce nothing


async def test_the_console_ties_out_with_the_services(pipeline: Pipeline) -> None:
    lamp, rug = await pipeline.stock(100), await pipeline.stock(100, price=4_999)
    scarce = await pipeline.stock(1)
    orders = [
        pipeline.order([(lamp, 2), (rug, 1)]),
        pipeline.order([(lamp, 3)], moment="dispatch"),
        pipeline.order([(scarce, 2)]),
        pipeline.order([(rug, 2), (lamp, 1)]),
    ]
    pipeline.foresee_parcel("lost")
    order_ids = await pipeline.place(*orders)
    await pipeline.cancel(orders[3], LineQuantity(line_id="2", quantity=1))
    for order_id in order_ids:
        await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.ties()
    await until_read(pipeline)

    async with reading(pipeline.stack) as connection:
        totals = (await portray(connection)).totals
    seen = {
        row["order_id"]: row["stage"]
        for row in await pipeline.rows("console", "select order_id, stage from placed_order")
    }
    assert {order_id: seen.get(order_id) for order_id in order_ids} == dict.fromkeys(order_ids, "completed")
    assert await pipeline.rows("console", "select * from unreadable") == []

    by_item = {row["sku"]: row for row in await pipeline.rows("console", BY_ITEM)}
    for row in totals["by_item"]:
        if row["ordered"]:
            assert by_item[row["sku"]] == {name: row[name] for name in by_item[row["sku"]]}
    by_customer = {(row["customer_id"], row["currency"]): row for row in await pipeline.rows("console", BY_CUSTOMER)}
    for row in totals["by_customer"]:
        mine: dict[str, Any] = by_customer.get((row["customer_id"], row["currency"]), {"invoiced": 0, "credited": 0})
        assert (mine["invoiced"], mine["credited"]) == (row["invoiced"] or 0, row["credited"] or 0)
    owed = {row["order_id"]: row["open"] for row in await pipeline.rows("billing", OWED) if row["open"]}
    assert {row["order_id"]: row["open"] for row in await pipeline.rows("console", OPEN)} == owed


async def test_key_figures_are_what_the_topics_say(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(100)
    order = pipeline.order([(lamp, 2)])
    await pipeline.place(order)
    await pipeline.until(intake.OrderCompleted, id_of(order))
    await pipeline.drained()
    await until_read(pipeline)
    settings = Settings(kafka=pipeline.stack.kafka, database_url=database_url(pipeline.stack, "console"))
    said: list[Said] = [told for kind in pipeline.told.values() for told in kind]
    said += [Told(carton, carton.subject(), datetime.now(UTC), 0, "") for carton in catalogue.cartons()]

    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while await _sums(settings) != recomputed(said, datetime.now(UTC)):  # noqa: ASYNC110 (no event tells it)
                await asyncio.sleep(LOOK_S)  # figures are added up now and then

    assert await _sums(settings) == recomputed(said, datetime.now(UTC))


async def _sums(settings: Settings) -> dict[tuple[str, str], tuple[Decimal, int]]:
    pool = await open_pool(settings)
    try:
        rows = await figures.figures(
            Database(pool, 10), date(2020, 1, 1), datetime.now(UTC).date() + timedelta(days=366)
        )
    finally:
        await close_pool(pool, 5)
    return {
        (row.definition.name, row.currency): (sum((day.numerator for day in row.days), Decimal(0)), row.orders)
        for row in rows
    }
