"""What cannot be handled is found, set aside and decided about; the rest is on time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from chassis import Heard, Service, Turn
from chassis.errors import FloodError
from chassis.ports import Decision
from contracts import billing, intake
from contracts.values import event_id_of
from tests.service.bench import Bench, bench_of
from tests.service.counter.service import Counter, example
from tests.service.loop.story import (
    DEAD,
    RESOLVED,
    captured,
    decide,
    decision,
    key_in,
    order,
    rest,
    resting,
    revisions,
    story,
)


async def test_poison_is_found_and_the_rest_is_on_time(bench: Bench) -> None:
    records = [bench.record(order("poison" if number == 77 else "W-1"), f"o-{number}") for number in range(200)]

    await bench.hear_records(records)

    assert len(await story(bench)) == 199
    assert [(row["queue"], row["reason"]) for row in await bench.waiting()] == [("intake-orders/o-77", "failed")]
    assert len(bench.said(billing.FundsSecured)) == 199


async def test_a_subject_waits_behind_its_poison_in_order(bench: Bench, counter: Counter) -> None:
    first, second = bench.record(order("poison"), "o-1"), bench.record(example(intake.OrderCancelled), "o-1")
    await bench.hear_records([first, second, bench.record(order(), "o-2")])
    await rest(bench)
    assert [row["reason"] for row in await bench.waiting()] == ["dead", "behind"]
    assert await story(bench, "o-1") == []

    counter.is_strict = False
    await decide(bench, Decision("retry", "kim", "mended"))

    assert await story(bench, "o-1") == ["received", "cancelled"]
    assert await bench.waiting() == []
    assert [(said.resolution, said.actor) for said in bench.said(RESOLVED)] == [("retried", "kim")]


async def test_three_tries_make_a_dead_letter_which_is_told_once(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await rest(bench)
    await rest(bench)

    (letter,) = bench.said(DEAD)
    assert (letter.reason, letter.attempts, letter.topic) == ("failed", 3, "intake-orders")
    assert "ValueError" in letter.error


async def test_an_edited_body_is_taken_in_place_of_the_first(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await rest(bench)

    await decide(bench, Decision("edit", "kim", "a typing error", order().encode()))

    assert await story(bench) == ["received"]
    assert bench.said(RESOLVED)[0].resolution == "edited"


@pytest.mark.parametrize("when", ["before", "behind", "after"])
async def test_a_repaired_message_counts_once_with_the_good_one(bench: Bench, when: str) -> None:
    await bench.hear(order("pay pi-1"), subject="o-1")
    good = captured("pi-1", "op-1")
    garbled = bench.record(good)
    garbled.value = good.encode()[:-9]
    if when == "before":
        await bench.hear(good)
    await bench.hear_records([garbled])
    if when == "behind":
        await bench.hear(good)

    await decide(bench, Decision("edit", "kim", "mended", good.encode()))
    if when == "after":
        await bench.hear(good)

    assert await story(bench, "o-1") == ["received", "captured"]
    assert await bench.rows("select from later where not timer") == []


async def test_a_repaired_message_that_waits_is_not_lost(bench: Bench) -> None:
    good = captured("pi-1", "op-1")
    garbled = bench.record(good)
    garbled.value = good.encode()[:-9]
    await bench.hear_records([garbled])

    await decide(bench, Decision("edit", "kim", "mended", good.encode()))
    assert await story(bench) == []
    await bench.hear(order("pay pi-1"), subject="o-1")

    assert await story(bench, "o-1") == ["received", "captured"]


async def test_a_repair_that_contradicts_what_was_heard_holds_up_its_followers_still(bench: Bench) -> None:
    await bench.hear(order("pay pi-1"), subject="o-1")
    await bench.hear(captured("pi-1", "op-1"))
    garbled = bench.record(captured("pi-1", "op-2"))
    garbled.value = b"{"
    await bench.hear_records([garbled, bench.record(captured("pi-1", "op-3"))])

    await decide(bench, Decision("edit", "kim", "wrongly", captured("pi-1", "op-1", amount=1).encode()))
    assert await story(bench, "o-1") == ["received", "captured"]
    assert [letter.error for letter in bench.said(DEAD)][1:] == ["id_collision"]

    await decide(bench, Decision("discard", "kim", "a mistake"))
    assert await story(bench, "o-1") == ["received", "captured", "captured"]


async def test_a_discarded_message_lets_its_followers_pass(bench: Bench) -> None:
    follower = bench.record(example(intake.OrderCancelled), "o-1", revision=2)
    await bench.hear_records([bench.record(order("poison"), "o-1", revision=1), follower])
    await rest(bench)

    await decide(bench, Decision("discard", "kim", "a test order"))

    assert await story(bench) == ["cancelled"]
    assert bench.said(RESOLVED)[0].resolution == "discarded"


async def test_one_name_tells_of_a_letter_from_death_to_settlement(bench: Bench) -> None:
    record = bench.record(order("poison"), "o-1")
    await bench.hear_records([record])
    await rest(bench)
    (row,) = await resting(bench)

    await decide(bench, Decision("discard", "kim", "a test order"))

    (letter,), (settled,) = bench.said(DEAD), bench.said(RESOLVED)
    assert letter.dead_letter_id == settled.dead_letter_id == f"billing/{row}"
    assert (letter.partition, letter.offset) == (record.partition, record.offset)
    assert (letter.message_type, letter.message_id) == (
        intake.OrderReceived.type,
        event_id_of("intake-orders", "o-1", 1),
    )


async def test_a_decision_that_comes_twice_takes_effect_once(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await rest(bench)
    (row,) = await resting(bench)
    said = bench.record(decision(row, Decision("retry", "kim", "mended")))
    await bench.hear_records([said])
    await rest(bench)

    await bench.crash()
    await bench.hear_records([said])

    assert await resting(bench) == [row]
    assert set(revisions(bench, "o-1")) == {1, 2}, "it died again, and was not tried once more"


async def test_of_two_decisions_the_first_one_counts(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await rest(bench)
    (row,) = await resting(bench)
    first, second = Decision("discard", "kim", "a test order"), Decision("edit", "lou", "mended", order().encode())

    await bench.hear_records([bench.record(decision(row, each)) for each in (first, second)])

    assert await story(bench) == []
    assert [(settled.resolution, settled.actor) for settled in bench.said(RESOLVED)] == [("discarded", "kim")]


async def test_a_decision_about_what_rests_no_more_changes_nothing(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await bench.hear(example(intake.OrderCancelled), subject="o-1")
    (failed, behind) = [row["id"] for row in await bench.rows("select id from later order by id")]
    before = await bench.rows("select * from later order by id")

    await bench.hear(*[decision(row, Decision("discard", "kim", "gone")) for row in (failed, behind, 4711)])

    assert await bench.rows("select * from later order by id") == before


async def test_an_edit_that_is_still_no_message_rests_again(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await rest(bench)

    await decide(bench, Decision("edit", "kim", "a typing error", b"{}"))
    await decide(bench, Decision("edit", "kim", "now rightly", order().encode()))

    assert [(letter.reason, letter.attempts) for letter in bench.said(DEAD)] == [("failed", 3), ("malformed", 1)]
    assert await story(bench) == ["received"]


async def test_a_decision_for_another_service_is_not_even_read(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await rest(bench)
    (row,) = await resting(bench)
    said = bench.record(decision(row, Decision("discard", "kim", "another's")))
    others = [replace(said, key=key, value=b"{", offset=number) for number, key in enumerate((b"intake/1", None))]

    await bench.hear_records(others)

    assert await resting(bench) == [row]
    assert [row["identity"] for row in await bench.rows("select identity from seen")] == []


async def test_a_garbled_decision_holds_up_no_good_one(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await rest(bench)
    (row,) = await resting(bench)
    good = bench.record(decision(row, Decision("edit", "kim", "mended", order().encode())))

    await bench.hear_records([replace(good, value=b"{", offset=4711), good])

    assert await story(bench) == ["received"]
    assert [letter.topic for letter in bench.said(DEAD)] == ["intake-orders", "desk-decisions"]


async def test_a_decision_reaches_a_letter_in_another_instances_lane(bench: Bench) -> None:
    await bench.hear(order("poison"), subject=key_in(1))
    await rest(bench)
    (row,) = await resting(bench)
    other = bench.instance()
    said = bench.record(decision(row, Decision("discard", "kim", "a test order")))
    said.partition = 2
    await other.take_over([2])
    await bench.loop.take([])

    assert await other.take([said])
    assert bench.said(RESOLVED) == [], "the row is another's to take"
    owner = bench.instance()
    await owner.take_over([1])
    assert await owner.take([])

    assert [settled.resolution for settled in bench.said(RESOLVED)] == ["discarded"]


async def test_a_decision_waits_for_nobody_who_holds_the_row(bench: Bench) -> None:
    await bench.hear(order("poison"), subject="o-1")
    await rest(bench)
    (row,) = await resting(bench)
    async with bench.pool.acquire() as holder, holder.transaction():
        await holder.execute("select from later where id = $1 for update", row)
        async with asyncio.timeout(10):
            await bench.hear(decision(row, Decision("discard", "kim", "held")))

    assert await resting(bench) == [row]


async def test_a_flood_of_failures_stops_the_service(bench: Bench, counter: Counter) -> None:
    counter.broken = {f"o-{number}" for number in range(100)}
    records = [bench.record(order(), f"o-{number}") for number in range(100)]

    with pytest.raises(FloodError):
        await bench.hear_records(records)

    assert len(await bench.waiting()) < 20
    assert bench.log.rewound


async def test_a_failure_now_and_then_is_no_flood(bench: Bench, counter: Counter) -> None:
    await bench.hear_records([bench.record(order(), f"good-{number}") for number in range(600)])
    counter.broken = {f"o-{number}" for number in range(60)}

    for number in range(30):
        await bench.hear(order(), subject=f"o-{number}")

    assert len(await bench.waiting()) == 30, "not more than one in twenty"
    with pytest.raises(FloodError):
        await bench.hear_records([bench.record(order(), f"o-{number}") for number in range(30, 60)])


async def test_a_message_that_fails_again_counts_once_towards_a_flood(bench: Bench, counter: Counter) -> None:
    counter.broken = {f"o-{number}" for number in range(15)}
    await bench.hear_records([bench.record(order(), f"o-{number}") for number in range(15)])

    await rest(bench)

    assert len(await resting(bench)) == 15


async def test_a_flood_of_what_the_service_refuses_stops_nothing(bench: Bench) -> None:
    await bench.hear_records([bench.record(order("oversize"), f"o-{number}") for number in range(100)])

    assert {row["reason"] for row in await bench.waiting()} == {"failed"}
    assert len(await bench.waiting()) == 100


async def test_a_process_out_of_memory_blames_no_message(bench_server: str) -> None:
    service, sizes = Service("billing"), []

    @service.hears(intake.OrderReceived)
    async def grow(_turn: Turn, orders: Sequence[Heard[intake.OrderReceived]]) -> None:
        sizes.append(len(orders))
        raise MemoryError

    async with bench_of(service, bench_server) as bench:
        with pytest.raises(MemoryError):
            await bench.hear_records([bench.record(order(), f"o-{number}") for number in range(4)])
        assert sizes == [4, 2, 1]
        assert await bench.waiting() == []
        assert bench.log.rewound


async def test_an_announcement_too_large_is_poison(bench: Bench) -> None:
    await bench.hear(order("oversize"), subject="o-1")

    (row,) = await bench.waiting()
    assert row["reason"] == "failed"
    assert "body_oversize" in row["error"]
    assert bench.log.appended == []


@pytest.mark.slow
async def test_ten_thousand_rows_behind_a_repaired_head_drain_fairly(bench: Bench, counter: Counter) -> None:
    records = [bench.record(order("poison"), "o-1")]
    records += [bench.record(example(intake.OrderCancelled), "o-1") for _ in range(10_000)]
    for first in range(0, len(records), 500):
        await bench.loop.take(records[first : first + 500])
    await rest(bench)
    await bench.hear(order("remind"), subject="o-2")
    bench.clock.advance(hours=2)
    counter.is_strict = False
    (row,) = await resting(bench)
    await bench.loop.take([bench.record(decision(row, Decision("retry", "kim", "mended")))])

    batches = 0
    while await bench.waiting():
        bench.loop.look()
        assert await bench.loop.take([])
        batches += 1
        assert "due" in await story(bench, "o-2"), "a timer starves behind a long queue"

    assert len(await story(bench, "o-1")) == 10_001
    assert batches <= 22
