"""Money as pages show it. Amounts are minor units of their currency."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivable:
    """What one customer owes in one currency, by age: not due, 1-30, 31-60, 61-90 days past due, and older."""

    customer_id: str | None
    currency: str
    invoices: int
    not_due: int
    to_30: int
    to_60: int
    to_90: int
    older: int
    oldest_due_on: date | None

    @property
    def open(self) -> int:
        """All of it."""
        return self.not_due + self.to_30 + self.to_60 + self.to_90 + self.older


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice and what is still open of it."""

    invoice_number: str
    order_id: str
    customer_id: str | None
    shipment_id: str | None
    issued_at: datetime | None
    issued_on: date | None
    due_on: date | None
    currency: str | None
    total: int
    tax: int
    deposits_applied: int
    open: int
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money on its way back, or there."""

    refund_id: str
    order_id: str
    payment_id: str | None
    amount: int
    currency: str
    requested_at: datetime | None
    completed_at: datetime | None
    credit_note_number: str | None
