"""Several instances: lanes change hands, notes find theirs, outages are waited out, and nothing is lost or doubled."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from chassis.attempt import Taken
from chassis.errors import DoubtError, OutageError, StoppedError
from chassis.ledger import SQL, PostgresLedger, Statements
from chassis.ports import Ledger
from chassis.wire import Outgoing
from contracts.topics import LANES
from contracts.values import lane_of, outside_id_of
from tests.service.bench import Bench
from tests.service.loop.story import captured, key_in, order, revisions, story


async def test_a_message_is_handed_over_to_the_home_lane_s_owner(bench: Bench) -> None:
    home, edge = 3, 8
    bench.loop.drop()
    here, there = bench.instance(), bench.instance()
    await here.take_over([edge])
    await there.take_over([home])
    subject = key_in(home)
    await there.take([bench.record(order("pay pi-1"), subject)])
    record = bench.record(captured("pi-1", "op-1"))
    record.partition = edge

    await here.take([record])
    assert await story(bench) == ["received"]
    there.look()
    await there.take([])

    assert await story(bench, subject) == ["received", "captured"]


async def test_what_was_handed_over_goes_before_what_comes_for_the_same_home(bench: Bench) -> None:
    home, edge = 3, 8
    subject = key_in(home)
    first, second = (bench.record(captured("pi-1", f"op-{number}")) for number in range(2))
    first.partition = second.partition = edge
    await bench.hear(order("pay pi-1"), subject=subject)
    bench.loop.drop()
    other, both = bench.instance(), bench.instance()
    await other.take_over([edge])
    await other.take([first])
    await both.take_over([home, edge])

    await both.take([second])
    assert await story(bench, subject) == ["received", "captured"]
    both.look()
    await both.take([])

    told = [row["id"] for row in await bench.rows("select id from story where what = 'captured' order by position")]
    assert told == [outside_id_of("payment-notices", f"op-{number}") for number in range(2)]


async def test_a_note_for_another_subject_goes_to_its_lane(bench: Bench) -> None:
    other = key_in(3)
    await bench.hear(order(f"tell {other}"), subject=key_in(8))

    assert await story(bench, other) == ["due"]


async def test_a_note_that_is_said_once_is_left_once_until_it_is_taken(bench: Bench) -> None:
    here, other = key_in(8), key_in(3)
    bench.loop.drop()
    edge = bench.instance()
    await edge.take_over([8])
    for _ in range(2):
        await edge.take([bench.record(order(f"look {other}"), here) for _ in range(3)])

    assert len(await bench.waiting()) == 1
    home = bench.instance()
    await home.take_over([3])
    await home.take([])
    await edge.take([bench.record(order(f"look {other}"), here)])
    home.look()
    await home.take([])

    assert await story(bench, other) == ["looked", "looked"]


async def test_a_note_that_is_being_taken_is_left_once_more(bench: Bench) -> None:
    here, other = key_in(8), key_in(3)
    bench.loop.drop()
    edge = bench.instance()
    await edge.take_over([8])
    await edge.take([bench.record(order(f"look {other}"), here)])
    async with bench.pool.acquire() as taker, taker.transaction():
        await taker.execute("select from later for update")
        async with asyncio.timeout(10):
            await edge.take([bench.record(order(f"look {other}"), here)])

    assert len(await bench.waiting()) == 2


async def test_who_takes_a_note_sees_what_those_wrote_who_left_theirs_out(bench: Bench) -> None:
    here, other = key_in(8), key_in(3)
    bench.loop.drop()
    edge, home = bench.instance(), bench.instance()
    await edge.take_over([8])
    await home.take_over([3])
    await edge.take([bench.record(order(f"look {other}"), here)])
    async with bench.pool.acquire() as leaver, leaver.transaction():
        (waiting,) = await bench.waiting()
        await PostgresLedger(Statements(leaver)).hold([waiting["queue"]])
        taking = asyncio.create_task(home.take([]))
        done, _ = await asyncio.wait({taking}, timeout=1)
        assert not done
    await taking

    assert await story(bench, other) == ["looked"]


async def test_the_heir_publishes_what_its_forerunner_left(bench: Bench) -> None:
    published: list[Outgoing] = []

    async def fail(outgoing: object) -> None:
        raise ConnectionResetError

    async def stop(_seconds: float) -> None:
        bench.clock.now += timedelta(seconds=5)
        raise StoppedError

    publish, bench.log.publish = bench.log.publish, fail  # type: ignore[method-assign]
    bench.loop._pause = stop
    with pytest.raises(StoppedError):
        await bench.loop.take([bench.record(order(), "o-1")])
    bench.log.publish = publish  # type: ignore[method-assign]
    assert bench.loop.unpublished_s == 5
    assert published == bench.log.appended == []

    await bench.crash()

    assert [(said.key, said.lane) for said in bench.log.appended] == [("o-1", lane_of("o-1", LANES))]
    assert await bench.rows("select * from outbox") == []
    await bench.hear(order(), subject="o-1")
    assert revisions(bench, "o-1") == [1, 2]


async def test_who_lost_a_lane_writes_nothing(bench: Bench) -> None:
    heir = bench.instance()
    await heir.take_over([lane_of("o-1", LANES)])

    assert not await bench.loop.take([bench.record(order(), "o-1")])

    assert await story(bench) == []
    assert bench.loop.epochs == {}
    assert bench.log.rewound


async def test_what_comes_in_a_lane_that_is_not_ours_is_not_taken(bench: Bench) -> None:
    bench.loop.drop([lane_of("o-1", LANES)])

    assert not await bench.loop.take([bench.record(order(), "o-1")])

    assert await story(bench) == []
    assert bench.log.rewound


async def test_what_was_published_is_forgotten_with_the_next_batch_or_by_tidying(bench: Bench) -> None:
    for subject in ("o-1", "o-2"):
        await bench.hear(order(), subject=subject)
    assert [row["key"] for row in await bench.rows("select key from outbox")] == ["o-2"]

    await bench.loop.tidy()

    assert await bench.rows("select key from outbox") == []


async def test_decisions_that_share_nothing_wait_for_nobody(bench: Bench) -> None:
    async with bench.pool.acquire() as other, other.transaction():
        await Statements(other).execute(SQL.decide_alone)
        async with asyncio.timeout(10):
            await bench.hear(order(), subject="o-1")

    assert await story(bench) == ["received"]


async def test_a_commit_in_doubt_gives_up_all_lanes(bench: Bench) -> None:
    transact = bench.memory.transact

    async def doubtful(work: object) -> object:
        await transact(work)  # type: ignore[arg-type]
        raise DoubtError("the answer did not come")

    record = bench.record(order(), "o-1")
    bench.memory.transact = doubtful  # type: ignore[method-assign, assignment]
    assert not await bench.loop.take([record])
    bench.memory.transact = transact  # type: ignore[method-assign]
    assert bench.loop.epochs == {}
    assert bench.log.appended == []

    await bench.loop.take_over(range(LANES))
    await bench.hear_records([record])

    assert await story(bench) == ["received"]
    assert revisions(bench, "o-1") == [1]


async def test_an_outage_is_waited_out_and_kills_no_message(bench: Bench) -> None:
    transact, tries = bench.memory.transact, iter(range(50))

    async def down(work: object) -> object:
        if next(tries) < 40:
            raise OutageError("the database is away")
        return await transact(work)  # type: ignore[arg-type]

    bench.memory.transact = down  # type: ignore[method-assign, assignment]
    await bench.hear_records([bench.record(order(), subject) for subject in ("o-1", "o-2")])

    assert await story(bench) == ["received", "received"]
    assert await bench.waiting() == []
    assert 'ordermill_batch_size_count{service="billing"} 1.0' in bench.metrics.page().decode(), "it was cut in pieces"


async def test_who_waits_out_an_outage_waits_longer_each_time_up_to_a_limit(bench: Bench) -> None:
    transact, pauses = bench.memory.transact, list[float]()

    async def down(work: object) -> object:
        if len(pauses) < 10:
            raise OutageError("the database is away")
        return await transact(work)  # type: ignore[arg-type]

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    bench.memory.transact, bench.loop._pause = down, pause  # type: ignore[method-assign, assignment]
    await bench.hear(order(), subject="o-1")

    limits = [min(0.1 * 2**number, 10) for number in range(10)]
    assert all(limit / 2 <= pause_s <= limit for pause_s, limit in zip(pauses, limits, strict=True))


async def test_what_waits_in_a_lane_is_looked_for_as_soon_as_it_is_taken_over(bench: Bench) -> None:
    other = key_in(3)
    bench.loop.drop()
    edge = bench.instance()
    await edge.take_over([8])
    await edge.take([bench.record(order(f"tell {other}"), key_in(8))])
    edge.look()
    await edge.take([])
    assert await story(bench, other) == []

    await edge.take_over([3])
    await edge.take([])

    assert await story(bench, other) == ["due"]


async def test_a_message_that_is_cut_off_alone_is_tried_again(bench: Bench) -> None:
    transact, tries = bench.memory.transact, iter(range(3))

    async def cut_off(work: Callable[[Ledger], Awaitable[Taken]]) -> Taken:
        if next(tries) < 2:
            bench.clock.advance(seconds=5)
            raise OutageError("the session was idle for too long")
        return await transact(work)

    bench.memory.transact = cut_off  # type: ignore[method-assign, assignment]
    await bench.hear(order(), subject="o-1")

    assert await story(bench) == ["received"]
    assert await bench.waiting() == []


async def test_what_is_cut_off_for_taking_long_is_taken_in_smaller_pieces(bench: Bench) -> None:
    transact = bench.memory.transact

    async def cut_off(work: Callable[[Ledger], Awaitable[Taken]]) -> Taken:
        async def timed(ledger: Ledger) -> Taken:
            taken = await work(ledger)
            bench.clock.advance(seconds=sum(taken.outcomes.values()))
            if sum(taken.outcomes.values()) > 2:
                raise OutageError("the session was idle for too long")
            return taken

        return await transact(timed)

    bench.memory.transact = cut_off  # type: ignore[method-assign, assignment]
    await bench.hear_records([bench.record(order(), f"o-{number}") for number in range(8)])

    assert await story(bench) == ["received"] * 8
    assert await bench.waiting() == []
