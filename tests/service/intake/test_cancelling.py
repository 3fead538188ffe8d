"""Cancelling by custody: at once before the release, by asking after it; every wish is answered exactly once."""

from contracts import channel, fulfillment, intake, inventory, shipping
from contracts.facts import LineQuantity, Totals
from tests.service.bench import Bench
from tests.service.intake.test_progress import state_of
from tests.unit.intake.builders import (
    delivered,
    dispatched,
    lost,
    order_id,
    placed,
    promised,
    refused_units,
    secured,
    settled,
    units,
    wish,
)

ASK_1, ASK_2 = f"{order_id()}.ask-1", f"{order_id()}.ask-2"


def quantities(lines: tuple[LineQuantity, ...]) -> dict[str, int]:
    return {line.line_id: line.quantity for line in lines}


async def test_an_order_not_yet_released_is_cancelled_at_once(received: Bench) -> None:
    await received.hear(wish())

    (cancelled,) = received.said(intake.OrderCancelled)
    assert (cancelled.ask_id, cancelled.version, cancelled.by) == (ASK_1, 2, "channel")
    assert quantities(cancelled.lines) == {"1": 2, "2": 1}
    assert received.said(intake.CancellationAsked) == []
    assert await state_of(received) == "cancelled"


async def test_promise_and_funds_release_nothing_that_was_cancelled(received: Bench) -> None:
    await received.hear(wish())
    await received.hear(promised(), secured(), subject=order_id())

    assert received.said(intake.OrderReleased) == []


async def test_the_rest_is_released_after_a_partial_cancellation(received: Bench) -> None:
    await received.hear(wish(l1=1))
    await received.hear(promised(), secured(), subject=order_id())

    assert quantities(received.said(intake.OrderReleased)[0].lines) == {"1": 1, "2": 1}


async def test_a_held_order_is_cancelled_at_once_too(received: Bench) -> None:
    await received.hear(lost(), subject=order_id())
    await received.hear(wish())

    assert await state_of(received) == "cancelled"


async def test_a_released_order_is_asked_back_before_it_is_cancelled(released: Bench) -> None:
    await released.hear(wish(l1=2))

    (asked,) = released.said(intake.CancellationAsked)
    assert (asked.ask_id, asked.purpose, quantities(asked.lines)) == (ASK_1, "cancel", {"1": 2})
    assert released.said(intake.OrderCancelled) == []


async def test_several_holders_answer_and_one_end_is_told(released: Bench) -> None:
    await released.hear(wish())
    await released.hear(inventory.RecallAnswered(ask_id=ASK_1, released=units(l1=1)), subject=order_id())
    assert released.said(intake.OrderCancelled) == []
    shipment = f"{order_id()}.1"
    answer = fulfillment.RecallAnswered(ask_id=ASK_1, shipment_id=shipment, released=units(l1=1))
    await released.hear(answer, subject=order_id())
    await released.hear(
        shipping.RecallAnswered(ask_id=ASK_1, shipment_id=shipment, refused=refused_units(l2=1)), subject=order_id()
    )

    (cancelled,) = released.said(intake.OrderCancelled)
    assert (quantities(cancelled.lines), quantities(cancelled.too_late)) == ({"1": 2}, {"2": 1})
    (told,) = released.said(channel.OrderCancelled)
    assert quantities(told.lines) == {"1": 2}
    (refused,) = released.said(channel.OrderRefused)
    assert (refused.cause, refused.message) == ("cancellation", "M1")
    assert [(reason.code, reason.line_id) for reason in refused.reasons] == [("too_late", "2")]


async def test_an_order_given_back_whole_is_cancelled(released: Bench) -> None:
    await released.hear(wish())
    await released.hear(inventory.RecallAnswered(ask_id=ASK_1, released=units(l1=2, l2=1)), subject=order_id())

    assert await state_of(released) == "cancelled"


async def test_a_wish_that_comes_too_late_changes_no_state(released: Bench) -> None:
    await released.hear(wish())
    answer = inventory.RecallAnswered(ask_id=ASK_1, refused=refused_units(l1=2, l2=1))
    await released.hear(answer, subject=order_id())

    (cancelled,) = released.said(intake.OrderCancelled)
    assert (cancelled.lines, cancelled.version) == ((), 1)
    assert await state_of(released) == "released"
    assert released.said(channel.OrderCancelled) == []


