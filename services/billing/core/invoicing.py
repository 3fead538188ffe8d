"""What a shipment's invoice says: every amount is a share of its line, rounded cumulatively so that parts add up.

Units of a line are counted from the first: an invoice holds the units from `first` on, and its share of an amount is
round(amount * last / ordered) - round(amount * first / ordered). So the sum over all invoices is the line, to the minor
unit, however it was split; and credits, counted within an invoice's units, add up to that invoice.
Charges (carriage) go whole with the order's first invoice.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from contracts.values import share_of
from services.billing.core.ledger import Account, Entry


class Tax(NamedTuple):
    """A tax on a line or charge; included: the amount beside it already contains it."""

    jurisdiction: str
    rate: str
    amount: int
    is_included: bool


class Owed(NamedTuple):
    """What a line, a charge or a share of one comes to."""

    amount: int
    discount: int = 0
    taxes: tuple[Tax, ...] = ()

    @property
    def tax_added(self) -> int:
        """The taxes that come on top."""
        return sum([tax.amount for tax in self.taxes if not tax.is_included]) if self.taxes else 0

    @property
    def tax_included(self) -> int:
        """The taxes that the amount contains."""
        return sum([tax.amount for tax in self.taxes if tax.is_included]) if self.taxes else 0

    @property
    def total(self) -> int:
        """What is to be paid for it."""
        return self.amount - self.discount + self.tax_added

    def share(self, first: int, last: int, whole: int) -> "Owed":
        """Give the share of the units from `first` up to `last` of `whole`."""
        if first == 0 and last == whole:
            return self
        return Owed(
            _between(self.amount, first, last, whole),
            _between(self.discount, first, last, whole),
            tuple([tax._replace(amount=_between(tax.amount, first, last, whole)) for tax in self.taxes]),
        )


class Line(NamedTuple):
    """An order's line and how many of its units were cancelled or invoiced so far."""

    line_id: str
    sku: str
    quantity: int
    owed: Owed
    cancelled: int = 0
    invoiced: int = 0

    @property
    def billable(self) -> int:
        """Units that can still be invoiced."""
        return self.quantity - self.cancelled - self.invoiced


class Charge(NamedTuple):
    """What is owed beside goods."""

    kind: str
    owed: Owed


class InvoicedLine(NamedTuple):
    """An invoice's share of a line: `quantity` units from the line's unit number `first` on."""

    line_id: str
    sku: str
    first: int
    quantity: int
    owed: Owed


class Draft(NamedTuple):
    """An invoice without its number."""

    lines: tuple[InvoicedLine, ...]
    charges: tuple[Charge, ...]
    total: int
    tax: int
    """All taxes, whether on top or included."""


class CreditableLine(NamedTuple):
    """A line of an invoice, how many of its units were credited, and the order's line of which it is a share."""

    line_id: str
    first: int
    quantity: int
    credited: int
    ordered: int
    owed: Owed

    @property
    def creditable(self) -> int:
        """Units that can still be credited."""
        return self.quantity - self.credited


class CreditedLine(NamedTuple):
    """Units taken back from an invoice."""

    line_id: str
    quantity: int
    owed: Owed


def draft_invoice(lines: Iterable[Line], charges: Sequence[Charge], dispatched: Mapping[str, int]) -> Draft | None:
    """Invoice the dispatched units, at most what is billable; None where that is nothing.

    `charges` are those not invoiced yet.
    """
    invoiced = [
        _invoiced(line, quantity)
        for line in lines
        if (quantity := min(dispatched.get(line.line_id, 0), line.billable)) > 0
    ]
    if not invoiced:
        return None
    parts = [line.owed for line in invoiced] + [charge.owed for charge in charges]
    tax = sum([part.tax_added + part.tax_included for part in parts if part.taxes])
    return Draft(tuple(invoiced), tuple(charges), sum([part.total for part in parts]), tax)


def cancel_units(lines: Iterable[Line], cancelled: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Tell which units are really taken off the bill, at most what is billable, and by how much it falls."""
    taken: dict[str, int] = {}
    relief = 0
    for line in lines:
        quantity = min(cancelled.get(line.line_id, 0), line.billable)
        if quantity > 0:
            kept = line.quantity - line.cancelled
            taken[line.line_id] = quantity
            relief += line.owed.share(kept - quantity, kept, line.quantity).total
    return taken, relief


def credit_units(lines: Iterable[CreditableLine], lost: Mapping[str, int]) -> tuple[CreditedLine, ...]:
    """Take lost units back from their invoice, at most what it still holds."""
    return tuple(
        _credited(line, quantity) for line in lines if (quantity := min(lost.get(line.line_id, 0), line.creditable)) > 0
    )


def sale_entries(goods: Iterable[Owed], charges: Iterable[Owed]) -> tuple[Entry, ...]:
    """Book a sale but for who pays it: revenue, carriage and tax against discounts, a contra account."""
    goods, charges = list(goods), list(charges)
    everything = goods + charges
    return (
        Entry(Account.REVENUE, -sum([owed.amount - owed.tax_included for owed in goods])),
        Entry(Account.CARRIAGE, -sum([owed.amount - owed.tax_included for owed in charges])),
        Entry(Account.TAX_PAYABLE, -sum([owed.tax_added + owed.tax_included for owed in everything])),
        Entry(Account.DISCOUNTS, sum([owed.discount for owed in everything])),
    )


def reversed_entries(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Book the opposite."""
    return tuple(Entry(account, -amount) for account, amount in entries)


def _between(total: int, first: int, last: int, whole: int) -> int:
    return share_of(total, last, whole) - share_of(total, first, whole)


def _invoiced(line: Line, quantity: int) -> InvoicedLine:
    share = line.owed.share(line.invoiced, line.invoiced + quantity, line.quantity)
    return InvoicedLine(line.line_id, line.sku, line.invoiced, quantity, share)


def _credited(line: CreditableLine, quantity: int) -> CreditedLine:
    start = line.first + line.credited
    return CreditedLine(line.line_id, quantity, line.owed.share(start, start + quantity, line.ordered))
