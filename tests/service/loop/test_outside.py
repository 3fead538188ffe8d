"""Strangers may send anything, in any order, as often as they like."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from chassis import Heard, Turn
from chassis.service import Route
from chassis.wire import HEADERS_MAX
from contracts import master, payment
from tests.service.bench import Bench, FakeRecord
from tests.service.counter.service import Counter, example
from tests.service.loop.story import DEAD, captured, order, story


async def test_what_cannot_be_read_rests_at_once(bench: Bench) -> None:
    good = bench.record(captured("pi-1", "op-1"))
    bad = FakeRecord(good.topic, good.partition, good.offset, good.timestamp, good.key, b"{", good.headers)

    await bench.hear_records([bad])

    (letter,) = bench.said(DEAD)
    assert (letter.reason, letter.attempts) == ("malformed", 1)
    assert [row["reason"] for row in await bench.waiting()] == ["dead"]


async def test_letters_of_one_batch_have_each_a_name_of_its_own(bench: Bench) -> None:
    garbled = [bench.record(captured(f"pi-{number}", "op-1")) for number in range(3)]
    for record in garbled:
        record.value = b"{"

    await bench.hear_records([bench.record(order(), "o-1"), *garbled])

    rows = {row["queue"]: row["id"] for row in await bench.rows("select id, queue from later")}
    for record in garbled:
        key = (record.key or b"").decode()
        (letter,) = bench.said_about(DEAD, key)
        assert letter.dead_letter_id == f"billing/{rows[f'payment-notices/{key}']}"
        assert letter.offset == record.offset


@pytest.mark.parametrize("topic", ["payment-notices", "intake-orders"])
async def test_what_came_before_a_garbled_message_does_not_wait_behind_it(bench: Bench, topic: str) -> None:
    await bench.hear(order("pay pi-1"), subject="o-1")
    heard = captured("pi-1", "op-1") if topic == "payment-notices" else order()
    good, garbled = bench.record(heard, "o-1"), bench.record(heard, "o-1")
    garbled.value = b"{"

    await bench.hear_records([good, garbled])

    assert len(await story(bench, "o-1")) == 2
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


async def test_what_a_sender_repeats_within_a_batch_counts_once(bench: Bench) -> None:
    await bench.hear(order("pay pi-1"), subject="o-1")
    said, other = captured("pi-1", "op-1"), captured("pi-1", "op-1", amount=1)

    await bench.hear(said, said, other)

    assert await story(bench, "o-1") == ["received", "captured"]
    assert [letter.error for letter in bench.said(DEAD)] == ["id_collision"]


async def test_a_definition_may_be_said_again_and_otherwise(bench: Bench, counter: Counter) -> None:
    terms, taken = example(master.TermsDefined, days_net=14), list[int]()

    async def take(_turn: Turn, defined: Sequence[Heard[master.TermsDefined]]) -> None:
        taken.extend(one.event.days_net for one in defined)

    counter.service.routes[terms.type] = Route(master.TermsDefined, take)
    await bench.hear(terms)
    await bench.hear(terms, terms.model_copy(update={"days_net": 30}))

    assert taken == [14, 14, 30]
    assert await bench.waiting() == []


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


async def test_a_message_without_a_time_keeps_the_log_s_while_it_waits(bench: Bench, counter: Counter) -> None:
    times = list[datetime]()

    async def take(_turn: Turn, heard: Sequence[Heard[payment.Captured]]) -> None:
        times.extend(one.at for one in heard)

    counter.service.routes[payment.Captured.type].handle = take
    sent = bench.record(captured("pi-1", "op-1"))
    sent.headers = [header for header in sent.headers if header[0] != "ce_time"]
    sent_at = bench.clock.now
    await bench.hear_records([sent])
    bench.clock.advance(hours=1)

    await bench.hear(order("pay pi-1"), subject="o-1")

    assert times == [sent_at]


async def test_a_message_with_as_many_headers_as_may_be_can_wait(bench: Bench) -> None:
    sent = bench.record(captured("pi-1", "op-1"))
    sent.headers = [*sent.headers, *[("x", b"")] * (HEADERS_MAX - len(sent.headers))]
    await bench.hear_records([sent])

    await bench.hear(order("pay pi-1"), subject="o-1")

    assert await story(bench, "o-1") == ["received", "captured"]


async def test_messages_of_one_key_stay_in_order_on_their_way_home(bench: Bench) -> None:
    await bench.hear(captured("pi-1", "op-1"))
    early = bench.record(example(payment.Refunded, reference="pi-1", operation_id="op-2"))

    await bench.hear_records([bench.record(order("pay pi-1"), "o-1"), early, bench.record(captured("pi-1", "op-3"))])

    assert await story(bench, "o-1") == ["received", "captured", "refunded", "captured"]
