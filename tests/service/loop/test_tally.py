"""The counters account for every record."""

from chassis.ports import Decision
from contracts import billing, intake
from tests.service.bench import Bench
from tests.service.counter.service import Counter, example
from tests.service.loop.story import captured, decide, order, rest


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


async def test_a_repaired_message_that_was_heard_otherwise_is_accounted_for(bench: Bench) -> None:
    await bench.hear(order("pay pi-1"), subject="o-1")
    good = captured("pi-1", "op-1")
    garbled = bench.record(good)
    garbled.value = b"{"
    await bench.hear_records([garbled])
    await bench.hear(good)
    assert await tally(bench, "payment-notices") == {"later": 2}

    await decide(bench, Decision("edit", "kim", "mended", good.encode()))

    assert await tally(bench, "payment-notices") == {"handled": 2}


async def test_each_message_is_counted_once_by_what_became_of_it(bench: Bench) -> None:
    record = bench.record(order(), "o-1")
    await bench.hear_records([record, bench.record(order(), "o-2"), bench.record(example(intake.OrderHeld), "o-1")])
    await bench.hear_records([record])
    await bench.hear(order("poison"), subject="o-3")
    await rest(bench)

    page = bench.metrics.page().decode()
    counted = 'ordermill_messages_total{outcome="%s",service="billing",type="%s"}'
    assert counted % ("handled", intake.OrderReceived.type) + " 2.0" in page
    assert counted % ("duplicate", intake.OrderReceived.type) + " 1.0" in page
    assert counted % ("ignored", "other") + " 1.0" in page
    assert counted % ("failed", intake.OrderReceived.type) + " 2.0" in page
    assert counted % ("dead", intake.OrderReceived.type) + " 1.0" in page


async def tally(bench: Bench, topic: str) -> dict[str, int]:
    """The counters of a topic that are not zero."""
    rows = await bench.rows(
        "select outcome, sum(messages)::int as number from tally where topic = $1 group by outcome", topic
    )
    return {row["outcome"]: row["number"] for row in rows if row["number"]}
