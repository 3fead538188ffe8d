"""Recalls: answer for what is here, pass the rest on behind the goods, and take back what others gave up."""

from collections.abc import Sequence

from chassis import Heard, Turn
from contracts import fulfillment, shipping
from contracts.intake import CancellationAsked
from services.inventory import store, translate
from services.inventory.core import custody
from services.inventory.handlers.declared import service
from services.inventory.handlers.notes import OrderUnsettled
from services.inventory.handlers.settling import give_to_waiting, keep_stock

Answered = Heard[fulfillment.RecallAnswered] | Heard[shipping.RecallAnswered]


@service.hears(CancellationAsked)
async def answer_asks(turn: Turn, asked: Sequence[Heard[CancellationAsked]]) -> None:
    """Give back what is in no shipment, and ask fulfillment for the rest; a hold or change stops further sourcing."""
    holdings = await store.load_holdings(turn, {heard.subject for heard in asked})
    stock = await store.load_stock(turn, {item for held in holdings.values() for item in held.items})
    answers = []
    for heard in asked:
        answer = custody.answer(translate.ask(heard.subject, heard.event), holdings[heard.subject], stock, heard.id)
        answers.append(answer)
        for event in translate.recall(answer):
            turn.announce(heard, event)
        if heard.event.purpose == "cancel" and holdings[heard.subject].has_reserved:
            turn.remind(heard, OrderUnsettled(cause="rest_cancelled"))  # what it waited for may be gone
    await store.save_asks(turn, [answer.ask for answer in answers])
    stopped = [heard for heard in asked if heard.event.purpose != "cancel"]
    await store.save_states(
        turn, {heard.subject: store.OrderState(is_released=False, version=heard.event.version) for heard in stopped}
    )
    await store.save_holdings(turn, holdings.values())
    causes = {heard.id: heard for heard in asked}
    await give_to_waiting(turn, stock, causes, "stock_freed")
    await keep_stock(turn, stock, causes)


@service.hears(fulfillment.RecallAnswered)
async def close_fulfillment_recalls(turn: Turn, answered: Sequence[Heard[fulfillment.RecallAnswered]]) -> None:
    """Take back what the floor put back into its bins."""
    await _close_recalls(turn, answered)


@service.hears(shipping.RecallAnswered)
async def close_shipping_recalls(turn: Turn, answered: Sequence[Heard[shipping.RecallAnswered]]) -> None:
    """Take back what shipping did not send: fulfillment unpacks it into its bins."""
    await _close_recalls(turn, answered)


async def _close_recalls(turn: Turn, answered: Sequence[Answered]) -> None:
    purposes = await store.load_asks(turn, {heard.event.ask_id for heard in answered})
    holdings = await store.load_holdings(turn, {heard.subject for heard in answered})
    items = {item for held in holdings.values() for item in held.items}
    stock = await store.load_valued_stock(turn, items, turn.now.date())
    for heard in answered:
        outcome = translate.outcome(heard.event, purposes)
        if custody.close(holdings[heard.subject], outcome, stock, heard.id):
            turn.remind(heard, OrderUnsettled(cause="short_pick"))
    await store.save_holdings(turn, holdings.values())
    causes = {heard.id: heard for heard in answered}
    await give_to_waiting(turn, stock, causes, "stock_freed")
    await keep_stock(turn, stock, causes)
