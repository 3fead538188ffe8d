"""The log as the edge writes it: as outside clients partition, and in groups that grow with the load."""

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka.partitioner import murmur2

from chassis import OutageError
from chassis.wire import Outgoing
from services.intake.gateway import GROUP_BYTES, GROUP_MESSAGES, GroupedPublisher, outgoing
from tests.unit.intake.builders import placed


class SlowLog:
    """`Publisher` that holds each group until it is let go."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.gate = asyncio.Event()
        self.failing: set[str] = set()

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        keys = [message.key for message in outgoing]
        self.groups.append(keys)
        await self.gate.wait()
        if self.failing & set(keys):
            raise OutageError("down")


def message(key: str, size: int = 1) -> Outgoing:
    return Outgoing("channel-orders", 0, key, b"x" * size, [])


async def publish_all(publisher: GroupedPublisher, messages: Sequence[Outgoing]) -> "list[asyncio.Task[None]]":
    """Begin to publish each on its own, and let them all get as far as they can."""
    tasks = [asyncio.create_task(publisher.publish([each])) for each in messages]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_comes_while_a_group_is_on_its_way_makes_the_next() -> None:
    log = SlowLog()
    publisher = GroupedPublisher(log)

    first = await publish_all(publisher, [message("a")])
    rest = await publish_all(publisher, [message("b"), message("c"), message("d")])
    assert log.groups == [["a"]]
    log.gate.set()
    await asyncio.gather(*first, *rest)

    assert log.groups == [["a"], ["b", "c", "d"]]


async def test_nobody_is_told_before_the_log_has_acknowledged() -> None:
    log = SlowLog()

    tasks = await publish_all(GroupedPublisher(log), [message("a"), message("b")])

    assert not any(task.done() for task in tasks)
    log.gate.set()
    await asyncio.gather(*tasks)


async def test_a_group_that_fails_fails_for_all_in_it_and_no_other() -> None:
    log = SlowLog()
    log.failing = {"b"}
    publisher = GroupedPublisher(log)
    first = await publish_all(publisher, [message("a")])
    rest = await publish_all(publisher, [message("b"), message("c")])

    log.gate.set()
    results = await asyncio.gather(*first, *rest, return_exceptions=True)
    last = await publish_all(publisher, [message("d")])

    assert [type(result) for result in results] == [type(None), OutageError, OutageError]
    assert await asyncio.gather(*last) == [None]


async def test_a_request_that_gave_up_disturbs_no_other() -> None:
    log = SlowLog()
    publisher = GroupedPublisher(log)
    waiting, leaving = await publish_all(publisher, [message("a"), message("b")])

    leaving.cancel()
    log.gate.set()

    await waiting
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_groups_are_bounded_by_number_and_by_bytes() -> None:
    log = SlowLog()
    log.gate.set()
    half = GROUP_BYTES // 2 + 1

    many = await publish_all(GroupedPublisher(log), [message(str(number)) for number in range(GROUP_MESSAGES + 1)])
    await asyncio.gather(*many)
    large = await publish_all(GroupedPublisher(log), [message("l1", half), message("l2", half)])
    await asyncio.gather(*large)

    assert [len(group) for group in log.groups] == [GROUP_MESSAGES, 1, 1, 1]


@pytest.mark.parametrize(
    ("key", "expected"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536), (b"abc", 479470107)],
)
def test_keys_are_hashed_as_kafkas_own_client_does(key: bytes, expected: int) -> None:
    signed = murmur2(key) - (1 << 32) if murmur2(key) >= 1 << 31 else murmur2(key)

    assert signed == expected  # from the tests of Kafka's Java client


def test_a_message_goes_where_the_senders_own_client_would_put_it() -> None:
    assert outgoing(placed("1001"), b"{}", [], 12).lane == (murmur2(b"web:1001") & 0x7FFFFFFF) % 12
