"""What notifications does on each event: it tells the customer, once per milestone.

Whom to tell is looked up, and the text is written, when the mail goes out (`gateway.py`): nothing of it is kept.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from chassis import Heard, Need, Service, Turn
from contracts import billing, intake, inventory, shipping
from contracts.event import Event
from services.notifications import core, store, translate
from services.notifications.gateway import MailAnswered, SendMail

E = TypeVar("E", bound=Event)
service = Service("notifications")

ORDER = Need("order", key=lambda heard: heard.subject, known=store.known_orders)
CONTACT = Need("contact", key=lambda heard: heard.subject, known=store.known_contacts)

# A mailbox that takes nothing for so long is given up (RFC 5321 asks for four to five days).
GIVE_UP_AFTER = timedelta(days=4)


@service.hears(intake.ContactsRecorded)
async def keep_contacts(turn: Turn, recorded: Sequence[Heard[intake.ContactsRecorded]]) -> None:
    """Know whom to tell."""
    await store.save_contacts(turn, [translate.contact_row(heard) for heard in recorded])
    turn.written("contact", {heard.subject for heard in recorded})


@service.erases(intake.ContactsRecorded)
async def erase_contacts(turn: Turn, erased: Sequence[Heard[Any]]) -> None:
    """Forget whom to tell, for ever."""
    order_ids = {heard.subject for heard in erased}
    await store.erase_contacts(turn, order_ids)
    turn.written("contact", order_ids)


@service.hears(intake.OrderReceived, needs=[CONTACT])
async def confirm_orders(turn: Turn, received: Sequence[Heard[intake.OrderReceived]]) -> None:
    """We have your order."""
    await store.save_orders(turn, {heard.subject: heard.event.channel_order_id for heard in received})
    turn.written("order", {heard.subject for heard in received})
    await tell(turn, received, translate.order_confirmed)


@service.hears(inventory.LinesBackordered, needs=[ORDER])
async def tell_of_backorders(turn: Turn, backordered: Sequence[Heard[inventory.LinesBackordered]]) -> None:
    """Some of it comes later."""
    await tell(turn, backordered, translate.lines_backordered)


@service.hears(inventory.PromiseChanged, needs=[ORDER])
async def tell_of_new_promises(turn: Turn, changed: Sequence[Heard[inventory.PromiseChanged]]) -> None:
    """It comes on another day."""
    await tell(turn, changed, translate.promise_changed)


@service.hears(shipping.ShipmentDispatched, needs=[ORDER])
async def tell_of_dispatch(turn: Turn, dispatched: Sequence[Heard[shipping.ShipmentDispatched]]) -> None:
    """It is on its way."""
    await tell(turn, dispatched, translate.shipment_dispatched)


@service.hears(shipping.ShipmentDelivered, needs=[ORDER])
async def tell_of_delivery(turn: Turn, delivered: Sequence[Heard[shipping.ShipmentDelivered]]) -> None:
    """It arrived."""
    await tell(turn, delivered, translate.shipment_delivered)


@service.hears(shipping.ParcelClosed, needs=[ORDER])
async def tell_of_closed_parcels(turn: Turn, closed: Sequence[Heard[shipping.ParcelClosed]]) -> None:
    """It will not arrive."""
    await tell(turn, closed, translate.parcel_closed)


@service.hears(intake.OrderCancelled)  # stands behind its order in the same topic, so the order is known
async def tell_of_cancellation(turn: Turn, cancelled: Sequence[Heard[intake.OrderCancelled]]) -> None:
    """It is cancelled."""
    await tell(turn, cancelled, translate.order_cancelled)


@service.hears(billing.OrderInvoiced, needs=[ORDER])
async def send_invoices(turn: Turn, invoiced: Sequence[Heard[billing.OrderInvoiced]]) -> None:
    """Please pay."""
    await tell(turn, invoiced, translate.order_invoiced)


@service.hears(billing.CreditNoted, needs=[ORDER])
async def tell_of_credit(turn: Turn, credited: Sequence[Heard[billing.CreditNoted]]) -> None:
    """You need not pay all of it."""
    await tell(turn, credited, translate.order_credited)


@service.hears(billing.RefundCompleted, needs=[ORDER])
async def tell_of_refunds(turn: Turn, refunded: Sequence[Heard[billing.RefundCompleted]]) -> None:
    """Your money is back."""
    await tell(turn, refunded, translate.order_refunded)


async def tell(turn: Turn, heard: Sequence[Heard[E]], notice_of: Callable[[Heard[E]], core.Notice | None]) -> None:
    """Take on one message per milestone and thing, and ask the post to carry those that are new."""
    notices = {notice.key: (one, notice) for one in heard if (notice := notice_of(one))}
    new = await store.claim_messages(turn, notices)
    for key, (cause, notice) in notices.items():
        if key in new:
            mail = SendMail(notice=notice, written_at=turn.now, give_up_at=turn.now + GIVE_UP_AFTER)
            turn.call(cause, mail, queue=notice.order_id)


@service.hears(MailAnswered)
async def record_outcomes(turn: Turn, answered: Sequence[Heard[MailAnswered]]) -> None:
    """Tell what became of messages."""
    await store.save_outcomes(turn, {heard.event.outcome.key: heard.event.outcome for heard in answered})
    for heard in answered:
        turn.announce(heard, translate.outcome(heard.event.outcome))
