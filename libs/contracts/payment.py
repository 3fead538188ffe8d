"""What the payment provider and the bank tell us (`payment-notices`)."""

from typing import Annotated

from pydantic import Field

from contracts.event import AMOUNT_MAX, Amount, Currency, Day, Identifier, Instant, OutsideEvent, Text
from contracts.facts import PersonalText

# The kind of an operation says which way money moves: below zero it would be one operation posing as another.
Moved = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]


class PaymentOperation(OutsideEvent):
    """One operation on one payment. One reference has many operations, each with its own id."""

    reference: Identifier
    operation_id: Identifier
    request_id: Identifier | None = None
    amount: Moved
    currency: Currency
    provider_id: Identifier | None = None
    expires_at: Instant | None = None
    fee: Amount | None = None
    reason: Text | None = None

    def subject(self) -> str:
        """The payment's reference at the provider."""
        return self.reference

    def identity(self) -> str:
        """The provider's operation: the answer to our call and its notice are the same."""
        return self.operation_id

    def home(self) -> str | None:
        """Only billing knows whose payment a reference is."""
        return None


class Authorized(PaymentOperation):
    """Funds are reserved until `expires_at`."""

    type = "payment.authorized.v1"


class Captured(PaymentOperation):
    """Reserved funds moved to us, less the fee."""

    type = "payment.captured.v1"


class Declined(PaymentOperation):
    """The provider said no to what we or the buyer asked."""

    type = "payment.declined.v1"


class Refunded(PaymentOperation):
    """Money moved back."""

    type = "payment.refunded.v1"


class Voided(PaymentOperation):
    """A reservation was given up."""

    type = "payment.voided.v1"


class AuthorizationExpired(PaymentOperation):
    """A reservation ran out."""

    type = "payment.authorization_expired.v1"


class TransferReceived(OutsideEvent):
    """Money came in on our bank account; the remittance text may name an invoice."""

    type = "payment.transfer_received.v1"

    bank_reference: Identifier
    payer: PersonalText
    amount: Amount
    currency: Currency
    value_date: Day
    remittance_text: PersonalText = ""

    def subject(self) -> str:
        """The bank's own number."""
        return self.bank_reference

    def identity(self) -> str:
        """The bank books a transfer once."""
        return f"bank/{self.bank_reference}"

    def home(self) -> str | None:
        """Only billing can tell what a transfer pays."""
        return None
