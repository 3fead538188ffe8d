"""An order's way from placement to paid, through all six services."""

import asyncio

import pytest

from contracts import billing, channel, fulfillment, intake, inventory, notifications, shipping
from contracts.auditor import LawsChecked
from contracts.facts import PaymentMoment
from contracts.topics import AUDIT_REPORTS
from ordermill import services
from ordermill.access import changing
from ordermill.broker import consuming, messages, places_of
from ordermill.check import examine
from ordermill.check.snapshot import LOOK_EVERY_S
from tests.pipeline.pipeline import PATIENCE_S, Pipeline


@pytest.mark.parametrize("moment", ["captured", "dispatch"])
async def test_an_order_travels_from_placement_to_paid(pipeline: Pipeline, moment: PaymentMoment) -> None:
    lamp, rug = await pipeline.stock(100), await pipeline.stock(100, price=4_999)
    order = pipeline.order([(lamp, 2), (rug, 1)], moment=moment)

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderCompleted, order_id)

    for kind in (
        channel.OrderAcknowledged, intake.OrderReceived, inventory.OrderPromised, billing.FundsSecured,
        intake.OrderReleased, inventory.OrderAllocated, fulfillment.WorkReleased, fulfillment.ShipmentPacked,
        shipping.LabelBought, shipping.ShipmentDispatched, inventory.AllocationConsumed, billing.OrderInvoiced,
        shipping.ShipmentDelivered, billing.OrderSettled,
    ):  # fmt: skip
        assert pipeline.of(kind, order_id) or kind.type.startswith("channel."), kind.type
    assert pipeline.of(billing.OrderInvoiced, order_id)[0].total == order.totals.total
    await pipeline.until(notifications.MessageSent, order_id, number=3)


async def test_the_auditor_tells_that_everything_ties(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    [order_id] = await pipeline.place(pipeline.order([(lamp, 1)]))
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.drained()
    await pipeline.begin(services.AUDITOR)
    async with consuming(pipeline.stack.kafka) as consumer:
        reports: list[LawsChecked] = []
        async with asyncio.timeout(PATIENCE_S):
            while not reports:
                places = places_of([AUDIT_REPORTS])
                reports = [LawsChecked.decode(record.value or b"") async for record in messages(consumer, places)]
    await pipeline.end(services.AUDITOR)

    assert (reports[0].broken, reports[0].not_asked, reports[0].unbalanced) == ((), (), 0)
    assert "revenue" in {balance.account for balance in reports[0].ledger}
    assert sum(balance.balance for balance in reports[0].ledger) == 0


async def test_laws_that_need_a_quiet_moment_wait_for_one(pipeline: Pipeline) -> None:
    await pipeline.drained()
    async with changing(pipeline.stack) as connection:
        await connection.execute(
            "insert into inventory.outbox (batch, position, lane, topic, key, headers) values (0, 0, 0, '', '', '')"
        )
        assert [finding for finding in await examine(pipeline.stack) if finding.skipped]

        patient = asyncio.create_task(examine(pipeline.stack, PATIENCE_S))
        done, _ = await asyncio.wait({patient}, timeout=2 * LOOK_EVERY_S)
        await connection.execute("delete from inventory.outbox where batch = 0")

        assert not done
        assert [finding for finding in await patient if not finding.holds] == []
