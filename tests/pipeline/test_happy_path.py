"""An order's way from placement to paid, through all six services."""

import pytest

from contracts import billing, channel, fulfillment, intake, inventory, notifications, shipping
from contracts.facts import PaymentMoment
from tests.pipeline.pipeline import Pipeline


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
