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


async def tally(bench: Bench, topic: str) -> dict[str, int]:
    """The counters of a topic that are not zero."""
    rows = await bench.rows(
        "select outcome, sum(messages)::int as number from tally where topic = $1 group by outcome", topic
    )
    return {row["outcome"]: row["number"] for row in rows if row["number"]}
