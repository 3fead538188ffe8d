"""May a customer buy so much more on account?  Terms, limit, and what is owed or will be.

Exposure is open invoices plus what was granted and is not invoiced yet. When it falls, waiting orders are looked at
again, the oldest first; one too large for the room that is left does not keep smaller, younger ones waiting.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from services.billing.core.account import OrderAccount, Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms a customer buys on account, and what of the limit is taken."""

    customer_id: str
    currency: str
    days_net: int
    credit_limit: int
    effective_from: date
    exposure: int = 0

    @property
    def room(self) -> int:
        """What may still be granted."""
        return self.credit_limit - self.exposure


class Waiting(NamedTuple):
    """An order that waits for room under its customer's limit."""

    order_id: str
    customer_id: str
    currency: str
    amount: int


def ask_credit(account: OrderAccount, terms: Terms | None) -> OrderAccount:
    """Grant or refuse what the order wants on account; a customer without terms can only prepay."""
    wanted = [payment for payment in account.payments if payment.moment == "account" and not payment.is_granted]
    if not wanted:
        return account
    if terms is None or terms.currency != account.currency:
        return _answer(account, wanted, "no_terms")
    if min(account.lacking, sum([payment.amount for payment in wanted])) > terms.room:
        return _answer(account, wanted, "over_limit")
    return replace(_answer(account, wanted, None), days_net=terms.days_net)


def choose_waiting(room: int, waiting: Iterable[Waiting]) -> list[Waiting]:
    """Choose which waiting orders, given oldest first, fit into the room."""
    chosen = []
    for order in waiting:
        if order.amount <= room:
            chosen.append(order)
            room -= order.amount
    return chosen


def _answer(account: OrderAccount, wanted: Iterable[Payment], reason: str | None) -> OrderAccount:
    for payment in wanted:
        account = account.having(replace(payment, is_granted=reason is None, reason=reason))
    return account
