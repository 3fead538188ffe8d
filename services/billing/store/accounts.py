"""Order accounts with their payments: taken up whole, changed in memory, and what changed is written back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chassis import Tx
from services.billing.core.account import Invoice, OrderAccount, Payment
from services.billing.core.invoicing import Charge, Line, Owed
from services.billing.store.owed import charges_text, read_charges, read_taxes, taxes_text
from services.billing.store.sql import SQL


class NewOrder(NamedTuple):
    """A new order's rows."""

    account: OrderAccount
    placed_at: datetime
    lines: Sequence[Line]
    charges: Sequence[Charge]


async def known_orders(tx: Tx, keys: Collection[str]) -> set[str]:
    """Tell which orders have been heard of."""
    return {row["order_id"] for row in await tx.fetch(SQL.known_orders, order_ids=list(keys))}


async def orders_of_payments(tx: Tx, keys: Collection[str]) -> dict[str, str]:
    """Tell to which orders the provider's references belong."""
    rows = await tx.fetch(SQL.orders_of_payments, references=list(keys))
    return {row["reference"]: row["order_id"] for row in rows}


async def paid_on_delivery(tx: Tx, order_ids: Collection[str]) -> set[str]:
    """Tell which orders are paid where they arrive."""
    return {row["order_id"] for row in await tx.fetch(SQL.paid_on_delivery, order_ids=sorted(order_ids))}


async def load_accounts(tx: Tx, order_ids: Collection[str]) -> dict[str, OrderAccount]:
    """Take up accounts with their payments and invoices."""
    ids = sorted(order_ids)
    payments: dict[str, list[Payment]] = defaultdict(list)
    for row in await tx.fetch(SQL.load_payments, order_ids=ids):
        fields = dict(row)
        payments[fields.pop("order_id")].append(Payment(**fields))
    invoices: dict[str, list[Invoice]] = defaultdict(list)
    for order_id, number, shipment_id, total, paid, credited in await tx.fetch(SQL.load_invoices, order_ids=ids):
        invoice = Invoice(number=number, shipment_id=shipment_id, total=total, paid=paid, credited=credited)
        invoices[order_id].append(invoice)
    return {
        row["order_id"]: OrderAccount(
            order_id=row["order_id"],
            seller=row["seller"],
            customer_id=row["customer_id"],
            currency=row["currency"],
            due=row["due"],
            moved=row["moved"],
            days_net=row["days_net"],
            requests=row["requests"],
            funds=row["funds"],
            until=row["funds_until"],
            lost_reason=row["lost_reason"],
            is_final=row["is_final"],
            exposed=row["exposed"],
            is_wanted=row["is_wanted"],
            payments=tuple(payments[row["order_id"]]),
            invoices=tuple(invoices[row["order_id"]]),
        )
        for row in await tx.fetch(SQL.load_accounts, order_ids=ids)
    }


async def load_lines(tx: Tx, order_ids: Collection[str]) -> dict[str, list[Line]]:
    """Take up lines, with what was cancelled and invoiced of each."""
    lines: dict[str, list[Line]] = defaultdict(list)
    for order_id, line_id, sku, quantity, amount, discount, taxes, cancelled, invoiced in await tx.fetch(
        SQL.load_lines, order_ids=sorted(order_ids)
    ):
        owed = Owed(amount, discount, read_taxes(taxes))
        lines[order_id].append(Line(line_id, sku, quantity, owed, cancelled, invoiced))
    return lines


async def load_charges(tx: Tx, order_ids: Collection[str]) -> dict[str, tuple[Charge, ...]]:
    """Take up what is owed beside the lines."""
    rows = await tx.fetch(SQL.load_charges, order_ids=sorted(order_ids))
    return {row["order_id"]: read_charges(row["charges"]) for row in rows}


async def insert_orders(tx: Tx, orders: Sequence[NewOrder]) -> None:
    """Write new orders with their lines and payments."""
    accounts = [order.account for order in orders]
    await tx.execute(
        SQL.insert_accounts,
        **_account_columns(accounts),
        sellers=[account.seller for account in accounts],
        customer_ids=[account.customer_id for account in accounts],
        currencies=[account.currency for account in accounts],
        placed_ats=[order.placed_at for order in orders],
        chargeses=[charges_text(order.charges) for order in orders],
    )
    await _insert_lines(tx, orders)
    await _insert_payments(tx, accounts)


