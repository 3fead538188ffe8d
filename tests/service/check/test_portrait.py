"""What two runs are compared by: equal but for times and serials, and different by every fact of the business."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chassis.postgres import Connection
from ordermill.check.portrait import DIGESTS, SUMS, Digest, portray

SERIALS = Path(__file__).with_name("serials.sql").read_text(encoding="utf-8")
FACTS = {
    "ledger": "update billing.ledger_entry set amount = amount + 1 where account = 'carriage'",
    "messages": "update notifications.message set outcome = 'bad_address' where order_id = 'order-1'",
    "orders": "update intake.ask_line set refused = 1, released = 0 where ask_id = 'order-4.ask-1'",
    "shipments": "update shipping.parcel set milestone = 'destroyed' where parcel_id = 'order-4.1.2'",
    "stock": "update inventory.stock set blocked = true where sku = 'SKU-2'",
}
TOTALS = {
    "by_account": "update billing.ledger_entry set amount = amount + 1 where account = 'carriage'",
    "by_customer": "update billing.order_account set due = due + 1 where order_id = 'order-1'",
    "by_item": "update intake.order_line set cancelled = 2 where order_id = 'order-4'",
}
# Order 2 waited for the item that order 1 got: now it is the other way round.
RIVAL = """
update intake.order_line set dispatched = 0, delivered = 0 where order_id = 'order-1' and line_id = '2';
update intake.order_line set dispatched = 1, delivered = 1 where order_id = 'order-2' and line_id = '1';
"""


@asynccontextmanager
async def changed(world: Connection, statement: str) -> AsyncIterator[None]:
    """The world after a change, for a while."""
    change = world.transaction()
    await change.start()
    try:
        await world.execute(statement)
        yield
    finally:
        await change.rollback()


def different(before: Sequence[Digest], after: Sequence[Digest]) -> set[str]:
    return {one.name for one, other in zip(before, after, strict=True) if one != other}


def test_every_digest_has_a_fact_that_changes_it() -> None:
    assert set(FACTS) == {path.stem for path in DIGESTS.glob("*.sql")}
    assert set(TOTALS) == {path.stem for path in SUMS.glob("*.sql")}


async def test_runs_that_differ_in_times_and_serials_are_equal(world: Connection) -> None:
    before = await portray(world)

    async with changed(world, SERIALS):
        assert await portray(world) == before


@pytest.mark.parametrize("name", FACTS)
async def test_a_digest_differs_by_a_fact_of_the_business(name: str, world: Connection) -> None:
    before = await portray(world)

    async with changed(world, FACTS[name]):
        assert different(before.digests, (await portray(world)).digests) == {name}


@pytest.mark.parametrize("name", TOTALS)
async def test_a_sum_differs_by_what_it_adds_up(name: str, world: Connection) -> None:
    before = await portray(world)

    async with changed(world, TOTALS[name]):
        assert different(before.sums, (await portray(world)).sums) == {name}


async def test_a_sum_tells_what_it_adds_up_row_by_row(world: Connection) -> None:
    [shown] = [
        row for row in (await portray(world)).as_json()["sums"]["by_account"]["rows"] if row["account"] == "bank"
    ]

    assert shown == {"account": "bank", "currency": "GBP", "balance": 2 * 1_700 + 4_200}


async def test_sums_are_equal_whichever_order_got_the_goods(world: Connection) -> None:
    before = await portray(world)

    async with changed(world, RIVAL):
        after = await portray(world)

    assert after.sums == before.sums
    assert different(before.digests, after.digests) == {"orders"}
