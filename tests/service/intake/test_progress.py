"""An order's way: released when promise and funds are there, held for money, completed by quantity."""

import pytest

from contracts import billing, channel, intake
from contracts.event import Event
from tests.service.bench import Bench
from tests.unit.intake.builders import (
    NOWHERE,
    closed,
    correction,
    delivered,
    dispatched,
    lift,
    lost,
    order_id,
    placed,
    promised,
    secured,
    settled,
)


async def state_of(bench: Bench) -> str:
    rows = await bench.rows("select state from placed_order where order_id = $1", order_id())
    return str(rows[0]["state"])


async def test_promise_and_funds_release_an_order(received: Bench) -> None:
    await received.hear(promised(), subject=order_id())
    assert received.said(intake.OrderReleased) == []

    await received.hear(secured(), subject=order_id())

    (released,) = received.said_about(intake.OrderReleased, order_id())
    assert [(line.line_id, line.quantity) for line in released.lines] == [("1", 2), ("2", 1)]
    assert released.version == 1


async def test_funds_before_the_promise_release_as_well(received: Bench) -> None:
    await received.hear(secured(), subject=order_id())
    await received.hear(promised(), subject=order_id())

    assert len(received.said(intake.OrderReleased)) == 1


async def test_lost_funds_hold_an_order_until_secured(received: Bench) -> None:
    await received.hear(lost(), promised(), subject=order_id())
    assert await state_of(received) == "held"

    await received.hear(secured(), subject=order_id())

    assert [hold.reason for hold in received.said(intake.OrderHeld)] == ["payment"]
    assert [hold.by for hold in received.said(intake.HoldLifted)] == ["billing"]
    assert await state_of(received) == "released"


async def test_a_limit_reached_is_a_credit_hold(received: Bench) -> None:
    await received.hear(lost("over_limit"), lost("over_limit"), subject=order_id())

    assert [hold.reason for hold in received.said(intake.OrderHeld)] == ["credit"]


async def test_several_holds_stand_at_once_each_by_its_id(bench: Bench) -> None:
    await bench.hear(placed(address=NOWHERE))
    await bench.hear(lost(), promised(), subject=order_id())

    assert [hold.hold_id for hold in bench.said(intake.OrderHeld)] == [f"{order_id()}.hold-{n}" for n in (1, 2)]
    await bench.hear(secured(), subject=order_id())
    assert await state_of(bench) == "held"
    await bench.hear(correction())
    assert await state_of(bench) == "released"


async def test_a_hold_opened_and_lifted_in_one_batch_is_lifted(received: Bench) -> None:
    await received.hear(promised(), subject=order_id())
    await received.hear(lost(), secured(), lost(), secured(), subject=order_id())

    assert await state_of(received) == "released"
    assert len(await received.rows("select from hold where lifted_by = 'billing'")) == 2


async def test_billing_giving_up_cancels_what_was_not_released(received: Bench) -> None:
    await received.hear(lost(final=True), subject=order_id())

    (cancelled,) = received.said(intake.OrderCancelled)
    assert (cancelled.by, cancelled.reason) == ("billing", "declined")
    assert await state_of(received) == "cancelled"
    assert [said.ask_id for said in received.said(channel.OrderCancelled)] == [cancelled.ask_id]


async def test_billing_giving_up_recalls_what_was_released(released: Bench) -> None:
    await released.hear(lost("expired", final=True), subject=order_id())

    (asked,) = released.said(intake.CancellationAsked)
    assert [(line.line_id, line.quantity) for line in asked.lines] == [("1", 2), ("2", 1)]
    assert await state_of(released) == "held"


async def test_each_parcel_that_left_is_told_to_the_channel(released: Bench) -> None:
    await released.hear(dispatched(1, l1=2), dispatched(2, l2=1), subject=order_id())

    told = released.said_about(channel.OrderFulfilled, "web:1001")
    assert [(parcel.tracking_number, parcel.lines[0].quantity) for parcel in told] == [("OX1", 2), ("OX2", 1)]


LAST_FACTS: list[list[Event]] = [
    [dispatched(1, l1=2, l2=1), delivered(1, l1=2, l2=1), settled(l1=2, l2=1)],
    [settled(l1=2, l2=1), dispatched(1, l1=2, l2=1), delivered(1, l1=2), delivered(1, l2=1)],
    [delivered(1, l1=2), settled(l1=2), closed(1, l2=1)],
    [closed(1, l1=2, l2=1), settled(l1=2, l2=1)],
]