async def _insert_lines(tx: Tx, orders: Sequence[NewOrder]) -> None:
    rows = [(order.account.order_id, n, line) for order in orders for n, line in enumerate(order.lines)]
    await tx.execute(
        SQL.insert_lines,
        order_ids=[order_id for order_id, _, _ in rows],
        positions=[position for _, position, _ in rows],
        line_ids=[line.line_id for _, _, line in rows],
        skus=[line.sku for _, _, line in rows],
        quantities=[line.quantity for _, _, line in rows],
        amounts=[line.owed.amount for _, _, line in rows],
        discounts=[line.owed.discount for _, _, line in rows],
        taxeses=[taxes_text(line.owed.taxes) for _, _, line in rows],
    )


async def _insert_payments(tx: Tx, accounts: Sequence[OrderAccount]) -> None:
    rows = [(account.order_id, n, payment) for account in accounts for n, payment in enumerate(account.payments)]
    if not rows:
        return
    await tx.execute(
        SQL.insert_payments,
        order_ids=[order_id for order_id, _, _ in rows],
        positions=[position for _, position, _ in rows],
        payment_ids=[payment.payment_id for _, _, payment in rows],
        references=[payment.reference for _, _, payment in rows],
        methods=[payment.method for _, _, payment in rows],
        moments=[payment.moment for _, _, payment in rows],
        amounts=[payment.amount for _, _, payment in rows],
        captureds=[payment.captured for _, _, payment in rows],
        reasons=[payment.reason for _, _, payment in rows],
        granteds=[payment.is_granted for _, _, payment in rows],
        asked_refunds=[payment.asked_refund for _, _, payment in rows],
    )


async def save_accounts(tx: Tx, before: Mapping[str, OrderAccount], after: Mapping[str, OrderAccount]) -> None:
    """Write what changed of accounts that were taken up."""
    changed = [after[order_id] for order_id in sorted(before) if after[order_id] != before[order_id]]
    if not changed:
        return
    await tx.execute(SQL.update_accounts, **_account_columns(changed))
    await _save_payments(tx, before, changed)
    await _save_invoices(tx, before, changed)


async def _save_payments(tx: Tx, before: Mapping[str, OrderAccount], changed: Iterable[OrderAccount]) -> None:
    rows = [
        (account.order_id, payment)
        for account in changed
        for payment, old in zip(account.payments, before[account.order_id].payments, strict=True)
        if payment != old
    ]
    if not rows:
        return
    payments = [payment for _, payment in rows]
    await tx.execute(
        SQL.update_payments,
        order_ids=[order_id for order_id, _ in rows],
        payment_ids=[payment.payment_id for payment in payments],
        authorizeds=[payment.authorized for payment in payments],
        expires_ats=[payment.expires_at for payment in payments],
        authorized_ats=[payment.authorized_at for payment in payments],
        captureds=[payment.captured for payment in payments],
        refundeds=[payment.refunded for payment in payments],
        asked_authorizations=[payment.asked_authorization for payment in payments],
        asked_captures=[payment.asked_capture for payment in payments],
        asked_voids=[payment.asked_void for payment in payments],
        asked_refunds=[payment.asked_refund for payment in payments],
        refusalses=[payment.refusals for payment in payments],
        reasons=[payment.reason for payment in payments],
        granteds=[payment.is_granted for payment in payments],
        restings=[payment.is_resting for payment in payments],
    )


async def _save_invoices(tx: Tx, before: Mapping[str, OrderAccount], changed: Iterable[OrderAccount]) -> None:
    rows = [
        invoice
        for account in changed
        for invoice, old in zip(account.invoices, before[account.order_id].invoices, strict=False)
        if invoice != old
    ]
    if rows:
        await tx.execute(
            SQL.update_invoices,
            numbers=[invoice.number for invoice in rows],
            paids=[invoice.paid for invoice in rows],
            crediteds=[invoice.credited for invoice in rows],
        )


def _account_columns(accounts: Sequence[OrderAccount]) -> dict[str, list[object]]:
    return {
        "order_ids": [account.order_id for account in accounts],
        "dues": [account.due for account in accounts],
        "moveds": [account.moved for account in accounts],
        "days_nets": [account.days_net for account in accounts],
        "requestses": [account.requests for account in accounts],
        "fundses": [account.funds for account in accounts],
        "untils": [account.until for account in accounts],
        "reasons": [account.lost_reason for account in accounts],
        "finals": [account.is_final for account in accounts],
        "exposeds": [account.exposed for account in accounts],
        "wanteds": [account.is_wanted for account in accounts],
    }
