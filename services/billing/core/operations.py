"""What the payment provider's word does to an order's money, whichever way it comes: answer of our call, or notice.

Both carry the provider's operation id: whichever comes first is booked, the other finds the operation known.
"""

from dataclasses import replace
from datetime import datetime
from typing import Literal, NamedTuple, assert_never

from services.billing.core.account import OrderAccount, Payment
from services.billing.core.funds import RETRIES_MAX, is_expired
from services.billing.core.ledger import Account, move
from services.billing.core.settlement import ask, follow, keep_as_credit
from services.billing.core.step import Due, Refunded, Step, Wish

Outcome = Literal["authorized", "captured", "refunded", "voided", "expired", "declined"]

OUTCOME_OF: dict[Wish, Outcome] = {
    "authorization": "authorized",
    "capture": "captured",
    "refund": "refunded",
    "void": "voided",
}


class Request(NamedTuple):
    """Something we asked the provider for and have no answer to."""

    request_id: str
    payment_id: str
    wish: Wish
    amount: int
    refund_id: str | None = None
    credit_note_number: str | None = None


class Operation(NamedTuple):
    """What the provider did, or refused to do."""

    operation_id: str
    payment_id: str
    outcome: Outcome
    amount: int
    at: datetime
    expires_at: datetime | None = None


def take_operation(account: OrderAccount, operation: Operation, request: Request | None) -> Step:
    """Book what the provider did; `request` is ours where it answers one that is still open."""
    if request:
        account = account.changing(request.payment_id, lambda payment: _answered(payment, request))
    step = _take(Step(account), operation, request)
    return follow(account, step, operation.operation_id)


def take_known_operation(account: OrderAccount, operation: Operation, request: Request | None) -> Step:
    """Learn from the second word on an operation what the first did not say: when a reservation ends, whose it was."""
    payment = account.payment(operation.payment_id)
    step = Step(account)
    if operation.outcome == "authorized" and payment.authorized and not payment.expires_at and operation.expires_at:
        step = step.to(account.having(replace(payment, expires_at=operation.expires_at)))
        step = step.say(Due("expiry", payment.payment_id, at=operation.expires_at))
    if request:
        step = step.to(step.account.changing(request.payment_id, lambda payment: _answered(payment, request)))
        step = _refund_done(step, operation, request)
    return follow(account, step, operation.operation_id)


def expire(account: OrderAccount, payment_id: str, now: datetime) -> Step:
    """A timer says that a reservation may have run out: if so, and money is still to come, ask for a new one."""
    payment = account.payment(payment_id)
    if not is_expired(payment, now):
        return Step(account)
    step = _expired(Step(account), payment)
    return follow(account, step, f"{account.order_id}.expiry")


def ask_authorization(account: OrderAccount, payment_id: str) -> Step:
    """Ask for funds that are still lacking: after patience with a notice that never came, or a refusal."""
    payment = account.payment(payment_id)
    return follow(account, _ask_authorization(Step(account), payment), account.order_id)


def ask_capture(account: OrderAccount, payment_id: str) -> Step:
    """Try a refused capture again."""
    rested = account.changing(payment_id, lambda payment: replace(payment, is_resting=False))
    return follow(account, Step(rested), account.order_id)


def ask_refund(account: OrderAccount, refused: Request) -> Step:
    """Try a refused refund again, under the same refund id."""
    payment = account.payment(refused.payment_id)
    free = replace(payment, asked_refund=payment.asked_refund - refused.amount)
    step = Step(account.having(free))
    return ask(step, "refund", free, refused.amount, (refused.refund_id or "", refused.credit_note_number))


def _answered(payment: Payment, request: Request) -> Payment:
    asked = f"asked_{request.wish}"
    return replace(payment, **{asked: getattr(payment, asked) - request.amount})


def _take(step: Step, operation: Operation, request: Request | None) -> Step:
    payment = step.account.payment(operation.payment_id)
    match operation.outcome:
        case "authorized":
            return _authorized(step, payment, operation)
        case "captured":
            return _captured(step, payment, operation.amount, is_ours=request is not None)
        case "refunded":
            return _refunded(step, payment, operation, request)
        case "voided":
            return step.to(step.account.having(_reserving(payment, payment.authorized - operation.amount)))
        case "expired":
            is_late = payment.authorized_at is not None and operation.at < payment.authorized_at
            return step if is_late else _expired(step, payment)
        case "declined":
            return _declined(step, payment, request)
        case _:
            assert_never(operation.outcome)


