"""Contracts to core values and back.  Total functions; decides nothing."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from pydantic import TypeAdapter
from pydantic_core import to_json

from contracts import channel, desk, intake, shipping
from contracts.facts import Address, Contact, LineQuantity, Reason, RefusedLine
from contracts.values import ask_id_of, hold_id_of
from services.intake.core import lifecycle
from services.intake.core.cancellation import Answer, Ask, Quantities, Wish
from services.intake.core.canon import Refusal
from services.intake.core.lifecycle import Order

Role = Literal["buyer", "bill_to", "ship_to"]
Cause = Literal["order", "conflict", "cancellation"]

_CONTACTS: Final = TypeAdapter(tuple[intake.RecordedContact, ...])
# Only an order of more lines can come near the limit of a message, so only those are measured.
_LARGE_LINES: Final = 1_000


# --- an order as placed -----------------------------------------------------------------------------------------------


def received(placed: channel.OrderPlaced) -> intake.OrderReceived:
    """Tell all services what was placed, without personal data."""
    groups = tuple(_ship_group(group) for group in placed.ship_groups)
    return intake.OrderReceived(
        version=1,
        seller=placed.seller,
        stock_owner=placed.stock_owner,
        channel=placed.channel,
        channel_order_id=placed.channel_order_id,
        marketplace_order_id=placed.marketplace_order_id,
        purchase_order_number=placed.purchase_order_number,
        origin=placed.origin,
        placed_at=placed.placed_at,
        customer_id=placed.customer_id,
        country=groups[0].country,
        postcode=groups[0].postcode,
        ship_groups=groups,
        lines=placed.lines,
        charges=placed.charges,
        payments=placed.payments,
        currency=placed.currency,
        totals=placed.totals,
    )


def size_bytes(placed: channel.OrderPlaced) -> int:
    """Measure what all services will hear of an order, where that could be too much for one message."""
    return len(received(placed).encode()) if len(placed.lines) > _LARGE_LINES else 0


def _ship_group(group: channel.ShipGroup) -> intake.ShipGroup:
    return intake.ShipGroup(
        ship_group_id=group.ship_group_id,
        country=group.address.country if group.address else "",
        postcode=group.address.postcode if group.address else "",
        method=group.method,
        service=group.service,
        not_before=group.not_before,
        deliver_by=group.deliver_by,
        incoterm=group.incoterm,
    )


def contacts(placed: channel.OrderPlaced) -> intake.ContactsRecorded:
    """Tell whom an order concerns: the buyer, who receives each ship group, and who gets the bill.

    A channel names no place for the bill: it goes where the first ship group goes.
    """
    buyer = _person(placed, placed.contact, "buyer")
    receivers = [
        _person(placed, group.contact or placed.contact, "ship_to", group.address, group.ship_group_id)
        for group in placed.ship_groups
    ]
    payer = _person(placed, placed.contact, "bill_to", placed.ship_groups[0].address)
    return intake.ContactsRecorded(
        version=1, contacts=(buyer, *receivers, payer.model_copy(update={"tax_id": placed.tax_id}))
    )


def _person(
    placed: channel.OrderPlaced, contact: Contact, role: Role, address: Address | None = None, group: str | None = None
) -> intake.RecordedContact:
    return intake.RecordedContact(
        role=role,
        ship_group_id=group,
        name=contact.name,
        email=contact.email,
        phone=contact.phone,
        company=contact.company,
        address=address,
        language=placed.language,
        zone=placed.zone,
    )


def reasons(refusals: Iterable[Refusal]) -> tuple[Reason, ...]:
    """Tell why something is refused."""
    return tuple(Reason(code=refusal.code, line_id=refusal.line_id, text=refusal.text) for refusal in refusals)


# --- contacts ---------------------------------------------------------------------------------------------------------


def contacts_kept(people: Sequence[intake.RecordedContact]) -> str:
    """Write contacts for their row."""
    return to_json(people, exclude_none=True).decode()


def contacts_read(row: str) -> tuple[intake.RecordedContact, ...]:
    """Read contacts back from their row."""
    return _CONTACTS.validate_json(row)


def recipient(people: Sequence[intake.RecordedContact], ship_group_id: str) -> intake.RecordedContact | None:
    """Find who receives a ship group; None: the order has no such group."""
    return next((person for person in people if person.ship_group_id == ship_group_id), None)


def with_correction(
    people: Sequence[intake.RecordedContact], correction: desk.AddressCorrected
) -> tuple[intake.RecordedContact, ...]:
    """Give an order's contacts as the desk corrected them; a bill that went to the same place follows."""
    old = recipient(people, correction.ship_group_id)
    moved: dict[str, object] = {"address": correction.address}
    named = dict(correction.contact) if correction.contact else {}
    return tuple(
        person.model_copy(update=named | moved) if person is old
        else person.model_copy(update=moved) if old and person.role == "bill_to" and person.address == old.address
        else person
        for person in people
    )  # fmt: skip


