"""What an order's own events do to its money: received, cancelled, dispatched, delivered, parcels that never arrive."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.billing.core.account import Invoice, OrderAccount, Payment
from services.billing.core.credit import Terms, ask_credit
from services.billing.core.invoicing import (
    Charge,
    CreditableLine,
    Draft,
    Line,
    cancel_units,
    credit_units,
    draft_invoice,
    reversed_entries,
    sale_entries,
)
from services.billing.core.ledger import Account, Entry, move
from services.billing.core.settlement import follow
from services.billing.core.step import Credited, Due, Invoiced, Step


def open_account(account: OrderAccount, terms: Terms | None) -> Step:
    """Take a new order: what was captured is a deposit, what is on account is decided, the rest is awaited."""
    taken = replace(account, payments=tuple([_as_captured(payment) for payment in account.payments]))
    deposits = sum([payment.captured for payment in taken.payments])
    step = Step(ask_credit(taken, terms)).book(move(Account.CASH_IN_TRANSIT, Account.CUSTOMER_DEPOSITS, deposits))
    awaited = [Due("patience", payment.payment_id) for payment in taken.payments if payment.is_reserved_first]
    return follow(account, step.say(*awaited), account.order_id)


def ask_credit_again(account: OrderAccount, terms: Terms | None) -> Step:
    """Decide once more what is on account, now that the exposure or the terms changed."""
    return follow(account, Step(ask_credit(account, terms)), account.order_id)


def cancel(
    account: OrderAccount, lines: Sequence[Line], charges: Sequence[Charge], ask_id: str, units: Mapping[str, int]
) -> tuple[Step, dict[str, int]]:
    """Take cancelled units off the bill; with the last of an order that was never invoiced its charges go too."""
    taken, relief = cancel_units(lines, units)
    is_wanted = any(line.quantity > line.cancelled + taken.get(line.line_id, 0) for line in lines)
    if account.is_wanted and not is_wanted and not account.invoices:
        relief += sum([charge.owed.total for charge in charges])
    changed = replace(account, due=account.due - relief, is_wanted=is_wanted)
    return follow(account, Step(changed), ask_id), taken


def invoice_shipment(
    account: OrderAccount, lines: Sequence[Line], charges: Sequence[Charge], shipment: tuple[str, str],
    units: Mapping[str, int],
) -> tuple[Step, Draft | None]:  # fmt: skip
    """Invoice what left; `shipment` is its id and the number that its invoice will have."""
    shipment_id, number = shipment
    draft = draft_invoice(lines, () if account.invoices else charges, units)
    if draft is None:
        return Step(account), None
    invoice = Invoice(number=number, shipment_id=shipment_id, total=draft.total)
    changed = replace(account, invoices=(*account.invoices, invoice))
    step = Step(changed).say(Invoiced(number, shipment_id, draft, account.days_net))
    return follow(account, step.book(_invoice_entries(draft)), shipment_id), draft


def collect_on_delivery(account: OrderAccount, shipment_id: str) -> Step:
    """The carrier took the cash for a shipment when it handed over its first parcel."""
    step = Step(account)
    invoice = next((invoice for invoice in account.invoices if invoice.shipment_id == shipment_id), None)
    wanted = invoice.open if invoice else 0
    for payment in account.payments:
        if payment.moment == "delivery" and (amount := min(wanted, payment.amount - payment.captured)) > 0:
            step = step.to(step.account.having(replace(payment, captured=payment.captured + amount)))
            step = step.book(move(Account.CARRIER_COLLECTIONS, Account.CUSTOMER_DEPOSITS, amount))
            wanted -= amount
    return follow(account, step, shipment_id, paying=invoice.number if invoice else None)


def credit_parcel(
    account: OrderAccount, lines: Sequence[CreditableLine], charges: Sequence[Charge], parcel: tuple[str, str, str],
    units: Mapping[str, int],
) -> Step:  # fmt: skip
    """Credit what will never arrive; `parcel` is its id, its shipment's and the number of the credit note.

    `charges` are those of the same invoice that may go back: they do when no unit of it is left.
    """
    parcel_id, shipment_id, number = parcel
    credited = credit_units(lines, units)
    invoice = next((invoice for invoice in account.invoices if invoice.shipment_id == shipment_id), None)
    if invoice is None or not credited:
        return Step(account)
    is_rest = sum([line.quantity for line in credited]) == sum([line.creditable for line in lines])
    goods, fees = [line.owed for line in credited], [charge.owed for charge in charges] if is_rest else []
    total = sum([owed.total for owed in (*goods, *fees)])
    step = Step(replace(account, due=account.due - total)).book(reversed_entries(sale_entries(goods, fees)))
    step = _lower_invoice(step, invoice, total)
    step = step.say(Credited(number, invoice.number, parcel_id, credited, sum([fee.total for fee in fees]), total))
    return follow(account, step, parcel_id, note=number)


def _as_captured(payment: Payment) -> Payment:
    return replace(payment, captured=max(0, payment.amount)) if payment.moment == "captured" else payment


def _invoice_entries(draft: Draft) -> tuple[Entry, ...]:
    sale = sale_entries([line.owed for line in draft.lines], [charge.owed for charge in draft.charges])
    return (*sale, Entry(Account.RECEIVABLE, draft.total))


def _lower_invoice(step: Step, invoice: Invoice, total: int) -> Step:
    """Credit an invoice: what of it was paid already is a deposit again."""
    excess = min(invoice.paid, max(0, total - invoice.open))
    lowered = replace(invoice, credited=invoice.credited + total, paid=invoice.paid - excess)
    invoices = tuple([lowered if known.number == invoice.number else known for known in step.account.invoices])
    step = step.to(replace(step.account, invoices=invoices)).book([Entry(Account.RECEIVABLE, -total)])
    return step.book(move(Account.RECEIVABLE, Account.CUSTOMER_DEPOSITS, excess))
