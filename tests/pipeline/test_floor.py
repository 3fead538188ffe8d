"""Bins that hold less than they should, and parcels that do not arrive."""

from contracts import billing, fulfillment, intake, inventory, shipping
from contracts.master import ItemDefined
from tests.pipeline.pipeline import Pipeline, id_of


async def on_hand(pipeline: Pipeline, item: ItemDefined) -> int:
    """Units that lie somewhere, whoever has a claim to them."""
    [row] = await pipeline.rows("inventory", "select sum(on_hand) as number from stock where sku = $1", item.sku)
    return int(row["number"])


async def test_a_short_pick_is_sourced_from_another_place(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 2)])
    pipeline.foresee("short", f"{id_of(order)}.1.pick-1")

    [order_id] = await pipeline.place(order)
    short = await pipeline.until(fulfillment.LineShortPicked, order_id)
    completed = await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.drained()

    first, *others = [
        ship for allocated in pipeline.of(inventory.OrderAllocated, order_id) for ship in allocated.shipments
    ]
    assert first.location_id not in {ship.location_id for ship in others}
    assert sum(line.quantity for ship in others for line in ship.lines) == short.expected - short.found
    assert [line.quantity for line in completed.lines] == [2]
    query = "select on_hand, blocked from stock where sku = $1 and location_id = $2"
    assert await pipeline.rows("inventory", query, lamp.sku, first.location_id) == [{"on_hand": 0, "blocked": False}]


async def test_a_short_pick_of_the_last_units_is_bought_again(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(1)
    order = pipeline.order([(lamp, 1)])
    pipeline.foresee("short", f"{id_of(order)}.1.pick-1")

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderCompleted, order_id)

    assert [line.quantity for bought in pipeline.bought(order_id) for line in bought.lines] == [1]
    [left] = pipeline.of(shipping.ShipmentDispatched, order_id)
    assert [line.quantity for line in left.lines] == [1]


async def test_a_lost_parcel_is_credited_and_paid_back(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 2)])
    pipeline.foresee_parcel("lost")

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.until(billing.RefundCompleted, order_id)
    await pipeline.drained()

    assert [closed.outcome for closed in pipeline.of(shipping.ParcelClosed, order_id)] == ["lost"]
    assert [noted.amount for noted in pipeline.of(billing.CreditNoted, order_id)] == [order.totals.total]
    assert [back.amount for back in pipeline.of(billing.RefundCompleted, order_id)] == [order.totals.total]
    assert await on_hand(pipeline, lamp) == 8
    assert {"parcel_closed", "order_refunded"} <= set(pipeline.milestones(order_id))


async def test_a_returned_parcel_is_stock_again(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 2)])
    pipeline.foresee_parcel("returned")

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.until(billing.RefundCompleted, order_id)
    await pipeline.drained()

    assert [closed.outcome for closed in pipeline.of(shipping.ParcelClosed, order_id)] == ["returned"]
    # The goods alone: they were carried.
    assert [back.amount for back in pipeline.of(billing.RefundCompleted, order_id)] == [order.totals.goods]
    assert await on_hand(pipeline, lamp) == 10


async def test_the_books_tie_after_mishaps_on_the_way(pipeline: Pipeline) -> None:
    await pipeline.ties()
