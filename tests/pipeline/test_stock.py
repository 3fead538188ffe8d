"""Orders for goods that are not there: bought, late, in parts, and by what the customer is told meanwhile."""

from contracts import billing, intake, inventory, notifications, shipping
from tests.pipeline.pipeline import Pipeline, id_of


async def test_an_order_out_of_stock_survives_a_late_supplier(pipeline: Pipeline) -> None:
    rug = await pipeline.stock(0)
    order = pipeline.order([(rug, 3)])
    order_id = id_of(order)
    pipeline.foresee("slip", order_id)

    await pipeline.place(order)
    await pipeline.until(intake.OrderCompleted, order_id)

    [promised] = pipeline.of(inventory.OrderPromised, order_id)[0].lines
    assert (promised.quantity, promised.available) == (3, 0)
    assert [line.quantity for bought in pipeline.bought(order_id) for line in bought.lines] == [3]
    late = [each for each in pipeline.of(inventory.PromiseChanged, order_id) if each.cause == "supplier_delayed"]
    assert all(line.after.deliver_by > line.before.deliver_by for each in late for line in each.lines)
    assert late
    await pipeline.until(notifications.MessageSent, order_id, number=5)
    assert {"order_confirmed", "lines_backordered", "promise_changed", "shipment_dispatched"} <= set(
        pipeline.milestones(order_id)
    )


async def test_what_is_there_leaves_before_what_must_come(pipeline: Pipeline) -> None:
    lamp, rug = await pipeline.stock(10), await pipeline.stock(0)

    [order_id] = await pipeline.place(pipeline.order([(lamp, 1), (rug, 2)]))
    await pipeline.until(intake.OrderCompleted, order_id)

    first, second = pipeline.of(shipping.ShipmentDispatched, order_id)
    assert [(line.line_id, line.quantity) for line in first.lines + second.lines] == [("1", 1), ("2", 2)]
    assert len(pipeline.of(billing.OrderInvoiced, order_id)) == 2


async def test_what_comes_in_two_parts_leaves_together(pipeline: Pipeline) -> None:
    rug = await pipeline.stock(0)
    order = pipeline.order([(rug, 4)])
    pipeline.foresee("under", id_of(order))

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderCompleted, order_id)

    booked = [told.event for told in pipeline.told[inventory.GoodsBooked] if order_id in told.subject]
    assert [line.received for goods in booked for line in goods.lines] == [2, 2]
    dispatched = pipeline.of(shipping.ShipmentDispatched, order_id)
    assert [line.quantity for shipment in dispatched for line in shipment.lines] == [4]
    assert sum(invoice.total for invoice in pipeline.of(billing.OrderInvoiced, order_id)) == 4 * rug.price + 495


async def test_goods_that_come_go_to_the_oldest_promise_first(pipeline: Pipeline) -> None:
    rug = await pipeline.stock(0, supplier_id=None)  # nobody brings any: both wait for what the floor finds
    older, younger = pipeline.order([(rug, 2)]), pipeline.order([(rug, 2)])
    for order in (older, younger):
        await pipeline.place(order)
        await pipeline.until(inventory.LinesBackordered, id_of(order))

    await pipeline.find(rug, 2)
    await pipeline.until(intake.OrderCompleted, id_of(older))
    assert pipeline.of(inventory.OrderAllocated, id_of(younger)) == []

    await pipeline.find(rug, 2)
    await pipeline.until(intake.OrderCompleted, id_of(younger))


async def test_the_books_tie_after_shortages(pipeline: Pipeline) -> None:
    await pipeline.ties()
