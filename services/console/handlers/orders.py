"""What intake tells: orders, their holds, their end."""

from pydantic_core import to_json

from contracts import facts, intake
from services.console.handlers.hearing import Told, hears
from services.console.store.writing import Rows


@hears(
    intake.OrderReceived,
    only=(
        "channel", "channel_order_id", "customer_id", "seller", "country", "currency", "totals", "placed_at",
        "lines.line_id", "lines.sku", "lines.description", "lines.quantity", "lines.amount", "lines.discounts",
        "lines.taxes",
    ),
)  # fmt: skip
def order_received(rows: Rows, told: Told, event: intake.OrderReceived) -> None:
    """Note a new order and its lines."""
    rows.put(
        "placed_order",
        {"order_id": told.subject},
        channel=event.channel,
        channel_order_id=event.channel_order_id,
        customer_id=event.customer_id,
        seller=event.seller,
        country=event.country,
        currency=event.currency,
        total=event.totals.total,
        units=sum([line.quantity for line in event.lines]),
        placed_at=event.placed_at,
        received_at=told.at,
    )
    rows.put("order_lines", {"order_id": told.subject}, lines=to_json([_line(line) for line in event.lines]).decode())


def _line(line: facts.Line) -> dict[str, object]:
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "description": line.description,
        "quantity": line.quantity,
        "amount": line.amount,
        "value": _value(line),
    }


def _value(line: facts.Line) -> int:
    """What the buyer owes for a line: less discounts, with the taxes that are not included."""
    taxes = sum([tax.amount for tax in line.taxes if not tax.included])
    return line.amount - sum([discount.amount for discount in line.discounts]) + taxes


@hears(intake.OrderRejected)
def order_rejected(rows: Rows, told: Told, event: intake.OrderRejected) -> None:
    """Note what could not be an order."""
    rows.put(
        "placed_order",
        {"order_id": told.subject},
        channel=event.channel,
        channel_order_id=event.channel_order_id,
        placed_at=told.at,
        received_at=told.at,
        rejected_at=told.at,
    )


@hears(intake.OrderHeld)
def order_held(rows: Rows, told: Told, event: intake.OrderHeld) -> None:
    """Note a hold."""
    rows.put(
        "hold",
        {"hold_id": event.hold_id},
        order_id=told.subject,
        reason=event.reason,
        text=event.text,
        held_by=event.by,
        held_at=told.at,
    )


@hears(intake.HoldLifted)
def hold_lifted(rows: Rows, told: Told, event: intake.HoldLifted) -> None:
    """Note that a hold is settled."""
    rows.put(
        "hold",
        {"hold_id": event.hold_id},
        order_id=told.subject,
        reason=event.reason,
        lifted_by=event.by,
        lifted_at=told.at,
    )


@hears(intake.OrderReleased, only=())
def order_released(rows: Rows, told: Told, _event: intake.OrderReleased) -> None:
    """Note that nothing stands in the way."""
    row = rows.tables["placed_order"].get((told.subject,))
    if row is None or "released_at" not in row:  # the first release counts
        rows.put("placed_order", {"order_id": told.subject}, released_at=told.at)


@hears(intake.CancellationAsked)
def cancellation_asked(rows: Rows, told: Told, event: intake.CancellationAsked) -> None:
    """Note a wish to have units back."""
    rows.put(
        "cancellation",
        {"ask_id": event.ask_id},
        order_id=told.subject,
        asked_at=told.at,
        purpose=event.purpose,
        reason=event.reason,
    )


@hears(intake.OrderCancelled)
def order_cancelled(rows: Rows, told: Told, event: intake.OrderCancelled) -> None:
    """Note which units will not come."""
    rows.put(
        "cancellation",
        {"ask_id": event.ask_id},
        order_id=told.subject,
        reason=event.reason,
        actor=event.by,
        cancelled_at=told.at,
        lines=to_json(event.lines).decode(),
        too_late=to_json(event.too_late).decode(),
    )


@hears(intake.OrderCompleted, only=())
def order_completed(rows: Rows, told: Told, _event: intake.OrderCompleted) -> None:
    """Note the end."""
    rows.put("placed_order", {"order_id": told.subject}, completed_at=told.at)
