"""The bank: customers on account pay their invoices by transfer, in full, naming the invoice."""

from collections.abc import Iterator

from contracts.billing import OrderInvoiced
from contracts.payment import TransferReceived
from ordermill.world.reply import Cause, Hears, Reply, Temper

ACCOUNT = "A-"  # how the numbers of customers on account begin
PAYS_AFTER = 2  # simulated days


class Bank:
    """Our bank, and the customers behind it."""

    def __init__(self, temper: Temper) -> None:
        self._temper = temper

    @property
    def hears(self) -> Hears:
        """Invoices."""
        return {OrderInvoiced: self._pay}

    def _pay(self, cause: Cause) -> Iterator[Reply]:
        invoice: OrderInvoiced = cause.event
        customer = invoice.customer_id or ""
        if not (customer.startswith(ACCOUNT) and invoice.open > 0):
            return
        transfer = TransferReceived(
            bank_reference=f"BANK-{invoice.seller}-{invoice.invoice_number}".replace(" ", "-"), payer=customer,
            amount=invoice.open, currency=invoice.currency, value_date=cause.at.date(),
            remittance_text=f"Invoice {invoice.invoice_number}",
        )  # fmt: skip
        yield Reply(self._temper.days(PAYS_AFTER), transfer)
