"""What the edge accepts, and when it asks to come again."""

import asyncio

from aiokafka.partitioner import murmur2

from chassis.wire import read_envelope
from contracts.channel import OrderPlaced
from tests.unit.intake.builders import line, order_id, placed, wish
from tests.unit.intake.door import (
    NOW,
    OTHER,
    Door,
    FakePublisher,
    body_of,
    code_of,
    door_of,
)

# --- accepted ---------------------------------------------------------------------------------------------------------


async def test_a_signed_order_is_accepted_once_the_log_has_it(door: Door) -> None:
    body = body_of()
    response = await door.send(body)

    assert (response.status_code, response.json()) == (202, {"order_id": order_id(), "message_id": "msg_1"})
    (message,) = door.publisher.appended
    assert (message.topic, message.key, message.value) == ("channel-orders", "web:1001", body)
    assert message.lane == (murmur2(b"web:1001") & 0x7FFFFFFF) % 12


async def test_the_message_carries_the_attributes_of_cloudevents(door: Door) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await door.send(body_of(), headers={"traceparent": trace})

    (message,) = door.publisher.appended
    envelope = read_envelope(message.headers, 0)
    assert (envelope.id, envelope.type, envelope.revision) == ("msg_1", OrderPlaced.type, 0)
    assert (envelope.at, envelope.trace) == (NOW, "0af7651916cd43dd8448eb211c80319c")


async def test_a_cancellation_is_accepted_on_its_own_path(door: Door) -> None:
    response = await door.send(wish(l1=1).encode(), "/v1/cancellations")

    assert (response.status_code, response.json()["order_id"]) == (202, order_id())
    assert read_envelope(door.publisher.appended[0].headers, 0).type == "channel.cancellation_requested.v1"


async def test_an_order_of_five_thousand_lines_is_accepted(door: Door) -> None:
    body = placed(lines=tuple(line(str(number), 1, 100) for number in range(5000))).encode()

    assert (await door.send(body)).status_code == 202
    assert len(body) < 900_000


async def test_fifty_identical_posts_are_all_accepted(door: Door) -> None:  # C16: the pipeline makes one order of them
    responses = await asyncio.gather(*[door.send(body_of()) for _ in range(50)])

    assert {response.status_code for response in responses} == {202}
    assert {message.key for message in door.publisher.appended} == {"web:1001"}


async def test_unknown_fields_are_never_bound(door: Door) -> None:  # C41
    response = await door.order(is_admin=True, status="paid", unit_cost=1)

    assert response.status_code == 202
    assert not hasattr(OrderPlaced.decode(door.publisher.appended[0].value or b""), "is_admin")


# --- not now ----------------------------------------------------------------------------------------------------------


async def test_an_unavailable_log_asks_to_come_again(door: Door) -> None:
    door.publisher.is_down = True

    response = await door.send(body_of())

    assert (response.status_code, code_of(response)) == (503, "log_unavailable")
    assert response.headers["retry-after"] == "1"
    assert (await door.client.get("/ready")).status_code == 503
    assert (await door.client.get("/live")).status_code == 200


async def test_a_silent_log_asks_to_come_again() -> None:
    door = door_of(FakePublisher(), publish_timeout_s=0.01)
    door.publisher.gate.clear()

    async with door.client:
        assert (await door.send(body_of())).status_code == 503


async def test_more_requests_at_once_than_allowed_come_again() -> None:
    door = door_of(FakePublisher(), requests_max=2)
    door.publisher.gate.clear()

    async with door.client:
        waiting = [asyncio.create_task(door.send(body_of())) for _ in range(3)]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert [code_of(task.result()) for task in done] == ["busy"]
        door.publisher.gate.set()
        assert sorted([(await task).status_code for task in waiting]) == [202, 202, 503]


async def test_a_channel_that_sends_too_fast_is_slowed_alone() -> None:
    door = door_of(FakePublisher(), rate_per_s=2)
    async with door.client:
        assert [(await door.send(body_of())).status_code for _ in range(3)] == [202, 202, 429]
        other = await door.send(body_of(channel="market"), secret=OTHER, channel="market")
        assert other.status_code == 202
