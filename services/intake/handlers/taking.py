"""Taking what channels place: one canonical order for each channel order, or a refusal with every reason."""

from collections.abc import Sequence

from chassis import Heard, Turn
from contracts import channel, intake
from services.intake import store, translate
from services.intake.core.canon import Refusal
from services.intake.core.lifecycle import Order
from services.intake.core.reception import Receipt, receive
from services.intake.handlers.cancelling import cancel
from services.intake.handlers.course import Course, announce, conclude, service


@service.hears(channel.OrderPlaced)
async def take_orders(turn: Turn, placed: Sequence[Heard[channel.OrderPlaced]]) -> None:
    """Take each order or refuse it, hold it where its address is unclear, and tell its channel."""
    receipts = [(heard, receive(heard.subject, heard.event, translate.size_bytes(heard.event))) for heard in placed]
    taken = [(heard, receipt) for heard, receipt in receipts if not receipt.refusals]
    people = {heard.subject: translate.contacts(heard.event) for heard, _ in taken}

    units = {(heard.subject, line.line_id): line.quantity for heard, _ in taken for line in heard.event.lines}
    await store.insert_orders(turn, [receipt.order for _, receipt in receipts], units)
    await store.put_contacts(
        turn, {order_id: translate.contacts_kept(told.contacts) for order_id, told in people.items()}
    )
    turn.written("order", [heard.subject for heard in placed])

    for heard, receipt in receipts:
        _tell(turn, heard, receipt, people.get(heard.subject))
    await announce(turn, [(heard, receipt.order, saying) for heard, receipt in taken for saying in receipt.change.says])
    await _take_early_wishes(turn, receipts)


async def _take_early_wishes(turn: Turn, receipts: Sequence[tuple[Heard[channel.OrderPlaced], Receipt]]) -> None:
    """Cancel what was to be cancelled before it came."""
    placed = {heard.subject: heard for heard, _ in receipts}
    wishes = await store.take_early_wishes(turn, placed)
    if wishes:
        course = Course({receipt.order.order_id: receipt.order for _, receipt in receipts})
        await cancel(turn, course, [(placed[order_id], wish) for order_id, wish in wishes])
        await conclude(turn, course)


def _tell(
    turn: Turn, heard: Heard[channel.OrderPlaced], receipt: Receipt, people: intake.ContactsRecorded | None
) -> None:
    placed, order = heard.event, receipt.order
    names = {"channel": placed.channel, "channel_order_id": placed.channel_order_id}
    if people is None:
        _refuse(turn, heard, "order", receipt.refusals)
        turn.announce(heard, intake.OrderRejected(version=1, **names, reasons=translate.reasons(receipt.refusals)))
    else:
        turn.announce(
            heard, channel.OrderAcknowledged(**names, order_id=order.order_id), key=translate.channel_key(order)
        )
        turn.announce(heard, people)
        turn.announce(heard, translate.received(placed))


@service.conflicts(channel.OrderPlaced)
async def refuse_conflicts(turn: Turn, placed: Sequence[Heard[channel.OrderPlaced]]) -> None:
    """Tell the channel that the number is taken by another order; that one goes on unharmed."""
    for heard in placed:
        _refuse(turn, heard, "conflict", [Refusal("conflict", "another order has this number")])


@service.conflicts(channel.CancellationRequested)
async def refuse_conflicting_requests(turn: Turn, requests: Sequence[Heard[channel.CancellationRequested]]) -> None:
    """Tell the channel that the message id is taken by another request; that one goes on unharmed."""
    for heard in requests:
        _refuse(turn, heard, "conflict", [Refusal("conflict", "another request has this message id")])


def _refuse(
    turn: Turn,
    heard: Heard[channel.OrderPlaced] | Heard[channel.CancellationRequested],
    cause: translate.Cause,
    why: Sequence[Refusal],
) -> None:
    event = heard.event
    order = Order(order_id=heard.subject, channel=event.channel, channel_order_id=event.channel_order_id)
    turn.announce(heard, translate.channel_refused(order, cause, heard.id, why), key=event.subject())
