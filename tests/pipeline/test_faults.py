"""Messages twice and out of order, services that stop or are killed, and messages that nobody can handle."""

import asyncio
import json
from collections import Counter
from random import Random

import pytest

from chassis.wire import Envelope, Outgoing, write_headers
from contracts import channel, intake, inventory, shipping
from contracts.channel import OrderPlaced
from contracts.dead_letters import MessageResolved
from contracts.facts import LineQuantity
from contracts.payment import Authorized
from contracts.topic import Service
from contracts.topics import CHANNEL_ORDERS, DEAD_LETTERS, LANES
from contracts.values import event_id_of, lane_of
from ordermill import dead_letters
from ordermill.access import reading
from ordermill.services import service_names
from ordermill.world.orders import authorized
from tests.pipeline.pipeline import Pipeline, id_of

ORDERS = 20
SLOW_S = 180.0  # a process is started, or missed by Kafka first; a wake-up that was missed is made good by the backoff
COUNT_ANNOUNCED = """
    with numbered as (insert into said (queue, revision) values ('intake-orders/' || $2, 1))
    update tally set messages = messages + 1 where (topic, outcome, lane) = ('intake-orders', 'announced', $1)
    returning lane
"""
ALL = tuple(service_names())


def is_json(body: bytes | None) -> bool:
    """Whether anybody can read it."""
    try:
        json.loads(body or b"")
    except ValueError:
        return False
    return True


async def mixed(pipeline: Pipeline, number: int = ORDERS) -> list[OrderPlaced]:
    """Orders of two lines, of which every fifth needs goods that must be bought, paid in both ways in turn."""
    lamp, vase, rug = await pipeline.stock(100), await pipeline.stock(100), await pipeline.stock(0)
    return [
        pipeline.order(
            [(lamp, 1 + place % 2), (rug if place % 5 == 0 else vase, 1)],
            moment="captured" if place % 2 else "dispatch",
        )
        for place in range(number)
    ]


async def until_completed(pipeline: Pipeline, orders: list[OrderPlaced], patience_s: float = SLOW_S) -> None:
    ids = {id_of(order) for order in orders}

    def are_completed() -> bool:
        return ids <= {told.subject for told in pipeline.told[intake.OrderCompleted]}

    await pipeline.wait(are_completed, f"{len(ids)} completed orders", patience_s)


def assert_each_was_done_once(pipeline: Pipeline, orders: list[OrderPlaced]) -> None:
    for order in orders:
        left = [line for shipment in pipeline.of(shipping.ShipmentDispatched, id_of(order)) for line in shipment.lines]
        units = {line.line_id: sum(each.quantity for each in left if each.line_id == line.line_id) for line in left}
        assert units == {line.line_id: line.quantity for line in order.lines}
        assert len(pipeline.of(intake.OrderCompleted, id_of(order))) == 1


async def test_repetition_and_disorder_outside_change_nothing(pipeline: Pipeline) -> None:
    orders = await mixed(pipeline)
    notices = [
        authorized(payment, order.currency, order.placed_at)
        for order in orders for payment in order.payments if payment.moment == "dispatch"
    ]  # fmt: skip
    post: list[OrderPlaced | Authorized] = [*orders, *notices] * 2
    Random(7).shuffle(post)
    pipeline.chance.unrest.update(late=0.4, twice=0.5)

    await pipeline.say(post)
    await until_completed(pipeline, orders)
    await pipeline.drained()
    pipeline.chance.unrest.clear()

    assert_each_was_done_once(pipeline, orders)
    await pipeline.ties()


@pytest.mark.slow
async def test_a_service_that_stopped_catches_up(pipeline: Pipeline) -> None:
    orders = await mixed(pipeline)
    await pipeline.end("inventory")
    await pipeline.place(*orders)
    # As far as the others come without it; `make faults LONG=1` stops each of them.
    await pipeline.wait(
        lambda: all(pipeline.of(intake.OrderReceived, id_of(order)) for order in orders), "received orders"
    )

    await pipeline.begin("inventory")
    await until_completed(pipeline, orders)
    await pipeline.drained(SLOW_S)

    assert_each_was_done_once(pipeline, orders)


@pytest.mark.slow
async def test_of_two_instances_of_each_service_one_is_killed(pipeline: Pipeline) -> None:
    orders = await mixed(pipeline, 2 * ORDERS)
    seconds = await asyncio.gather(*map(pipeline.begin_second, ALL))
    placing = asyncio.create_task(pipeline.place(*orders))
    await pipeline.until(intake.OrderReceived, id_of(orders[0]))
    await asyncio.gather(*map(pipeline.kill, seconds))
    await placing

    await until_completed(pipeline, orders)
    await pipeline.drained(SLOW_S)
    assert_each_was_done_once(pipeline, orders)


