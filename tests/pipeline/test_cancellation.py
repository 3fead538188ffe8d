"""Buyers who change their mind at each stage, wholly and in part: what is given back, and what came too late."""

from contracts import billing, channel, fulfillment, intake, inventory, shipping
from contracts.carrier import TrackingReported
from contracts.desk import AddressCorrected
from contracts.facts import Address, LineQuantity
from contracts.floor import GoodsReceived, ItemPicked, ParcelPacked
from contracts.master import ItemDefined
from tests.pipeline.pipeline import Pipeline, id_of

LONDON = Address(lines=("1 High Street",), city="London", postcode="SE1 7PB", country="GB")
NOWHERE = "Unspecified"


def units(lines: tuple[LineQuantity, ...]) -> dict[str, int]:
    return {line.line_id: line.quantity for line in lines}


async def free(pipeline: Pipeline, item: ItemDefined) -> int:
    """Units that nobody has a claim to."""
    query = "select coalesce(sum(on_hand - reserved), 0) as number from stock where sku = $1"
    [row] = await pipeline.rows("inventory", query, item.sku)
    return int(row["number"])


async def test_a_cancellation_before_release_frees_goods_and_money(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 2)], country=NOWHERE)

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderHeld, order_id)
    await pipeline.until(inventory.OrderPromised, order_id)
    await pipeline.cancel(order)
    cancelled = await pipeline.until(intake.OrderCancelled, order_id)
    await pipeline.wait(lambda: bool(pipeline.updates(channel.OrderRefunded, order)), "the refund's news")
    await pipeline.drained()

    assert units(cancelled.lines) == {"1": 2}
    assert [back.amount for back in pipeline.of(billing.RefundCompleted, order_id)] == [order.totals.total]
    assert await free(pipeline, lamp) == 10
    assert not pipeline.of(intake.OrderReleased, order_id)
    assert {"order_confirmed", "order_cancelled", "order_refunded"} <= set(pipeline.milestones(order_id))


async def test_a_part_cancelled_before_release_is_not_sent(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 3)], country=NOWHERE)

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderHeld, order_id)
    await pipeline.cancel(order, LineQuantity(line_id="1", quantity=1))
    await pipeline.until(billing.RefundCompleted, order_id)
    await pipeline.say([
        AddressCorrected(request_id=f"{order_id}/right", order_id=order_id, actor="kim", reason="asked", address=LONDON)
    ])  # fmt: skip
    await pipeline.until(intake.OrderCompleted, order_id)

    assert [back.amount for back in pipeline.of(billing.RefundCompleted, order_id)] == [lamp.price]
    assert [units(left.lines) for left in pipeline.of(shipping.ShipmentDispatched, order_id)] == [{"1": 2}]


async def test_a_cancellation_that_overtakes_its_order_is_kept(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)])

    await pipeline.cancel(order)
    [order_id] = await pipeline.place(order)
    cancelled = await pipeline.until(intake.OrderCancelled, order_id)
    await pipeline.drained()

    assert units(cancelled.lines) == {"1": 1}
    assert await free(pipeline, lamp) == 10


async def test_backordered_goods_are_cancelled_before_they_come(pipeline: Pipeline) -> None:
    rug = await pipeline.stock(0)
    order = pipeline.order([(rug, 2)])
    let_go = pipeline.world.withhold(GoodsReceived, id_of(order))

    [order_id] = await pipeline.place(order)
    await pipeline.until(inventory.LinesBackordered, order_id)
    await pipeline.cancel(order)
    cancelled = await pipeline.until(intake.OrderCancelled, order_id)
    await pipeline.until(billing.RefundCompleted, order_id)
    let_go()
    await pipeline.drained()

    assert (units(cancelled.lines), cancelled.too_late) == ({"1": 2}, ())
    assert await free(pipeline, rug) == 2
    assert not pipeline.of(inventory.OrderAllocated, order_id)


