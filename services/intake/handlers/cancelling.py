"""Cancelling by custody: ask who holds the goods, gather the answers, tell the end of each wish once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from chassis import Heard, Need, Turn
from contracts import channel, fulfillment, inventory, shipping
from services.intake import store, translate
from services.intake.core import cancellation, lifecycle
from services.intake.core.cancellation import Ask, Wish
from services.intake.core.lifecycle import State
from services.intake.handlers.course import Course, conclude, service

ASK: Final = Need("ask", key=lambda heard: heard.event.ask_id, known=store.known_asks)

Answered = Heard[inventory.RecallAnswered] | Heard[fulfillment.RecallAnswered] | Heard[shipping.RecallAnswered]
Ending = tuple[Heard[Any], str, Wish, Ask]
"""The message that ended an ask, the ask's id, the wish behind it, and its answers."""


@service.hears(channel.CancellationRequested)
async def take_wishes(turn: Turn, requests: Sequence[Heard[channel.CancellationRequested]]) -> None:
    """Cancel what intake still has, ask for what is on the road.  A wish that overtook its order is kept for it.

    It cannot wait in front of the order: both come on one topic under one key, so the order would stand behind it.
    """
    course = await Course.of(turn, requests)
    wishes = [(heard, translate.wish_of(heard.event)) for heard in requests]
    early = [(heard.subject, wish) for heard, wish in wishes if heard.subject not in course.now]
    await store.insert_early_wishes(turn, early)
    await cancel(turn, course, [wish for wish in wishes if wish[0].subject in course.now])
    await conclude(turn, course)


async def cancel(turn: Turn, course: Course, wishes: Sequence[tuple[Heard[Any], Wish]]) -> None:
    """Make an ask of every wish; end at once those that nobody needs to answer."""
    if not wishes:
        return
    lines = await store.lines_of(turn, {heard.subject for heard, _ in wishes})
    asks: dict[str, tuple[str, Wish, Ask]] = {}
    endings: list[Ending] = []
    for heard, wish in wishes:
        order = replace(course.now[heard.subject], asks_made=course.now[heard.subject].asks_made + 1)
        course.now[heard.subject] = order
        ask = cancellation.ask_for(wish, lines[heard.subject], has_all=not order.was_released)
        lines[heard.subject] = cancellation.after_asking(lines[heard.subject], ask)
        ask_id = translate.latest_ask_id(order)
        asks[ask_id] = heard.subject, wish, ask
        if ask.is_answered:
            endings.append((heard, ask_id, wish, ask))
        else:
            turn.announce(heard, translate.asked(order, ask_id, wish, ask))
    await store.insert_asks(turn, asks)
    turn.written("ask", asks)
    await _end(turn, course, endings)


@service.hears(inventory.RecallAnswered, needs=[ASK])
async def hear_inventory(turn: Turn, answers: Sequence[Heard[inventory.RecallAnswered]]) -> None:
    """Gather what inventory says of the units it held."""
    await _gather(turn, answers)


@service.hears(fulfillment.RecallAnswered, needs=[ASK])
async def hear_fulfillment(turn: Turn, answers: Sequence[Heard[fulfillment.RecallAnswered]]) -> None:
    """Gather what fulfillment says of the units it held."""
    await _gather(turn, answers)


@service.hears(shipping.RecallAnswered, needs=[ASK])
async def hear_shipping(turn: Turn, answers: Sequence[Heard[shipping.RecallAnswered]]) -> None:
    """Gather what shipping says of the units it held."""
    await _gather(turn, answers)


async def _gather(turn: Turn, answers: Sequence[Answered]) -> None:
    """Add answers to their asks, and end those that are answered whole by them."""
    course = await Course.of(turn, answers)
    known = await store.open_asks(turn, {heard.event.ask_id for heard in answers})
    asks = {ask_id: ask for ask_id, (_, _, ask) in known.items()}
    endings: list[Ending] = []
    for heard in answers:
        ask_id, told = heard.event.ask_id, heard.event
        if ask_id not in asks or asks[ask_id].is_answered:
            continue  # answered already: more than was asked for counts for nothing
        asks[ask_id] = cancellation.answered(
            asks[ask_id], translate.units(told.released), translate.units(told.refused)
        )
        if asks[ask_id].is_answered:
            endings.append((heard, ask_id, known[ask_id][1], asks[ask_id]))
    await store.update_asks(turn, asks)
    await _end(turn, course, endings)
    await conclude(turn, course)


async def _end(turn: Turn, course: Course, endings: Sequence[Ending]) -> None:
    """Count what is cancelled, tell the end of each ask, and see whether that ends the order."""
    cancelled: Counter[tuple[str, str]] = Counter()
    for heard, _, _, ask in endings:
        for line_id, quantity in ask.released.items():
            cancelled[heard.subject, line_id] += quantity
    await store.add_cancelled(turn, cancelled)
    for heard, ask_id, wish, ask in endings:
        _tell(turn, course, (heard, ask_id, wish, ask))
    touched = {heard.subject: heard for heard, _, _, ask in endings if ask.released}
    tallies = await store.tallies(turn, touched) if touched else {}
    for order_id, heard in touched.items():
        course.go(heard, lifecycle.counted(course.now[order_id], tallies[order_id]))


def _tell(turn: Turn, course: Course, ending: Ending) -> None:
    heard, ask_id, wish, ask = ending
    answer = cancellation.answer_of(ask)
    order = course.now[heard.subject]
    if answer.cancelled:
        order = course.now[heard.subject] = replace(order, version=order.version + 1)
        told = translate.channel_cancelled(order, ask_id, wish, answer)
        turn.announce(heard, told, key=translate.channel_key(order))
    why = cancellation.refusals(wish, answer, order.state)
    if why and wish.by == "channel":
        refused = translate.channel_refused(order, "cancellation", wish.message_id, why)
        turn.announce(heard, refused, key=translate.channel_key(order))
    if order.state is not State.REJECTED:  # nobody inside ever heard of a rejected order
        turn.announce(heard, translate.cancelled(order, ask_id, wish, answer))
