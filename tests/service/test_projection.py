"""The projection's transactions on a real PostgreSQL: each record once, whatever fails, whoever else applies it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from chassis import OutageError, Service
from chassis.errors import FloodError
from chassis.ledger import Statements
from chassis.metrics import Metrics
from chassis.projection import Applier, Chore, Entry, Projection
from chassis.projection.applying import FLOOD, FLOOD_OF, RewoundError
from chassis.queries import numbered
from contracts.notifications import MessageFailed
from tests.service.bench import Bench, FakeRecord, bench_of
from tests.service.reader.projection import MIGRATIONS, TOPIC, note, projection

PLACES = [(TOPIC, lane) for lane in range(12)]


@pytest.fixture
async def bench(bench_server: str) -> AsyncIterator[Bench]:
    async with bench_of(Service("billing"), bench_server, MIGRATIONS) as bench:
        yield bench


async def applier(bench: Bench, wanted: Projection = projection) -> Applier:
    made = Applier(wanted, bench.pool, Metrics("reader"), 10)
    await made.begin(PLACES)
    return made


def records(bench: Bench, *reasons: str) -> list[FakeRecord]:
    """A record for each reason, all under one key: in one partition, one after the other."""
    return [bench.record(failed(reason), "order-1") for reason in reasons]


def failed(reason: str) -> MessageFailed:
    return MessageFailed(
        milestone="order_confirmed", about="order-1", template="en", message_id=reason, reason=reason, attempts=1
    )


async def noted(bench: Bench) -> list[str]:
    return [row["said"] for row in await bench.rows("select said from noted order by position")]


async def test_a_record_taken_twice_is_applied_once(bench: Bench) -> None:
    told = records(bench, "a", "b", "c")
    reader = await applier(bench)

    await reader.take(told[:2])
    await reader.take(told)

    assert await noted(bench) == ["a", "b", "c"]


async def test_two_readers_of_one_log_apply_each_record_once(bench: Bench) -> None:
    told = records(bench, "a", "b", "c", "d")
    zombie, heir = await applier(bench), await applier(bench)

    await heir.take(told[:3])
    await zombie.take(told[:2])
    await zombie.take(told[2:])

    assert await noted(bench) == ["a", "b", "c", "d"]


async def test_a_new_reader_goes_on_where_the_last_one_stood(bench: Bench) -> None:
    told = records(bench, "a", "b")
    await (await applier(bench)).take(told)

    starts = await Applier(projection, bench.pool, Metrics("reader"), 10).begin(PLACES)

    assert starts[TOPIC, told[0].partition] == told[-1].offset + 1
    assert sum(starts.values()) == told[-1].offset + 1


async def test_nothing_stands_of_a_batch_during_which_the_database_went(bench: Bench) -> None:
    told = records(bench, "a", "b")

    async def fail(tx: Statements, entries: Sequence[Entry]) -> None:
        await note(tx, entries)
        raise OutageError("gone")

    with pytest.raises(OutageError):
        await (await applier(bench, replace(projection, apply=fail))).take(told)
    assert await noted(bench) == []

    await (await applier(bench)).take(told)
    assert await noted(bench) == ["a", "b"]


async def test_what_fails_alone_is_kept_aside_and_the_rest_goes_on(bench: Bench) -> None:
    told = records(bench, "a", "b", "refused", "c", "refused", "d", "e")

    await (await applier(bench)).take(told)

    assert await noted(bench) == ["a", "b", "c", "d", "e"]
    kept = await bench.rows("select position, key, type, error from unreadable order by position")
    assert [row["position"] for row in kept] == [told[2].offset, told[4].offset]
    assert {row["type"] for row in kept} == {MessageFailed.type}
    assert all(row["error"].startswith("CheckViolationError 23514 noted") for row in kept)


async def test_an_operator_is_told_where_what_is_set_aside_lies(bench: Bench) -> None:
    [refused] = records(bench, "refused")

    with capture_logs() as logs:
        await (await applier(bench)).take([refused])

    [told] = [line for line in logs if line["event"] == "record_set_aside"]
    assert (told["topic"], told["partition"], told["offset"]) == (TOPIC, refused.partition, refused.offset)
    assert told["type"] == MessageFailed.type


@pytest.mark.parametrize(
    ("garbled", "error"),
    [
        ({"headers": []}, "no_ce_id"),
        ({"value": b"{"}, "ValidationError"),
        ({"key": b"\xff"}, "key_not_utf8"),
        ({"key": b"\x00"}, "key_not_text"),
        ({"key": b"k" * 1_025}, "key_too_long"),
    ],
)
async def test_what_nobody_can_read_is_kept_with_its_place(bench: Bench, garbled: dict[str, Any], error: str) -> None:
    first, second, third = records(bench, "a", "b", "c")

    await (await applier(bench)).take([first, replace(second, **garbled), third])

    assert await noted(bench) == ["a", "c"]
    [row] = await bench.rows("select position, error from unreadable")
    assert row["position"] == second.offset
    assert row["error"].startswith(error)


async def test_a_tombstone_is_a_record_without_an_event(bench: Bench) -> None:
    [record] = records(bench, "a")

    await (await applier(bench)).take([replace(record, value=None)])

    assert await bench.rows("select said from noted") == [{"said": None}]


async def test_many_records_that_fail_alone_stop_the_reader(bench: Bench) -> None:
    told = records(bench, *["refused"] * FLOOD)

    with pytest.raises(FloodError):
        await (await applier(bench)).take(told)

    [kept] = await bench.rows("select count(*) as rows from unreadable")
    assert kept["rows"] == FLOOD - 1


async def test_failures_now_and_then_stop_no_reader(bench: Bench) -> None:
    reader = await applier(bench)

    for _ in range(2):
        for record in records(bench, *["refused"] * (FLOOD // 2)):
            await reader.take([record])
        await reader.take(records(bench, *["a"] * FLOOD_OF))

    assert len(await bench.rows("select from unreadable")) == FLOOD


async def test_what_became_of_a_batch_is_counted(bench: Bench) -> None:
    first, second, third = records(bench, "a", "b", "c")
    metrics = Metrics("reader")
    reader = Applier(projection, bench.pool, metrics, 10)
    await reader.begin(PLACES)

    await reader.take([first, replace(second, value=b"{"), third])

    page = metrics.page().decode()
    assert 'ordermill_messages_total{outcome="applied",service="reader",type=""} 2.0' in page
    assert 'ordermill_messages_total{outcome="unreadable",service="reader",type=""} 1.0' in page


async def test_a_projection_is_asked_only_for_what_is_new_and_readable(bench: Bench) -> None:
    asked = []

    async def ask(tx: Statements, entries: Sequence[Entry]) -> None:
        asked.append(len(entries))
        await note(tx, entries)

    told = records(bench, "a", "b", "c")
    reader = await applier(bench, replace(projection, apply=ask))

    await reader.take(told[:1])
    await reader.take(told[:1])
    await reader.take([replace(told[1], value=b"{")])
    await reader.take(told)

    assert asked == [1, 1]


async def test_a_wrong_statement_is_no_records_fault(bench: Bench) -> None:
    async def stumble(tx: Statements, _entries: Sequence[Entry]) -> None:
        await tx.execute(numbered("wrong", "select nothing from nowhere"))

    with pytest.raises(FloodError):
        await (await applier(bench, replace(projection, apply=stumble))).take(records(bench, "a", "b"))

    assert await bench.rows("select * from unreadable") == []


async def test_a_reader_notices_that_its_tables_were_exchanged(bench: Bench) -> None:
    told = records(bench, "a", "b", "c")
    reader = await applier(bench)
    await reader.take(told[:2])
    await bench.rows("update projected set next = 0")
    await bench.rows("delete from noted")

    with pytest.raises(RewoundError):
        await reader.take(told[2:])

    await (await applier(bench)).take(told)
    assert await noted(bench) == ["a", "b", "c"]


async def test_a_chore_is_done_in_a_transaction_of_its_own(bench: Bench) -> None:
    async def tidy(tx: Statements) -> None:
        await tx.execute(numbered("tidy", "delete from noted"))

    reader = await applier(bench)
    await reader.take(records(bench, "a"))

    await reader.chore(Chore(1.0, tidy))

    assert await noted(bench) == []
