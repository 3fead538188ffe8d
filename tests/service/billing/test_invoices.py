"""Invoices on dispatch: gapless, from dispatched quantities, collected from deposits, reservations and transfers."""

from datetime import UTC, date, datetime

import asyncpg
import pytest

from contracts import billing, payment
from contracts.facts import Discount, Line, Tax
from tests.service.bench import Bench
from tests.service.billing.builders import (
    LAMP,
    RUG,
    TOTAL,
    Calls,
    FakeProvider,
    authorized,
    balances,
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


async def test_a_dispatched_shipment_is_invoiced_and_paid_by_the_deposit(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())

    (invoice,) = bench.said(billing.OrderInvoiced)
    assert (invoice.invoice_number, invoice.total, invoice.deposits_applied, invoice.open) == (
        "HARBOUR-000001",
        TOTAL,
        TOTAL,
        0,
    )
    (applied,) = bench.said(billing.PaymentApplied)
    assert (applied.payment_id, applied.amount, applied.open) == ("pay-1", TOTAL, 0)
    (settled,) = bench.said(billing.OrderSettled)
    assert [(line.line_id, line.invoiced, line.paid) for line in settled.lines] == [(LAMP, 3, 3), (RUG, 1, 1)]
    assert await balances(bench) == {"cash_in_transit": TOTAL, "revenue": -10_000, "carriage": -1_000}


async def test_reserved_funds_are_captured_when_the_goods_leave(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized())
    await bench.hear(dispatched(ALL), subject=order_id())
    assert bench.said(billing.OrderSettled) == []
    assert (await balances(bench))["receivable"] == TOTAL

    await bench.call(calls)

    assert provider.wishes() == [("capture", TOTAL)]
    assert len(bench.said(billing.CaptureRequested)) == len(bench.said(billing.OrderSettled)) == 1
    assert await balances(bench) == {"cash_in_transit": TOTAL, "revenue": -10_000, "carriage": -1_000}


@pytest.mark.parametrize("is_notice_first", [True, False])
async def test_answer_and_notice_of_one_operation_are_booked_once(
    bench: Bench, calls: Calls, *, is_notice_first: bool
) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized())
    await bench.hear(dispatched(ALL), subject=order_id())
    (asked,) = bench.said(billing.CaptureRequested)
    told = notice(payment.Captured, f"op/{asked.request_id}", request_id=asked.request_id, fee=100)

    if is_notice_first:
        await bench.hear(told)
    await bench.call(calls)
    if not is_notice_first:
        await bench.hear(told)

    assert len(bench.said(billing.PaymentApplied)) == 1
    assert (await balances(bench))["cash_in_transit"] == TOTAL - 100


async def test_a_notice_that_names_no_request_meets_its_answer(bench: Bench, calls: Calls) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized())
    await bench.hear(dispatched(ALL), subject=order_id())
    (asked,) = bench.said(billing.CaptureRequested)
    await bench.hear(notice(payment.Captured, f"op/{asked.request_id}"))
    await bench.call(calls)

    assert (await balances(bench))["cash_in_transit"] == TOTAL
    assert await bench.rows("select asked_capture, captured from payment") == [{"asked_capture": 0, "captured": TOTAL}]


async def test_a_provider_that_is_away_is_asked_again_with_the_same_id(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    provider.outages = 2
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized())
    await bench.hear(dispatched(ALL), subject=order_id())
    for _ in range(4):
        await bench.call(calls)
        bench.clock.advance(minutes=1)

    assert provider.wishes() == [("capture", TOTAL)]
    assert len(bench.said(billing.OrderSettled)) == 1


async def test_a_refused_capture_is_tried_again_by_timer(bench: Bench, calls: Calls, provider: FakeProvider) -> None:
    provider.refuses = {"capture": 2}
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized(days=60))
    await bench.hear(dispatched(ALL), subject=order_id())
    for _ in range(4):
        await bench.call(calls)
        bench.clock.advance(days=1)
        await bench.settle()

    assert provider.wishes() == [("capture", TOTAL)] * 3
    assert len(bench.said(billing.OrderSettled)) == 1


