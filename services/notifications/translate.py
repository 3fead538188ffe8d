"""Events → notices: what each milestone tells, in facts that a text is written from; None where it tells nothing."""

from collections.abc import Iterable
from typing import Any

from chassis import Heard
from contracts import billing, intake, inventory, notifications, shipping
from contracts.facts import LineQuantity
from contracts.values import decimal_text
from services.notifications import core

# A mail names the first lines or parcels; a wholesale order may have thousands.
_NAMED_MAX = 20


def order_confirmed(heard: Heard[intake.OrderReceived]) -> core.Notice:
    """We have the order."""
    order = heard.event
    lines = [{"quantity": line.quantity, "name": core.one_line(line.description or line.sku)} for line in order.lines]
    total = _money(order.totals.total, order.currency)
    return _notice(heard, heard.subject, "order_confirmed", lines=lines[:_NAMED_MAX], count=len(lines), total=total)


def lines_backordered(heard: Heard[inventory.LinesBackordered]) -> core.Notice:
    """Some of it comes later."""
    lines = heard.event.lines
    expected = max((line.expected_on.isoformat() for line in lines if line.expected_on), default=None)
    about = f"{heard.subject}/{expected}"
    return _notice(heard, about, "lines_backordered", units=_units(lines), expected_on=expected)


def promise_changed(heard: Heard[inventory.PromiseChanged]) -> core.Notice:
    """It comes on another day."""
    deliver_by = max(line.after.deliver_by for line in heard.event.lines).isoformat()
    return _notice(heard, f"{heard.subject}/{deliver_by}", "promise_changed", deliver_by=deliver_by)


def shipment_dispatched(heard: Heard[shipping.ShipmentDispatched]) -> core.Notice:
    """It is on its way, under these numbers."""
    parcels = [{"carrier": parcel.carrier, "tracking_number": parcel.tracking_number} for parcel in heard.event.parcels]
    about, promised = heard.event.shipment_id, heard.event.promised
    deliver_by = promised and promised.isoformat()
    facts = {"parcels": parcels[:_NAMED_MAX], "count": len(parcels), "units": _units(heard.event.lines)}
    return _notice(heard, about, "shipment_dispatched", **facts, deliver_by=deliver_by)


def shipment_delivered(heard: Heard[shipping.ShipmentDelivered]) -> core.Notice:
    """A parcel arrived."""
    delivered_on = heard.event.occurred_at.date().isoformat()
    units = _units(heard.event.lines)
    return _notice(heard, heard.event.parcel_id, "shipment_delivered", units=units, delivered_on=delivered_on)


def parcel_closed(heard: Heard[shipping.ParcelClosed]) -> core.Notice:
    """A parcel will not arrive."""
    closed = heard.event
    return _notice(heard, closed.parcel_id, "parcel_closed", outcome=closed.outcome, units=_units(closed.lines))


def order_cancelled(heard: Heard[intake.OrderCancelled]) -> core.Notice | None:
    """Units are cancelled; where all were too late, nothing happened."""
    cancelled, too_late = _units(heard.event.lines), _units(heard.event.too_late)
    return (
        _notice(heard, heard.event.ask_id, "order_cancelled", units=cancelled, too_late=too_late) if cancelled else None
    )


def order_refunded(heard: Heard[billing.RefundCompleted]) -> core.Notice:
    """Money is back."""
    amount = _money(heard.event.amount, heard.event.currency)
    return _notice(heard, heard.event.refund_id, "order_refunded", amount=amount)


def order_credited(heard: Heard[billing.CreditNoted]) -> core.Notice | None:
    """We owe money; where it is paid back, the refund tells so."""
    noted = heard.event
    amount = _money(noted.amount, noted.currency)
    facts = {"amount": amount, "number": noted.credit_note_number, "invoice": noted.invoice_number}
    return None if noted.refund_id else _notice(heard, noted.credit_note_number, "order_credited", **facts)


def order_invoiced(heard: Heard[billing.OrderInvoiced]) -> core.Notice | None:
    """There is something to pay; where nothing is open, there is not."""
    invoice = heard.event
    facts = {
        "number": invoice.invoice_number,
        "total": _money(invoice.total, invoice.currency),
        "open": _money(invoice.open, invoice.currency),
        "due_on": invoice.due_on.isoformat(),
    }
    return _notice(heard, invoice.invoice_number, "order_invoiced", **facts) if invoice.open else None


def outcome(became: core.Outcome) -> notifications.MessageSent | notifications.MessageFailed:
    """Tell what became of a message; never to whom it went, or what it said."""
    told = notifications.Message(
        milestone=became.milestone, about=became.about, template=became.template, message_id=became.message_id
    )
    if became.reason is None:
        return notifications.MessageSent(**dict(told))
    return notifications.MessageFailed(**dict(told), reason=became.reason, attempts=became.attempts)


def contact_row(heard: Heard[intake.ContactsRecorded]) -> tuple[str, int, str, str | None, str]:
    """Choose whom to tell: the buyer, else whoever can be written to."""
    chosen = min(heard.event.contacts, key=lambda one: (not one.email, one.role != "buyer"), default=None)
    if chosen is None:
        return (heard.subject, heard.event.version, "", None, core.LANGUAGES[0])
    return (heard.subject, heard.event.version, chosen.name, chosen.email, core.language_of(chosen.language))


def _notice(heard: Heard[Any], about: str, milestone: str, **facts: object) -> core.Notice:
    return core.Notice(order_id=heard.subject, milestone=milestone, about=about, facts=facts)


def _units(lines: Iterable[LineQuantity | inventory.BackorderedLine]) -> int:
    return sum(line.quantity for line in lines)


def _money(amount: int, currency: str) -> str:
    return f"{decimal_text(amount, currency)} {currency}"
