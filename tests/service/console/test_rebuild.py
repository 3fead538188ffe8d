"""A fresh read model beside the old one, and the exchange."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from chassis.metrics import Metrics
from chassis.postgres import Pool
from chassis.projection import Applier
from chassis.projection.applying import RewoundError
from services.console.__main__ import projection
from services.console.core.orders import Wanted
from services.console.jobs import SESSION
from services.console.settings import Settings
from services.console.store import orders
from tests.service.bench import FakeRecord
from tests.service.console.conftest import Model
from tests.service.console.story import all_said, many, straight

PLACES = "select topic, lane, next from projected where next > 0 order by topic, lane"


@pytest.fixture
async def beside(model: Model) -> AsyncIterator[Pool]:
    """The console's role, writing into the model that is being rebuilt."""
    async with asyncpg.create_pool(model.bench.url, min_size=1, max_size=2, server_settings=dict(SESSION)) as pool:
        yield pool
        await pool.execute("select drop_rebuild()")


async def reader(model: Model, pool: Pool) -> Applier:
    wanted = projection(Settings(kafka="nowhere:9092", database_url=model.bench.url))
    applier = Applier(wanted, pool, Metrics("console"), 30)
    await applier.begin([(topic, lane) for topic in wanted.topics for lane in range(12)])
    return applier


async def replay(model: Model, pool: Pool, records: Sequence[FakeRecord]) -> None:
    await pool.execute("select begin_rebuild()")
    await (await reader(model, pool)).take(records)


async def test_a_rebuilt_model_is_the_one_that_grew(model: Model, beside: Pool) -> None:
    records = model.records(all_said(many()))
    for start in range(0, len(records), 9):
        await model.take(records[start : start + 9])
    grown, places = await model.digest(), await model.bench.rows(PLACES)

    await replay(model, beside, records)
    await beside.execute("select finish_rebuild()")

    assert await model.digest() == grown
    assert await model.bench.rows(PLACES) == places


async def test_a_model_of_many_days_is_exchanged_whole(model: Model, beside: Pool) -> None:
    await model.hear(straight("1").said)
    await model.bench.rows("select keep_days(current_schema()::text, current_date - 30, current_date + 2)")
    await beside.execute("select begin_rebuild()")

    await beside.execute("select finish_rebuild()")

    assert await model.bench.rows("select * from pointer") == []


async def test_pages_show_the_old_model_until_the_exchange(model: Model, beside: Pool) -> None:
    first, second = straight("1"), straight("2")
    await model.hear(first.said)
    await replay(model, beside, model.records(second.said))
    before = [order.order_id for order in (await orders.search(model.source, Wanted())).rows]

    await beside.execute("select finish_rebuild()")

    after = [order.order_id for order in (await orders.search(model.source, Wanted())).rows]
    assert (before, after) == ([first.order_id], [second.order_id])


async def test_the_projector_reads_on_from_where_the_new_model_stands(model: Model, beside: Pool) -> None:
    records = model.records(all_said(many()))
    keeping = await reader(model, model.bench.pool)
    await keeping.take(records)
    await replay(model, beside, records[: len(records) // 2])
    await beside.execute("select finish_rebuild()")
    news = model.records(straight("12").said)

    with pytest.raises(RewoundError):
        await keeping.take(news)
    await model.take([*records, *news])

    shown = (await orders.search(model.source, Wanted(), limit=100)).rows
    assert len(shown) == len(many()) + 1


async def test_accounts_outlive_the_exchange(model: Model, beside: Pool) -> None:
    await model.bench.rows("insert into account (name, role, verifier, made_by) values ('ada', 'admin', 'x', 'test')")

    await replay(model, beside, [])
    await beside.execute("select finish_rebuild()")

    assert await model.bench.rows("select name from account") == [{"name": "ada"}]


async def test_a_second_rebuild_begins_afresh(model: Model, beside: Pool) -> None:
    records = model.records(straight("1").said)
    for _ in range(2):
        await replay(model, beside, records)
    await beside.execute("select finish_rebuild()")
    await replay(model, beside, records)
    await beside.execute("select finish_rebuild()")

    [row] = await model.bench.rows("select count(*) as pointers from pointer")
    assert row["pointers"] == len(records)


async def test_an_exchange_that_must_wait_gives_up_and_spoils_nothing(model: Model, beside: Pool) -> None:
    await model.hear(straight("1").said)
    await replay(model, beside, [])
    async with model.bench.pool.acquire() as looking, looking.transaction():
        await looking.fetch("select * from placed_order")

        async with asyncio.timeout(30):
            with pytest.raises(asyncpg.LockNotAvailableError):
                await beside.execute("select finish_rebuild()")

    assert len((await orders.search(model.source, Wanted())).rows) == 1


async def test_nobody_but_the_console_may_exchange_models(model: Model, beside: Pool) -> None:
    rows = await model.bench.rows(
        "select role, has_function_privilege(role, function, 'execute') as may"
        " from unnest(array['console', 'auditor']) as role,"
        " unnest(array['begin_rebuild()', 'finish_rebuild()', 'drop_rebuild()', 'keep_days(text, date, date)'])"
        " as function"
    )

    assert {(row["role"], row["may"]) for row in rows} == {("console", True), ("auditor", False)}
    for statement in ("create schema console_next", "drop table placed_order", "create table mine (id int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await model.bench.rows(statement)
