"""The few facts that several sides share. Amounts are totals of lines in minor units; a unit price only informs."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.event import Amount, Code, Count, Fact, Identifier, Instant, Quantity, Rate, Sku, Text

# Marks what may travel on topics of personal data only.
Personal = Field(json_schema_extra={"x-personal": True})
PersonalText = Annotated[Text, Personal]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+$"), Personal]

Purpose = Literal["cancel", "change", "hold"]
Unit = Literal["each", "case", "pallet"]
Condition = Literal["new", "opened", "damaged"]
Method = Literal["ship", "pickup", "digital"]
LineKind = Literal["goods", "kit", "component", "service", "gift_card"]
PaymentMethod = Literal["card", "wallet", "transfer", "account", "cash", "gift_card"]
PaymentMoment = Literal["captured", "dispatch", "release", "account", "delivery"]


class Address(Fact):
    """Where goods or an invoice go. A country that is none is held by intake, not refused here."""

    lines: Annotated[tuple[Text, ...], Field(max_length=6)] = ()
    city: Text = ""
    region: Text | None = None
    postcode: Text = ""
    country: Text = ""


class Contact(Fact):
    """A person or company of one order."""

    name: PersonalText
    email: Email | None = None
    phone: PersonalText | None = None
    company: PersonalText | None = None


class Discount(Fact):
    """What is taken off, and who pays for it."""

    code: Code
    funder: Code = "seller"
    amount: Amount


class Tax(Fact):
    """A tax on a line or charge; included: the amount beside it already contains it."""

    jurisdiction: Code
    rate: Rate
    amount: Amount
    included: bool = False
    collected_by: Literal["seller", "marketplace"] = "seller"


class Option(Fact):
    """A choice made for a line: a colour, an engraving."""

    name: Text
    value: Text


class Line(Fact):
    """One line as placed; `amount` is its total before discounts, with the taxes that are marked as included."""

    line_id: Identifier
    parent_line_id: Identifier | None = None
    kind: LineKind = "goods"
    ship_group_id: Identifier = "1"
    sku: Sku
    description: Text | None = None
    quantity: Quantity
    options: Annotated[tuple[Option, ...], Field(max_length=50)] = ()
    unit_price: Rate | None = None
    amount: Amount
    discounts: Annotated[tuple[Discount, ...], Field(max_length=50)] = ()
    taxes: Annotated[tuple[Tax, ...], Field(max_length=50)] = ()


class Charge(Fact):
    """What is owed beside goods: carriage, gift wrap, a surcharge."""

    kind: Code
    amount: Amount
    discounts: Annotated[tuple[Discount, ...], Field(max_length=50)] = ()
    taxes: Annotated[tuple[Tax, ...], Field(max_length=50)] = ()


class Payment(Fact):
    """How a part of the order is paid, and when the money moves; `reference` is the provider's (or the bank's) key."""

    payment_id: Identifier
    method: PaymentMethod
    reference: Identifier | None = None
    amount: Amount
    moment: PaymentMoment


class Totals(Fact):
    """What the sender adds up: total = goods + charges - discounts + taxes, where taxes are those not included."""

    goods: Amount
    charges: Amount = 0
    discounts: Amount = 0
    taxes: Amount = 0
    total: Amount


class Origin(Fact):
    """Why the order exists: a sale, or something owed for an earlier order."""

    kind: Literal["sale", "exchange", "replacement"] = "sale"
    order_id: Identifier | None = None
    rma_id: Identifier | None = None


class LineQuantity(Fact):
    """Some units of a line."""

    line_id: Identifier
    quantity: Count


class RefusedLine(Fact):
    """Units of a line that could not be given back, and why."""

    line_id: Identifier
    quantity: Count
    reason: str


class Reason(Fact):
    """Why something was refused: a code for machines, a text for people, and the line where there is one."""

    code: str
    line_id: str | None = None
    text: str = ""


class Dimensions(Fact):
    """Outer size unless said otherwise."""

    length_mm: Count
    width_mm: Count
    height_mm: Count


class Promise(Fact):
    """When goods leave and arrive: leaving is an instant (a cut-off), arriving a day where the buyer lives."""

    ship_by: Instant
    deliver_by: date
