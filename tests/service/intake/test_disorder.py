"""Topics run at their own pace: however they interleave, an order ends alike, and what is repeated changes nothing."""

from random import Random

import pytest

from contracts import channel, intake, inventory
from contracts.event import Event
from tests.service.bench import Bench
from tests.unit.intake.builders import (
    delivered,
    dispatched,
    lost,
    order_id,
    placed,
    promised,
    secured,
    settled,
    units,
    wish,
)

ASK = f"{order_id()}.ask-1"
# What each topic tells, in its own order, of an order on its way of which the rug is cancelled.
TOPICS: dict[str, list[Event]] = {
    "inventory-allocations": [inventory.RecallAnswered(ask_id=ASK, released=units(l2=1))],
    "billing-accounts": [lost("expired"), secured(), settled(l1=1), settled(l1=2)],
    "shipping-shipments": [dispatched(1, l1=1), dispatched(2, l1=1), delivered(1, l1=1), delivered(2, l1=1)],
}


def interleaved(seed: int) -> list[Event]:
    chance = Random(seed)
    queues = {topic: list(events) for topic, events in TOPICS.items()}
    facts = []
    while queues:
        topic = chance.choice(sorted(queues))
        facts.append(queues[topic].pop(0))
        if not queues[topic]:
            del queues[topic]
    return facts


@pytest.mark.parametrize("seed", range(12))
async def test_an_order_ends_alike_however_topics_interleave(released: Bench, seed: int) -> None:
    await released.hear(wish(l2=1))
    chance, facts = Random(seed), interleaved(seed)

    while facts:  # in batches of any size
        count = chance.randint(1, len(facts))
        await released.hear(*facts[:count], subject=order_id())
        facts = facts[count:]

    assert await released.rows("select state, funds, version from placed_order") == [
        {"state": "completed", "funds": "secured", "version": 2}
    ]
    lines = await released.rows(
        "select ordered, cancelled, dispatched, delivered, settled from order_line order by line_id"
    )
    assert [tuple(line.values()) for line in lines] == [(2, 0, 2, 2, 2), (1, 1, 0, 0, 0)]
    assert len(released.said(intake.OrderCompleted)) == 1
    assert len(released.said(intake.OrderCancelled)) == 1
    assert len(released.said(channel.OrderFulfilled)) == 2


async def test_everything_heard_twice_is_said_once(bench: Bench) -> None:
    facts = [promised(), secured(), dispatched(1, l1=2, l2=1), delivered(1, l1=2, l2=1), settled(l1=2, l2=1)]
    records = [bench.record(placed()), *[bench.record(fact, order_id()) for fact in facts]]

    for record in records:
        await bench.hear_records([record, record])
    before = len(bench.log.appended)
    await bench.hear_records(records)

    assert len(bench.log.appended) == before
    assert len(bench.said(intake.OrderReleased)) == len(bench.said(intake.OrderCompleted)) == 1


async def test_a_new_instance_goes_on_where_the_last_one_died(released: Bench) -> None:
    await released.hear(wish(l1=1))
    await released.crash()

    await released.hear(inventory.RecallAnswered(ask_id=ASK, released=units(l1=1)), subject=order_id())

    assert len(released.said(intake.OrderCancelled)) == 1
