"""What sales channels tell us (`channel-orders`) and what they hear from us (`channel-updates`)."""

from collections import Counter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import to_json

from contracts.event import Code, Currency, Day, Event, Fact, Identifier, Instant, OutsideEvent, Text
from contracts.facts import (
    Address,
    Charge,
    Contact,
    Line,
    LineQuantity,
    Method,
    Origin,
    Payment,
    Personal,
    PersonalText,
    Reason,
    Totals,
)
from contracts.values import EXPONENTS, order_id_of

LINES_MAX = 5_000


def _known_currency(code: str) -> str:
    if code not in EXPONENTS:
        raise ValueError(f"{code} is no currency of ISO 4217")
    return code


KnownCurrency = Annotated[
    Currency, AfterValidator(_known_currency), Field(json_schema_extra={"enum": [*sorted(EXPONENTS)]})
]


class ShipGroup(Fact):
    """Lines that go the same way to the same place."""

    ship_group_id: Identifier = "1"
    address: Annotated[Address | None, Personal] = None
    contact: Annotated[Contact | None, Personal] = None
    method: Method = "ship"
    service: Code | None = None
    not_before: Day | None = None
    deliver_by: Day | None = None
    incoterm: Code | None = None


class OrderPlaced(OutsideEvent):
    """A buyer placed an order. Sums that do not tie and unknown countries parse: intake refuses or holds them."""

    type = "channel.order_placed.v1"

    seller: Code
    stock_owner: Code
    channel: Annotated[Identifier, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
    channel_order_id: Identifier
    marketplace_order_id: Identifier | None = None
    purchase_order_number: Text | None = None
    cart_id: Identifier | None = None
    origin: Origin = Origin()
    placed_at: Instant
    customer_id: Identifier | None = None
    language: Code = "en"
    zone: Code = "UTC"
    consent: bool = False
    contact: Annotated[Contact, Personal]
    tax_id: PersonalText | None = None
    ship_groups: Annotated[tuple[ShipGroup, ...], Field(min_length=1, max_length=100)]
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=LINES_MAX)]
    charges: Annotated[tuple[Charge, ...], Field(max_length=50)] = ()
    payments: Annotated[tuple[Payment, ...], Field(max_length=50)] = ()
    currency: KnownCurrency
    totals: Totals

    def subject(self) -> str:
        """One key for all that a channel says about one of its orders."""
        return f"{self.channel}:{self.channel_order_id}"

    def identity(self) -> str:
        """An order is placed once."""
        return f"{self.channel}:{self.channel_order_id}"

    def home(self) -> str:
        """The order's own lane."""
        return order_id_of(self.channel, self.channel_order_id)

    def content(self) -> bytes:
        """Compare lines as a multiset and without their ids, which importers number as they meet them."""
        skus = {line.line_id: line.sku for line in self.lines}
        lines = sorted(_without_ids(line, skus) for line in self.lines)
        rest = self.__pydantic_serializer__.to_json(self, exclude={"lines"}, exclude_none=True)
        return b"\n".join((rest, *lines))


def _without_ids(line: Line, skus: dict[str, str]) -> bytes:
    parent = skus.get(line.parent_line_id, "?") if line.parent_line_id else ""
    # The description goes too: it informs, and catalogues reword it.
    exclude = {"line_id", "parent_line_id", "description"}
    return parent.encode() + line.__pydantic_serializer__.to_json(line, exclude=exclude, exclude_none=True)


class CancellationRequested(OutsideEvent):
    """A buyer or channel wants an order, or some of its lines, cancelled. No lines: all of it."""

    type = "channel.cancellation_requested.v1"

    message_id: Identifier
    channel: Annotated[Identifier, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
    channel_order_id: Identifier
    lines: Annotated[tuple[LineQuantity, ...], Field(max_length=LINES_MAX)] = ()
    reason: Text = ""

    def subject(self) -> str:
        """Behind the order it is about."""
        return f"{self.channel}:{self.channel_order_id}"

    def identity(self) -> str:
        """The channel's own message id."""
        return f"{self.channel}/message/{self.message_id}"

    def home(self) -> str:
        """The order's own lane."""
        return order_id_of(self.channel, self.channel_order_id)

    def content(self) -> bytes:
        """Compare lines as a multiset."""
        wanted = Counter((line.line_id, line.quantity) for line in self.lines)
        return to_json((self.subject(), sorted(wanted.elements()), self.reason))


class ChannelUpdate(Event):
    """What a channel hears about its order: by its own number, and by ours."""

    channel: str
    channel_order_id: str
    order_id: str


class OrderAcknowledged(ChannelUpdate):
    """We have the order and will work on it."""

    type = "channel.order_acknowledged.v1"


class OrderRefused(ChannelUpdate):
    """We refuse a message: what cannot be an order, what conflicts with the good one, a cancellation too late."""

    type = "channel.order_refused.v1"

    cause: Literal["order", "conflict", "cancellation"]
    message: str
    reasons: tuple[Reason, ...]


class OrderFulfilled(ChannelUpdate):
    """A parcel of the order left."""

    type = "channel.order_fulfilled.v1"

    shipment_id: str
    parcel_id: str
    lines: tuple[LineQuantity, ...]
    carrier: str
    tracking_number: str


class OrderCancelled(ChannelUpdate):
    """Units of the order will not come."""

    type = "channel.order_cancelled.v1"

    ask_id: str
    lines: tuple[LineQuantity, ...]
    reason: str


class OrderRefunded(ChannelUpdate):
    """Money went back to the buyer."""

    type = "channel.order_refunded.v1"

    refund_id: str
    amount: int
    currency: str
