"""Money that goes back: cancelled before and after capture, parcels that never arrive, refunds that are refused."""

import pytest

from contracts import billing, inventory, payment
from contracts.values import parcel_id_of, refund_id_of, shipment_id_of
from tests.service.bench import Bench
from tests.service.billing.builders import (
    LAMP,
    RUG,
    TOTAL,
    Calls,
    FakeProvider,
    authorized,
    balances,
    cancelled,
    closed,
    consumed,
    dispatched,
    notice,
    order,
    order_id,
    paid,
    terms,
    transfer,
)

ALL = {LAMP: 3, RUG: 1}


async def test_a_captured_order_is_refunded_whole_when_cancelled(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(cancelled(ALL), subject=order_id())
    await bench.call(calls)

    refund_id = refund_id_of(f"{order_id()}.ask-1", "pay-1")
    (done,) = bench.said(billing.RefundCompleted)
    assert (done.refund_id, done.amount) == (refund_id, TOTAL)
    assert [asked.refund_id for asked in bench.said(billing.RefundRequested)] == [refund_id]
    assert provider.wishes() == [("refund", TOTAL)]
    assert await balances(bench) == {}


async def test_a_part_cancelled_after_capture_is_refunded_to_the_cent(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(cancelled({LAMP: 1}), subject=order_id())
    await bench.call(calls)
    await bench.hear(dispatched({LAMP: 2, RUG: 1}), subject=order_id())

    (invoice,) = bench.said(billing.OrderInvoiced)
    assert provider.wishes() == [("refund", 2_333)]
    assert (invoice.total, invoice.open) == (TOTAL - 2_333, 0)
    assert (await balances(bench)).get("customer_deposits") is None


async def test_a_reservation_is_given_up_when_the_order_is_cancelled(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized())
    await bench.hear(cancelled({RUG: 1}), subject=order_id())
    await bench.hear(cancelled({LAMP: 3}, ask=2), subject=order_id())
    await bench.call(calls)

    assert provider.wishes() == [("void", 3_000), ("void", 8_000)]
    assert len(bench.said(billing.VoidRequested)) == 2
    assert await bench.rows("select authorized, asked_void from payment") == [{"authorized": 0, "asked_void": 0}]
    assert await balances(bench) == {}


async def test_a_reservation_that_comes_after_the_cancellation_is_given_up(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(cancelled(ALL), subject=order_id())
    await bench.hear(authorized())
    await bench.call(calls)

    assert provider.wishes() == [("void", TOTAL)]


async def test_a_cancellation_of_nothing_changes_nothing(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(cancelled({}), subject=order_id())

    assert bench.said(billing.RefundRequested) == []


async def test_a_cancelled_order_no_longer_tells_about_funds(bench: Bench) -> None:
    await bench.hear(order(), subject=order_id())
    await bench.hear(cancelled(ALL), subject=order_id())

    assert bench.said(billing.FundsSecured) == []


@pytest.mark.parametrize(("outcome", "back"), [("lost", TOTAL), ("destroyed", TOTAL), ("returned", 10_000)])
async def test_a_parcel_that_never_arrives_is_credited_and_refunded(
    bench: Bench, calls: Calls, outcome: str, back: int
) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(consumed(), subject=order_id())
    await bench.hear(closed(ALL, outcome), subject=order_id())
    await bench.call(calls)

    parcel_id = parcel_id_of(shipment_id_of(order_id(), 1), 1)
    (note,) = bench.said(billing.CreditNoted)
    (done,) = bench.said(billing.RefundCompleted)
    assert (note.credit_note_number, note.invoice_number, note.amount) == ("CN-HARBOUR-000001", "HARBOUR-000001", back)
    assert note.refund_id == done.refund_id == refund_id_of(parcel_id, "pay-1")
    assert (done.amount, done.credit_note_number) == (back, note.credit_note_number)
    assert sum((await balances(bench)).values()) == 0


async def test_parcels_of_one_invoice_are_credited_to_its_total(bench: Bench, calls: Calls) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(closed({LAMP: 1}), closed({LAMP: 1, RUG: 1}, parcel=2), subject=order_id())
    await bench.hear(closed({LAMP: 1}, parcel=3), subject=order_id())
    await bench.call(calls)

    assert [note.amount for note in bench.said(billing.CreditNoted)] == [2_333, 2_334 + 3_000, 2_333 + 1_000]
    assert await balances(bench) == {}


async def test_credit_on_an_unpaid_invoice_settles_what_is_left(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account", reference=None)), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(transfer("HARBOUR-000001", 8_000))
    await bench.hear(closed({RUG: 1}), subject=order_id())

    assert bench.said(billing.RefundRequested) == []
    assert len(bench.said(billing.OrderSettled)) == 1
    assert await bench.rows("select exposure from customer_exposure") == [{"exposure": 0}]


async def test_a_transfer_for_a_lost_parcel_becomes_the_customers_credit(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account", reference=None)), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(transfer("HARBOUR-000001"))
    await bench.hear(closed({RUG: 1}), subject=order_id())

    assert (await balances(bench))["customer_credit"] == -3_000


async def test_a_refused_refund_is_tried_again_under_its_id(bench: Bench, calls: Calls, provider: FakeProvider) -> None:
    provider.refuses = {"refund": 2}
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(cancelled(ALL), subject=order_id())
    for _ in range(3):
        await bench.call(calls)
        bench.clock.advance(days=1)
        await bench.settle()

    assert provider.wishes() == [("refund", TOTAL)] * 3
    assert len({asked.refund_id for asked in bench.said(billing.RefundRequested)}) == 1
    assert len(bench.said(billing.RefundCompleted)) == 1
    assert await balances(bench) == {}


async def test_a_refund_that_stays_refused_is_the_customers_credit(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    provider.refuses = {"refund": 9}
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(cancelled(ALL), subject=order_id())
    for _ in range(6):
        await bench.call(calls)
        bench.clock.advance(days=3)
        await bench.settle()

    assert provider.wishes() == [("refund", TOTAL)] * 4
    assert await balances(bench) == {"cash_in_transit": TOTAL, "customer_credit": -TOTAL}


async def test_what_the_provider_refunds_by_itself_opens_the_invoice_again(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(notice(payment.Refunded, "op-9", 4_000))

    assert [applied.amount for applied in bench.said(billing.PaymentApplied)] == [TOTAL, -4_000]
    assert (await balances(bench))["receivable"] == 4_000


async def test_goods_of_a_returned_parcel_come_back_at_cost(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(dispatched({LAMP: 3}), subject=order_id())
    await bench.hear(closed({LAMP: 1}, "returned"), subject=order_id())
    assert len(await bench.waiting()) == 1

    await bench.hear(consumed(cost=4_000, quantity=3), subject=order_id())

    assert (await balances(bench))["inventory"] == -4_000 + 1_333


async def test_goods_booked_scan_by_scan_are_ours_before_their_invoice(bench: Bench) -> None:
    line = inventory.BookedLine(line_id="1", sku="LAMP", ordered=5, received=5, difference=0, cost=900)
    booked = inventory.GoodsBooked(
        receipt_id="R-1", supplier_id="S", location_id="LEEDS", lines=(line,), currency="EUR"
    )
    await bench.hear(booked, booked, subject="PO-1")

    assert await balances(bench) == {"inventory": 1_800, "goods_received_not_invoiced": -1_800}
