"""What was heard, as values that the core decides with."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from contracts import intake, payment
from contracts.facts import Charge as ChargeFact
from contracts.facts import Line as LineFact
from contracts.facts import LineQuantity
from contracts.facts import Payment as PaymentFact
from services.billing.core.account import OrderAccount, Payment
from services.billing.core.invoicing import Charge, Line, Owed, Tax
from services.billing.core.operations import Operation, Outcome

OUTCOMES: Mapping[type[payment.PaymentOperation], Outcome] = {
    payment.Authorized: "authorized",
    payment.Captured: "captured",
    payment.Declined: "declined",
    payment.Refunded: "refunded",
    payment.Voided: "voided",
    payment.AuthorizationExpired: "expired",
}


def order_account(order_id: str, order: intake.OrderReceived) -> OrderAccount:
    """Open an account for a new order; nothing is decided yet."""
    return OrderAccount(
        order_id=order_id,
        seller=order.seller,
        customer_id=order.customer_id,
        currency=order.currency,
        due=order.totals.total,
        payments=tuple([_payment(order_id, fact) for fact in order.payments]),
    )


def order_lines(order: intake.OrderReceived) -> list[Line]:
    """Give its lines."""
    return [Line(line.line_id, line.sku, line.quantity, _owed(line)) for line in order.lines]


def order_charges(order: intake.OrderReceived) -> list[Charge]:
    """Give what is owed beside its lines."""
    return [Charge(charge.kind, _owed(charge)) for charge in order.charges]


def quantities(lines: Iterable[LineQuantity]) -> dict[str, int]:
    """Add up units by line; a line may be named more than once."""
    units: Counter[str] = Counter()
    for line in lines:
        units[line.line_id] += line.quantity
    return units


def operation(notice: payment.PaymentOperation, payment_id: str, at: datetime) -> Operation:
    """Give what the provider says it did."""
    outcome = OUTCOMES[type(notice)]
    return Operation(notice.operation_id, payment_id, outcome, notice.amount, at, notice.expires_at)


def _payment(order_id: str, fact: PaymentFact) -> Payment:
    return Payment(
        payment_id=fact.payment_id,
        # Without a reference of its own the provider knows it by ours, which no other order has.
        reference=fact.reference or f"{order_id}/{fact.payment_id}",
        method=fact.method,
        moment=fact.moment,
        amount=max(0, fact.amount),
    )


def _owed(fact: LineFact | ChargeFact) -> Owed:
    taxes = tuple([Tax(tax.jurisdiction, tax.rate, tax.amount, tax.included) for tax in fact.taxes])
    return Owed(fact.amount, sum([discount.amount for discount in fact.discounts]), taxes)
