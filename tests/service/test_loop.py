"""The loop with its tables on a real PostgreSQL: each message once in effect, in order, and nothing lost."""

from collections.abc import AsyncIterator

import pytest

from contracts import billing, intake, shipping
from tests.service.bench import Bench, bench_of
from tests.service.counter.service import MIGRATIONS, Counter, example


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


# --- once, and in order -----------------------------------------------------------------------------------------------


async def test_what_comes_twice_has_one_effect(bench: Bench) -> None:
    record = bench.record(order(), "o-1")

    await bench.hear_records([record, record])
    await bench.hear_records([record])

    assert await story(bench) == ["received"]
    assert len(bench.said(billing.FundsSecured)) == 1


async def test_an_early_message_waits_for_its_cause_and_is_woken(bench: Bench) -> None:
    await bench.hear(example(shipping.ShipmentDelivered), subject="o-1")
    assert [row["reason"] for row in await bench.waiting()] == ["early"]

    await bench.hear(order(), subject="o-1")

    assert await story(bench) == ["received", "delivered"]
    assert await bench.waiting() == []
