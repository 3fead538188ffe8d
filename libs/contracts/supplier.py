"""What suppliers answer to our purchase orders (`supplier-notices`)."""

from typing import Annotated

from pydantic import Field

from contracts.event import Count, Day, Fact, Identifier, OutsideEvent, Sku, Text


class PurchaseLine(Fact):
    """Units of a purchase order's line, and when they come where the supplier says so."""

    line_id: Identifier
    sku: Sku
    quantity: Count
    expected_on: Day | None = None


class SupplierNotice(OutsideEvent):
    """One message of a supplier about one purchase order."""

    message_id: Identifier
    supplier_id: Identifier
    purchase_order_id: Identifier
    lines: Annotated[tuple[PurchaseLine, ...], Field(min_length=1, max_length=5_000)]
    reason: Text | None = None

    def subject(self) -> str:
        """The purchase order that it is about."""
        return self.purchase_order_id

    def identity(self) -> str:
        """The supplier's own message id."""
        return f"{self.supplier_id}/{self.message_id}"


class OrderConfirmed(SupplierNotice):
    """The supplier will deliver these units on these days."""

    type = "supplier.order_confirmed.v1"


class OrderRefused(SupplierNotice):
    """The supplier will not deliver these units."""

    type = "supplier.order_refused.v1"


class OrderDelayed(SupplierNotice):
    """These units come on other days than confirmed."""

    type = "supplier.order_delayed.v1"