@pytest.mark.parametrize("facts", LAST_FACTS)
async def test_an_order_is_completed_when_delivered_and_settled(released: Bench, facts: list[Event]) -> None:
    for fact in facts[:-1]:
        await released.hear(fact, subject=order_id())
    if not isinstance(facts[0], type(closed())):
        assert released.said(intake.OrderCompleted) == []

    await released.hear(facts[-1], subject=order_id())

    assert len(released.said(intake.OrderCompleted)) == 1
    assert await state_of(released) == "completed"


async def test_units_delivered_but_unpaid_keep_an_order_open(released: Bench) -> None:
    await released.hear(delivered(1, l1=2, l2=1), settled(l1=2), subject=order_id())

    assert await state_of(released) == "released"


async def test_a_settled_order_completes_although_it_was_held_for_money(released: Bench) -> None:
    await released.hear(dispatched(1, l1=2, l2=1), lost("expired"), subject=order_id())
    await released.hear(delivered(1, l1=2, l2=1), settled(l1=2, l2=1), subject=order_id())

    assert await state_of(released) == "completed"
    assert [hold.by for hold in released.said(intake.HoldLifted)] == ["intake"]


async def test_refunds_are_told_to_the_channel(released: Bench) -> None:
    refund = billing.RefundCompleted(refund_id="RF1", payment_id="P1", amount=1000, currency="GBP")

    await released.hear(refund, subject=order_id())

    (told,) = released.said_about(channel.OrderRefunded, "web:1001")
    assert (told.refund_id, told.amount) == ("RF1", 1000)


async def test_the_desk_lifts_an_address_hold(bench: Bench) -> None:
    await bench.hear(placed(address=NOWHERE))
    await bench.hear(promised(), secured(), subject=order_id())

    await bench.hear(lift(hold_id=f"{order_id()}.hold-1"))

    assert [hold.by for hold in bench.said(intake.HoldLifted)] == ["mia"]
    assert await state_of(bench) == "released"


async def test_the_desk_cannot_lift_what_billing_holds(received: Bench) -> None:
    await received.hear(lost(), promised(), subject=order_id())

    await received.hear(lift())

    held = received.said(intake.OrderHeld)
    assert [(hold.hold_id, hold.text) for hold in held] == [
        (f"{order_id()}.hold-1", "declined"),
        (f"{order_id()}.hold-1", "only billing lifts this"),
    ]
    assert await state_of(received) == "held"


async def test_a_corrected_address_is_told_and_lifts_the_hold(bench: Bench) -> None:
    await bench.hear(placed(address=NOWHERE))
    await bench.hear(promised(), secured(), subject=order_id())

    await bench.hear(correction())

    (change,) = bench.said(intake.OrderChanged)
    (moved,) = change.destinations
    contacts = bench.said(intake.ContactsRecorded)[-1]
    assert (change.version, contacts.version) == (2, 2)
    assert (moved.before.country, moved.after.country, moved.after.postcode) == ("Channel Islands", "GB", "BS1 4RB")
    assert [person.address.country for person in contacts.contacts if person.address] == ["GB", "GB"]
    assert bench.said(intake.OrderReleased)[0].version == 2


async def test_a_correction_that_will_not_do_leaves_the_hold(bench: Bench) -> None:
    await bench.hear(placed(address=NOWHERE))

    await bench.hear(correction(address=NOWHERE.model_copy(update={"city": ""})))

    assert [hold.text for hold in bench.said(intake.OrderHeld)] == [
        "missing or unknown: country",
        "missing or unknown: city, country",
    ]
    assert bench.said(intake.OrderChanged) == []


async def test_a_word_of_the_desk_waits_for_its_order(bench: Bench) -> None:
    await bench.hear(correction())
    assert [row["awaits"] for row in await bench.waiting()] == [f"order:{order_id()}"]

    await bench.hear(placed(address=NOWHERE))
    await bench.settle()

    assert await bench.waiting() == []
    assert len(bench.said(intake.HoldLifted)) == 1


async def test_a_wrong_word_of_the_desk_changes_nothing(received: Bench) -> None:
    await received.hear(lift(hold_id="no-such-hold"), correction(ship_group_id="9"))

    assert received.said(intake.OrderChanged) == []
    assert received.said(intake.HoldLifted) == []
    assert await received.waiting() == []
