"""The double-entry ledger's language: a small named chart of accounts, and postings whose entries add up to nothing.

A debit is positive, a credit negative. One business fact is one posting, told apart by its kind and reference.
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Account(StrEnum):
    """The chart of accounts; the first migration says what each holds."""

    BANK = "bank"
    CASH_IN_TRANSIT = "cash_in_transit"
    CARRIER_COLLECTIONS = "carrier_collections"
    SUSPENSE = "suspense"
    RECEIVABLE = "receivable"
    INVENTORY = "inventory"
    CUSTOMER_DEPOSITS = "customer_deposits"
    CUSTOMER_CREDIT = "customer_credit"
    TAX_PAYABLE = "tax_payable"
    GOODS_RECEIVED_NOT_INVOICED = "goods_received_not_invoiced"
    REVENUE = "revenue"
    CARRIAGE = "carriage"
    DISCOUNTS = "discounts"
    COST_OF_GOODS = "cost_of_goods"
    PAYMENT_FEES = "payment_fees"


class Entry(NamedTuple):
    """One leg: so much on one account, debit above zero."""

    account: Account
    amount: int


class Posting(NamedTuple):
    """One transaction of the ledger, in one currency; it always balances."""

    kind: str
    reference: str
    order_id: str | None
    currency: str
    entries: tuple[Entry, ...]


def move(debit: Account, credit: Account, amount: int) -> tuple[Entry, ...]:
    """Move an amount from the credited account to the debited one."""
    return (Entry(debit, amount), Entry(credit, -amount))


def post(kind: str, reference: str, order_id: str | None, currency: str, entries: Iterable[Entry]) -> Posting | None:
    """Put a fact's entries together, one for each account; None where nothing moves."""
    balances: Counter[Account] = Counter()
    for account, amount in entries:
        balances[account] += amount
    net = tuple(Entry(account, amount) for account, amount in sorted(balances.items()) if amount)
    assert sum(entry.amount for entry in net) == 0, f"{kind} {reference} does not balance: {net}"
    return Posting(kind, reference, order_id, currency, net) if net else None
