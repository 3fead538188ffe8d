"""A new order opens an account; a cancellation lowers what it comes to."""

from collections.abc import Iterable, Sequence

from chassis import Heard, Turn
from contracts import intake
from services.billing.core.account import Payment
from services.billing.core.invoicing import Line
from services.billing.core.orders import cancel, open_account
from services.billing.core.transfers import remittance_key
from services.billing.handlers.group import ORDER, Group, service, subjects
from services.billing.handlers.transfers import claim_suspense
from services.billing.store import accounts, customers, invoices
from services.billing.translate import heard as facts


@service.hears(intake.OrderReceived)
async def open_accounts(turn: Turn, received: Sequence[Heard[intake.OrderReceived]]) -> None:
    """Take new orders' payments, and decide what is on account."""
    opened = {heard.subject: facts.order_account(heard.subject, heard.event) for heard in received}
    on_account = {a.customer_id for a in opened.values() if a.customer_id and _buys_on_account(a.payments)}
    terms = await customers.load_terms(turn, on_account)
    group = Group(turn, {}, terms, opened)
    for heard in received:
        account = group.accounts[heard.subject]
        step = open_account(account, group.terms.get(account.customer_id or ""))
        group.take(heard, step, "prepayment", heard.subject)
    await accounts.insert_orders(turn, [_new_order(group, heard) for heard in received])
    turn.written("order", list(opened))
    turn.written("payment", [payment.reference for account in opened.values() for payment in account.payments])
    await group.write(is_new=True)
    await claim_suspense(
        turn, {remittance_key(heard.subject): (heard, None, heard.event.currency) for heard in received}
    )


@service.hears(intake.OrderCancelled, needs=[ORDER])
async def take_cancellations(turn: Turn, cancelled: Sequence[Heard[intake.OrderCancelled]]) -> None:
    """Void or refund what will never be invoiced."""
    group = await Group.of(turn, subjects(cancelled))
    lines = await accounts.load_lines(turn, group.before)
    charges = await accounts.load_charges(turn, group.before)
    taken = []
    for heard in cancelled:
        order_id, ask_id, units = heard.subject, heard.event.ask_id, facts.quantities(heard.event.lines)
        step, off = cancel(group.accounts[order_id], lines[order_id], charges[order_id], ask_id, units)
        lines[order_id] = _without(lines[order_id], off)
        taken.append((order_id, ask_id, off))
        group.take(heard, step, "cancellation", ask_id)
    await invoices.insert_cancelled(turn, taken)
    await group.write()


def _buys_on_account(payments: Iterable[Payment]) -> bool:
    return any(payment.moment == "account" for payment in payments)


def _new_order(group: Group, heard: Heard[intake.OrderReceived]) -> accounts.NewOrder:
    order = heard.event
    lines, charges = facts.order_lines(order), facts.order_charges(order)
    return accounts.NewOrder(group.accounts[heard.subject], order.placed_at, lines, charges)


def _without(lines: Iterable[Line], cancelled: dict[str, int]) -> list[Line]:
    return [line._replace(cancelled=line.cancelled + cancelled.get(line.line_id, 0)) for line in lines]
