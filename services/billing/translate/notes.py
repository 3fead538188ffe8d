"""Billing's notes to itself: timers and hand-overs to another subject's lane. Private, so they may change freely."""

from datetime import date
from typing import Literal

from chassis import Note


class PaymentDue(Note):
    """A payment is to be looked at again: it may have expired, or is asked for once more."""

    type = "billing.payment_due"

    wish: Literal["expiry", "patience", "authorization", "capture", "refund"]
    payment_id: str
    request_id: str | None = None


class CreditFreed(Note):
    """There may be room under the customer's limit for an order that waits for it."""

    type = "billing.credit_freed"


class TermsDue(Note):
    """Terms that were recorded ahead come into force today."""

    type = "billing.terms_due"

    customer_id: str
    currency: str
    days_net: int
    credit_limit: int
    effective_from: date
    recorded_at: str


class TransferMatched(Note):
    """A transfer, or a part of it, names this order or one of its invoices."""

    type = "billing.transfer_matched"

    bank_reference: str
    invoice_number: str | None
    amount: int


class GoodsReturned(Note):
    """Units of a dispatched shipment came back; their cost comes back with them."""

    type = "billing.goods_returned"

    parcel_id: str
    shipment_id: str
    quantities: dict[str, int]