async def test_dispatched_units_are_not_asked_for(released: Bench) -> None:
    await released.hear(dispatched(1, l1=2), subject=order_id())
    await released.hear(wish())

    assert quantities(released.said(intake.CancellationAsked)[0].lines) == {"2": 1}
    await released.hear(inventory.RecallAnswered(ask_id=ASK_1, released=units(l2=1)), subject=order_id())
    assert quantities(released.said(intake.OrderCancelled)[0].too_late) == {"1": 2}


async def test_two_wishes_never_ask_for_the_same_unit(released: Bench) -> None:
    await released.hear(wish("M1", l1=2), wish("M2", l1=2, l2=1))

    first, second = released.said(intake.CancellationAsked)
    assert (quantities(first.lines), quantities(second.lines)) == ({"1": 2}, {"2": 1})
    await released.hear(
        inventory.RecallAnswered(ask_id=ASK_2, released=units(l2=1)),
        inventory.RecallAnswered(ask_id=ASK_1, released=units(l1=2)),
        subject=order_id(),
    )
    ends = {cancelled.ask_id: cancelled for cancelled in released.said(intake.OrderCancelled)}
    assert quantities(ends[ASK_2].too_late) == {"1": 2}
    assert await state_of(released) == "cancelled"


async def test_a_wish_sent_twice_is_answered_once(released: Bench) -> None:
    await released.hear(wish(), wish())
    await released.hear(wish())

    assert len(released.said(intake.CancellationAsked)) == 1


async def test_a_wish_for_unknown_lines_is_answered_at_once(released: Bench) -> None:
    await released.hear(wish(l9=1))

    (cancelled,) = released.said(intake.OrderCancelled)
    assert (cancelled.lines, quantities(cancelled.too_late)) == ((), {"9": 1})


async def test_a_wish_for_a_rejected_order_is_refused_to_its_channel(bench: Bench) -> None:
    await bench.hear(placed(totals=Totals(goods=1, total=1)))
    await bench.hear(wish())

    assert [refused.cause for refused in bench.said(channel.OrderRefused)] == ["order", "cancellation"]
    assert bench.said(intake.OrderCancelled) == []


async def test_wishes_that_overtake_their_order_are_kept_in_order(bench: Bench) -> None:
    await bench.hear(wish("M1", l1=1), wish("M2", l1=2))
    assert bench.said(channel.OrderRefused) == []

    await bench.hear(placed())

    first, second = bench.said(intake.OrderCancelled)
    assert (quantities(first.lines), quantities(second.lines)) == ({"1": 1}, {"1": 1})
    assert quantities(second.too_late) == {"1": 1}
    assert await bench.rows("select from early_wish") == []


async def test_a_wish_that_overtakes_its_order_is_kept(bench: Bench) -> None:
    await bench.hear(wish())
    assert bench.said(channel.OrderRefused) == []

    await bench.hear(placed())
    await bench.settle()

    assert await state_of(bench) == "cancelled"


async def test_a_wish_after_the_end_is_answered_with_nothing(released: Bench) -> None:
    whole = {"l1": 2, "l2": 1}
    await released.hear(dispatched(1, **whole), delivered(1, **whole), settled(**whole), subject=order_id())
    await released.hear(wish())

    assert released.said(intake.OrderCancelled)[0].lines == ()
    assert await state_of(released) == "completed"


async def test_a_cancellation_completes_what_else_is_delivered_and_paid(released: Bench) -> None:
    await released.hear(dispatched(1, l1=2), delivered(1, l1=2), settled(l1=2), subject=order_id())
    await released.hear(wish(l2=1))
    await released.hear(inventory.RecallAnswered(ask_id=ASK_1, released=units(l2=1)), subject=order_id())

    (completed,) = released.said(intake.OrderCompleted)
    assert quantities(completed.lines) == {"1": 2}


async def test_answers_beyond_what_was_asked_count_for_nothing(released: Bench) -> None:
    await released.hear(wish(l1=1))
    await released.hear(
        inventory.RecallAnswered(ask_id=ASK_1, released=units(l1=2)),
        inventory.RecallAnswered(ask_id=ASK_1, released=units(l1=1)),
        subject=order_id(),
    )

    (cancelled,) = released.said(intake.OrderCancelled)
    assert quantities(cancelled.lines) == {"1": 1}


async def test_a_request_id_used_twice_is_a_conflict(released: Bench) -> None:
    await released.hear(wish("M1", l1=1))
    await released.hear(wish("M1", l2=1))

    assert [refused.cause for refused in released.said(channel.OrderRefused)] == ["conflict"]
    assert len(released.said(intake.CancellationAsked)) == 1