def _reserving(payment: Payment, authorized: int) -> Payment:
    left = max(0, authorized)
    return replace(payment, authorized=left, expires_at=payment.expires_at if left else None)


def _authorized(step: Step, payment: Payment, operation: Operation) -> Step:
    reserved = payment.authorized + operation.amount
    changed = replace(
        payment, authorized=reserved, authorized_at=operation.at, expires_at=operation.expires_at,
        refusals=0, reason=None, is_resting=False,
    )  # fmt: skip
    step = step.to(step.account.having(changed))
    if operation.expires_at is None:
        return step
    return step.say(Due("expiry", payment.payment_id, at=operation.expires_at))


def _captured(step: Step, payment: Payment, amount: int, *, is_ours: bool) -> Step:
    """Book captured money; a notice about what the channel had captured only confirms it."""
    if payment.moment == "captured" and not is_ours:
        return step
    left = _reserving(payment, payment.authorized - amount)
    changed = replace(left, captured=payment.captured + amount, refusals=0, reason=None, is_resting=False)
    return step.to(step.account.having(changed)).book(move(Account.CASH_IN_TRANSIT, Account.CUSTOMER_DEPOSITS, amount))


def _refunded(step: Step, payment: Payment, operation: Operation, request: Request | None) -> Step:
    """Book money that went back, at most what was captured: more would not be this payment's."""
    amount = min(operation.amount, payment.received)
    changed = replace(payment, refunded=payment.refunded + amount, refusals=0)
    step = step.to(step.account.having(changed)).book(move(Account.CUSTOMER_DEPOSITS, Account.CASH_IN_TRANSIT, amount))
    return _refund_done(step, operation._replace(amount=amount), request)


def _refund_done(step: Step, operation: Operation, request: Request | None) -> Step:
    if operation.outcome != "refunded" or request is None or request.refund_id is None:
        return step
    note = request.credit_note_number
    return step.say(Refunded(request.refund_id, operation.payment_id, operation.amount, note))


def _expired(step: Step, payment: Payment) -> Step:
    changed = replace(payment, authorized=0, expires_at=None)
    return _ask_authorization(step.to(step.account.having(changed)), changed)


def _ask_authorization(step: Step, payment: Payment) -> Step:
    account = step.account
    if not payment.is_reserved_first or payment.asked_authorization or not account.is_wanted:
        return step
    on_the_way = sum([other.asked_authorization for other in account.payments])
    amount = min(payment.amount - payment.cover, account.uncovered - on_the_way)
    return ask(step, "authorization", payment, amount) if amount > 0 else step


def _declined(step: Step, payment: Payment, request: Request | None) -> Step:
    """A refusal is asked again by timer, so often; then it is final, and somebody must look."""
    wish = request.wish if request else "authorization"
    refused = replace(payment, refusals=payment.refusals + 1)
    if wish == "void":
        # What cannot be given up lapses by itself; it will not be captured either.
        return step.to(
            step.account.having(_reserving(payment, payment.authorized - (request.amount if request else 0)))
        )
    if wish == "refund":
        return _refund_refused(step, refused, request)
    if wish == "capture":
        step = step.to(step.account.having(replace(refused, is_resting=True)))
    else:
        step = step.to(step.account.having(replace(refused, reason="declined")))
    if refused.refusals > RETRIES_MAX:
        return step
    return step.say(Due(wish, payment.payment_id, refusals=refused.refusals))


def _refund_refused(step: Step, refused: Payment, request: Request | None) -> Step:
    assert request, "only our own requests ask for refunds"
    if refused.refusals > RETRIES_MAX:
        # The way back is closed: the money stays as the customer's credit, where the books show it.
        return keep_as_credit(step.to(step.account.having(replace(refused, refusals=0))), request.amount)
    waiting = replace(refused, asked_refund=refused.asked_refund + request.amount)
    due = Due("refund", refused.payment_id, refusals=refused.refusals, request_id=request.request_id)
    return step.to(step.account.having(waiting)).say(due)
