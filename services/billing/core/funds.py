"""Is an order paid for as far as it must be before its goods leave?  One formula over its payments.

Told only when the answer changes; while an answer of the provider is awaited, the last one stands.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from services.billing.core.account import OrderAccount, Payment
from services.billing.core.step import Lost, Secured, Step

# Declined or expired funds are asked for again so often, by timer; then intake cancels.
RETRIES_MAX: Final = 3

# The rule that is named is the weakest that the order's cover rests on.
_RULES: Final = (
    ("account", "account"),
    ("delivery", "delivery"),
    ("dispatch", "authorized"),
    ("release", "authorized"),
)


def assess(step: Step) -> Step:
    """Tell that the funds are secured or lost, where that is news."""
    account = _with_exposure(step.account)
    step = step.to(account)
    if not account.is_wanted:
        return step
    if account.uncovered == 0:
        return _secure(step)
    if any(_is_awaited(payment) for payment in account.payments):
        return step
    return _lose(step)


def exposure_of(account: OrderAccount) -> int:
    """What the customer owes or will owe on account: open invoices and what was granted and is not invoiced yet."""
    granted = sum([payment.amount for payment in account.payments if payment.is_granted])
    if not granted:
        return 0
    reserved = sum([payment.cover - payment.received for payment in account.payments if not payment.is_granted])
    return max(0, min(granted, account.lacking - reserved))


def _with_exposure(account: OrderAccount) -> OrderAccount:
    exposed = exposure_of(account)
    return account if exposed == account.exposed else replace(account, exposed=exposed)


def _secure(step: Step) -> Step:
    account = step.account
    until = min([p.expires_at for p in account.payments if p.authorized and p.expires_at], default=None)
    is_news = account.funds != "secured" or (until is not None and until != account.until)
    changed = replace(account, funds="secured", until=until, lost_reason=None, is_final=False)
    if not is_news:
        return step.to(changed)
    covering = tuple([payment for payment in account.payments if payment.cover > 0])
    return step.to(changed).say(Secured(_rule(account), covering, account.due, until))


def _rule(account: OrderAccount) -> str:
    if account.due <= 0:
        return "nothing_due"
    for moment, rule in _RULES:
        if any(payment.moment == moment and payment.cover > payment.received for payment in account.payments):
            return rule
    return "captured"


def _is_awaited(payment: Payment) -> bool:
    """Whether an answer about its funds is on its way: it was never refused, or was asked again."""
    if not payment.is_reserved_first:
        return False
    return payment.asked_authorization > 0 or (payment.reason is None and payment.cover < payment.amount)


def _lose(step: Step) -> Step:
    account = step.account
    failed = [payment for payment in account.payments if payment.reason]
    reason = failed[0].reason if failed else "unpaid"
    is_final = any(payment.refusals > RETRIES_MAX for payment in failed)
    if (account.funds, account.lost_reason, account.is_final) == ("lost", reason, is_final):
        return step
    changed = replace(account, funds="lost", until=None, lost_reason=reason, is_final=is_final)
    ids = tuple([payment.payment_id for payment in failed])
    return step.to(changed).say(Lost(ids, account.uncovered, reason or "unpaid", is_final))


def is_expired(payment: Payment, now: datetime) -> bool:
    """Whether its reservation ran out and nobody has said so yet."""
    return payment.authorized > 0 and payment.expires_at is not None and payment.expires_at <= now