async def test_a_broken_order_holds_up_nobody_and_is_mended(pipeline: Pipeline) -> None:
    orders = await mixed(pipeline)
    lamp = await pipeline.stock(10)
    poison = pipeline.order([(lamp, 2)])
    half, rest = orders[: ORDERS // 2], orders[ORDERS // 2 :]

    await pipeline.place(*half)
    await pipeline.say_broken(poison, poison.encode()[:-40])
    await pipeline.cancel(poison, LineQuantity(line_id="1", quantity=1))
    await pipeline.place(*rest)
    letter = await pipeline.until_rests("intake", poison.subject())
    await until_completed(pipeline, orders)
    assert not pipeline.of(intake.OrderReceived, id_of(poison))

    await pipeline.decide("intake", letter, "edit", poison.encode())
    completed = await pipeline.until(intake.OrderCompleted, id_of(poison))
    await pipeline.drained()

    assert [line.quantity for line in completed.lines] == [1]
    assert await pipeline.dead_letters("intake") == []
    assert len(pipeline.updates(channel.OrderAcknowledged, poison)) == 1


async def test_a_decision_waits_for_a_service_that_is_down(pipeline: Pipeline) -> None:
    order = pipeline.order([(await pipeline.stock(10), 1)])
    await pipeline.say_broken(order, b"{")
    found = await pipeline.until_rests("intake", order.subject())
    async with reading(pipeline.stack) as connection:
        letters = await dead_letters._of(connection, "intake")
    [letter] = [each for each in letters if each.id == f"intake/{found['id']}"]
    decision = dead_letters._decision(letter, "discard", "no order of ours", "kim", None)
    await pipeline.end("intake")

    assert await dead_letters.settle(pipeline.stack.kafka, letter, decision, 0.5) is None
    coming = asyncio.create_task(dead_letters.settle(pipeline.stack.kafka, letter, decision, SLOW_S))
    await pipeline.begin("intake")

    assert isinstance(await coming, MessageResolved)
    assert await pipeline.dead_letters("intake", order.subject()) == []
    await pipeline.drained()


async def test_a_notice_in_another_currency_is_mended(pipeline: Pipeline) -> None:
    lamp = await pipeline.stock(10)
    order = pipeline.order([(lamp, 1)], moment="dispatch")
    notice = authorized(order.payments[0], order.currency, order.placed_at)

    [order_id] = await pipeline.place(order, authorise=False)
    await pipeline.say([notice.model_copy(update={"currency": "EUR"})])
    letter = await pipeline.until_rests("billing", notice.subject())
    assert not pipeline.of(intake.OrderReleased, order_id)
    await pipeline.decide("billing", letter, "edit", notice.encode())

    await pipeline.until(intake.OrderCompleted, order_id)
    await pipeline.drained()


async def test_an_event_of_ours_that_is_no_order_is_discarded(pipeline: Pipeline) -> None:
    orders = await mixed(pipeline)
    # The same lane as a good order, so that it stands in somebody's way.
    name = next(
        f"stranger-{n}" for n in range(1000) if lane_of(f"stranger-{n}", LANES) == lane_of(id_of(orders[0]), LANES)
    )
    envelope = Envelope(
        event_id_of("intake-orders", name, 1), intake.OrderReceived.type, "2026-01-01T00:00:00+00:00", 1, ""
    )
    headers = write_headers(envelope, "intake", name, "")

    lane = lane_of(name, LANES)
    await pipeline.publish([Outgoing("intake-orders", lane, name, b'{"version": "one"}', headers)])
    await pipeline.rows("intake", COUNT_ANNOUNCED, lane, name)  # said in intake's name, so counted like what it says
    await pipeline.place(*orders)
    await until_completed(pipeline, orders)
    for service in ("billing", "inventory", "notifications"):
        await pipeline.decide(service, await pipeline.until_rests(service, name), "discard")
    await pipeline.drained()

    assert not [told for told in pipeline.told[inventory.OrderPromised] if told.subject == name]
    await pipeline.ties()


async def test_everything_said_again_backwards_changes_nothing(pipeline: Pipeline) -> None:
    await pipeline.drained()
    state, said = await pipeline.state(), pipeline.counts()
    records = await pipeline.records()

    await pipeline.publish(records[::-1])
    # Nobody can tell a copy of what cannot be read from another message that cannot be read.
    broken = {record.key for record in records if record.topic == CHANNEL_ORDERS.name and not is_json(record.value)}
    for key in broken:
        await pipeline.decide("intake", await pipeline.until_rests("intake", key), "discard")
    await pipeline.drained(SLOW_S)

    after = await pipeline.state()
    assert {table for table in state if after[table] != state[table]} == set()
    assert pipeline.counts() - said == Counter(dict.fromkeys(DEAD_LETTERS[Service.INTAKE].events, len(broken)))
    await pipeline.ties()
