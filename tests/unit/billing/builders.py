"""An order's money, every default valid: 100 in euro cents, to be paid by card when the goods leave."""

from datetime import UTC, datetime
from typing import Any

from services.billing.core.account import Invoice, Moment, OrderAccount, Payment
from services.billing.core.step import Fact, Step

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def payment(moment: Moment = "dispatch", amount: int = 100, payment_id: str = "p", **other: Any) -> Payment:
    """A payment of which nothing was heard yet."""
    return Payment(
        payment_id=payment_id, reference=f"ref-{payment_id}", method="card", moment=moment, amount=amount, **other
    )


def account(*payments: Payment, due: int = 100, **other: Any) -> OrderAccount:
    """An order with these payments."""
    facts: dict[str, Any] = {"order_id": "o", "seller": "s", "customer_id": "c", "currency": "EUR"}
    return OrderAccount(due=due, payments=payments, **(facts | other))


def invoice(number: str, total: int, paid: int = 0) -> Invoice:
    """An invoice for a shipment of the same name."""
    return Invoice(number=number, shipment_id=number, total=total, paid=paid)


def told(step: Step, kind: type[Fact]) -> list[Any]:
    """What a step tells of one kind."""
    return [fact for fact in step.facts if isinstance(fact, kind)]
