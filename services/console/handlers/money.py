"""What billing tells: funds, invoices, payments, refunds."""

from contracts import billing
from services.console.handlers.hearing import Told, hears
from services.console.store.writing import Rows

_REQUESTS = (billing.AuthorizationRequested, billing.CaptureRequested, billing.VoidRequested)


def _note(rows: Rows, told: Told, kind: str, amount: int, currency: str, **columns: object) -> None:
    key = {"order_id": told.subject, "revision": told.revision}
    rows.put("money_event", key, at=told.at, kind=kind, amount=amount, currency=currency, **columns)


def _funds(rows: Rows, told: Told, funds: str, reason: str) -> None:
    rows.put_newest(
        "placed_order",
        {"order_id": told.subject},
        "funds_revision",
        funds=funds,
        funds_reason=reason,
        funds_revision=told.revision,
    )


@hears(billing.FundsSecured)
def funds_secured(rows: Rows, told: Told, event: billing.FundsSecured) -> None:
    """Note that the order is covered."""
    _note(rows, told, "secured", event.amount, event.currency, note=event.rule)
    _funds(rows, told, "secured", event.rule)


@hears(billing.FundsLost)
def funds_lost(rows: Rows, told: Told, event: billing.FundsLost) -> None:
    """Note that it is not, or no longer."""
    _note(rows, told, "lost", event.amount, event.currency, note=event.reason)
    _funds(rows, told, "lost", event.reason)


@hears(*_REQUESTS)
def provider_asked(rows: Rows, told: Told, event: billing.PaymentRequest) -> None:
    """Note what the provider was asked for."""
    kind = event.type.split(".")[1]
    _note(rows, told, kind, event.amount, event.currency, payment_id=event.payment_id, note=event.request_id)


@hears(
    billing.OrderInvoiced,
    only=(
        "invoice_number", "customer_id", "seller", "shipment_id", "issued_on", "due_on", "currency", "total", "tax",
        "deposits_applied", "open",
    ),
)  # fmt: skip
def order_invoiced(rows: Rows, told: Told, event: billing.OrderInvoiced) -> None:
    """Note an invoice."""
    _note(rows, told, "invoiced", event.total, event.currency, invoice_number=event.invoice_number)
    rows.put(
        "invoice",
        {"invoice_number": event.invoice_number},
        order_id=told.subject,
        customer_id=event.customer_id,
        seller=event.seller,
        shipment_id=event.shipment_id,
        issued_at=told.at,
        issued_on=event.issued_on,
        due_on=event.due_on,
        currency=event.currency,
        total=event.total,
        tax=event.tax,
        deposits_applied=event.deposits_applied,
        opening=event.open,
        revision=told.revision,
    )


@hears(billing.PaymentApplied)
def payment_applied(rows: Rows, told: Told, event: billing.PaymentApplied) -> None:
    """Note what was paid of an invoice, and what is left."""
    _note(
        rows,
        told,
        "applied",
        event.amount,
        event.currency,
        payment_id=event.payment_id,
        invoice_number=event.invoice_number,
        open=event.open,
    )


@hears(billing.OrderSettled, only=())
def order_settled(rows: Rows, told: Told, _event: billing.OrderSettled) -> None:
    """Note that all that is invoiced so far is paid."""
    rows.put("placed_order", {"order_id": told.subject}, settled_at=told.at)


@hears(billing.CreditNoted)
def credit_noted(rows: Rows, told: Told, event: billing.CreditNoted) -> None:
    """Note what we owe for something invoiced."""
    _note(
        rows,
        told,
        "credited",
        event.amount,
        event.currency,
        invoice_number=event.invoice_number,
        refund_id=event.refund_id,
        note=event.credit_note_number,
    )


@hears(billing.RefundRequested)
def refund_requested(rows: Rows, told: Told, event: billing.RefundRequested) -> None:
    """Note money that is to go back."""
    _note(
        rows,
        told,
        "refund_requested",
        event.amount,
        event.currency,
        payment_id=event.payment_id,
        refund_id=event.refund_id,
        note=event.request_id,
    )
    rows.put(
        "refund",
        {"refund_id": event.refund_id},
        order_id=told.subject,
        payment_id=event.payment_id,
        amount=event.amount,
        currency=event.currency,
        requested_at=told.at,
    )


@hears(billing.RefundCompleted)
def refund_completed(rows: Rows, told: Told, event: billing.RefundCompleted) -> None:
    """Note money that is back."""
    _note(
        rows,
        told,
        "refunded",
        event.amount,
        event.currency,
        payment_id=event.payment_id,
        refund_id=event.refund_id,
        note=event.credit_note_number,
    )
    row = rows.tables["refund"].get((event.refund_id,), {})
    rows.put(
        "refund",
        {"refund_id": event.refund_id},
        order_id=told.subject,
        payment_id=event.payment_id,
        amount=event.amount,
        currency=event.currency,
        requested_at=row.get("requested_at", told.at),  # money may go back without our asking the provider
        completed_at=told.at,
        credit_note_number=event.credit_note_number,
    )
