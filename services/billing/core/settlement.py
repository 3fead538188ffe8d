"""What follows from an order's money as it stands, whatever fact changed it: one formula each.

Money that is here pays open invoices; reserved funds are captured for what is open; reservations beyond what is still
to come are given up; money beyond what is due goes back. So a cancellation, a credit and a late capture need no rules
of their own, and refunds cannot exceed what was captured.
"""

from collections.abc import Iterator
from dataclasses import replace

from contracts.values import refund_id_of, request_id_of
from services.billing.core.account import Invoice, OrderAccount, Payment
from services.billing.core.funds import assess
from services.billing.core.ledger import Account, move
from services.billing.core.step import Applied, Asked, Settled, Step, Wish

# Who paid, where money came by none of the order's payments: a transfer that names the order or its invoice.
TRANSFER = "transfer"


def follow(before: OrderAccount, step: Step, cause: str, *, paying: str | None = None, note: str | None = None) -> Step:
    """Draw every consequence of a changed account.

    `cause` names refunds; `paying` is the invoice that money was sent for; `note` the credit note that a refund is for.
    """
    step = _apply_money(step, paying)
    step = _tell_settled(before, step)
    step = _ask_captures(step)
    step = _give_up_excess(step)
    step = _refund_surplus(step, cause, note)
    return assess(step)


def ask(step: Step, wish: Wish, payment: Payment, amount: int, refund: tuple[str, str | None] = ("", None)) -> Step:
    """Ask the provider for something about a payment, under the order's next request id."""
    account = step.account
    number = account.requests + 1
    changed = replace(payment, **{f"asked_{wish}": getattr(payment, f"asked_{wish}") + amount})
    request_id = request_id_of(account.order_id, number)
    refund_id, note = refund
    asked = Asked(wish, request_id, payment.payment_id, payment.reference, amount, refund_id or None, note)
    return step.to(replace(account.having(changed), requests=number)).say(asked)


# --- money that is here pays what is open -----------------------------------------------------------------------------


def _apply_money(step: Step, paying: str | None) -> Step:
    spare = step.account.received - step.account.paid
    if spare < 0:
        return _take_back(step, -spare)
    for invoice in sorted(step.account.invoices, key=lambda invoice: invoice.number != paying):
        if (amount := min(spare, invoice.open)) > 0:
            step = _pay(step, invoice, amount)
            spare -= amount
    return step


def _pay(step: Step, invoice: Invoice, amount: int) -> Step:
    account = step.account
    sources = list(_sources(account, account.paid, account.paid + amount))
    open_left = invoice.open
    for payment_id, part in sources:
        open_left -= part
        step = step.say(Applied(payment_id, invoice.number, part, open_left))
    step = step.to(_with_invoice(account, replace(invoice, paid=invoice.paid + amount)))
    return step.book(move(Account.CUSTOMER_DEPOSITS, Account.RECEIVABLE, amount))


def _sources(account: OrderAccount, first: int, last: int) -> Iterator[tuple[str, int]]:
    """Tell whose money the units from `first` to `last` of all received are: the payments' in order, then transfers."""
    end = 0
    for payment_id, received in [*((p.payment_id, p.received) for p in account.payments), (TRANSFER, last)]:
        start, end = end, end + received
        if (part := min(end, last) - max(start, first)) > 0:
            yield _payer(account, payment_id), part


def _payer(account: OrderAccount, payment_id: str) -> str:
    """A transfer pays for the payment that was to come on account, where there is one."""
    if payment_id != TRANSFER:
        return payment_id
    return next((payment.payment_id for payment in account.payments if payment.moment == "account"), TRANSFER)


def _take_back(step: Step, missing: int) -> Step:
    """Money that had paid an invoice went back: the youngest invoice is open again."""
    for invoice in reversed(step.account.invoices):
        if (amount := min(missing, invoice.paid)) > 0:
            missing -= amount
            changed = replace(invoice, paid=invoice.paid - amount)
            step = step.to(_with_invoice(step.account, changed))
            step = step.book(move(Account.RECEIVABLE, Account.CUSTOMER_DEPOSITS, amount))
            payer = step.account.payments[-1].payment_id if step.account.payments else TRANSFER
            step = step.say(Applied(payer, invoice.number, -amount, changed.open))
    return step


def _with_invoice(account: OrderAccount, changed: Invoice) -> OrderAccount:
    invoices = tuple([changed if invoice.number == changed.number else invoice for invoice in account.invoices])
    return replace(account, invoices=invoices)


def _tell_settled(before: OrderAccount, step: Step) -> Step:
    after = step.account
    is_touched = before.open > 0 or len(after.invoices) > len(before.invoices)
    return step.say(Settled()) if is_touched and after.open == 0 else step


# --- what is open is captured, what is too much is given up or back ---------------------------------------------------


def _ask_captures(step: Step) -> Step:
    wanted = step.account.open - sum([payment.asked_capture for payment in step.account.payments])
    for payment in step.account.payments:
        free = payment.authorized - payment.asked_capture - payment.asked_void
        if (amount := min(wanted, free)) > 0 and not payment.is_resting:
            step = ask(step, "capture", payment, amount)
            wanted -= amount
    return step


def _give_up_excess(step: Step) -> Step:
    live = sum([payment.authorized - payment.asked_void for payment in step.account.payments])
    excess = live - step.account.lacking
    for payment in reversed(step.account.payments):
        free = payment.authorized - payment.asked_capture - payment.asked_void
        if (amount := min(excess, free)) > 0:
            step = ask(step, "void", payment, amount)
            excess -= amount
    return step


def _refund_surplus(step: Step, cause: str, note: str | None) -> Step:
    account = step.account
    surplus = account.received - sum([payment.asked_refund for payment in account.payments]) - account.due
    for payment in reversed(account.payments):
        if payment.moment == "delivery":
            continue
        if (amount := min(surplus, payment.received - payment.asked_refund)) > 0:
            refund_id = refund_id_of(cause, payment.payment_id)
            step = ask(step, "refund", payment, amount, (refund_id, note))
            surplus -= amount
    return keep_as_credit(step, surplus) if surplus > 0 else step


def keep_as_credit(step: Step, amount: int) -> Step:
    """Keep money that no provider can take back (a transfer's) as the customer's credit."""
    step = step.to(replace(step.account, moved=step.account.moved - amount))
    return step.book(move(Account.CUSTOMER_DEPOSITS, Account.CUSTOMER_CREDIT, amount))
