"""Invoices, cancellations and credit notes: appended, never rewritten but for what was paid and credited."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from chassis import Tx
from services.billing.core.account import Invoice, OrderAccount
from services.billing.core.invoicing import CreditableLine, Owed
from services.billing.core.step import Credited, Invoiced
from services.billing.core.transfers import remittance_key
from services.billing.store.owed import read_taxes
from services.billing.store.sql import SQL


class NewInvoice(NamedTuple):
    """An invoice as it was issued, and as it stands at the end of this transaction."""

    account: OrderAccount
    fact: Invoiced
    issued_on: date
    due_on: date

    @property
    def standing(self) -> Invoice:
        """What was paid and credited of it already."""
        return next(invoice for invoice in self.account.invoices if invoice.number == self.fact.number)


class NewCreditNote(NamedTuple):
    """A credit note as it was issued."""

    order_id: str
    fact: Credited
    issued_on: date


class Creditable(NamedTuple):
    """What of a shipment's invoice can be credited."""

    has_charges: bool
    lines: list[CreditableLine]


async def lock_series(tx: Tx, series: Collection[str]) -> dict[str, int]:
    """Hold number series until this transaction ends; returns the last number of each, 0 for a new one."""
    rows = await tx.fetch(SQL.lock_series, series=sorted(series))
    return dict.fromkeys(series, 0) | {row["series"]: row["last_number"] for row in rows}


async def save_series(tx: Tx, last_numbers: Mapping[str, int]) -> None:
    """Write the last number of each series."""
    series = sorted(last_numbers)
    await tx.execute(SQL.save_series, series=series, last_numbers=[last_numbers[name] for name in series])


async def insert_invoices(tx: Tx, invoices: Sequence[NewInvoice]) -> None:
    """Write issued invoices with their lines."""
    if not invoices:
        return
    numbers = [invoice.fact.number for invoice in invoices]
    serials = [number.rpartition("-") for number in numbers]
    await tx.execute(
        SQL.insert_invoices,
        numbers=numbers,
        order_ids=[invoice.account.order_id for invoice in invoices],
        shipment_ids=[invoice.fact.shipment_id for invoice in invoices],
        series=[series for series, _, _ in serials],
        serials=[int(serial) for _, _, serial in serials],
        customer_ids=[invoice.account.customer_id for invoice in invoices],
        currencies=[invoice.account.currency for invoice in invoices],
        totals=[invoice.fact.draft.total for invoice in invoices],
        chargeses=[sum([charge.owed.total for charge in invoice.fact.draft.charges]) for invoice in invoices],
        taxes=[invoice.fact.draft.tax for invoice in invoices],
        paids=[invoice.standing.paid for invoice in invoices],
        crediteds=[invoice.standing.credited for invoice in invoices],
        issued_ons=[invoice.issued_on for invoice in invoices],
        due_ons=[invoice.due_on for invoice in invoices],
        remittance_keys=[remittance_key(number) for number in numbers],
    )
    await _insert_lines(tx, invoices)


async def _insert_lines(tx: Tx, invoices: Iterable[NewInvoice]) -> None:
    rows = [(new.account.order_id, new.fact.number, line) for new in invoices for line in new.fact.draft.lines]
    owed = [line.owed for _, _, line in rows]
    await tx.execute(
        SQL.insert_invoice_lines,
        order_ids=[order_id for order_id, _, _ in rows],
        numbers=[number for _, number, _ in rows],
        line_ids=[line.line_id for _, _, line in rows],
        firsts=[line.first for _, _, line in rows],
        quantities=[line.quantity for _, _, line in rows],
        amounts=[part.amount for part in owed],
        discounts=[part.discount for part in owed],
        taxes_added=[part.tax_added for part in owed],
        taxes_included=[part.tax_included for part in owed],
    )


async def settled_lines(tx: Tx, order_ids: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """Give the invoiced units of orders by line."""
    lines: dict[str, list[tuple[str, int]]] = defaultdict(list)
    if order_ids:
        for order_id, line_id, quantity in await tx.fetch(SQL.settled_lines, order_ids=sorted(order_ids)):
            lines[order_id].append((line_id, quantity))
    return lines


async def insert_cancelled(tx: Tx, cancelled: Sequence[tuple[str, str, Mapping[str, int]]]) -> None:
    """Write which units an ask took off an order's bill."""
    rows = [(order_id, ask_id, *unit) for order_id, ask_id, units in cancelled for unit in units.items()]
    if rows:
        await tx.execute(
            SQL.insert_cancelled,
            order_ids=[row[0] for row in rows],
            ask_ids=[row[1] for row in rows],
            line_ids=[row[2] for row in rows],
            quantities=[row[3] for row in rows],
        )


async def load_creditable(tx: Tx, order_ids: Collection[str], shipment_ids: Collection[str]) -> dict[str, Creditable]:
    """Take up the invoices of shipments as far as they can be credited."""
    rows = await tx.fetch(SQL.load_creditable, order_ids=sorted(order_ids), shipment_ids=sorted(shipment_ids))
    found: dict[str, Creditable] = {}
    for shipment_id, has_charges, line_id, first, quantity, credited, ordered, amount, discount, taxes in rows:
        owed = Owed(amount, discount, read_taxes(taxes))
        line = CreditableLine(line_id, first, quantity, credited, ordered, owed)
        found.setdefault(shipment_id, Creditable(has_charges, [])).lines.append(line)
    return found


async def insert_credit_notes(tx: Tx, notes: Sequence[NewCreditNote]) -> None:
    """Write issued credit notes with their lines."""
    if not notes:
        return
    await tx.execute(
        SQL.insert_credit_notes,
        numbers=[note.fact.number for note in notes],
        order_ids=[note.order_id for note in notes],
        invoice_numbers=[note.fact.invoice_number for note in notes],
        parcel_ids=[note.fact.parcel_id for note in notes],
        totals=[note.fact.total for note in notes],
        chargeses=[note.fact.charges for note in notes],
        issued_ons=[note.issued_on for note in notes],
    )
    rows = [(note.order_id, note.fact, line) for note in notes for line in note.fact.lines]
    await tx.execute(
        SQL.insert_credit_lines,
        order_ids=[order_id for order_id, _, _ in rows],
        line_ids=[line.line_id for _, _, line in rows],
        invoice_numbers=[fact.invoice_number for _, fact, _ in rows],
        numbers=[fact.number for _, fact, _ in rows],
        quantities=[line.quantity for _, _, line in rows],
        amounts=[line.owed.total for _, _, line in rows],
    )
