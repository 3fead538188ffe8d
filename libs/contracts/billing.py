"""What billing tells about an order's money (`billing-accounts`). Amounts are totals in minor units."""

from datetime import date

from contracts.event import Event, Fact, Instant
from contracts.facts import PaymentMethod

# --- funds ------------------------------------------------------------------------------------------------------------


class SecuredPayment(Fact):
    """A part of the funds, and until when they are sure."""

    payment_id: str
    method: PaymentMethod
    amount: int
    until: Instant | None = None


class FundsSecured(Event):
    """The order is paid for as far as it must be: captured, authorized, account (limit, exposure), nothing_due."""

    type = "billing.funds_secured.v1"

    payments: tuple[SecuredPayment, ...]
    amount: int
    currency: str
    until: Instant | None = None
    rule: str
    limit: int | None = None
    exposure: int | None = None


class FundsLost(Event):
    """The order is not, or no longer, paid for: declined, expired, over_limit, no_terms, a code.

    `final`: billing has asked as often as it will.
    """

    type = "billing.funds_lost.v1"

    payments: tuple[str, ...] = ()
    amount: int
    currency: str
    reason: str
    final: bool = False
    limit: int | None = None
    exposure: int | None = None


class PaymentRequest(Event):
    """Billing asks the provider for something. This informs; the call itself carries the request id."""

    request_id: str
    payment_id: str
    reference: str | None = None
    amount: int
    currency: str


class AuthorizationRequested(PaymentRequest):
    """Reserve funds, again."""

    type = "billing.authorization_requested.v1"


class CaptureRequested(PaymentRequest):
    """Move reserved funds to us."""

    type = "billing.capture_requested.v1"


class VoidRequested(PaymentRequest):
    """Give a reservation up."""

    type = "billing.void_requested.v1"


class RefundRequested(PaymentRequest):
    """Move money back."""

    type = "billing.refund_requested.v1"

    refund_id: str


# --- invoices ---------------------------------------------------------------------------------------------------------


class InvoicedTax(Fact):
    """A tax on an invoice's line or charge; included: the amount beside it already contains it."""

    jurisdiction: str
    rate: str
    amount: int
    included: bool = False


class InvoicedLine(Fact):
    """This invoice's share of a line."""

    line_id: str
    sku: str
    quantity: int
    amount: int
    discount: int = 0
    taxes: tuple[InvoicedTax, ...] = ()


class InvoicedCharge(Fact):
    """This invoice's share of a charge."""

    kind: str
    amount: int
    discount: int = 0
    taxes: tuple[InvoicedTax, ...] = ()


class OrderInvoiced(Event):
    """A dispatched shipment is invoiced: total = lines + charges - discounts + taxes that are not included."""

    type = "billing.order_invoiced.v1"

    invoice_number: str
    seller: str
    customer_id: str | None = None
    shipment_id: str
    lines: tuple[InvoicedLine, ...]
    charges: tuple[InvoicedCharge, ...] = ()
    tax: int = 0
    total: int
    currency: str
    issued_on: date
    due_on: date
    deposits_applied: int = 0
    open: int
    document: str | None = None


class PaymentApplied(Event):
    """Money settled an invoice, or a part of it; `open` is what remains."""

    type = "billing.payment_applied.v1"

    payment_id: str
    invoice_number: str
    amount: int
    open: int
    currency: str


class SettledLine(Fact):
    """Units of a line that are invoiced, and those of them that are paid."""

    line_id: str
    invoiced: int
    paid: int


class OrderSettled(Event):
    """All that is invoiced so far is paid; intake compares the quantities with what was delivered."""

    type = "billing.order_settled.v1"

    lines: tuple[SettledLine, ...]


# --- money back -------------------------------------------------------------------------------------------------------


class CreditNoted(Event):
    """We owe the buyer for something invoiced."""

    type = "billing.credit_noted.v1"

    refund_id: str | None = None
    credit_note_number: str
    invoice_number: str
    amount: int
    currency: str


class RefundCompleted(Event):
    """Money is back with the buyer."""

    type = "billing.refund_completed.v1"

    refund_id: str
    payment_id: str
    amount: int
    currency: str
    credit_note_number: str | None = None