async def test_carriage_goes_with_the_first_of_several_invoices(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(dispatched({LAMP: 1}), subject=order_id())
    await bench.hear(dispatched({LAMP: 1}, 2), dispatched({LAMP: 1, RUG: 1}, 3), subject=order_id())

    invoices = bench.said(billing.OrderInvoiced)
    assert [(invoice.invoice_number, invoice.total) for invoice in invoices] == [
        ("HARBOUR-000001", 2_333 + 1_000),
        ("HARBOUR-000002", 2_334),
        ("HARBOUR-000003", 2_333 + 3_000),
    ]
    assert len(bench.said(billing.OrderSettled)) == 3
    assert (await balances(bench)).get("customer_deposits") is None


async def test_each_invoice_captures_its_part_of_one_reservation(
    bench: Bench, calls: Calls, provider: FakeProvider
) -> None:
    await bench.hear(order(paid("dispatch")), subject=order_id())
    await bench.hear(authorized())
    await bench.hear(dispatched({LAMP: 3}), subject=order_id())
    await bench.call(calls)
    await bench.hear(dispatched({RUG: 1}, 2), subject=order_id())
    await bench.call(calls)

    assert provider.wishes() == [("capture", 8_000), ("capture", 3_000)]
    assert [len(settled.lines) for settled in bench.said(billing.OrderSettled)] == [1, 2]


async def test_taxes_and_discounts_are_booked_on_their_accounts(bench: Bench) -> None:
    line = Line(
        line_id=LAMP,
        sku="LAMP",
        quantity=3,
        amount=1_200,
        discounts=(Discount(code="SPRING", amount=100),),
        taxes=(
            Tax(jurisdiction="GB", rate="0.2", amount=200, included=True),
            Tax(jurisdiction="X", rate="0.01", amount=11),
        ),
    )
    placed = order(paid("captured", 1_111), lines=(line,), carriage=0)
    placed = placed.model_copy(update={"totals": placed.totals.model_copy(update={"total": 1_111})})
    await bench.hear(placed, subject=order_id())
    await bench.hear(dispatched({LAMP: 2}), dispatched({LAMP: 1}, 2), subject=order_id())

    first, second = bench.said(billing.OrderInvoiced)
    assert first.total + second.total == 1_111
    assert [tax.amount for tax in first.lines[0].taxes] == [133, 7]
    assert await balances(bench) == {
        "cash_in_transit": 1_111,
        "revenue": -1_000,
        "discounts": 100,
        "tax_payable": -211,
    }


async def test_an_invoice_on_account_is_due_after_the_terms(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account", reference=None)), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())

    (invoice,) = bench.said(billing.OrderInvoiced)
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 3, 2), date(2026, 4, 1))
    assert (invoice.open, bench.said(billing.OrderSettled)) == (TOTAL, [])


@pytest.mark.parametrize(
    ("now", "issued_on", "due_on"),
    [
        (datetime(2026, 3, 28, 23, 59, tzinfo=UTC), date(2026, 3, 28), date(2026, 4, 27)),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 29), date(2026, 4, 28)),
        (datetime(2026, 10, 24, 23, 59, tzinfo=UTC), date(2026, 10, 24), date(2026, 11, 23)),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), date(2026, 10, 25), date(2026, 11, 24)),
    ],
)
async def test_terms_are_days_also_over_a_night_of_another_clock(
    bench: Bench, now: datetime, issued_on: date, due_on: date
) -> None:
    bench.clock.now = now  # documents are dated by the world's day
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account", reference=None)), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())

    (invoice,) = bench.said(billing.OrderInvoiced)
    assert (invoice.issued_on, invoice.due_on) == (issued_on, due_on)


