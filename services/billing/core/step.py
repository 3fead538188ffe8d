"""What one fact does to an order's money: the account after it, the ledger's entries, and what is to be told or asked.

A step is built up by the decisions in the rooms beside; nothing happens until the handler writes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from services.billing.core.account import OrderAccount, Payment
from services.billing.core.invoicing import CreditedLine, Draft
from services.billing.core.ledger import Entry

Wish = Literal["authorization", "capture", "void", "refund"]


class Secured(NamedTuple):
    """The order is covered by these payments."""

    rule: str
    payments: tuple[Payment, ...]
    amount: int
    until: datetime | None


class Lost(NamedTuple):
    """The order is not covered."""

    payment_ids: tuple[str, ...]
    amount: int
    reason: str
    is_final: bool


class Asked(NamedTuple):
    """The provider is asked for something."""

    wish: Wish
    request_id: str
    payment_id: str
    reference: str
    amount: int
    refund_id: str | None = None
    credit_note_number: str | None = None


class Invoiced(NamedTuple):
    """An invoice is issued."""

    number: str
    shipment_id: str
    draft: Draft
    days_net: int


class Applied(NamedTuple):
    """Money settled an invoice or a part of it; below zero where it was taken back."""

    payment_id: str
    invoice_number: str
    amount: int
    open: int


class Settled(NamedTuple):
    """All that is invoiced so far is paid."""


class Credited(NamedTuple):
    """Units of an invoice are taken back."""

    number: str
    invoice_number: str
    parcel_id: str
    lines: tuple[CreditedLine, ...]
    charges: int
    total: int


class Refunded(NamedTuple):
    """Money is back with the buyer."""

    refund_id: str
    payment_id: str
    amount: int
    credit_note_number: str | None


class Due(NamedTuple):
    """Something is to be looked at again, at a time or after the usual patience."""

    wish: Literal["expiry", "patience", "authorization", "capture", "refund"]
    payment_id: str
    at: datetime | None = None
    refusals: int = 0
    request_id: str | None = None


Fact = Secured | Lost | Asked | Invoiced | Applied | Settled | Credited | Refunded | Due


@dataclass(frozen=True, slots=True)
class Step:
    """An account after a fact, with everything that follows from it."""

    account: OrderAccount
    entries: tuple[Entry, ...] = ()
    facts: tuple[Fact, ...] = ()

    def to(self, account: OrderAccount) -> "Step":
        """Go on with a changed account."""
        return Step(account, self.entries, self.facts)

    def book(self, entries: Iterable[Entry]) -> "Step":
        """Add entries to the ledger's posting."""
        return Step(self.account, (*self.entries, *entries), self.facts)

    def say(self, *facts: Fact) -> "Step":
        """Add what is to be told, asked or remembered."""
        return Step(self.account, self.entries, (*self.facts, *facts))