def changed(version: int, group: str, before: Address | None, after: Address) -> intake.OrderChanged:
    """Tell that a ship group goes elsewhere."""
    change = intake.DestinationChange(ship_group_id=group, before=_destination(before), after=_destination(after))
    return intake.OrderChanged(version=version, destinations=(change,))


def _destination(address: Address | None) -> intake.Destination:
    return intake.Destination(country=address.country if address else "", postcode=address.postcode if address else "")


# --- life of an order -------------------------------------------------------------------------------------------------


def held(order: Order, saying: lifecycle.Held) -> intake.OrderHeld:
    """Tell that a hold stands."""
    return intake.OrderHeld(
        version=order.version,
        hold_id=hold_id_of(order.order_id, saying.hold.number),
        reason=saying.hold.reason,
        text=saying.text,
        by=saying.by,
    )


def lifted(order: Order, saying: lifecycle.Lifted) -> intake.HoldLifted:
    """Tell that a hold is settled."""
    return intake.HoldLifted(
        version=order.version,
        hold_id=hold_id_of(order.order_id, saying.hold.number),
        reason=saying.hold.reason,
        by=saying.by,
    )


def hold_number(order_id: str, hold_id: str | None) -> int | None:
    """Read which hold of an order is meant: 0 for one that is none of its, None for all."""
    if hold_id is None:
        return None
    number = hold_id.removeprefix(hold_id_of(order_id, 0)[:-1])
    return int(number) if number.isascii() and number.isdigit() else 0


def line_quantities(lines: Iterable[tuple[str, int]]) -> tuple[LineQuantity, ...]:
    """Tell units by line."""
    return tuple(LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in lines)


# --- cancellation -----------------------------------------------------------------------------------------------------


def wish_of(request: channel.CancellationRequested) -> Wish:
    """Take what a channel wants cancelled."""
    lines = tuple((line.line_id, line.quantity) for line in request.lines)
    return Wish(message_id=request.message_id, lines=lines, reason=request.reason, by="channel")


def asked(order: Order, ask_id: str, wish: Wish, ask: Ask) -> intake.CancellationAsked:
    """Ask inventory for units back."""
    return intake.CancellationAsked(
        version=order.version,
        ask_id=ask_id,
        purpose="cancel",
        lines=line_quantities(ask.asked.items()),
        reason=wish.reason,
    )


def cancelled(order: Order, ask_id: str, wish: Wish, answer: Answer) -> intake.OrderCancelled:
    """Tell the end of a wish."""
    return intake.OrderCancelled(
        version=order.version,
        ask_id=ask_id,
        lines=line_quantities(answer.cancelled.items()),
        too_late=line_quantities(answer.too_late.items()),
        reason=wish.reason,
        by=wish.by,
    )


def channel_cancelled(order: Order, ask_id: str, wish: Wish, answer: Answer) -> channel.OrderCancelled:
    """Tell a channel what will not come."""
    return channel.OrderCancelled(
        channel=order.channel,
        channel_order_id=order.channel_order_id,
        order_id=order.order_id,
        ask_id=ask_id,
        lines=line_quantities(answer.cancelled.items()),
        reason=wish.reason,
    )


def channel_refused(order: Order, cause: Cause, message: str, why: Iterable[Refusal]) -> channel.OrderRefused:
    """Tell a channel which message is refused, and why."""
    return channel.OrderRefused(
        channel=order.channel,
        channel_order_id=order.channel_order_id,
        order_id=order.order_id,
        cause=cause,
        message=message,
        reasons=reasons(why),
    )


def channel_fulfilled(order: Order, shipment_id: str, parcel: shipping.DispatchedParcel) -> channel.OrderFulfilled:
    """Tell a channel that a parcel left."""
    return channel.OrderFulfilled(
        channel=order.channel,
        channel_order_id=order.channel_order_id,
        order_id=order.order_id,
        shipment_id=shipment_id,
        parcel_id=parcel.parcel_id,
        lines=parcel.lines,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
    )


def latest_ask_id(order: Order) -> str:
    """Name the order's latest ask."""
    return ask_id_of(order.order_id, order.asks_made)


def units(lines: Iterable[LineQuantity | RefusedLine]) -> Quantities:
    """Add up units by line."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.line_id] = sums.get(line.line_id, 0) + line.quantity
    return sums


def channel_key(order: Order) -> str:
    """Give the key under which a channel hears of its order."""
    return f"{order.channel}:{order.channel_order_id}"
