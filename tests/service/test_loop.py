"""The loop with its tables on a real PostgreSQL: each message once in effect, in order, and nothing lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from chassis import Heard, Service, Turn
from chassis.attempt import Taken
from chassis.calls import CLAIM, Caller
from chassis.errors import DoubtError, FloodError, HoleError, OutageError, StoppedError
from chassis.ledger import PostgresLedger, Statements
from chassis.ports import Decision, Later, Ledger
from chassis.wire import Outgoing, read_envelope
from contracts import billing, intake, payment, shipping
from contracts.dead_letters import MessageDeadLettered, MessageResolved
from contracts.desk import DeadLetterDecided
from contracts.topic import Service as Party
from contracts.topics import DEAD_LETTERS, LANES
from contracts.values import event_id_of, lane_of
from tests.service.bench import Bench, FakeRecord, bench_of
from tests.service.counter.service import MIGRATIONS, Charge, Charged, Counter, example

DEAD = cast("type[MessageDeadLettered]", DEAD_LETTERS[Party.BILLING].events[0])
RESOLVED = cast("type[MessageResolved]", DEAD_LETTERS[Party.BILLING].events[1])


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def bench(counter: Counter, bench_server: str) -> AsyncIterator[Bench]:
    async with bench_of(counter.service, bench_server, MIGRATIONS) as bench:
        yield bench


async def story(bench: Bench, subject: str | None = None) -> list[str]:
    """What was written down, in order, about one subject or all."""
    rows = await bench.rows("select subject, what from story order by position")
    return [row["what"] for row in rows if subject in (None, row["subject"])]


def order(wish: str = "W-1") -> intake.OrderReceived:
    return example(intake.OrderReceived, channel_order_id=wish)


def captured(reference: str, operation: str, **changes: object) -> payment.Captured:
    return example(payment.Captured, reference=reference, operation_id=operation, **changes)


def revisions(bench: Bench, subject: str) -> list[int]:
    """The revisions said about one order, as they were published."""
    return [read_envelope(said.headers, 0).revision for said in bench.log.appended if said.key == subject]


def key_in(lane: int) -> str:
    """A subject whose home is this lane."""
    return next(key for key in map(str, range(1000)) if lane_of(key, LANES) == lane)


async def rest(bench: Bench) -> None:
    """Let time pass until what fails has used up its tries."""
    for _ in range(3):
        bench.clock.advance(seconds=10)
        await bench.settle()


def decision(row: int, decided: Decision, decision_id: str = "") -> DeadLetterDecided:
    """What an operator says about a row of this service."""
    return DeadLetterDecided(
        decision_id=decision_id or f"d-{row}-{decided.why.replace(' ', '-')}", dead_letter_id=f"billing/{row}",
        service="billing", verdict=decided.verdict, body=None if decided.value is None else decided.value.decode(),
        actor=decided.actor, why=decided.why, decided_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    )  # fmt: skip


async def decide(bench: Bench, decided: Decision) -> None:
    """Settle every dead letter in one way, and let the loop see it."""
    await bench.hear(*[decision(row, decided) for row in await resting(bench)])


async def resting(bench: Bench) -> list[int]:
    """The numbers of the dead letters."""
    return [row["id"] for row in await bench.rows("select id from later where reason = 'dead' order by id")]


# --- once, and in order -----------------------------------------------------------------------------------------------


async def test_what_comes_twice_has_one_effect(bench: Bench) -> None:
    record = bench.record(order(), "o-1")

    await bench.hear_records([record, record])
    await bench.hear_records([record])

    assert await story(bench) == ["received"]
    assert len(bench.said(billing.FundsSecured)) == 1


async def test_a_crash_after_the_commit_repeats_nothing(bench: Bench) -> None:
    record = bench.record(order(), "o-1")
    await bench.hear_records([record])

    await bench.crash()
    await bench.hear_records([record])

    assert await story(bench) == ["received"]
    assert set(revisions(bench, "o-1")) == {1}


async def test_a_missing_revision_stops_before_any_effect(bench: Bench) -> None:
    with pytest.raises(HoleError):
        await bench.hear_records([bench.record(order(), "o-1", revision=2)])

    assert await story(bench) == []
    assert bench.log.rewound


async def test_types_that_are_not_heard_count_as_heard(bench: Bench) -> None:
    unheard = bench.record(example(intake.OrderHeld), "o-1")
    await bench.hear_records([unheard, bench.record(example(intake.OrderCancelled), "o-1")])

    assert await story(bench) == ["cancelled"]


async def test_compacted_topics_may_skip_and_never_go_back(bench: Bench) -> None:
    contacts = example(intake.ContactsRecorded)
    newer, older = (bench.record(contacts, "o-1", revision=number) for number in (5, 3))

    await bench.hear_records([newer, older])

    assert await story(bench) == ["contacts"]


async def test_a_tombstone_is_handed_to_who_erases(bench: Bench) -> None:
    await bench.hear_records([bench.record(example(intake.ContactsRecorded), "o-1")])
    await bench.hear_records([bench.record(None, "o-1", kind=intake.ContactsRecorded)])

    assert await story(bench, "o-1") == ["contacts", "erased"]


# --- early ------------------------------------------------------------------------------------------------------------


async def test_an_early_message_waits_for_its_cause_and_is_woken(bench: Bench) -> None:
    await bench.hear(example(shipping.ShipmentDelivered), subject="o-1")
    assert [row["reason"] for row in await bench.waiting()] == ["early"]

    await bench.hear(order(), subject="o-1")

    assert await story(bench) == ["received", "delivered"]
    assert await bench.waiting() == []


async def test_a_cause_in_the_same_batch_wakes_at_once(bench: Bench) -> None:
    late = bench.record(example(shipping.ShipmentDelivered), "o-1")
    await bench.hear_records([late, bench.record(order(), "o-1")])

    assert await story(bench) == ["received", "delivered"]


async def test_followers_of_an_early_message_keep_their_order(bench: Bench) -> None:
    for _ in range(3):
        await bench.hear(example(shipping.ShipmentDelivered), subject="o-1")
    assert [row["reason"] for row in await bench.waiting()] == ["early", "behind", "behind"]

    await bench.hear(order(), subject="o-1")

    heard = [row["id"] for row in await bench.rows("select id from story where what = 'delivered' order by position")]
    assert heard == [event_id_of("shipping-shipments", "o-1", revision) for revision in (1, 2, 3)]


async def test_a_missed_wake_is_made_good_by_patience(bench: Bench) -> None:
    await bench.hear(example(shipping.ShipmentDelivered), subject="o-1")
    await bench.rows("insert into story (subject, what, id) values ('o-1', 'received', '') returning position")

    bench.clock.advance(seconds=1)
    await bench.settle()

    assert await story(bench) == ["received", "delivered"]


# --- poison -----------------------------------------------------------------------------------------------------------


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


# --- from outside -----------------------------------------------------------------------------------------------------


async def test_what_cannot_be_read_rests_at_once(bench: Bench) -> None:
    good = bench.record(captured("pi-1", "op-1"))
    bad = FakeRecord(good.topic, good.partition, good.offset, good.timestamp, good.key, b"{", good.headers)

    await bench.hear_records([bad])

    (letter,) = bench.said(DEAD)
    assert (letter.reason, letter.attempts) == ("malformed", 1)
    assert [row["reason"] for row in await bench.waiting()] == ["dead"]


HEADERS = [("ce_id", b"1"), ("ce_type", payment.Captured.type.encode())]
STRANGE: dict[str, dict[str, object]] = {
    "no key": {"key": None},
    "a long key": {"key": b"k" * 5000},
    "a key that is no text": {"key": b"\xff\x00k"},
    "no body": {"value": None},
    "a body with NUL": {"value": b'{"\\u0000": 1}'},
    "a deep body": {"value": b"[" * 100_000},
    "no headers": {"headers": []},
    "headers that are no text": {"headers": [("ce_id", b"\x00"), ("ce_type", b"\xff")]},
    "a header without a value": {"headers": [("ce_id", None), HEADERS[1]]},
    "a long id": {"headers": [("ce_id", b"i" * 5000), HEADERS[1]]},
    "an unknown type": {"headers": [HEADERS[0], ("ce_type", b"t" * 200)]},
    "a time before time": {"headers": [*HEADERS, ("ce_time", b"0001-01-01T00:00:00+14:00")]},
    "a revision": {"headers": [*HEADERS, ("ce_sequence", b"7")]},
    "a negative timestamp": {"timestamp": -1},
    "a timestamp after time": {"timestamp": 2**62, "headers": []},
}


@pytest.mark.parametrize("strange", STRANGE)
async def test_nothing_a_stranger_sends_stops_us(bench: Bench, strange: str) -> None:
    record = bench.record(captured("pi-1", "op-1"))
    for name, value in STRANGE[strange].items():
        setattr(record, name, value)

    await bench.hear_records([record, bench.record(order(), "o-1")])

    assert await story(bench) == ["received"]


async def test_a_sender_may_repeat_itself_for_ever(bench: Bench) -> None:
    await bench.hear(order("pay pi-1"), subject="o-1")
    for _ in range(3):
        await bench.hear(captured("pi-1", "op-1"))

    assert await story(bench, "o-1") == ["received", "captured"]


async def test_the_same_id_with_other_content_harms_nobody(bench: Bench) -> None:
    await bench.hear(order("pay pi-1"), subject="o-1")
    await bench.hear(captured("pi-1", "op-1"))

    await bench.hear(captured("pi-1", "op-1", amount=1))
    await bench.hear(captured("pi-1", "op-2"))

    assert await story(bench, "o-1") == ["received", "captured", "captured"]
    assert [letter.error for letter in bench.said(DEAD)] == ["id_collision"]


async def test_an_unknown_reference_waits_until_somebody_names_it(bench: Bench) -> None:
    await bench.hear(captured("pi-1", "op-1"), captured("pi-1", "op-2"))
    assert [row["awaits"] for row in await bench.waiting()] == ["payment:pi-1", None]

    await bench.hear(order("pay pi-1"), subject="o-1")

    assert await story(bench, "o-1") == ["received", "captured", "captured"]
    assert await bench.waiting() == []


async def test_messages_of_one_key_stay_in_order_on_their_way_home(bench: Bench) -> None:
    await bench.hear(captured("pi-1", "op-1"))
    early = bench.record(example(payment.Refunded, reference="pi-1", operation_id="op-2"))

    await bench.hear_records([bench.record(order("pay pi-1"), "o-1"), early, bench.record(captured("pi-1", "op-3"))])

    assert await story(bench, "o-1") == ["received", "captured", "refunded", "captured"]


# --- several instances ------------------------------------------------------------------------------------------------


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


# --- timers and calls -------------------------------------------------------------------------------------------------


async def test_a_timer_fires_when_it_is_due(bench: Bench) -> None:
    await bench.hear(order("remind"), subject="o-1")
    bench.clock.advance(minutes=59)
    await bench.settle()
    assert await story(bench) == ["received"]

    bench.clock.advance(minutes=1)
    await bench.settle()

    assert await story(bench) == ["received", "due"]


async def test_a_timer_does_not_overtake_what_was_sent_before_it(bench: Bench) -> None:
    await bench.hear(order("remind"), subject="o-1")
    bench.clock.advance(minutes=30)
    sent = bench.record(example(intake.OrderCancelled), "o-1")
    bench.clock.advance(hours=3)
    bench.log.backlog = bench.clock.now - timedelta(hours=3)

    bench.loop.look()
    await bench.loop.take([])
    assert await story(bench) == ["received"]
    bench.log.backlog = None
    bench.loop.look()
    await bench.loop.take([sent])
    await bench.settle()

    assert await story(bench) == ["received", "cancelled", "due"]


async def test_calls_of_a_queue_are_made_one_after_the_other(bench: Bench) -> None:
    made: list[tuple[int, str]] = []
    at_once: list[int] = []

    async def charge(request: Charge, call_id: str) -> Charged:
        at_once.append(len(open_calls := await bench.rows("select * from call where tries > 0 and queue = 'q'")))
        assert open_calls
        made.append((request.amount, call_id))
        return Charged(amount=request.amount)

    await bench.hear_records([bench.record(order(f"call q {number}"), f"o-{number}") for number in range(5)])
    await bench.call({Charge: charge})

    assert [amount for amount, _ in made] == [0, 1, 2, 3, 4]
    assert set(at_once) == {1}
    assert (await story(bench)).count("charged") == 5
    assert await bench.rows("select * from call") == []


async def test_a_call_is_made_again_with_the_same_id(bench: Bench) -> None:
    ids: list[str] = []

    async def charge(request: Charge, call_id: str) -> Charged:
        ids.append(call_id)
        if len(ids) < 3:
            raise OutageError("no answer")
        return Charged(amount=request.amount)

    await bench.hear(order("call q 1"), subject="o-1")
    for _ in range(3):
        await bench.call({Charge: charge})
        bench.clock.advance(minutes=1)

    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert await story(bench) == ["received", "charged"]


async def test_an_answer_that_comes_twice_counts_once(bench: Bench) -> None:
    await bench.hear(order("call q 1"), subject="o-1")
    caller = Caller(bench.memory, {Charge: _charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    (waiting,) = await bench.memory.claim([Charge.type], bench.clock.now, bench.clock.now, 1)
    late = caller._answer(waiting, Charged(amount=1))

    await bench.call({Charge: _charge})
    await bench.memory.answer([late], [waiting.id], bench.clock.now)
    await bench.settle()

    assert await story(bench) == ["received", "charged"]


async def test_an_answer_that_waits_to_be_taken_is_not_asked_for_again(bench: Bench) -> None:
    asked = 0

    async def charge(request: Charge, _call_id: str) -> Charged:
        nonlocal asked
        asked += 1
        return Charged(amount=request.amount)

    await bench.hear(order("call q 1"), subject="o-1")
    caller = Caller(bench.memory, {Charge: charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    for _ in range(3):
        await caller.turn()
        bench.clock.advance(minutes=1)
    await bench.settle()

    assert asked == 1
    assert await story(bench) == ["received", "charged"]
    assert bench.loop.answers == {}


async def test_a_call_is_made_as_soon_as_the_one_before_it_is_closed(bench: Bench) -> None:
    await bench.hear_records([bench.record(order(f"call q {number}"), f"o-{number}") for number in range(2)])
    caller = Caller(bench.memory, {Charge: _charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    await caller.turn()
    bench.loop.called.clear()
    assert await caller.turn() == 0

    await bench.settle()

    assert bench.loop.called.is_set()
    assert await caller.turn() == 1


async def test_an_answer_for_a_lane_that_was_lost_goes_to_its_owner(bench: Bench) -> None:
    subject = key_in(3)
    await bench.hear(order("call q 1"), subject=subject)
    caller = Caller(bench.memory, {Charge: _charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    await caller.turn()
    bench.loop.drop([3])
    await bench.loop.take([])
    assert await story(bench) == ["received"]

    heir = bench.instance()
    await heir.take_over([3])
    await heir.take([])

    assert await story(bench, subject) == ["received", "charged"]
    assert await bench.rows("select * from call") == []


async def test_an_answer_that_comes_while_others_are_handed_over_costs_no_lane(bench: Bench) -> None:
    subjects = [key_in(3), key_in(4)]
    for number, subject in enumerate(subjects):
        await bench.hear(order(f"call q{number} 1"), subject=subject)
    answers: dict[str, Later] = {}
    await Caller(bench.memory, {Charge: _charge}, answers, bench.metrics, LANES, bench.clock).turn()
    first, second = answers.items()
    hand_over = bench.memory.answer

    async def meanwhile(rows: Sequence[Later], calls: Collection[str], now: datetime) -> None:
        await hand_over(rows, calls, now)
        bench.loop.answers.update([second])

    bench.memory.answer = meanwhile  # type: ignore[method-assign, assignment]
    bench.loop.drop([3, 4])
    bench.loop.answers.update([first])

    assert await bench.loop.take([])
    assert list(bench.loop.answers) == [second[0]]


async def test_of_two_answers_in_hand_the_first_one_counts(bench: Bench) -> None:
    await bench.hear(order("call q 1"), subject="o-1")
    other = bench.instance()
    for loop in (bench.loop, other):
        await Caller(bench.memory, {Charge: _charge}, loop.answers, bench.metrics, LANES, bench.clock).turn()
        bench.clock.advance(minutes=1)
    await bench.settle()

    assert await other.take([])
    assert other.answers == {}
    assert await story(bench) == ["received", "charged"]


async def test_an_answer_that_nobody_can_take_rests_and_is_not_lost(bench: Bench, counter: Counter) -> None:
    async def fail(_turn: Turn, _heard: Sequence[Heard[Charged]]) -> None:
        raise ValueError("not today")

    take, counter.service.routes[Charged.type].handle = counter.service.routes[Charged.type].handle, fail
    await bench.hear(order("call q 1"), subject="o-1")
    await bench.call({Charge: _charge})
    await rest(bench)
    (row,) = await resting(bench)
    assert await bench.rows("select * from call") == []

    counter.service.routes[Charged.type].handle = take
    await bench.hear(decision(row, Decision("retry", "kim", "mended")))

    assert await story(bench, "o-1") == ["received", "charged"]


async def test_a_call_that_takes_long_stays_its_maker_s(bench: Bench) -> None:
    answer = asyncio.Event()

    async def charge(request: Charge, _call_id: str) -> Charged:
        await answer.wait()
        return Charged(amount=request.amount)

    await bench.hear(order("call q 1"), subject="o-1")
    slow, other = (
        Caller(bench.memory, {Charge: charge}, bench.loop.answers, bench.metrics, LANES, bench.clock) for _ in range(2)
    )
    made = [await slow.turn()]
    for _ in range(4):
        bench.clock.advance(seconds=6)
        made += [await slow.turn(), await other.turn()]
    answer.set()
    await slow.finish()
    await bench.settle()

    assert made == [1, *[1, 0] * 4]
    assert await story(bench) == ["received", "charged"]


async def test_a_call_whose_maker_died_is_made_again_soon(bench: Bench) -> None:
    await bench.hear(order("call q 1"), subject="o-1")
    await bench.memory.claim([Charge.type], bench.clock.now, bench.clock.now + CLAIM, 1)

    bench.clock.advance(seconds=16)
    await bench.call({Charge: _charge})

    assert await story(bench) == ["received", "charged"]


async def test_a_clock_that_is_set_back_holds_up_nothing(bench: Bench) -> None:
    bench.clock.advance(days=1)
    await bench.hear(order("call q 1"), subject="o-1")
    bench.loop.look()
    caller = Caller(bench.memory, {Charge: _charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)

    bench.clock.advance(days=-1)
    assert await caller.turn() == 0
    await bench.loop.bring_near()
    while await caller.turn():
        """The call is made, and its answer stored."""
    bench.loop._look_at += timedelta(days=1)
    await bench.loop.take([])

    assert await story(bench) == ["received", "charged"]


async def test_a_breaker_leaves_a_dead_side_alone(bench: Bench) -> None:
    asked = 0

    async def charge(_request: Charge, _call_id: str) -> Charged:
        nonlocal asked
        asked += 1
        raise OutageError("no answer")

    await bench.hear_records([bench.record(order(f"call q{number} 1"), f"o-{number}") for number in range(5)])
    caller = Caller(bench.memory, {Charge: charge}, bench.loop.answers, bench.metrics, LANES, bench.clock)
    while await caller.turn():
        """Five fail."""
    await bench.hear(order("call q9 1"), subject="o-9")

    assert await caller.turn() == 0
    assert asked == 5
    bench.clock.advance(seconds=2)
    assert await caller.turn()


# --- the counters -----------------------------------------------------------------------------------------------------


async def test_the_tally_accounts_for_every_record(bench: Bench, counter: Counter) -> None:
    wishes = ["W-1"] * 20 + ["poison", "remind", "pay pi-1"]
    records = [bench.record(order(wish), f"o-{number}") for number, wish in enumerate(wishes)]
    records += [bench.record(example(intake.OrderHeld), "o-0"), bench.record(example(intake.OrderCancelled), "o-20")]
    notices = [bench.record(captured("pi-1", f"op-{number}")) for number in range(3)]
    garbled = bench.record(captured("pi-2", "op-9"))
    garbled.value = b"{"

    await bench.hear_records([*notices, garbled, *records])
    await rest(bench)
    assert await tally(bench, "intake-orders") == {"handled": 22, "ignored": 1, "later": 2}
    assert await tally(bench, "payment-notices") == {"handled": 3, "later": 1}

    counter.is_strict = False
    await decide(bench, Decision("retry", "kim", "mended"))
    assert await tally(bench, "intake-orders") == {"handled": 24, "ignored": 1}
    assert await tally(bench, "billing-accounts") == {"announced": len(bench.said(billing.FundsSecured))}


async def tally(bench: Bench, topic: str) -> dict[str, int]:
    """The counters of a topic that are not zero."""
    rows = await bench.rows(
        "select outcome, sum(messages)::int as number from tally where topic = $1 group by outcome", topic
    )
    return {row["outcome"]: row["number"] for row in rows if row["number"]}


async def _charge(request: Charge, _call_id: str) -> Charged:
    return Charged(amount=request.amount)


async def test_who_writes_a_compacted_topic_answers_a_stale_word(bench_server: str) -> None:
    service = Service("intake")

    @service.restates(intake.ContactsRecorded)
    async def say_again(turn: Turn, stale: Sequence[Heard[intake.ContactsRecorded]]) -> None:
        for heard in stale:
            turn.announce(heard, example(intake.ContactsRecorded))

    async with bench_of(service, bench_server) as bench:
        late, current = (bench.record(example(intake.ContactsRecorded), "o-1", revision=number) for number in (1, 2))
        await bench.hear_records([late, current])
        assert bench.said(intake.ContactsRecorded) == []

        await bench.hear_records([late])

        assert len(bench.said(intake.ContactsRecorded)) == 1