async def test_a_part_of_what_is_backordered_is_cancelled(pipeline: Pipeline) -> None:
    rug = await pipeline.stock(0)
    order = pipeline.order([(rug, 3)])
    let_go = pipeline.world.withhold(GoodsReceived, id_of(order))

    [order_id] = await pipeline.place(order)
    await pipeline.until(inventory.LinesBackordered, order_id)
    await pipeline.cancel(order, LineQuantity(line_id="1", quantity=2))
    cancelled = await pipeline.until(intake.OrderCancelled, order_id)
    let_go()
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.drained()

    assert units(cancelled.lines) == {"1": 2}
    assert [units(left.lines) for left in pipeline.of(shipping.ShipmentDispatched, order_id)] == [{"1": 1}]
    assert sum(back.amount for back in pipeline.of(billing.RefundCompleted, order_id)) == 2 * rug.price
    assert await free(pipeline, rug) == 2


async def test_goods_that_are_being_picked_go_back(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 2)])
    let_picks, let_parcels = (pipeline.world.withhold(kind, id_of(order)) for kind in (ItemPicked, ParcelPacked))

    [order_id] = await pipeline.place(order)
    await pipeline.until(fulfillment.WorkReleased, order_id)
    await pipeline.cancel(order)
    cancelled = await pipeline.until(intake.OrderCancelled, order_id)
    await pipeline.until(billing.RefundCompleted, order_id)
    let_picks()
    let_parcels()
    await pipeline.until(fulfillment.ScanRefused, order_id)
    await pipeline.drained()

    assert (units(cancelled.lines), cancelled.too_late) == ({"1": 2}, ())
    assert await free(pipeline, lamp) == 10
    assert not pipeline.of(shipping.ShipmentDispatched, order_id)


async def test_a_line_cancelled_while_picked_leaves_the_other(pipeline: Pipeline) -> None:
    lamp, rug = await pipeline.stock(10), await pipeline.stock(10)
    order = pipeline.order([(lamp, 2), (rug, 1)])
    let_parcels = pipeline.world.withhold(ParcelPacked, id_of(order))

    [order_id] = await pipeline.place(order)
    await pipeline.until(fulfillment.LinesPicked, order_id)
    await pipeline.cancel(order, LineQuantity(line_id="2", quantity=1))
    cancelled = await pipeline.until(intake.OrderCancelled, order_id)
    let_parcels()
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.drained()

    assert (units(cancelled.lines), cancelled.too_late) == ({"2": 1}, ())
    assert [units(left.lines) for left in pipeline.of(shipping.ShipmentDispatched, order_id)] == [{"1": 2}]
    assert sum(back.amount for back in pipeline.of(billing.RefundCompleted, order_id)) == rug.price
    assert (await free(pipeline, lamp), await free(pipeline, rug)) == (8, 10)


async def test_a_cancellation_after_dispatch_comes_too_late(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)])
    let_go = pipeline.world.withhold(TrackingReported)

    [order_id] = await pipeline.place(order)
    await pipeline.until(shipping.ShipmentDispatched, order_id)
    await pipeline.cancel(order)
    await pipeline.wait(lambda: bool(pipeline.updates(channel.OrderRefused, order)), "the refusal")
    let_go()
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.drained()

    [refused] = pipeline.updates(channel.OrderRefused, order)
    assert (refused.cause, [reason.code for reason in refused.reasons]) == ("cancellation", ["too_late"])
    assert not [line for cancelled in pipeline.of(intake.OrderCancelled, order_id) for line in cancelled.lines]
    assert not pipeline.of(billing.RefundCompleted, order_id)


async def test_what_has_left_comes_and_the_rest_is_cancelled(pipeline: Pipeline) -> None:
    lamp, rug = await pipeline.stock(10), await pipeline.stock(0)
    order = pipeline.order([(lamp, 1), (rug, 2)])
    let_goods = pipeline.world.withhold(GoodsReceived, id_of(order))

    [order_id] = await pipeline.place(order)
    await pipeline.until(shipping.ShipmentDispatched, order_id)
    await pipeline.cancel(order)
    cancelled = await pipeline.until(intake.OrderCancelled, order_id)
    let_goods()
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.drained()

    assert (units(cancelled.lines), units(cancelled.too_late)) == ({"2": 2}, {"1": 1})
    assert sum(back.amount for back in pipeline.of(billing.RefundCompleted, order_id)) == 2 * rug.price


async def test_the_books_tie_after_changes_of_mind(pipeline: Pipeline) -> None:
    await pipeline.ties()
