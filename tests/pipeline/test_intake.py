"""What comes in: held, corrected, repeated, in conflict, refused, and over HTTP."""

from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from contracts import channel, intake, inventory
from contracts.desk import AddressCorrected
from contracts.facts import Address
from ordermill import services
from ordermill.world.orders import CHANNELS
from tests.pipeline.pipeline import Pipeline, id_of

LONDON = Address(lines=("1 High Street",), city="London", postcode="SE1 7PB", country="GB")


async def test_an_unknown_country_is_held_until_corrected(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    [order_id] = await pipeline.place(pipeline.order([(lamp, 1)], country="Unspecified"))
    held = await pipeline.until(intake.OrderHeld, order_id)
    assert held.reason == "address"
    await pipeline.drained()
    assert not pipeline.of(intake.OrderReleased, order_id)

    await pipeline.say([
        AddressCorrected(request_id=f"{order_id}/right", order_id=order_id, actor="kim", reason="asked", address=LONDON)
    ])  # fmt: skip
    await pipeline.until(intake.OrderCompleted, order_id)

    assert pipeline.of(intake.HoldLifted, order_id)[0].hold_id == held.hold_id
    assert pipeline.of(intake.OrderChanged, order_id)[0].destinations[0].after.country == "GB"


async def test_a_country_that_the_desk_knows_needs_nobody(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    [order_id] = await pipeline.place(pipeline.order([(lamp, 1)], country="Channel Islands"))
    await pipeline.until(intake.OrderCompleted, order_id)
    assert pipeline.of(intake.OrderChanged, order_id)[0].destinations[0].after.country == "JE"


async def test_an_order_told_twice_is_one_order(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)])

    await pipeline.place(order, order)
    [order_id, _] = await pipeline.place(order, order)
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.drained()

    for kind in (intake.OrderReceived, inventory.OrderAllocated, intake.OrderCompleted):
        assert len(pipeline.of(kind, order_id)) == 1
    assert len(pipeline.updates(channel.OrderAcknowledged, order)) == 1
    assert not pipeline.updates(channel.OrderRefused, order)


async def test_another_order_of_the_same_number_is_refused_alone(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)])
    other = pipeline.order([(lamp, 2)], number=order.channel_order_id)

    [order_id] = await pipeline.place(order)
    await pipeline.until(intake.OrderReceived, order_id)
    await pipeline.place(other)
    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.wait(lambda: bool(pipeline.updates(channel.OrderRefused, order)), "the conflict's refusal")

    assert [refused.cause for refused in pipeline.updates(channel.OrderRefused, order)] == ["conflict"]
    assert [line.quantity for line in pipeline.of(intake.OrderCompleted, order_id)[0].lines] == [1]


async def test_an_order_whose_totals_do_not_tie_is_refused(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)])
    wrong = order.model_copy(update={"totals": order.totals.model_copy(update={"goods": lamp.price + 1})})

    [order_id] = await pipeline.place(wrong)
    rejected = await pipeline.until(intake.OrderRejected, order_id)
    await pipeline.wait(lambda: bool(pipeline.updates(channel.OrderRefused, order)), "the order's refusal")

    assert "goods_mismatch" in {reason.code for reason in rejected.reasons}
    assert not pipeline.of(intake.OrderReceived, order_id)


async def test_a_signed_order_over_http_is_completed(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)]).model_copy(update={"channel": CHANNELS[0]})
    body, now = order.encode().decode(), datetime.now(UTC)
    await pipeline.begin(services.API)

    signature = Webhook(services.api_secret(pipeline.stack, CHANNELS[0])).sign("order-1", now, body)
    headers = {
        "webhook-id": "order-1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature,
        "ordermill-channel": CHANNELS[0], "content-type": "application/json",
    }  # fmt: skip
    async with httpx.AsyncClient(base_url=services.api_address(pipeline.stack), trust_env=False) as client:
        taken = await client.post("/v1/orders", content=body, headers=headers)
        forged = await client.post("/v1/orders", content=body.replace("London", "Londra"), headers=headers)
    await pipeline.end(services.API)

    assert (taken.status_code, forged.status_code) == (202, 401)
    assert taken.json()["order_id"] == id_of(order)
    await pipeline.until(intake.OrderCompleted, id_of(order))


async def test_the_books_tie_after_strange_orders(pipeline: Pipeline) -> None:
    await pipeline.ties()
