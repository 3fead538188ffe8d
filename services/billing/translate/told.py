"""What the core decided, as events that everyone understands."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import assert_never

from contracts import billing
from contracts.event import Event
from contracts.facts import PaymentMethod
from services.billing.core.account import OrderAccount, Payment
from services.billing.core.credit import Terms
from services.billing.core.invoicing import Charge, InvoicedLine, Tax
from services.billing.core.step import Applied, Asked, Credited, Invoiced, Lost, Refunded, Secured, Wish

_REQUESTED: dict[Wish, type[billing.PaymentRequest]] = {
    "authorization": billing.AuthorizationRequested,
    "capture": billing.CaptureRequested,
    "void": billing.VoidRequested,
}

# What billing decided about credit, where it names the limit it decided by.
_CREDIT_RULES = frozenset({"account", "over_limit"})


def event_of(account: OrderAccount, fact: Secured | Lost | Asked | Applied | Refunded, terms: Terms | None) -> Event:
    """Tell a fact that needs nothing beside the account and its customer's terms."""
    match fact:
        case Secured():
            return _secured(account, fact, terms)
        case Lost():
            return _lost(account, fact, terms)
        case Asked():
            return _requested(account, fact)
        case Applied():
            return _applied(account, fact)
        case Refunded():
            return _refunded(account, fact)
        case _:
            assert_never(fact)


def _secured(account: OrderAccount, fact: Secured, terms: Terms | None) -> Event:
    """Tell that the order is covered."""
    limit, exposure = _limit(fact.rule, terms)
    return billing.FundsSecured(
        payments=tuple([_secured_payment(payment) for payment in fact.payments]),
        amount=fact.amount,
        currency=account.currency,
        until=fact.until,
        rule=fact.rule,
        limit=limit,
        exposure=exposure,
    )


def _lost(account: OrderAccount, fact: Lost, terms: Terms | None) -> Event:
    """Tell that the order is not covered."""
    limit, exposure = _limit(fact.reason, terms)
    return billing.FundsLost(
        payments=fact.payment_ids,
        amount=fact.amount,
        currency=account.currency,
        reason=fact.reason,
        final=fact.is_final,
        limit=limit,
        exposure=exposure,
    )


def _requested(account: OrderAccount, fact: Asked) -> Event:
    """Tell what the provider is asked for."""
    if fact.wish == "refund":
        return billing.RefundRequested(
            request_id=fact.request_id,
            payment_id=fact.payment_id,
            reference=fact.reference,
            amount=fact.amount,
            currency=account.currency,
            refund_id=fact.refund_id or "",
        )
    return _REQUESTED[fact.wish](
        request_id=fact.request_id,
        payment_id=fact.payment_id,
        reference=fact.reference,
        amount=fact.amount,
        currency=account.currency,
    )


def invoiced(account: OrderAccount, fact: Invoiced, issued_on: date) -> Event:
    """Tell an invoice, with what deposits paid of it at once. It holds all that a document of it says."""
    invoice = next(known for known in account.invoices if known.number == fact.number)
    return billing.OrderInvoiced(
        invoice_number=fact.number,
        seller=account.seller,
        customer_id=account.customer_id,
        shipment_id=fact.shipment_id,
        lines=tuple([_line(line) for line in fact.draft.lines]),
        charges=tuple([_charge(charge) for charge in fact.draft.charges]),
        tax=fact.draft.tax,
        total=fact.draft.total,
        currency=account.currency,
        issued_on=issued_on,
        due_on=due_on(issued_on, fact),
        deposits_applied=invoice.paid,
        open=invoice.open,
    )


def due_on(issued_on: date, fact: Invoiced) -> date:
    """Tell when an invoice is to be paid: at once, but for customers on terms."""
    return issued_on + timedelta(days=fact.days_net)


def _applied(account: OrderAccount, fact: Applied) -> Event:
    """Tell what money paid."""
    return billing.PaymentApplied(
        payment_id=fact.payment_id,
        invoice_number=fact.invoice_number,
        amount=fact.amount,
        open=fact.open,
        currency=account.currency,
    )


def settled(lines: Iterable[tuple[str, int]]) -> Event:
    """Tell that everything invoiced so far is paid."""
    return billing.OrderSettled(
        lines=tuple([billing.SettledLine(line_id=line_id, invoiced=units, paid=units) for line_id, units in lines])
    )


def credited(account: OrderAccount, fact: Credited, refund_id: str | None) -> Event:
    """Tell a credit note, and by which refund its money goes back, where it does."""
    return billing.CreditNoted(
        refund_id=refund_id,
        credit_note_number=fact.number,
        invoice_number=fact.invoice_number,
        amount=fact.total,
        currency=account.currency,
    )


def _refunded(account: OrderAccount, fact: Refunded) -> Event:
    """Tell that money is back with the buyer."""
    return billing.RefundCompleted(
        refund_id=fact.refund_id,
        payment_id=fact.payment_id,
        amount=fact.amount,
        currency=account.currency,
        credit_note_number=fact.credit_note_number,
    )


def _limit(rule: str, terms: Terms | None) -> tuple[int | None, int | None]:
    return (terms.credit_limit, terms.exposure) if terms and rule in _CREDIT_RULES else (None, None)


def _secured_payment(payment: Payment) -> billing.SecuredPayment:
    method: PaymentMethod = payment.method  # type: ignore[assignment]  # as intake told it
    return billing.SecuredPayment(
        payment_id=payment.payment_id, method=method, amount=payment.cover, until=payment.expires_at
    )


def _line(line: InvoicedLine) -> billing.InvoicedLine:
    return billing.InvoicedLine(
        line_id=line.line_id,
        sku=line.sku,
        quantity=line.quantity,
        amount=line.owed.amount,
        discount=line.owed.discount,
        taxes=_taxes(line.owed.taxes),
    )


def _charge(charge: Charge) -> billing.InvoicedCharge:
    owed = charge.owed
    return billing.InvoicedCharge(
        kind=charge.kind, amount=owed.amount, discount=owed.discount, taxes=_taxes(owed.taxes)
    )


def _taxes(taxes: Iterable[Tax]) -> tuple[billing.InvoicedTax, ...]:
    return tuple([_tax(tax) for tax in taxes])


def _tax(tax: Tax) -> billing.InvoicedTax:
    return billing.InvoicedTax(
        jurisdiction=tax.jurisdiction, rate=tax.rate, amount=tax.amount, included=tax.is_included
    )
