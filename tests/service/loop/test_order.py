"""Each message once in effect, in the order of its subject; what comes early waits for its cause."""

from collections.abc import Sequence

import pytest

from chassis import Heard, Service, Turn
from chassis.errors import HoleError
from contracts import billing, intake, shipping
from contracts.values import event_id_of
from tests.service.bench import Bench, bench_of
from tests.service.counter.service import example
from tests.service.loop.story import order, revisions, story


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
