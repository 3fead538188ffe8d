"""Payments that are refused, run out, or come by bank: what is held for them, and what becomes of it."""

from datetime import UTC, datetime
from itertools import count

from contracts import billing, intake, inventory, shipping
from contracts.channel import OrderPlaced
from contracts.floor import GoodsReceived
from contracts.payment import AuthorizationExpired, Declined, TransferReceived
from ordermill.world import catalogue
from tests.pipeline.pipeline import Pipeline, id_of

NUMBERS = count(1)


async def transfer(pipeline: Pipeline, invoice: billing.OrderInvoiced) -> None:
    """Have a customer pay an invoice through the bank."""
    await pipeline.say([
        TransferReceived(
            bank_reference=f"BANK-{invoice.invoice_number}", payer="A Customer", amount=invoice.open,
            currency=invoice.currency, value_date=datetime.now(UTC).date(),
            remittance_text=f"your invoice {invoice.invoice_number}, thank you",
        )
    ])  # fmt: skip


async def customer(pipeline: Pipeline, credit_limit: int) -> str:
    """Give terms to a new customer, who pays only when the test says so."""
    customer_id = f"C-{next(NUMBERS):04d}"
    await pipeline.say([catalogue.terms(customer_id, credit_limit)])
    return customer_id


def reference_of(order: OrderPlaced) -> str:
    """The provider's key of an order's payment."""
    reference = order.payments[0].reference
    assert reference
    return reference


async def test_a_capture_declined_once_is_asked_for_again(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)], moment="dispatch")
    pipeline.foresee("captures", f"{id_of(order)}.request-1")

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderCompleted, order_id)

    assert [asked.amount for asked in pipeline.of(billing.CaptureRequested, order_id)] == [order.totals.total] * 2
    assert sum(paid.amount for paid in pipeline.of(billing.PaymentApplied, order_id)) == order.totals.total


async def test_an_invoice_nobody_captures_is_paid_by_transfer(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)], moment="dispatch")
    pipeline.foresee("captures", id_of(order))

    [order_id] = await pipeline.place(order)
    await pipeline.until(billing.CaptureRequested, order_id, number=4)
    await pipeline.until(shipping.ShipmentDelivered, order_id)
    await pipeline.drained()
    assert not pipeline.of(intake.OrderCompleted, order_id)

    await transfer(pipeline, pipeline.of(billing.OrderInvoiced, order_id)[0])
    await pipeline.until(intake.OrderCompleted, order_id)


async def test_a_declined_authorization_holds_until_one_is_given(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)], moment="dispatch")
    refusal = Declined(
        reference=reference_of(order), operation_id=f"refused/{order.channel_order_id}", amount=order.totals.total,
        currency=order.currency, reason="insufficient_funds",
    )  # fmt: skip

    [order_id] = await pipeline.place(order, authorise=False)
    await pipeline.say([refusal])
    held = await pipeline.until(intake.OrderHeld, order_id)
    await pipeline.until(intake.OrderCompleted, order_id)

    assert held.reason == "payment"
    assert pipeline.of(billing.FundsLost, order_id)[0].reason == "declined"
    assert pipeline.of(intake.HoldLifted, order_id)[0].hold_id == held.hold_id


async def test_an_order_refused_for_good_is_cancelled(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)], moment="dispatch")
    pipeline.foresee("authorizations", id_of(order))
    refusal = Declined(
        reference=reference_of(order), operation_id=f"refused/{order.channel_order_id}", amount=order.totals.total,
        currency=order.currency,
    )  # fmt: skip

    [order_id] = await pipeline.place(order, authorise=False)
    await pipeline.say([refusal])
    cancelled = await pipeline.until(intake.OrderCancelled, order_id)

    assert [line.quantity for line in cancelled.lines] == [1]
    assert pipeline.of(billing.FundsLost, order_id)[-1].final
    assert not pipeline.of(intake.OrderReleased, order_id)


async def test_an_authorization_that_ran_out_is_renewed_before_dispatch(pipeline: Pipeline) -> None:
    rug = await pipeline.stock(0)
    order = pipeline.order([(rug, 1)], moment="dispatch")
    let_go = pipeline.world.withhold(GoodsReceived, id_of(order))

    [order_id] = await pipeline.place(order)
    await pipeline.until(inventory.LinesBackordered, order_id)
    await pipeline.say([
        AuthorizationExpired(
            reference=reference_of(order), operation_id=f"expired/{order.channel_order_id}",
            amount=order.totals.total, currency=order.currency,
        )
    ])  # fmt: skip
    asked = await pipeline.until(billing.AuthorizationRequested, order_id)
    await pipeline.until(billing.FundsSecured, order_id, number=2)
    let_go()
    await pipeline.until(intake.OrderCompleted, order_id)

    assert asked.amount == order.totals.total
    [captured] = pipeline.of(billing.CaptureRequested, order_id)
    assert captured.amount == order.totals.total


async def test_an_order_on_account_is_settled_by_transfer(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    customer_id = await customer(pipeline, 100_000)

    [order_id] = await pipeline.place(pipeline.order([(lamp, 2)], moment="account", customer_id=customer_id))
    invoice = await pipeline.until(billing.OrderInvoiced, order_id)
    await pipeline.until(shipping.ShipmentDelivered, order_id)
    await pipeline.drained()
    assert (invoice.open, pipeline.of(intake.OrderCompleted, order_id)) == (2 * lamp.price + 495, [])

    await transfer(pipeline, invoice)
    await pipeline.until(intake.OrderCompleted, order_id)
    assert pipeline.of(billing.OrderSettled, order_id)


async def test_an_order_over_the_limit_waits_for_a_transfer(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(20)
    customer_id = await customer(pipeline, 9_000)
    first, second = (
        pipeline.order([(lamp, 5)], moment="account", customer_id=customer_id),
        pipeline.order([(lamp, 6)], moment="account", customer_id=customer_id),
    )

    await pipeline.place(first)
    invoice = await pipeline.until(billing.OrderInvoiced, id_of(first))
    await pipeline.place(second)
    held = await pipeline.until(intake.OrderHeld, id_of(second))
    assert held.reason == "credit"
    assert pipeline.of(billing.FundsLost, id_of(second))[0].reason == "over_limit"
    await pipeline.drained()
    assert not pipeline.of(intake.OrderReleased, id_of(second))

    await transfer(pipeline, invoice)
    await transfer(pipeline, await pipeline.until(billing.OrderInvoiced, id_of(second)))
    for order in (first, second):
        await pipeline.until(intake.OrderCompleted, id_of(order))


async def test_the_books_tie_after_troubles_with_money(pipeline: Pipeline) -> None:
    await pipeline.ties()
