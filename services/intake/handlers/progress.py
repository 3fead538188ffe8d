"""What others tell about an order on its way: promise, funds, dispatch, arrival, settlement, refunds."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from chassis import Heard, Turn, Tx
from contracts import billing, channel, inventory, shipping
from services.intake import store, translate
from services.intake.core import lifecycle
from services.intake.core.cancellation import Wish
from services.intake.handlers.cancelling import cancel
from services.intake.handlers.course import Course, conclude, service

# --- what must be there before the release ----------------------------------------------------------------------------


@service.hears(inventory.OrderPromised)
async def note_promises(turn: Turn, promised: Sequence[Heard[inventory.OrderPromised]]) -> None:
    """Release what waited for the promise alone."""
    course = await Course.of(turn, promised)
    for heard in promised:
        course.go(heard, lifecycle.promised(course.now[heard.subject]))
    await conclude(turn, course)


@service.hears(billing.FundsSecured)
async def note_funds(turn: Turn, secured: Sequence[Heard[billing.FundsSecured]]) -> None:
    """Lift what was held for money, and release what waited for it alone."""
    course = await Course.of(turn, secured)
    for heard in secured:
        course.go(heard, lifecycle.secured(course.now[heard.subject]))
    await conclude(turn, course)


@service.hears(billing.FundsLost)
async def note_losses(turn: Turn, lost: Sequence[Heard[billing.FundsLost]]) -> None:
    """Hold what is not paid for; cancel it when billing has given up."""
    course = await Course.of(turn, lost)
    for heard in lost:
        change = lifecycle.lost(course.now[heard.subject], heard.event.reason, final=heard.event.final)
        course.go(heard, change)
    given_up = [(heard, _for_lack_of_money(heard)) for heard in lost if heard.event.final]
    await cancel(turn, course, [wish for wish in given_up if not course.now[wish[0].subject].is_ended])
    await conclude(turn, course)


def _for_lack_of_money(heard: Heard[billing.FundsLost]) -> Wish:
    return Wish(message_id=heard.id, lines=(), reason=heard.event.reason, by="billing")


# --- what becomes of the units ----------------------------------------------------------------------------------------


@service.hears(shipping.ShipmentDispatched)
async def tell_dispatches(turn: Turn, dispatched: Sequence[Heard[shipping.ShipmentDispatched]]) -> None:
    """Count what left and tell the channel, parcel by parcel."""
    orders = await store.lock_orders(turn, [heard.subject for heard in dispatched])
    await store.add_dispatched(turn, _sum(dispatched))
    for heard in dispatched:
        order = orders[heard.subject]
        for parcel in heard.event.parcels:
            fulfilled = translate.channel_fulfilled(order, heard.event.shipment_id, parcel)
            turn.announce(heard, fulfilled, key=translate.channel_key(order))


@service.hears(shipping.ShipmentDelivered)
async def count_deliveries(turn: Turn, delivered: Sequence[Heard[shipping.ShipmentDelivered]]) -> None:
    """Count what arrived."""
    await _count(turn, delivered, store.add_delivered, _sum(delivered))


@service.hears(shipping.ParcelClosed)
async def count_ended(turn: Turn, closed: Sequence[Heard[shipping.ParcelClosed]]) -> None:
    """Count what will not arrive: lost, returned or destroyed on its way."""
    await _count(turn, closed, store.add_ended, _sum(closed))


@service.hears(billing.OrderSettled)
async def count_settled(turn: Turn, settled: Sequence[Heard[billing.OrderSettled]]) -> None:
    """Count what is invoiced and paid."""
    paid: dict[tuple[str, str], int] = {}
    for heard in settled:
        for line in heard.event.lines:
            place = heard.subject, line.line_id
            paid[place] = max(paid.get(place, 0), line.paid)
    await _count(turn, settled, store.raise_settled, paid)


async def _count(
    turn: Turn,
    told: Sequence[Heard[Any]],
    add: Callable[[Tx, store.Quantities], Awaitable[None]],
    quantities: store.Quantities,
) -> None:
    """Add up units, and complete the orders that are done by that."""
    course = await Course.of(turn, told)
    await add(turn, quantities)
    tallies = await store.tallies(turn, course.now)
    for cause in {heard.subject: heard for heard in told}.values():
        course.go(cause, lifecycle.counted(course.now[cause.subject], tallies[cause.subject]))
    await conclude(turn, course)


def _sum(
    told: Sequence[
        Heard[shipping.ShipmentDispatched] | Heard[shipping.ShipmentDelivered] | Heard[shipping.ParcelClosed]
    ],
) -> Counter[tuple[str, str]]:
    units: Counter[tuple[str, str]] = Counter()
    for heard in told:
        for line in heard.event.lines:
            units[heard.subject, line.line_id] += line.quantity
    return units


# --- money back -------------------------------------------------------------------------------------------------------


@service.hears(billing.RefundCompleted)
async def tell_refunds(turn: Turn, refunds: Sequence[Heard[billing.RefundCompleted]]) -> None:
    """Tell the channel that money is back with the buyer."""
    orders = await store.lock_orders(turn, [heard.subject for heard in refunds])
    for heard in refunds:
        order, refund = orders[heard.subject], heard.event
        told = channel.OrderRefunded(
            channel=order.channel,
            channel_order_id=order.channel_order_id,
            order_id=order.order_id,
            refund_id=refund.refund_id,
            amount=refund.amount,
            currency=refund.currency,
        )
        turn.announce(heard, told, key=translate.channel_key(order))
