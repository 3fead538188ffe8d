"""Whatever comes first, twice or in pieces: the same read model."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import asyncpg
import pytest

from contracts.event import Event, OutsideEvent
from contracts.topic import Service
from contracts.topics import event_class, topic_named, topic_of
from services.console.core.stages import Stage, Units, stage_of
from services.console.handlers import READS, UNPOINTED
from services.console.store import stock, story, writing
from services.console.store.sql import SQL
from tests.service.bench import FakeRecord
from tests.service.console.conftest import Model
from tests.service.console.story import BEGIN, Said, Telling, all_said, many, straight
from tests.service.counter.service import EXAMPLES

SHARE = 0.2


def disordered(records: Sequence[FakeRecord], chance: random.Random) -> list[FakeRecord]:
    """Each log in its own order, and the logs in any."""
    logs = defaultdict(list)
    for record in reversed(records):
        logs[record.topic, record.partition].append(record)
    mixed = []
    while logs:
        place = chance.choice(sorted(logs))
        mixed.append(logs[place].pop())
        if not logs[place]:
            del logs[place]
    return mixed


def cut(records: Sequence[FakeRecord], chance: random.Random) -> Iterable[list[FakeRecord]]:
    """Batches of any size."""
    rest = list(records)
    while rest:
        size = chance.randint(1, 40)
        yield rest[:size]
        rest = rest[size:]


def repeated(records: Sequence[FakeRecord], chance: random.Random) -> list[FakeRecord]:
    """Some of them once more behind all others, as a service repeats what it may have said before."""
    again = [record for record in records if chance.random() < SHARE]
    last = max(record.offset for record in records)
    return [replace(record, offset=last + place) for place, record in enumerate(again, 1)]


@pytest.mark.parametrize("seed", range(6))
async def test_the_model_is_the_same_in_whatever_order_topics_are_read(model: Model, seed: int) -> None:
    chance = random.Random(seed)
    records = model.records(all_said(many()))
    await model.take(records)
    straightforward = await model.digest()
    await model.empty()

    mixed = disordered(records, chance)
    await model.take(*cut(mixed, chance), *cut(repeated(mixed, chance), chance))

    assert await model.digest() == straightforward


async def test_every_example_of_an_event_fits_into_the_model(model: Model) -> None:
    examples = [
        Said(event, event.subject() if isinstance(event, OutsideEvent) else "order-1", BEGIN)
        for wire_type in READS
        for event in examples_of(event_class(wire_type))
    ]

    await model.hear(examples)

    [row] = await model.bench.rows("select sum(records) as records from pace")
    assert row["records"] == len(examples) > len(READS)
    [row] = await model.bench.rows("select count(*) as pointers from pointer")
    assert row["pointers"] == sum(topic_of(type(each.event)).name not in UNPOINTED for each in examples)


def examples_of(kind: type[Event]) -> list[Event]:
    return [kind.decode(path.read_bytes()) for path in sorted((EXAMPLES / kind.type).glob("*.json"))]


def test_every_event_whose_body_is_read_is_heard_by_the_console() -> None:
    assert not [wire_type for wire_type in READS if topic_of(event_class(wire_type)).personal]


def test_what_nobody_can_look_up_is_what_no_story_goes_by_and_no_service_hears() -> None:
    for name in UNPOINTED:
        assert topic_named(name).readers == {Service.CONSOLE}
        assert topic_named(name).key == "sku"  # see story_keys: orders, works, parcels, purchases


async def test_orders_stand_where_their_units_say(model: Model) -> None:
    await model.hear(all_said(many()))

    stages = {
        row["channel_order_id"]: (row["stage"], row["holds"])
        for row in await model.bench.rows("select channel_order_id, stage, holds from placed_order")
    }

    assert stages == {
        "1": ("completed", []),
        "2": ("completed", []),
        "3": ("released", []),
        "4": ("delivered", []),
        "5": ("completed", []),
        "6": ("completed", []),
        "7": ("received", ["address"]),
        "8": ("released", []),
        "9": ("cancelled", []),
        "10": ("allocated", []),
        "11": ("packed", []),
    }


async def test_the_statement_and_the_core_have_one_rule_of_stages(model: Model) -> None:
    for said in ([telling.said[:length] for telling in many() for length in range(1, len(telling.said) + 1)])[::3]:
        await model.empty()
        await model.hear(said)
        for row in await model.bench.rows("select * from placed_order"):
            units = Units(
                ordered=row["units"], cancelled=row["units_cancelled"], allocated=row["units_allocated"],
                packed=row["units_packed"], dispatched=row["units_dispatched"],
                ended=row["units_delivered"] + row["units_lost"],
            )  # fmt: skip
            assert Stage(row["stage"]) == stage_of(
                units, is_rejected=bool(row["rejected_at"]), is_released=bool(row["released_at"]),
                is_held=bool(row["holds"]), is_completed=bool(row["completed_at"]),
            )  # fmt: skip


async def test_tallies_are_what_counting_gives(model: Model) -> None:
    for telling in many():
        for said in telling.said:
            await model.hear([said])

    tallied = await model.bench.rows("select stage, orders from stage_tally where orders <> 0 order by stage")
    counted = await model.bench.rows("select stage, count(*) as orders from placed_order group by stage order by stage")

    assert tallied == counted


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_orders_that_end_look_up_their_own_lines_when_statistics_know_no_open_one(
    model: Model, bench_server: str, mode: str
) -> None:
    await model.hear(all_said([straight(str(number)) for number in range(20)]))
    url = f"{bench_server.rpartition('/')[0]}/{model.bench.url.rpartition('/')[2]}"
    owner = await asyncpg.connect(url, server_settings={"search_path": "console", "enable_seqscan": "off"})
    try:
        await owner.execute(f"analyze; set plan_cache_mode = {mode}; prepare settle as {SQL.settle_orders.text}")
        plan = "\n".join(row[0] for row in await owner.fetch("explain execute settle('{a,b,c}')"))
    finally:
        await owner.close()

    assert "order_lines_pkey" in plan
    assert "order_lines_wanted" not in plan  # by it one walks through all that are open, once for each order


async def test_what_changes_with_each_parcel_stands_in_no_index_of_an_order(model: Model) -> None:
    rows = await model.bench.rows(
        "select distinct attname from pg_index join pg_depend on classid = 'pg_class'::regclass and objid = indexrelid"
        " join pg_attribute on attrelid = refobjid and attnum = refobjsubid"
        " where indrelid = 'placed_order'::regclass and refobjid = indrelid"
    )

    indexed = {row["attname"] for row in rows}  # also in a condition: then each new version needs a key in every index

    assert {"order_id", "stage", "incidents", "is_unprofitable"} <= indexed
    assert not indexed & {"goods_cost", "label_cost", "packaging_cost", "units_packed", "units_dispatched", "funds"}


async def test_an_item_is_wanted_by_the_orders_that_are_open(model: Model) -> None:
    await model.hear(all_said(many()))
    expected = await model.bench.rows(
        "select order_id, part.line_id, part.quantity"
        " from placed_order join order_lines using (order_id)"
        " cross join jsonb_to_recordset(lines) as part (line_id text, sku text, quantity int)"
        " where sku = 'RUG' and stage not in ('completed', 'cancelled', 'rejected') order by order_id, line_id"
    )

    page = await stock.reservations(model.source, "RUG", limit=2)
    wanted = [*page.rows]
    while page.next:
        page = await stock.reservations(model.source, "RUG", page.next, limit=2)
        wanted += page.rows

    assert [{"order_id": row.order_id, "line_id": row.line_id, "quantity": row.quantity} for row in wanted] == expected
    assert 0 < len(expected) < len(many())


async def test_an_order_of_which_only_the_end_is_known_is_kept(model: Model) -> None:
    telling = straight("1")

    await model.hear([said for said in telling.said if said.event.type != "intake.order_received.v1"])

    [row] = await model.bench.rows("select order_id, stage, channel from placed_order")
    assert row == {"order_id": telling.order_id, "stage": "completed", "channel": None}


async def test_what_is_open_follows_payments_and_credits(model: Model) -> None:
    telling = Telling("1").received().invoiced().paid(1_000, 2_495).credited(2_000)
    await model.hear(telling.said)

    [row] = await model.bench.rows("select open, paid_at from invoice")
    assert row == {"open": 495, "paid_at": None}

    await model.hear(telling.paid(495, 0).said[-1:])
    [row] = await model.bench.rows("select open, paid_at is not null as is_paid from invoice")
    assert row == {"open": 0, "is_paid": True}


async def test_a_backorder_waits_until_its_units_are_allocated(model: Model) -> None:
    telling = Telling("1").received().promised(missing=1).released().backordered().allocated(1, {"LAMP": 2})
    await model.hear(telling.said)
    assert await model.bench.rows("select sku, waiting from backorder") == [{"sku": "RUG", "waiting": 1}]

    await model.hear(telling.allocated(2, {"RUG": 1}).said[-1:])
    assert await model.bench.rows("select sku, waiting from backorder") == [{"sku": "RUG", "waiting": 0}]


async def test_a_letter_that_rests_again_after_a_retry_rests(model: Model) -> None:
    telling = Telling("1").rests(1, is_settled=True).rests(1)

    await model.hear(telling.said)

    assert await model.bench.rows("select resolution, actor from dead_letter") == [{"resolution": None, "actor": None}]


async def test_every_table_of_the_schema_is_rebuilt_or_known_to_stay(model: Model) -> None:
    chassis = {"lease", "heard", "said", "seen", "outbox", "later", "call", "tally", "migration"}
    people = {"account", "session"}
    tables = await model.bench.rows(
        "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')"
        " and not relispartition"
    )

    modelled = {row["model_tables"] for row in await model.bench.rows("select model_tables()")}

    assert {row["relname"] for row in tables} - chassis - people == modelled


@pytest.mark.parametrize("days", [-20_000, -40, 1, 4, 40_000])
async def test_whatever_a_senders_clock_says_holds_nobody_up(model: Model, days: int) -> None:
    told = Said(straight("1").said[0].event, straight("1").order_id, BEGIN + timedelta(days=days))
    await model.write(partial(writing.keep_days, today=BEGIN.date(), days=3))

    await model.hear([told])
    for later in (0, 3, 4, 6):
        await model.write(partial(writing.keep_days, today=BEGIN.date() + timedelta(days=later), days=3))

    kept = [pointer.at for pointer in await story.pointers(model.source, straight("1").order_id)]
    assert kept == ([told.at] if days > 3 else [])


async def test_an_order_of_more_units_than_an_integer_holds_is_kept(model: Model) -> None:
    lines = {f"SKU-{number}": 1_000_000 for number in range(3_000)}
    telling = Telling("1", lines=lines, price=1).received().promised().released().allocated().packed().dispatched()

    await model.hear(telling.said)

    rows = await model.bench.rows("select units, units_dispatched, stage from placed_order")
    assert rows == [{"units": 3_000_000_000, "units_dispatched": 3_000_000_000, "stage": "dispatched"}]


async def test_the_names_that_strangers_give_their_messages_are_one(model: Model) -> None:
    [record] = model.records(straight("1").said[:1])
    strange = [
        replace(record, offset=record.offset + number, headers=[("ce_id", b"x"), ("ce_type", b"strange.%d" % number)])
        for number in range(50)
    ]

    await model.take(strange)

    assert {row["name"] for row in await model.bench.rows("select name from wire_name")} == {"intake-orders", "unknown"}
