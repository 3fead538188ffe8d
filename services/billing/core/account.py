"""What billing knows about one order's money: its payments, its invoices, and what it still comes to.

Values only; what happens to them is in the rooms beside. What can be derived from the recorded amounts is not stored.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

Moment = Literal["captured", "dispatch", "release", "account", "delivery"]
Funds = Literal["pending", "secured", "lost"]

# A payment at release is reserved like one at dispatch: nothing leaves before, so the money moves with the goods.
RESERVED_MOMENTS: Final = frozenset({"dispatch", "release"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment of an order; the `asked` amounts are with the provider and not answered yet."""

    payment_id: str
    reference: str
    method: str
    moment: Moment
    amount: int
    authorized: int = 0
    """Reserved and neither captured nor given up."""
    expires_at: datetime | None = None
    authorized_at: datetime | None = None
    """When it was reserved last: word of an older reservation's end comes too late."""
    captured: int = 0
    refunded: int = 0
    asked_authorization: int = 0
    asked_capture: int = 0
    asked_void: int = 0
    asked_refund: int = 0
    refusals: int = 0
    """How often in a row the provider said no."""
    reason: str | None = None
    """Why it covers nothing: declined, expired, over_limit, no_terms."""
    is_granted: bool = False
    """On account, and within the customer's limit."""
    is_resting: bool = False
    """Refused a moment ago: a timer asks again."""

    @property
    def received(self) -> int:
        """What it brought, less what went back."""
        return self.captured - self.refunded

    @property
    def is_reserved_first(self) -> bool:
        """Whether funds are reserved first and captured later."""
        return self.moment in RESERVED_MOMENTS

    @property
    def cover(self) -> int:
        """What it is good for."""
        match self.moment:
            case "account":
                return self.amount if self.is_granted else 0
            case "delivery":
                return self.amount
            case _:
                return self.received + self.authorized


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice of an order and what was paid and credited on it."""

    number: str
    shipment_id: str
    total: int
    paid: int = 0
    credited: int = 0

    @property
    def open(self) -> int:
        """What is still to be paid."""
        return self.total - self.paid - self.credited


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccount:
    """One order's money."""

    order_id: str
    seller: str
    customer_id: str | None
    currency: str
    due: int
    """What the order comes to: as placed, less what was cancelled or credited."""
    moved: int = 0
    """Money that came or went otherwise than through a payment: transfers in, credit to the customer out."""
    days_net: int = 0
    requests: int = 0
    """How many requests to the provider were numbered."""
    funds: Funds = "pending"
    until: datetime | None = None
    lost_reason: str | None = None
    is_final: bool = False
    exposed: int = 0
    """What the customer owes or will owe for it on account."""
    is_wanted: bool = True
    """Whether any unit was not cancelled."""
    payments: tuple[Payment, ...] = ()
    invoices: tuple[Invoice, ...] = ()

    @property
    def received(self) -> int:
        """All money that is here for this order."""
        return sum([payment.received for payment in self.payments]) + self.moved

    @property
    def paid(self) -> int:
        """What of it was applied to invoices."""
        return sum([invoice.paid for invoice in self.invoices])

    @property
    def open(self) -> int:
        """What is invoiced and not paid."""
        return sum([invoice.open for invoice in self.invoices])

    @property
    def lacking(self) -> int:
        """What is still to come: due and not received."""
        return max(0, self.due - self.received)

    @property
    def uncovered(self) -> int:
        """What nothing is good for."""
        return max(0, self.due - self.moved - sum([payment.cover for payment in self.payments]))

    def payment(self, payment_id: str) -> Payment:
        """Give one of its payments; `KeyError` where it has none of this id."""
        for payment in self.payments:
            if payment.payment_id == payment_id:
                return payment
        raise KeyError(payment_id)

    def having(self, changed: Payment) -> "OrderAccount":
        """Put a changed payment in the place of the old one."""
        payments = tuple([changed if p.payment_id == changed.payment_id else p for p in self.payments])
        return replace(self, payments=payments)

    def changing(self, payment_id: str, change: Callable[[Payment], Payment]) -> "OrderAccount":
        """Change one of its payments."""
        return self.having(change(self.payment(payment_id)))