async def test_a_transfer_settles_the_invoice_that_it_names(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account", reference=None)), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(transfer("invoice harbour 000001, thank you"))

    (applied,) = bench.said(billing.PaymentApplied)
    assert (applied.payment_id, applied.amount, applied.open) == ("pay-1", TOTAL, 0)
    assert len(bench.said(billing.OrderSettled)) == 1
    assert await balances(bench) == {"bank": TOTAL, "revenue": -10_000, "carriage": -1_000}
    assert await bench.rows("select exposure from customer_exposure") == [{"exposure": 0}]


async def test_a_partial_transfer_leaves_the_rest_open(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account", reference=None)), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(transfer("HARBOUR-000001", 4_000))
    assert bench.said(billing.OrderSettled) == []

    await bench.hear(transfer("HARBOUR-000001", 7_000, "bank-2"))

    assert [applied.open for applied in bench.said(billing.PaymentApplied)] == [7_000, 0]
    assert len(bench.said(billing.OrderSettled)) == 1


async def test_what_a_transfer_overpays_is_the_customers_credit(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account", reference=None)), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(transfer("HARBOUR-000001", 12_500))

    assert (await balances(bench))["customer_credit"] == -1_500
    assert len(bench.said(billing.OrderSettled)) == 1


async def test_a_transfer_that_names_nothing_waits_in_suspense(bench: Bench) -> None:
    await bench.hear(transfer("many thanks"))

    assert await balances(bench) == {"bank": TOTAL, "suspense": -TOTAL}
    assert await bench.rows("select state from transfer") == [{"state": "suspense"}]


async def test_a_transfer_in_another_currency_pays_nothing(bench: Bench) -> None:
    await bench.hear(terms(limit=20_000))
    await bench.hear(order(paid("account", reference=None)), subject=order_id())
    await bench.hear(dispatched(ALL), subject=order_id())
    await bench.hear(transfer("HARBOUR-000001", currency="USD"))

    assert bench.said(billing.PaymentApplied) == []
    assert await bench.rows("select state from transfer") == [{"state": "suspense"}]


async def test_a_transfer_in_suspense_is_found_by_the_order_it_names(bench: Bench) -> None:
    await bench.hear(transfer(f"order {order_id()}"))
    await bench.hear(order(customer_id=None), subject=order_id())

    assert [lost.reason for lost in bench.said(billing.FundsLost)] == ["unpaid"]
    assert [secured.amount for secured in bench.said(billing.FundsSecured)] == [TOTAL]
    assert await balances(bench) == {"bank": TOTAL, "customer_deposits": -TOTAL}
    assert await bench.rows("select * from suspense_key") == []


async def test_one_transfer_pays_two_invoices_that_it_names(bench: Bench) -> None:
    await bench.hear(terms(limit=50_000))
    for name in ("W-1", "W-2"):
        await bench.hear(order(paid("account", reference=None)), subject=order_id(name))
        await bench.hear(dispatched(ALL, name=name), subject=order_id(name))
    await bench.hear(transfer("HARBOUR-000001 HARBOUR-000002", 2 * TOTAL))

    assert len(bench.said(billing.OrderSettled)) == 2
    assert (await balances(bench))["bank"] == 2 * TOTAL


async def test_a_shipment_before_its_order_waits_for_it(bench: Bench) -> None:
    await bench.hear(dispatched(ALL), subject=order_id())
    assert len(await bench.waiting()) == 1

    await bench.hear(order(paid("captured")), subject=order_id())

    assert len(bench.said(billing.OrderInvoiced)) == 1


async def test_every_event_heard_twice_takes_effect_once(bench: Bench, calls: Calls) -> None:
    records = [
        bench.record(terms(limit=20_000)),
        bench.record(order(paid("dispatch")), order_id()),
        bench.record(authorized()),
        bench.record(dispatched(ALL), order_id()),
        bench.record(consumed(), order_id()),
        bench.record(transfer("nothing")),
    ]
    await bench.hear_records([*records, *records])
    await bench.hear_records(list(reversed(records)))
    await bench.call(calls)

    assert len(bench.said(billing.OrderInvoiced)) == len(bench.said(billing.OrderSettled)) == 1
    assert await bench.rows("select kind, reference from ledger_transaction group by 1, 2 having count(*) > 1") == []


async def test_numbers_have_no_gap_when_a_shipment_bills_nothing(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())
    await bench.hear(dispatched({LAMP: 3}), dispatched({LAMP: 9}, 2), dispatched({RUG: 1}, 3), subject=order_id())

    numbers = [invoice.invoice_number for invoice in bench.said(billing.OrderInvoiced)]
    assert numbers == ["HARBOUR-000001", "HARBOUR-000002"]


async def test_dispatched_goods_are_booked_at_cost(bench: Bench) -> None:
    await bench.hear(consumed(cost=4_000), subject=order_id())

    assert await balances(bench) == {"cost_of_goods": 4_000, "inventory": -4_000}


async def test_the_ledger_refuses_to_be_rewritten_or_unbalanced(bench: Bench) -> None:
    await bench.hear(order(paid("captured")), subject=order_id())

    for rewrite in ("update ledger_entry set amount = 1", "delete from ledger_transaction"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await bench.rows(rewrite)
    with pytest.raises(asyncpg.CheckViolationError):
        await bench.rows("insert into ledger_entry select max(transaction_id), 'bank', 5 from ledger_transaction")
    with pytest.raises(asyncpg.CheckViolationError):
        await bench.rows(
            "insert into ledger_transaction (kind, reference, currency, posted_at) values ('x', 'x', 'EUR', now())"
        )
